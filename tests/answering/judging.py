"""What was heard of each call of the set, kept, and the verdicts on it."""

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from tests.answering.calls import AnsweredCall, events
from workbench.answering import Maker, afterwards
from workbench.speech.ears import Finding

KEPT = Path(__file__).parent / "heard.jsonl.gz"


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A call of the set as the recogniser that comes along heard it."""

    set: str
    name: str
    answered_by: str
    category: str
    voice: str
    speech_ms: int
    beep_end_ms: int
    found: list[Finding]

    @classmethod
    def of(cls, name: str, call: AnsweredCall, found: list[Finding]) -> "Heard":
        """Join a call and what was found in it."""
        return cls(
            set=name, name=call.name, answered_by=call.answered_by, category=call.category,
            voice=call.voice, speech_ms=call.speech_ms, beep_end_ms=call.beep_end_ms,
            found=found,
        )  # fmt: skip


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict beside the truth."""

    name: str
    truth: str
    answered_by: str
    category: str
    true_category: str
    took_ms: int
    """From the first word, or from the beginning where there is none."""

    @property
    def said(self) -> str:
        """The verdict in the words of the truth."""
        return "machine" if self.answered_by.startswith("machine") else self.answered_by

    @property
    def right(self) -> bool:
        """Whether it is true."""
        return self.said == self.truth


def judge(calls: Iterable[Heard], maker: Maker, *, wait_for_beep: bool = False) -> list[Judged]:
    """Return a detector's verdicts."""
    found = []
    for call in calls:
        heard = events(call.found)
        verdict, at_ms = afterwards.judge(heard, maker, wait_for_beep=wait_for_beep)
        found.append(
            Judged(
                name=call.name, truth=call.answered_by, answered_by=verdict.answered_by,
                category=verdict.category, true_category=call.category,
                took_ms=at_ms - call.speech_ms,
            )
        )  # fmt: skip
    return found


def keep(calls: Iterable[Heard]) -> None:
    """Write what was heard, the same bytes for the same calls."""
    lines = b"\n".join(map(msgspec.json.encode, calls))
    KEPT.write_bytes(gzip.compress(lines, mtime=0))


def known() -> Iterator[Heard]:
    """Give what was kept."""
    for line in gzip.decompress(KEPT.read_bytes()).splitlines():
        yield msgspec.json.decode(line, type=Heard)
