"""Codecs and SRTP on real calls: what is agreed on, what is heard, what is refused."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.acceptance.rtp import Samples, compare
from workbench import CallControl, Workbench, flow
from workbench import events as ev
from workbench.engine.pool import Pool
from workbench.engine.terms import CODECS, Terms
from workbench.handle import CallHandle
from workbench.shipped import shipped

pytestmark = [pytest.mark.sip, pytest.mark.slow]

SPEECH = "one-moment.wav"
PIECE = 1600
"""Samples that are looked for together."""


@flow
async def speak(call: CallControl) -> None:
    await call.answer()
    await call.record()
    await call.play(SPEECH)
    await call.hangup()


@flow
async def speak_too(call: CallControl) -> None:
    await call.record()
    await call.play(SPEECH)
    await call.sleep(30)


@pytest.fixture
def caller(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path / "caller") as bench:
        yield bench


def started(call: CallHandle) -> ev.MediaStarted:
    [event] = [event for event in call.history if isinstance(event, ev.MediaStarted)]
    return event


def heard(call: CallHandle) -> float:
    """Return how much what came in is like what was played: the median of its pieces.

    A jitter buffer may leave out or repeat a frame between two when the machine is busy.
    """
    samples, rate = call.audio()
    assert rate == 8000
    expected, _ = soundfile.read(shipped("recordings") / SPEECH, dtype="float64")
    received: Samples = np.asarray(samples, np.float64)[:, 0]
    pieces = [expected[at : at + PIECE] for at in range(0, len(expected) - PIECE, PIECE)]
    loud = [piece for piece in pieces if np.abs(piece).max() > 0.05]
    assert len(loud) > 3
    return float(np.median([compare(received, piece).likeness for piece in loud]))


@pytest.mark.parametrize(
    ("srtp", "codecs"),
    [
        ("off", ("G722",)),
        ("off", ("PCMA", "PCMU")),
        ("required", ("PCMU",)),
        ("optional", ("G722",)),
    ],
)
def test_what_was_asked_for_is_agreed_on_and_heard_at_both_ends(
    caller: Workbench, tmp_path: Path, srtp: str, codecs: tuple[str, ...]
) -> None:
    with Workbench(tmp_path / "callee", srtp=srtp) as callee:
        address = callee.answer(speak)
        call = caller.dial(address, flow=speak_too, srtp=srtp, codecs=codecs).wait()
        for end in (call, callee.calls[-1].wait()):
            assert started(end).codec == codecs[0]
            assert started(end).secure is (srtp != "off")
            assert heard(end) > 0.9
        callee.check()
    caller.check()


def test_a_bench_that_requires_srtp_takes_no_plain_call(
    caller: Workbench, tmp_path: Path
) -> None:
    with Workbench(tmp_path / "callee", srtp="required") as callee:
        call = caller.dial(callee.answer(speak)).wait()
        assert call.ended is not None
        assert (call.ended.sip_code, call.ended.status) == (488, "failed")
        assert not len(callee.calls)
    with Workbench(tmp_path / "callee") as callee:
        call = caller.dial(callee.answer(speak), srtp="required").wait()
        assert call.ended is not None
        assert (call.ended.sip_code, call.ended.status) == (488, "failed")


def test_no_key_is_left_anywhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    engine = Pool(terms=Terms(srtp="required"), log_folder=logs)
    with Workbench(tmp_path / "store", engine=engine) as bench:
        call = bench.dial(bench.answer(speak)).wait()
        assert started(call).secure
        shown = [call.ladder(), call.history._repr_html_(), repr(list(call.history))]
    left = "".join(shown) + caplog.text
    for path in (*(tmp_path / "store").rglob("*"), *logs.rglob("*")):
        if path.is_file():
            left += path.read_bytes().decode("latin-1")
    assert "a=crypto: [redacted]" in left
    assert not re.search(r"inline:[A-Za-z0-9+/]{20}", left)


def test_only_what_is_supported_is_offered(tmp_path: Path) -> None:
    assert set(CODECS) == {"PCMU", "PCMA", "G722"}
    with Workbench(tmp_path, codecs=["PCMA"]) as bench:
        call = bench.dial(bench.answer(speak)).wait()
        invite = next(event for event in call.history if isinstance(event, ev.SipMessageTraced))
    assert re.findall(r"a=rtpmap:\d+ (\S+)", invite.message) == [
        "PCMA/8000",
        "telephone-event/8000",
    ]
