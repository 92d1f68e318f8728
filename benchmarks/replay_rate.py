"""Exact replay, in calls a second, against the bare deterministic loop.

The bare loop runs the same conversation on the same recorded inputs: the same awaits, timers
and wake-ups, but no call is folded, no decision is made and nothing is compared.
"""

import asyncio
import statistics
from collections.abc import Callable
from time import perf_counter

from benchmarks import Ratio
from tests.scripted import ScriptedCall
from workbench import events as ev
from workbench.control import CallControl
from workbench.flow import flow
from workbench.flow_loop import FlowLoop
from workbench.replay import replay

CALLS, ROUNDS = 400, 9
DIGITS = "12345678"
PROMPTS = 8


@flow
async def conversation(call: CallControl) -> None:
    """Play prompts and gather digits: 14 commands."""
    await call.ring()
    await call.answer()
    await call.record()
    for _ in range(PROMPTS):
        await call.play("prompt.wav")
    await call.gather(len(DIGITS))
    await call.step("look up", str)
    await call.hangup()


def record() -> list[ev.Event]:
    """Make one history of that conversation, with 31 observed events."""
    script = ScriptedCall(conversation)
    script.hear(ev.Ringing)
    script.answered()
    script.hear(ev.RecordingStarted, recording="recording-1")
    for number in range(1, PROMPTS + 1):
        script.hear(ev.PromptStarted, prompt=f"prompt-{number}")
        script.prompt_ends(f"prompt-{number}")
    script.press(DIGITS)
    script.hear(ev.StepReturned, step="step-1", value="")
    script.hang_up()
    return script.history


class BareCall:
    """The same conversation with the least that a deterministic loop needs.

    Verbs append what they ask for to a list and wait for a named input; the recorded inputs
    are merged in by name. No call is folded, no decision made, nothing compared.
    """

    def __init__(self) -> None:
        self.loop = FlowLoop(self._timer_started, lambda _handle: None)
        self.asked: list[tuple[str, dict[str, object]]] = []
        self.waiting: dict[tuple[str, str], asyncio.Future[None]] = {}
        self.digits: list[str] = []

    def _timer_started(self, _handle: asyncio.TimerHandle, seconds: float) -> None:
        self.asked.append(("timer", {"seconds": seconds}))

    async def verb(self, kind: str, name: str = "", **fields: object) -> None:
        """Ask for something and wait until the input that answers it comes."""
        self.asked.append((kind, fields))
        await self.wait(kind, name)

    async def wait(self, kind: str, name: str = "") -> None:
        """Wait for a named input."""
        future = self.waiting[kind, name] = self.loop.create_future()
        await future

    async def conversation(self) -> None:
        """Do as the flow does."""
        self.asked.append(("ring", {}))
        await self.verb("answer")
        await self.verb("record", "recording-1")
        for number in range(1, PROMPTS + 1):
            await self.verb("prompt", f"prompt-{number}", source="prompt.wav")
        while len(self.digits) < len(DIGITS):
            async with asyncio.timeout(4):
                await self.wait("digit")
        await self.verb("step", "step-1", name="look up")
        await self.verb("ended")

    def run(self, history: list[ev.Event]) -> None:
        """Merge in the recorded inputs, one after another."""
        task = self.loop.create_task(self.conversation())
        for event in history:
            if event.KIND is ev.Kind.OBSERVED:
                self._merge(event)
        assert task.done()

    def _merge(self, event: ev.Event) -> None:
        if isinstance(event, ev.DigitReceived):
            self.digits.append(event.digit)
        kind, field = INPUTS.get(type(event), ("", ""))
        future = self.waiting.pop((kind, getattr(event, field) if field else ""), None)
        if future is not None:
            future.set_result(None)
        self.loop.run_until_idle()


INPUTS: dict[type[ev.Event], tuple[str, str]] = {
    ev.Answered: ("answer", ""),
    ev.RecordingStarted: ("record", "recording"),
    ev.PromptFinished: ("prompt", "prompt"),
    ev.DigitReceived: ("digit", ""),
    ev.StepReturned: ("step", "step"),
    ev.Ended: ("ended", ""),
}


def measure() -> list[Ratio]:
    """Compare the two."""
    history = record()
    observed = sum(event.KIND is ev.Kind.OBSERVED for event in history)
    assert replay(history, conversation).equal
    ratios, rates = [], []
    for _ in range(ROUNDS):
        bare = _rate(lambda: BareCall().run(history))
        rate = _rate(lambda: replay(history, conversation))
        ratios.append(rate / bare)
        rates.append(rate)
    detail = f"{observed} inputs a call; about {statistics.median(rates):.0f} calls a second"
    return [
        Ratio(
            name="exact replay / bare loop",
            value=statistics.median(ratios),
            goal=0.5,
            detail=detail,
        )
    ]


def _rate(run: Callable[[], object]) -> float:
    began = perf_counter()
    for _ in range(CALLS):
        run()
    return CALLS / (perf_counter() - began)
