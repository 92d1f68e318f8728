"""The pool of ports, on a library that is played here: lending, and the self-test."""

import ctypes
from typing import Any

import pytest

from workbench.engine.line import LineError
from workbench.engine.ports import (
    AUDIO,
    FRAME_BYTES,
    SILENCE,
    Frame,
    Port,
    PortPool,
    PortsError,
)

ON_FRAME = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(Frame))
PUT, GET, ON_DESTROY = 12, 13, 14
"""Where a port has its functions, in words of 8 bytes."""


class Library:
    """Stands for the C library: a port passes frames on to its own functions."""

    def __init__(self, *, passes_frames: bool = True, functions_at: int = PUT) -> None:
        self.slots = 0
        self.passes_frames = passes_frames
        self._null = (ctypes.c_uint64 * 16)()
        self._does_nothing = ON_FRAME(lambda _port, _frame: 0)
        idle = ctypes.cast(self._does_nothing, ctypes.c_void_p).value
        for word in range(functions_at, functions_at + 3):
            self._null[word] = idle or 0
        self.pjsua_pool_create = lambda *_size: 1

    def pjmedia_null_port_create(self, *form: Any) -> int:
        form[-1]._obj.value = ctypes.addressof(self._null)
        return 0

    def pjmedia_port_info_init(self, *_info: Any) -> int:
        return 0

    def pjsua_conf_add_port(self, _pool: Any, _port: Any, slot: Any) -> int:
        self.slots += 1
        slot._obj.value = self.slots
        return 0

    def _call(self, port: Any, frame: Any, word: int) -> int:
        if not self.passes_frames:
            return 70014
        functions = (ctypes.c_uint64 * 16).from_address(ctypes.addressof(port._obj))
        return int(ON_FRAME(functions[word])(None, ctypes.pointer(frame._obj)))

    def pjmedia_port_put_frame(self, port: Any, frame: Any) -> int:
        return self._call(port, frame, PUT)

    def pjmedia_port_get_frame(self, port: Any, frame: Any) -> int:
        return self._call(port, frame, GET)


def pool_of(library: Any, size: int = 2, defects: list[str] | None = None) -> PortPool:
    told = [] if defects is None else defects
    return PortPool(library, size, told.append)


def put(library: Library, port: Port, content: bytes, kind: int = AUDIO) -> None:
    buffer = ctypes.create_string_buffer(content, len(content))
    frame = Frame(kind, ctypes.addressof(buffer), len(content), 0, 0)
    library.pjmedia_port_put_frame(ctypes.byref(port.struct), ctypes.byref(frame))


def get(library: Library, port: Port) -> tuple[int, bytes]:
    buffer = ctypes.create_string_buffer(FRAME_BYTES)
    frame = Frame(AUDIO, ctypes.addressof(buffer), FRAME_BYTES, 0, 0)
    library.pjmedia_port_get_frame(ctypes.byref(port.struct), ctypes.byref(frame))
    return frame.type, buffer.raw


def test_a_lent_port_hears_and_speaks() -> None:
    library, heard = Library(), list[bytes]()
    port = pool_of(library).lend()
    port.hear(heard.append)
    put(library, port, b"\x01\x02" * 160)
    put(library, port, b"\x01\x02" * 160, kind=0)
    put(library, port, b"\x01\x02" * 80)
    assert heard == [b"\x01\x02" * 160, SILENCE, SILENCE]
    port.speak(lambda: b"\x03\x04" * 160)
    assert get(library, port) == (AUDIO, b"\x03\x04" * 160)
    port.speak(lambda: None)
    assert get(library, port)[0] == 0


def test_an_ear_or_a_voice_that_fails_is_told_and_is_silence() -> None:
    library, defects = Library(), list[str]()
    port = pool_of(library, defects=defects).lend()

    def fail(*_frame: bytes) -> Any:
        raise RuntimeError("no")

    port.hear(fail)
    port.speak(fail)
    put(library, port, SILENCE)
    assert get(library, port)[0] == 0
    assert defects == ["ear: RuntimeError: no", "voice: RuntimeError: no"]


def test_no_port_is_lent_twice_at_a_time() -> None:
    pool = pool_of(Library())
    ports = [pool.lend(), pool.lend()]
    assert ports[0] is not ports[1]
    with pytest.raises(LineError, match="all 2 audio ports"):
        pool.lend()
    pool.take_back(ports[0])
    assert pool.lend() is ports[0]
    assert pool.free == 0


def test_a_port_that_comes_back_has_no_ear() -> None:
    library, heard = Library(), list[bytes]()
    pool = pool_of(library)
    port = pool.lend()
    port.hear(heard.append)
    pool.take_back(port)
    put(library, port, SILENCE)
    assert heard == []


@pytest.mark.parametrize(
    ("library", "reason"),
    [
        (Library(passes_frames=False), "does not pass"),
        (Library(functions_at=11), "elsewhere"),
        (Library(functions_at=13), "elsewhere"),
    ],
)
def test_a_library_that_is_built_otherwise_is_refused(library: Library, reason: str) -> None:
    with pytest.raises(PortsError, match=reason):
        pool_of(library)
