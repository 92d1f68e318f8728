"""Calls recorded live: every one replays the same, and edits of the flow are found."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.conftest import Rounds
from workbench import CallControl, Flow, Workbench, demo_flows, flow
from workbench import events as ev
from workbench.flow import load_flow
from workbench.replay import replay

pytestmark = [pytest.mark.sip, pytest.mark.slow]

AT_ONCE = 12
A_LISTENER_CARRIES = 4


CASES = [
    (7.5, "2", "4711"),
    (1.0, "1", ""),
    (8.0, "9", ""),
    (7.0, "2", "1234"),
    (3.0, "", ""),
    (9.0, "0", ""),
    (7.2, "2", "47"),
    (10.0, "", ""),
    (0.5, "2", "4711"),
]
"""When a caller does something, what they choose ("" hangs up), and their account."""


@flow
async def anybody(call: CallControl) -> str:
    """Call the reception as people do: choose, mistype, wait, or hang up in the middle."""
    await call.record()
    seconds, choice, account = CASES[int(call.headers["X-Case"]) % len(CASES)]
    await call.sleep(seconds + call.random.uniform(-0.2, 0.2))
    if not choice:
        await call.hangup()
        return "hung up"
    await call.send_digits(choice)
    if account:
        await call.sleep(call.random.uniform(1.0, 3.0))
        await call.send_digits(account)
    await call.sleep(60.0)
    return choice


EDITS = [
    ("    await call.ring()", "    await call.answer()"),
    ("    await call.record()", '    await call.play("hold.wav")'),
    ('play("greeting.wav")', 'play("goodbye.wav")'),
    ("timeout=10", "timeout=11"),
    ('play="menu.wav"', 'play="hold.wav"'),
    ('play("invalid.wav")\n        return', 'play("hold.wav")\n        return'),
    ('play("one-moment.wav")', 'play("connecting.wav")'),
    ("gather(4, timeout=8)", "gather(4, timeout=7)"),
    ('"look up the account"', '"find the account"'),
    ('play("thank-you.wav" if known', 'play("one-moment.wav" if known'),
]


@pytest.fixture(scope="module")
def recorded(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[list[Sequence[ev.Event]]]:
    calls = 200 if request.config.getoption("--soak") else AT_ONCE
    with Workbench(tmp_path_factory.mktemp("recorded")) as bench:
        listeners = [
            bench.answer(demo_flows.reception) for _ in range(AT_ONCE // A_LISTENER_CARRIES)
        ]
        for begun in range(0, calls, AT_ONCE):
            places = (listeners * A_LISTENER_CARRIES)[: min(AT_ONCE, calls - begun)]
            placed = [
                bench.dial(place, flow=anybody, headers={"X-Case": str(begun + number)})
                for number, place in enumerate(places)
            ]
            for call in placed:
                call.wait(120)
        for call in bench.calls:
            call.wait(120)
        bench.check()
        yield [call.history for call in bench.calls]


def taken(histories: list[Sequence[ev.Event]]) -> list[Sequence[ev.Event]]:
    return [history for history in histories if isinstance(history[0], ev.Offered)]


def test_every_call_replays_with_identical_decisions(
    recorded: list[Sequence[ev.Event]], rounds: Rounds
) -> None:
    received = taken(recorded)
    assert len(received) == rounds(short=AT_ONCE, whole=200)
    assert len(recorded) == 2 * len(received)
    for history in recorded:
        today = demo_flows.reception if isinstance(history[0], ev.Offered) else anybody
        assert replay(history, today).equal, str(replay(history, today))


def test_every_call_has_one_terminal_event_and_nothing_left_open(
    recorded: list[Sequence[ev.Event]],
) -> None:
    for history in recorded:
        assert sum(isinstance(event, ev.Ended) for event in history) == 1
        assert ev.Ended.TOPIC in {event.TOPIC for event in history[-4:]}


@pytest.mark.parametrize(("was", "becomes"), EDITS)
def test_an_edit_is_reported_at_its_line(
    recorded: list[Sequence[ev.Event]], tmp_path: Path, was: str, becomes: str
) -> None:
    source = Path(demo_flows.__file__).read_text()
    line = source[: source.index(was)].count("\n") + 1
    edited = load(tmp_path, source.replace(was, becomes, 1))
    results = [replay(history, edited) for history in taken(recorded)]
    found = {result.divergence.where for result in results if result.divergence}
    assert found == {f"edited.py:{line}"}


def load(folder: Path, source: str) -> Flow:
    path = folder / "edited.py"
    path.write_text(source)
    return load_flow(f"{path}:reception")
