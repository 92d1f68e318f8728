"""Which line of a flow asked: the names of files, and lines through tasks."""

import asyncio
from pathlib import Path

import pytest

from tests.scripted import ScriptedCall
from workbench import control
from workbench import events as ev
from workbench.asking import short_name
from workbench.control import CallControl
from workbench.flow import flow


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("/home/anna/flows/ivr.py", "ivr.py"),
        ("/tmp/ipykernel_4711/3041592653.py", "cell"),
        (asyncio.__file__, ""),
        (control.__file__, ""),
        (
            str(Path(asyncio.__file__).parents[1] / "site-packages" / "dialogue.py"),
            "dialogue.py",
        ),
    ],
)
def test_the_name_of_a_file(filename: str, name: str) -> None:
    assert short_name(filename) == name


def test_a_task_asks_at_the_line_that_created_it() -> None:
    @flow
    async def both(call: CallControl) -> None:
        await call.answer()
        async with asyncio.TaskGroup() as group:
            group.create_task(call.gather(1, play="menu.wav"))
            group.create_task(call.sleep(5))

    script = ScriptedCall(both).answered()
    begin, answer, *rest = (
        event.line for event in script.history if isinstance(event, ev.Decision) and event.line
    )
    script.run.abandon()
    assert answer - begin == 2  # the decorator is the first line
    assert [line - answer for line in rest] == [2, 3, 2]
