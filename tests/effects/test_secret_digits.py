"""Digits gathered in secret, in the simulation: marks on record, digits for a step."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from tests.simulation import Simulation
from workbench import events as ev
from workbench.clock import ManualClock
from workbench.commands import AnyCommand, SendDigits
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd
from workbench.errors import InvalidInput, NotAllowedNow, StepFailed
from workbench.flow import Flow, flow
from workbench.replay import replay
from workbench.signals import DigitEnded, DigitReceived
from workbench.vault import MARK, Secret

pytestmark = pytest.mark.anyio

CARD = "4111111111111111"
PIN = "2580"
CHARGED: list[str] = []


def charge(card: str, pin: str) -> str:
    CHARGED.append(f"{card} {pin}")
    return f"charged {card}"


async def course(
    tmp_path: Path, taken: Flow, *digits: tuple[float, str], by: str = "rfc4733"
) -> list[ev.Event]:
    async with Simulation(tmp_path, inbound=taken) as simulation:
        simulation.engine.offer(FarEnd(digits=digits, digits_by=by))  # type: ignore[arg-type]
        ((*history,),) = await simulation.until_closed()
    assert replay(history, taken).equal, str(replay(history, taken))
    return history


def keys(history: Sequence[ev.Event]) -> str:
    return "".join(event.digit for event in history if isinstance(event, ev.DigitReceived))


@flow
async def pay(call: CallControl) -> str:
    await call.answer()
    await call.detect_digits()
    choice = await call.gather(1, timeout=20)
    card = await call.gather(19, timeout=20, secret=True)
    pin = await call.gather(4, timeout=20, secret=True)
    answer = await call.step("charge", charge, card.secret, pin.secret)
    confirmed = await call.gather(1, timeout=20)
    return f"{choice.digits} {card.digits} {card.reason} {answer} {confirmed.digits}"


@pytest.mark.parametrize("method", ["rfc4733", "sip-info", "inband"])
async def test_only_a_step_gets_the_digits(tmp_path: Path, method: str) -> None:
    CHARGED.clear()
    history = await course(tmp_path, pay, (1, "1w"), (1, f"{CARD}#{PIN}wwww7"), by=method)
    assert [f"{CARD} {PIN}"] == CHARGED
    assert keys(history) == f"1{MARK * 16}#{MARK * 4}7"
    (returned,) = (event for event in history if isinstance(event, ev.FlowReturned))
    assert returned.value == f"1 {MARK * 16} finish_on charged {MARK * 16} 7"
    stored = msgspec.json.encode(history).decode()
    assert CARD not in stored
    assert not any(CARD in path.read_bytes().decode("latin-1") for path in files(tmp_path))


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_the_last_key_is_secret_when_it_is_let_go_too(tmp_path: Path) -> None:
    history = await course(tmp_path, pay, (1, f"1w{CARD}#{PIN}wwww7"))
    ended = [event.digit for event in history if isinstance(event, ev.DigitEnded)]
    assert set(ended[1:21]) <= {MARK, "#"}


async def test_it_is_concealed_from_the_gather_until_a_moment_after(tmp_path: Path) -> None:
    history = await course(tmp_path, pay, (1, f"1w{CARD}#ww{PIN}wwww7"))
    told = [
        (event.TOPIC.removeprefix("call."), getattr(event, "concealment", ""))
        for event in history
        if isinstance(event, ev.Concealed | ev.Revealed | ev.GatherFinished)
    ]
    assert told == [
        ("gather_finished", ""), ("concealed", "gather-2"), ("gather_finished", ""),
        ("concealed", "gather-3"), ("revealed", "gather-2"), ("gather_finished", ""),
        ("revealed", "gather-3"), ("gather_finished", ""),
    ]  # fmt: skip


async def test_what_was_pressed_in_the_open_is_no_part_of_a_secret(tmp_path: Path) -> None:
    @flow
    async def late(call: CallControl) -> str:
        await call.answer()
        await call.sleep(5)
        got = await call.gather(4, timeout=20, secret=True)
        return str(await call.step("reverse", reverse, got.secret))

    def reverse(digits: str) -> str:
        return digits[::-1]

    history = await course(tmp_path, late, (1, "99"), (6, "1234"))
    assert keys(history) == f"99{MARK * 4}"
    (returned,) = (event for event in history if isinstance(event, ev.FlowReturned))
    assert returned.value == "4321"  # what a function makes of digits is its own affair


async def test_what_was_pressed_too_much_is_no_answer_to_the_next_question(
    tmp_path: Path,
) -> None:
    @flow
    async def hasty(call: CallControl) -> str:
        await call.answer()
        await call.gather(4, timeout=20, secret=True)
        return (await call.gather(1, timeout=20)).digits

    history = await course(tmp_path, hasty, (1, "123456"), (5, "8"))
    assert keys(history) == f"{MARK * 6}8"
    (returned,) = (event for event in history if isinstance(event, ev.FlowReturned))
    assert returned.value == "8"


async def test_another_flow_that_takes_over_gets_what_nobody_took(tmp_path: Path) -> None:
    @flow
    async def second(call: CallControl) -> str:
        got = await call.gather(2, timeout=20, secret=True)
        assert got.secret is not None
        return str(await call.step("first half", half, got.secret))

    def half(digits: str) -> str:
        return digits[:1]

    @flow
    async def first(call: CallControl) -> None:
        await call.answer()
        await call.gather(4, timeout=20, secret=True)
        await call.become(second)

    async with Simulation(tmp_path, inbound=first) as simulation:
        simulation.engine.offer(FarEnd(digits=((1, "123456"),)))
        ((*history,),) = await simulation.until_closed()
    assert replay(history, [first, second]).equal, str(replay(history, [first, second]))
    assert keys(history) == MARK * 6
    (returned,) = (event for event in history if isinstance(event, ev.FlowReturned))
    assert returned.value == "5"


async def test_a_function_that_fails_with_the_digits_in_its_words(tmp_path: Path) -> None:
    @flow
    async def failing(call: CallControl) -> str:
        await call.answer()
        got = await call.gather(16, timeout=20, secret=True)
        try:
            await call.step("charge", int, got.secret, 2)
        except StepFailed as failed:
            return failed.message
        return "charged"

    history = await course(tmp_path, failing, (1, CARD))
    (returned,) = (event for event in history if isinstance(event, ev.FlowReturned))
    assert returned.value == f"invalid literal for int() with base 2: '{MARK * 16}'"


async def test_a_secret_of_a_call_that_is_over_is_lost(tmp_path: Path) -> None:
    @flow
    async def stale(call: CallControl) -> str:
        await call.answer()
        with pytest.raises(StepFailed) as failed:
            await call.step("use", str, Secret(call_id="CA-old", first=0, length=4))
        return failed.value.kind

    history = await course(tmp_path, stale)
    (returned,) = (event for event in history if isinstance(event, ev.FlowReturned))
    assert returned.value == NotAllowedNow.__name__


async def test_the_end_of_the_call_ends_the_concealment_and_the_vault_forgets(
    tmp_path: Path,
) -> None:
    async with Simulation(tmp_path, inbound=pay) as simulation:
        simulation.engine.offer(FarEnd(digits=((1, "1w41"),), hangs_up_after_s=4))
        ((*history,),) = await simulation.until_closed()
        assert repr(simulation.switchboard.vault) == "<Vault of 0 calls>"
    assert replay(history, pay).equal
    (revealed,) = (event for event in history if isinstance(event, ev.Revealed))
    assert revealed.reason == "the call had ended"
    (*_, finished) = (event for event in history if isinstance(event, ev.GatherFinished))
    assert (finished.digits, finished.reason) == (MARK * 2, "cancelled")


async def test_a_gather_that_is_given_up_is_revealed(tmp_path: Path) -> None:
    @flow
    async def hasty(call: CallControl) -> None:
        await call.answer()
        async with asyncio.timeout(2):
            await call.gather(4, timeout=20, secret=True)

    history = await course(tmp_path, hasty)
    assert [e.reason for e in history if isinstance(e, ev.Revealed)] == [""]


def test_no_text_of_a_signal_has_a_key(caplog: pytest.LogCaptureFixture) -> None:
    at = ManualClock().now()
    pressed = DigitReceived(leg="leg-1", at=at, digit="7")
    let_go = DigitEnded(leg="leg-1", at=at, digit="7", duration_ms=100)
    logging.getLogger("test").warning("%s %r", pressed, let_go)
    assert "digit=" not in caplog.text
    assert "'7'" not in caplog.text
    assert "duration_ms=100" in caplog.text


async def test_what_was_gathered_in_secret_is_sent_in_secret(tmp_path: Path) -> None:
    received: list[str] = []

    @flow
    async def pass_on(call: CallControl) -> None:
        await call.answer()
        got = await call.gather(4, timeout=20, secret=True)
        assert got.secret is not None
        with pytest.raises(InvalidInput, match="secret"):
            await call.send_digits(got.secret, method="inband")
        await call.send_digits(got.secret, method="sip-info")
        lost = Secret(call_id="CA-old", first=0, length=2)
        with pytest.raises(NotAllowedNow, match="gone"):
            await call.send_digits(lost)

    async with Simulation(tmp_path, inbound=pass_on) as simulation:
        ask = simulation.effects.ask

        def heard(command: AnyCommand) -> None:
            if isinstance(command, SendDigits):
                received.append(command.digits)
                assert PIN not in repr(command)
            ask(command)

        simulation.effects.ask = heard  # type: ignore[method-assign]
        simulation.engine.offer(FarEnd(digits=((1, PIN),)))
        ((*history,),) = await simulation.until_closed()
    assert replay(history, pass_on).equal, str(replay(history, pass_on))
    assert received == [PIN]
    asked = [event.digits for event in history if isinstance(event, ev.DigitsRequested)]
    assert asked == [MARK * 4, MARK * 2]
