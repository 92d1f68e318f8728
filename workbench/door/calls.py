"""Soft state: which worker has which call, for what does not say so itself.

A dialog's own requests name their worker by Route and Request-URI, and need nothing here.
CANCEL, the ACK of a refusal and retransmissions do not, nor do peers that ignore
Record-Route. An entry lost, as when the door is replaced, costs only those.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from workbench.door.message import Message
from workbench.door.ways import Hop

MOST_CALLS = 50_000
LATE_S = 40.0
"""For so long what belongs to a call that is over may still come (64*T1, RFC 3261)."""
UNPLACED_S = 15.0
"""How long a call may wait for its line; the pool answers sooner."""

DIALLED = "/"
"""Before the tag of our own side of a call that a worker placed; no tag has it."""


@dataclass
class Entry:
    """A call that passes here."""

    worker: str = ""
    """Empty until it has a line."""
    cseq: int = -1
    branch: str = ""
    invite: Message | None = None
    """While it waits for a line."""
    came: Hop | None = None
    surface: int = -1
    """Where the INVITE of a call that a worker placed left from."""
    until: float | None = None
    """When it is forgotten; None while the call is up."""

    def is_repeated(self, request: Message) -> bool:
        """Tell whether a request is the same INVITE once more."""
        return request.cseq_number == self.cseq and request.top_via.branch == self.branch

    def is_merged(self, request: Message) -> bool:
        """Tell whether the same INVITE came by another way (section 8.2.2.2)."""
        return request.cseq_number == self.cseq and request.top_via.branch != self.branch


class Calls:
    """The entries by Call-ID and tag, forgotten in time and never more than so many."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Begin with nothing; `monotonic` tells the seconds."""
        self._monotonic = monotonic
        self._entries: OrderedDict[str, dict[str, Entry]] = OrderedDict()
        """By Call-ID; a call that a bench places to itself has two."""

    def __len__(self) -> int:
        """Return how many Call-IDs are known."""
        return len(self._entries)

    def open(self, invite: Message, came: Hop) -> None:
        """Note an INVITE that waits for a line."""
        self._put(
            invite.call_id,
            invite.from_tag or "",
            Entry(
                cseq=invite.cseq_number, branch=invite.top_via.branch, invite=invite,
                came=came, until=self._monotonic() + UNPLACED_S,
            ),
        )  # fmt: skip

    def place(self, call_id: str, tag: str, worker: str) -> Entry:
        """Note which worker has a call."""
        entry = self._of(call_id).get(tag)
        if entry is None:
            entry = Entry()
            self._put(call_id, tag, entry)
        entry.worker, entry.until = worker, None
        return entry

    def get(self, call_id: str, tag: str | None) -> Entry | None:
        """Return the call that somebody in the network has placed."""
        return self._of(call_id).get(tag or "")

    def find(self, request: Message) -> str | None:
        """Return the worker of a request from the network, whichever side called."""
        known = self._of(request.call_id)
        entry = known.get(request.from_tag or "") or known.get(f"{DIALLED}{request.to_tag}")
        return entry.worker or None if entry is not None else None

    def dialled(self, request: Message, worker: str, surface: int) -> None:
        """Note a call that a worker places, and where its INVITE leaves from."""
        entry = self.place(request.call_id, f"{DIALLED}{request.from_tag}", worker)
        entry.cseq, entry.surface = request.cseq_number, surface

    def left_from(self, request: Message) -> int:
        """Return where the INVITE left from that a request belongs to; -1 if unknown.

        Its CANCEL and the ACK of a refusal go the same way (sections 9.1 and 17.1.1.3).
        """
        entry = self._of(request.call_id).get(f"{DIALLED}{request.from_tag}")
        same = entry is not None and entry.cseq == request.cseq_number
        return entry.surface if entry is not None and same else -1

    def worker_of(self, call_id: str) -> str:
        """Return the worker of a call that somebody asks to replace; empty for none."""
        return next((entry.worker for entry in self._of(call_id).values()), "")

    def drop(self, call_id: str, tag: str) -> None:
        """Forget a call that was refused."""
        known = self._of(call_id)
        known.pop(tag, None)
        if not known:
            self._entries.pop(call_id, None)

    def over(self, call_id: str, worker: str) -> None:
        """Forget a call of a worker, once nothing late can come any more."""
        for entry in self._of(call_id).values():
            if entry.worker == worker:
                entry.until = self._monotonic() + LATE_S

    def lost(self, worker: str) -> None:
        """Forget the calls of a worker that is gone."""
        self._forget(lambda entry: entry.worker == worker)

    def sweep(self) -> None:
        """Forget what is over for long enough."""
        now = self._monotonic()
        self._forget(lambda entry: entry.until is not None and entry.until <= now)

    def _forget(self, is_old: Callable[[Entry], bool]) -> None:
        old = [
            (call_id, tag)
            for call_id, known in self._entries.items()
            for tag, entry in known.items()
            if is_old(entry)
        ]
        for call_id, tag in old:
            self.drop(call_id, tag)

    def _of(self, call_id: str) -> dict[str, Entry]:
        return self._entries.get(call_id, {})

    def _put(self, call_id: str, tag: str, entry: Entry) -> None:
        self._entries.setdefault(call_id, {})[tag] = entry
        self._entries.move_to_end(call_id)
        while len(self._entries) > MOST_CALLS:
            self._entries.popitem(last=False)
