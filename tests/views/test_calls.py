"""The calls of a bench as people read them."""

from collections.abc import Sequence
from typing import NoReturn

import pytest

from tests.hostile import PAYLOADS, check_harmless, hostile_history
from tests.scripted import ScriptedCall
from workbench import events as ev
from workbench.control import CallControl
from workbench.errors import StoreUnreadable
from workbench.flow import flow
from workbench.tables import legible
from workbench.views.calls import SHOWN, Calls


@flow
async def desk(call: CallControl) -> int:
    await call.answer()
    await call.sleep(9)
    return 1


class Kept:
    """A call that somebody holds."""

    def __init__(self, call_id: str, history: Sequence[ev.Event]) -> None:
        self.id, self.history = call_id, history


class Damaged:
    """A call of which the file is damaged."""

    id = "CAdamaged"

    @property
    def history(self) -> NoReturn:
        raise StoreUnreadable("Its file is damaged.")


def kept(number: int) -> Kept:
    scripted = ScriptedCall(desk, f"CA{number:02}").answered()
    scripted.hang_up()
    return Kept(f"CA{number:02}", scripted.history)


def found(call_id: str) -> Kept:
    return Kept(call_id, [])


def test_a_row_a_call_in_words_and_as_a_table() -> None:
    calls = Calls([kept(1)], found)
    legend, line = repr(calls).splitlines()
    assert legend == "1 call"
    assert line.split() == [
        "CA01", "in", "sip:a@x", "sip:b@x", "completed", "01-01", "00:00", "1.5", "desk",
    ]  # fmt: skip
    said = check_harmless(calls._repr_html_())
    assert said.startswith("1 call")
    assert "sip:a@xsip:b@xcompleted01-01 00:00" in said


def test_of_many_the_last_are_shown() -> None:
    calls = Calls([kept(number) for number in range(SHOWN + 5)], found)
    assert repr(calls).startswith(f"the last {SHOWN} of {SHOWN + 5} calls\nCA05")
    assert calls._repr_html_().count("<tr") == 1 + SHOWN


def test_no_calls_are_said_to_be_none() -> None:
    calls = Calls[Kept]([], found)
    assert calls == []
    assert repr(calls) == "no calls"
    assert check_harmless(calls._repr_html_()) == "no calls"


def test_a_part_is_of_calls_too_and_an_id_names_one() -> None:
    calls = Calls([kept(1), kept(2), kept(3)], found)
    assert [call.id for call in calls[1:]] == ["CA02", "CA03"]
    assert repr(calls[1:]).startswith("2 calls")
    assert calls[-1].id == "CA03"
    assert calls["CA0"].id == "CA0"
    assert calls._ipython_key_completions_() == ["CA01", "CA02", "CA03"]


def test_one_that_cannot_be_read_hides_no_other() -> None:
    calls = Calls[Kept | Damaged]([kept(1), Damaged()], lambda _: Damaged())
    assert repr(calls).splitlines()[-1].split() == ["CAdamaged", "cannot", "be", "read"]
    assert "completed" in repr(calls)
    assert "cannot be read" in check_harmless(calls._repr_html_())


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nobody_writes_markup_or_a_line_into_the_calls(payload: str) -> None:
    calls = Calls([Kept("CA00", hostile_history(payload))], found)
    assert check_harmless(calls._repr_html_()).count(legible(payload)) == 4
    assert len(repr(calls).splitlines()) == 2
