"""The flows that the acceptance tests run."""

from workbench.control import CallControl
from workbench.flow import flow

PROMPT = "one-moment.wav"
CONFIRMATION = "thank-you.wav"
STAY_S = 600.0
"""Longer than any test: whoever stays is hung up."""


@flow
async def greet(call: CallControl) -> None:
    """Play a prompt and stay until the far end hangs up."""
    await call.answer()
    await call.play(PROMPT)
    await call.sleep(STAY_S)


@flow
async def greet_and_hang_up(call: CallControl) -> None:
    """Play a prompt and hang up as soon as it is over."""
    await call.answer()
    await call.play(PROMPT)
    await call.hangup()


@flow
async def take_digits(call: CallControl) -> str:
    """Collect every digit that comes, confirm, and hang up."""
    await call.ring()
    await call.answer()
    gathered = await call.gather(64, timeout=20, digit_timeout=1, finish_on="")
    await call.play(CONFIRMATION)
    await call.hangup()
    return gathered.digits


@flow
async def deliver(call: CallControl) -> str:
    """Play a message to whoever answers, and hang up."""
    await call.play(PROMPT)
    await call.hangup()
    return "delivered"


@flow
async def stay(call: CallControl) -> None:
    """Wait, once the call is up, to be hung up."""
    if call.direction == "inbound":
        await call.answer()
    await call.sleep(STAY_S)
