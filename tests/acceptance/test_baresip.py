"""A telephone that is not ours, with encrypted audio: called and calling."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.acceptance.baresip import PATIENCE_S, SPEECH, Baresip
from tests.acceptance.rtp import Samples, compare
from tests.door.certificates import Identity, identity
from workbench import CallControl, CallHandle, Tls, Workbench, flow
from workbench import events as ev
from workbench.shipped import shipped

pytestmark = [pytest.mark.sip, pytest.mark.slow, pytest.mark.quiet]

PIECE = 1600
"""Samples that are looked for together: a jitter buffer may shift what follows."""


@flow
async def talk(call: CallControl) -> None:
    await call.answer()
    await call.record()
    await call.play(SPEECH)
    await call.sleep(1)
    await call.hangup()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path / "store", srtp="required") as bench:
        yield bench


def likeness(heard: Samples) -> float:
    """Return the median likeness of the pieces of the speech to what was heard."""
    speech, _ = soundfile.read(shipped("recordings") / SPEECH, dtype="float64")
    pieces = [speech[at : at + PIECE] for at in range(0, len(speech) - PIECE, PIECE)]
    loud = [piece for piece in pieces if np.abs(piece).max() > 0.05]
    return float(np.median([compare(heard, piece).likeness for piece in loud]))


def check(call: CallHandle, phone: Baresip) -> None:
    """Check that the call was encrypted and that both ends have heard each other."""
    [started] = [event for event in call.history if isinstance(event, ev.MediaStarted)]
    assert (started.codec, started.secure) == ("PCMU", True)
    samples, rate = call.audio()
    assert rate == 8000
    assert likeness(np.asarray(samples, np.float64)[:, 0]) > 0.9
    [file] = phone.heard()
    theirs, _ = soundfile.read(file, dtype="float64", always_2d=True)
    assert likeness(theirs[:, 0]) > 0.9


def until(done: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(round(PATIENCE_S / 0.05)):
        if done():
            return
        pause.wait(0.05)
    message = "It did not come to that."
    raise AssertionError(message)


@pytest.fixture
def us(tmp_path: Path) -> Identity:
    return identity(tmp_path)


def tls_of(us: Identity) -> Tls:
    return Tls(certificate=str(us.certificate), key=str(us.key), authorities=str(us.authority))


@pytest.fixture
def tls_bench(tmp_path: Path, us: Identity) -> Iterator[Workbench]:
    with Workbench(tmp_path / "store", srtp="required", tls=tls_of(us)) as bench:
        yield bench


def called(bench: Workbench, phone: Baresip) -> CallHandle:
    call = bench.dial(phone.address, flow=talk).wait()
    assert call.ended is not None
    assert (call.ended.status, call.ended.by) == ("completed", "app"), phone.log
    return call


def calling(bench: Workbench, phone: Baresip, address: str) -> CallHandle:
    phone.dial(address.replace("sip:", "sip:bench@"))
    until(lambda: len(bench.calls) > 0)
    call = bench.calls[-1].wait()
    assert call.ended is not None
    assert (call.ended.status, call.ended.by) == ("completed", "app"), phone.log
    return call


def test_a_telephone_is_called_over_srtp(bench: Workbench, tmp_path: Path) -> None:
    with Baresip(tmp_path, encryption="srtp-mand") as phone:
        call = called(bench, phone)
    check(call, phone)
    bench.check()


def test_a_telephone_calls_over_srtp(bench: Workbench, tmp_path: Path) -> None:
    address = bench.answer(talk)
    with Baresip(tmp_path, encryption="srtp-mand") as phone:
        call = calling(bench, phone, address)
    check(call, phone)
    bench.check()


def test_a_telephone_is_called_over_tls_with_srtp(
    tls_bench: Workbench, tmp_path: Path, us: Identity
) -> None:
    with Baresip(tmp_path, encryption="srtp-mand", identity=us) as phone:
        call = called(tls_bench, phone)
    check(call, phone)
    tls_bench.check()


def test_a_telephone_calls_over_tls_with_srtp(
    tls_bench: Workbench, tmp_path: Path, us: Identity
) -> None:
    address = tls_bench.answer(talk, "127.0.0.1:0;transport=tls")
    with Baresip(tmp_path, encryption="srtp-mand", identity=us) as phone:
        call = calling(tls_bench, phone, address)
    check(call, phone)
    tls_bench.check()


def test_a_telephone_that_cannot_prove_its_name_is_not_called(
    tls_bench: Workbench, tmp_path: Path
) -> None:
    (tmp_path / "stranger").mkdir()
    stranger = identity(tmp_path / "stranger")
    with Baresip(tmp_path, encryption="srtp-mand", identity=stranger) as phone:
        call = tls_bench.dial(phone.address, flow=talk).wait()
    assert call.ended is not None
    assert (call.ended.status, call.ended.sip_code) == ("failed", 503)
    assert "certificate" in call.ended.reason


def test_a_telephone_without_srtp_is_refused(bench: Workbench, tmp_path: Path) -> None:
    address = bench.answer(talk)
    with Baresip(tmp_path) as phone:
        phone.dial(address.replace("sip:", "sip:bench@"))
        until(lambda: "488" in phone.log)
    assert not len(bench.calls)
