"""Who answered, on the shipped greetings: the default detector beside a plain count of words.

All calls are heard again from their audio by the recogniser that comes along; it takes some
minutes. `python -m benchmarks.answering` prints the table of docs/machines.md, and keeps what
was heard for the quick test of it, in tests/answering/heard.jsonl.gz.
"""

import statistics
from collections.abc import Iterable, Iterator

import numpy as np

from benchmarks import Ratio
from tests.answering.calls import AnsweredCall, greeted, speechless
from tests.answering.judging import Heard, Judged, judge, keep, known
from workbench.answering.greeting import Greeting
from workbench.answering.wordcount import WordCount
from workbench.speech.choice import Speech
from workbench.speech.ears import Finding, Order
from workbench.speech.offline import hear_again

SETS = {
    "tuned": greeted,
    "held out": lambda: greeted("held-out.jsonl"),
    "speechless": speechless,
}


def hear(call: AnsweredCall) -> list[Finding]:
    """Return what the parts that come along find in a call."""
    audio = np.stack([call.samples, np.zeros_like(call.samples)], axis=1)
    return hear_again(audio, Order(call_id="CA", listening="listening-1"), Speech())


def heard() -> Iterator[Heard]:
    """Hear every call of the set."""
    for name, calls in SETS.items():
        for call in calls():
            yield Heard.of(name, call, hear(call))


def measure() -> list[Ratio]:
    """Measure the errors of both, and the time to decide."""
    calls = list(heard())
    ours = judge(calls, Greeting)
    plain = judge(calls, WordCount)
    wrong, wrong_plain = errors(ours), errors(plain)
    people = [each.took_ms for each in ours if each.right and each.truth == "human"]
    return [
        Ratio(
            name="wrong verdicts / of a count of words", value=wrong / wrong_plain, goal=0.5,
            higher_is_better=False, detail=f"{wrong} and {wrong_plain} of {len(calls)} calls",
        ),
        Ratio(
            name="time to know a person / 2.5 s", value=statistics.median(people) / 2500,
            goal=1.0, higher_is_better=False,
            detail=f"median {statistics.median(people):.0f} ms from the first word",
        ),
    ]  # fmt: skip


def errors(judged: Iterable[Judged]) -> int:
    """Count the wrong verdicts."""
    return sum(not each.right for each in judged)


def rows(calls: list[Heard]) -> Iterator[str]:
    """Give the lines of the table, in Markdown."""
    for name in SETS:
        chosen = [call for call in calls if call.set == name]
        for maker in (Greeting, WordCount):
            judged = judge(chosen, maker)
            for truth in ("human", "machine", "fax", "unknown"):
                yield from _row(name, maker.name, truth, judged)


def _row(name: str, maker: str, truth: str, judged: list[Judged]) -> Iterator[str]:
    true = [each for each in judged if each.truth == truth]
    said = [each for each in judged if each.said == truth]
    right = [each for each in true if each.right]
    if not true:
        return
    times = [each.took_ms / 1000 for each in right]
    decided = f"{np.median(times):.1f} / {np.percentile(times, 90):.1f}" if times else ""
    precision = f"{len(right)} of {len(said)}" if said else ""
    yield (
        f"| {name} | {truth} | `{maker}` | {precision} | {len(right)} of {len(true)} "
        f"| {decided} |"
    )


def main() -> None:
    """Hear all, keep it, and print the table."""
    calls = list(heard())
    keep(calls)
    print("\n".join(rows(list(known()))))


if __name__ == "__main__":
    main()
