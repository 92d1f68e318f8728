"""The flows of the demo: a reception, its caller, and the reception as it is tomorrow."""

from workbench.control import CallControl
from workbench.flow import flow

ROUTES = {"1": "partnership", "2": "advocate", "0": "operator"}


@flow
async def reception(call: CallControl) -> str:
    """Greet, offer a menu, ask for a number where one is needed, and say goodbye."""
    await call.ring()
    await call.answer()
    await call.record()
    await call.play("greeting.wav")
    choice = await call.gather(1, play="menu.wav", timeout=10)
    if choice.digits not in ROUTES:
        await call.play("invalid.wav")
        return "no choice"
    await call.play("one-moment.wav")
    if choice.digits == "2":
        account = await call.gather(4, timeout=8)
        known = await call.step("look up the account", look_up, account.digits)
        await call.play("thank-you.wav" if known else "invalid.wav")
    await call.play("goodbye.wav")
    await call.hangup()
    return ROUTES[choice.digits]


@flow(name="reception")
async def reception_tomorrow(call: CallControl) -> str:
    """Answer as `reception` does, but let everybody who chose something wait in a queue."""
    await call.ring()
    await call.answer()
    await call.record()
    await call.play("greeting.wav")
    choice = await call.gather(1, play="menu.wav", timeout=10)
    if choice.digits not in ROUTES:
        await call.play("invalid.wav")
        return "no choice"
    await call.play("hold.wav")
    await call.hangup()
    return ROUTES[choice.digits]


@flow
async def caller(call: CallControl) -> str:
    """Speak over the greeting, choose an advocate and give an account number."""
    await call.record()
    await call.play("caller-short.wav")
    await call.sleep(6.0)
    await call.send_digits("2")
    await call.sleep(2.5)
    await call.send_digits("4711")
    await call.sleep(30.0)
    return "nobody hung up"


def look_up(account: str) -> bool:
    """Stand in for a customer database."""
    return account == "4711"
