"""What one line is connected to on the bridge of its process, kept as it should be.

Whatever sounds to the far end is a source of the line; its recording hears the same, and so
do its ears. A peer is another line of the process that sounds here. When the call gets another
port, as by a re-INVITE, all connections are made again.
"""

from typing import Literal, Protocol

from workbench.engine.line import Direction

DEVICE = 0
"""The slot of the null device: it hears everything and says nothing."""

Role = Literal["prompt", "link", "music", "keys"]
"""What a source is to the call: prompts and links, as peers, fall silent when it is muted."""
Connection = tuple[int, int]


class Bridge(Protocol):
    """The bridge that mixes the audio of a process; its ports are known by their slots."""

    def connect(self, source: int, sink: int) -> None:
        """Let a port hear another; `LineError` when it cannot."""

    def disconnect(self, source: int, sink: int) -> None:
        """Let it hear it no more."""


class Patch:
    """The connections of one line, made and undone as its sources and sinks change."""

    def __init__(self, bridge: Bridge) -> None:
        """Begin with nothing connected."""
        self._bridge = bridge
        self._port: int | None = None
        self._recorders: tuple[int, int] | None = None
        self._sources: dict[int, Role] = {}
        self._peers: list[Patch] = []
        self._hosts: list[Patch] = []
        """The lines to which this one sounds."""
        self._ears: dict[int, Direction] = {}
        self._key_ears: set[int] = set()
        """Those that hear the far end even when nobody else does."""
        self._paused = self._muted = self._held = self._concealed = False
        self._made: set[Connection] = set()

    @property
    def port(self) -> int | None:
        """Return the port that carries the call's audio, if any does."""
        return self._port

    def carry(self, port: int) -> None:
        """Carry the call's audio by this port from now on."""
        if port != self._port:
            self.part()
            self._port = port
            for patch in (self, *self._hosts):
                patch._settle()

    def part(self) -> None:
        """Forget the call's port, which is gone with all its connections."""
        if self._port is not None:
            for patch in (self, *self._hosts):
                patch._forget(self._port)
            self._port = None

    def add(self, slot: int, role: Role) -> None:
        """Let a source sound to the far end and into the recording."""
        self._sources[slot] = role
        self._settle()

    def remove(self, slot: int) -> None:
        """Forget a source, whose port is gone with all its connections."""
        if self._sources.pop(slot, None) is not None:
            self._forget(slot)
            self._settle()

    def dismiss(self, slot: int) -> None:
        """Let a source sound no more, whose port stays."""
        if self._sources.pop(slot, None) is not None:
            self._settle()

    def hear(self, other: "Patch") -> None:
        """Let another line sound to the far end and into the recording."""
        self._peers.append(other)
        other._hosts.append(self)
        self._settle()

    def unhear(self, other: "Patch") -> None:
        """Let another line sound here no more; does nothing when it does not."""
        if other in self._peers:
            self._peers.remove(other)
            other._hosts.remove(self)
            self._settle()

    def listen(self, slot: int, direction: Direction, *, keys: bool = False) -> None:
        """Let a port hear what the far end says, or what it is sent; `keys` looks for keys."""
        self._ears[slot] = direction
        if keys:
            self._key_ears.add(slot)
        self._settle()

    def unlisten(self, slot: int) -> None:
        """Let a port hear nothing more."""
        self._key_ears.discard(slot)
        if self._ears.pop(slot, None) is not None:
            self._settle()

    def record(self, received: int, sent: int) -> None:
        """Let two recorders hear each direction, from the same frame on."""
        self._recorders, self._paused = (received, sent), False
        self._settle()

    def pause(self, *, paused: bool) -> None:
        """Let both recorders hear silence, or the call again."""
        self._paused = paused
        self._settle()

    def conceal(self, *, concealed: bool) -> None:
        """Let recorders, ears and other lines hear nothing of the far end, or hear it again."""
        self._concealed = concealed
        for patch in (self, *self._hosts):
            patch._settle()

    def mute(self, *, muted: bool) -> None:
        """Let the far end and the recording hear neither prompts nor others, or both again."""
        self._muted = muted
        self._settle()

    def hold(self, *, held: bool) -> None:
        """Let the far end hear no others, but the music, or hear them again."""
        self._held = held
        self._settle()

    def stop_recording(self) -> None:
        """Forget both recorders, whose ports are gone."""
        for slot in self._recorders or ():
            self._forget(slot)
        self._recorders = None

    def _settle(self) -> None:
        wanted = self._wanted()
        for connection in self._made - wanted:
            self._made.discard(connection)
            self._bridge.disconnect(*connection)
        for connection in sorted(wanted - self._made):
            self._bridge.connect(*connection)
            self._made.add(connection)

    def _sounding(self) -> list[int]:
        silent: set[Role] = {"prompt", "link"} if self._muted else set()
        silent |= {"link"} if self._held else set()
        if "prompt" in set(self._sources.values()) - silent:
            silent.add("music")
        heard = [peer for peer in self._peers if not peer._concealed]
        peers = [] if "link" in silent else [peer._port for peer in heard]
        sounding = [slot for slot, role in self._sources.items() if role not in silent]
        return [*sounding, *(peer for peer in peers if peer is not None)]

    def _wanted(self) -> set[Connection]:
        port, sounding = self._port, self._sounding()
        sent_ears = [slot for slot, way in self._ears.items() if way == "sent"]
        # What is muted goes on, unheard; links are live, and never wait for us.
        muted = [slot for slot, role in self._sources.items() if role == "prompt"]
        live = [slot for slot, role in self._sources.items() if role == "link"]
        # A port that nobody reads from fills its jitter buffer with stale audio.
        wanted = set() if port is None else {(port, DEVICE), *((s, port) for s in sounding)}
        wanted |= {(slot, DEVICE) for slot in muted if self._muted}
        wanted |= {(slot, DEVICE) for slot in live}
        wanted |= {(source, ear) for source in sounding for ear in sent_ears}
        if port is not None:
            ears = self._key_ears if self._concealed else self._ears.keys() - {*sent_ears}
            wanted |= {(port, ear) for ear in ears}
        if self._recorders is not None:
            received, sent = self._recorders
            # A recorder without a source writes nothing: the null device is silence.
            wanted |= {(DEVICE, received), (DEVICE, sent)}
            if not self._paused and not self._concealed:
                wanted |= {(source, sent) for source in sounding}
                wanted |= set() if port is None else {(port, received)}
        return wanted

    def _forget(self, slot: int) -> None:
        self._made = {connection for connection in self._made if slot not in connection}
