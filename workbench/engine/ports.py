"""Ports of the library's bridge whose 20 ms frames come to Python: a fixed pool.

To make and free ports while the bridge's clock runs is a rare SIGSEGV, so a worker makes all
of them at its start and lends them. An ear or a voice runs on the library's clock thread,
between the frames of all calls of the worker: it takes microseconds and never waits. A port
that is not lent costs no Python at all.
"""

import ctypes
from collections.abc import Callable
from typing import Any

from workbench.engine.line import LineError
from workbench.engine.native import Text
from workbench.engine.settings import CLOCK_RATE, FRAME_MS

FRAME_SAMPLES = CLOCK_RATE * FRAME_MS // 1000
FRAME_BYTES = 2 * FRAME_SAMPLES
SILENCE = bytes(FRAME_BYTES)
NO_AUDIO, AUDIO = 0, 1
"""PJMEDIA_FRAME_TYPE_NONE and _AUDIO."""
NAME = b"workbench"
"""Kept as long as the ports, which point at it."""
SIGNATURE = 0x57425054
BITS = 16
POOL_BYTES = 4096

Ear = Callable[[bytes], None]
"""Takes one frame: 160 samples of 16 bits."""
Voice = Callable[[], bytes | None]
"""Gives the next frame, None for silence."""


class PortsError(Exception):
    """The library lays its ports out otherwise than it is known here."""


class Frame(ctypes.Structure):
    """The struct pjmedia_frame of frame.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("buf", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("timestamp", ctypes.c_uint64),
        ("bit_info", ctypes.c_uint32),
    )


_ON_FRAME = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(Frame))


class _PortStruct(ctypes.Structure):
    """The struct pjmedia_port of port.h."""

    _fields_ = (
        ("info", ctypes.c_byte * 64),
        ("pdata", ctypes.c_void_p),
        ("ldata", ctypes.c_long),
        ("grp_lock", ctypes.c_void_p),
        ("get_clock_src", ctypes.c_void_p),
        ("put_frame", ctypes.c_void_p),
        ("get_frame", ctypes.c_void_p),
        ("on_destroy", ctypes.c_void_p),
    )


class Port:
    """One port: what is played into it an ear hears, and a voice speaks from it."""

    def __init__(self, idle: _PortStruct, defect: Callable[[str], None]) -> None:
        """Do nothing, as `idle`, until an ear or a voice is lent."""
        self.slot = -1
        """Its place on the bridge."""
        self._idle, self._defect = idle, defect
        self._ear: Ear | None = None
        self._voice: Voice | None = None
        self._on_put, self._on_get = _ON_FRAME(self._put), _ON_FRAME(self._get)
        self.struct = _PortStruct()
        self.rest()

    def hear(self, ear: Ear) -> None:
        """Give every frame to `ear` from now on, silence too."""
        self._ear = ear
        self.struct.put_frame = _address(self._on_put)

    def speak(self, voice: Voice) -> None:
        """Take every frame from `voice` from now on."""
        self._voice = voice
        self.struct.get_frame = _address(self._on_get)

    def rest(self) -> None:
        """Neither hear nor speak."""
        for function in ("put_frame", "get_frame", "on_destroy"):
            setattr(self.struct, function, getattr(self._idle, function))
        self._ear = self._voice = None

    def _put(self, _port: int, frame: Any) -> int:
        if (ear := self._ear) is not None:
            try:
                ear(_content(frame.contents))
            except Exception as error:  # noqa: BLE001 - the caller is C
                self._defect(f"ear: {type(error).__name__}: {error}")
        return 0

    def _get(self, _port: int, frame: Any) -> int:
        said, voice = None, self._voice
        if voice is not None:
            try:
                said = voice()
            except Exception as error:  # noqa: BLE001 - the caller is C
                self._defect(f"voice: {type(error).__name__}: {error}")
        into = frame.contents
        if said is None or len(said) != FRAME_BYTES:
            into.type = NO_AUDIO
        else:
            ctypes.memmove(into.buf, said, FRAME_BYTES)
            into.type, into.size = AUDIO, FRAME_BYTES
        return 0


class PortPool:
    """All ports of a worker."""

    def __init__(self, library: ctypes.CDLL, size: int, defect: Callable[[str], None]) -> None:
        """Make the ports, once the endpoint has started.

        Raises:
            PortsError: this build of the library is not the one that is known.
        """
        self._library, self._defect = library, defect
        library.pjsua_pool_create.restype = ctypes.c_void_p
        self._memory = ctypes.c_void_p(
            library.pjsua_pool_create(
                b"ports", ctypes.c_size_t(POOL_BYTES), ctypes.c_size_t(POOL_BYTES)
            )
        )
        self._idle = self._null_port()
        self.ports = [self._make() for _ in range(size)]
        self._free = list(self.ports)
        for port in self.ports:
            self._try(port)

    @property
    def free(self) -> int:
        """Return how many ports are not lent."""
        return len(self._free)

    def lend(self) -> Port:
        """Return a port that nobody else has.

        Raises:
            LineError: all are lent.
        """
        if not self._free:
            raise LineError(f"all {len(self.ports)} audio ports of the worker are taken", 503)
        return self._free.pop()

    def take_back(self, port: Port) -> None:
        """Keep a port, that is connected to nothing any more, for the next one."""
        port.rest()
        self._free.append(port)

    def _null_port(self) -> _PortStruct:
        """Return the library's port that does nothing, which also shows the layout."""
        found = ctypes.c_void_p()
        form = (CLOCK_RATE, 1, FRAME_SAMPLES, BITS)
        create = self._library.pjmedia_null_port_create
        if create(self._memory, *form, ctypes.byref(found)) or found.value is None:
            raise PortsError("the library cannot make a port that does nothing")
        idle = _PortStruct.from_address(found.value)
        functions = idle.put_frame, idle.get_frame, idle.on_destroy
        if not all(functions) or idle.grp_lock or idle.get_clock_src:
            raise PortsError("a port of this library has its functions elsewhere")
        return idle

    def _make(self) -> Port:
        port, slot = Port(self._idle, self._defect), ctypes.c_int(-1)
        into, form = ctypes.byref(port.struct), (CLOCK_RATE, 1, BITS, FRAME_SAMPLES)
        name = ctypes.byref(Text(NAME, len(NAME)))
        self._library.pjmedia_port_info_init(into, name, SIGNATURE, *form)
        if self._library.pjsua_conf_add_port(self._memory, into, ctypes.byref(slot)):
            raise PortsError("the bridge takes no further port")
        port.slot = slot.value
        return port

    def _try(self, port: Port) -> None:
        """Send a frame through a port and back, by the library's own functions."""
        heard: list[bytes] = []
        said = bytes(range(160)) * 2
        buffer = ctypes.create_string_buffer(said, FRAME_BYTES)
        frame = Frame(AUDIO, ctypes.addressof(buffer), FRAME_BYTES, 0, 0)
        port.hear(heard.append)
        self._library.pjmedia_port_put_frame(ctypes.byref(port.struct), ctypes.byref(frame))
        port.speak(lambda: said[::-1])
        self._library.pjmedia_port_get_frame(ctypes.byref(port.struct), ctypes.byref(frame))
        port.rest()
        if said not in heard or buffer.raw != said[::-1]:
            raise PortsError("a frame does not pass through a port of this library")


def _content(frame: Frame) -> bytes:
    if frame.type != AUDIO or frame.size != FRAME_BYTES or not frame.buf:
        return SILENCE
    return ctypes.string_at(frame.buf, FRAME_BYTES)


def _address(function: Any) -> int | None:
    return ctypes.cast(function, ctypes.c_void_p).value
