"""The flow of a call that a person takes, or does not, by clicking."""

import asyncio

from workbench.control import CallControl
from workbench.errors import NotAllowedNow
from workbench.flow import flow

RINGS_S = 60.0
NOBODY_CAME = 480


@flow
async def at_the_desk(call: CallControl) -> None:
    """Let it ring, and leave the rest to whoever answers or rejects it from outside."""
    await call.ring()
    await call.sleep(RINGS_S)
    try:
        await call.reject(NOBODY_CAME)
    except NotAllowedNow:
        # It was answered meanwhile; it is over when one of the two hangs up.
        await asyncio.Event().wait()
