"""Flows that take a real call over, one after another."""

import queue
from pathlib import Path

import pytest

from tests.acceptance.sipp import Sipp
from tests.conformance.script import DISMISSED, PLACED, RECVONLY, agree, recv, sdp, write
from tests.conformance.story import SUCCESS, ended, topics
from workbench import CallControl, Workbench, flow
from workbench import events as ev

pytestmark = [pytest.mark.sip, pytest.mark.slow]


@flow
async def wait_in_music(call: CallControl) -> None:
    await call.answer()
    await call.record()
    await call.play("hold.wav", loop=0)


@flow
async def say_goodbye(call: CallControl) -> None:
    await call.hold(music=None)
    await call.play("goodbye.wav")


def test_another_flow_takes_a_call_over_and_both_replay(tmp_path: Path) -> None:
    with Workbench(tmp_path / "store") as bench:

        def watch(event: ev.Event) -> None:
            if isinstance(event, ev.PromptStarted) and event.prompt == "prompt-1":
                started.put(event.call_id)

        started: queue.Queue[str] = queue.Queue()
        peer = bench.answer(wait_in_music).removeprefix("sip:")
        bench.subscribe(watch)
        held = (recv("INVITE"), agree(body=sdp(RECVONLY, version=2)), recv("ACK"))
        steps = (*PLACED, *held, *DISMISSED)
        with Sipp(tmp_path, write(tmp_path / "own.xml", *steps), peer=peer) as sipp:
            call = bench.call(started.get(timeout=60))
            call.replace_flow(say_goodbye)
            assert sipp.finish() == SUCCESS, sipp.errors + sipp.messages
        history = call.wait(60).history
        assert bench.replay(call, [wait_in_music, say_goodbye]).equal
    kinds = topics(history)
    begin = kinds.index("flow_replace_requested")
    assert kinds[begin : begin + 4] == [
        "flow_replace_requested", "prompt_stop_requested", "flow_replaced", "flow_started"
    ]  # fmt: skip
    assert "recording_stored" in kinds
    assert ended(history).by == "app"
