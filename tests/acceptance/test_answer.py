"""Inbound calls of SIPp: what it hears, what is on record, and that nothing fails."""

import logging
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import soundfile

from tests.acceptance import flows
from tests.acceptance.program import Answering, Row, calls_of, events_of, topics
from tests.acceptance.rtp import KEYS, Capture, Heard, Samples, compare, write_keypad
from tests.acceptance.sipp import SCENARIOS, Counts, Sipp, free_media_port
from tests.conftest import Rounds
from workbench.prompts import PromptShelf
from workbench.shipped import shipped

pytestmark = [pytest.mark.sip, pytest.mark.slow]

FLOWS = Path(flows.__file__)
AT_ONCE = 4
"""Calls that one listening worker carries."""

logger = logging.getLogger(__name__)


def prompt(folder: Path, name: str) -> Samples:
    """Return a prompt as an engine is given it."""
    prepared = PromptShelf(folder).from_file(name, [shipped("recordings")])
    samples: Samples = soundfile.read(prepared.path, dtype="float64")[0]
    return samples


def check_heard(capture: Capture, expected: Samples, calls: int) -> list[Heard]:
    heard = [compare(stream.samples(), expected) for stream in capture.streams()]
    least, most = min(each.likeness for each in heard), max(each.likeness for each in heard)
    logger.info("%d streams, likeness %.5f to %.5f", len(heard), least, most)
    assert len(heard) == calls
    assert least > 0.95
    return heard


def histories(folder: Path, store: Path, calls: int) -> list[tuple[Row, list[Row]]]:
    """Return each call with its events, both by the command line, and check their order."""
    listed = calls_of(folder, store)
    assert len(listed) == calls
    with ThreadPoolExecutor(AT_ONCE) as readers:
        told = readers.map(lambda call: events_of(folder, store, call["call_id"]), listed)
        found = list(zip(listed, told, strict=True))
    for _, events in found:
        assert [event["version"] for event in events] == list(range(1, len(events) + 1))
        assert len(topics(events, "call.ended")) == 1
        assert topics(events, "call.flow_failed") == []
    return found


def test_sipp_calls_and_hears_the_prompt(tmp_path: Path, rounds: Rounds) -> None:
    calls = rounds(short=12, whole=50)
    expected = prompt(tmp_path, flows.PROMPT)
    media_port = free_media_port()
    with (
        Answering(tmp_path, f"{FLOWS}:greet", "--calls", str(calls)) as answering,
        Capture(tmp_path / "rtp.pcap", [media_port]) as capture,
    ):
        with Sipp(
            tmp_path, "uac", peer=answering.peer, calls=calls, limit=AT_ONCE,
            length_ms=round(len(expected) / 8) + 500, media_port=media_port,
        ) as sipp:  # fmt: skip
            assert sipp.finish() == Counts(successful=calls, failed=0), sipp.errors
        assert answering.program.finish() == 0
        assert answering.program.errors == ""

    for call, events in histories(tmp_path, answering.store, calls):
        assert (call["status"], call["disconnected_by"]) == ("completed", "caller")
        (finished,) = topics(events, "call.prompt_finished")
        assert finished["outcome"] == "completed"
    heard = check_heard(capture, expected, calls)
    assert [each.missing_ms for each in heard] == [0] * calls


def test_digits_are_on_record_as_pressed(tmp_path: Path, rounds: Rounds) -> None:
    calls = rounds(short=5, whole=20)
    expected = prompt(tmp_path, flows.CONFIRMATION)
    pressed = {f"caller{n}": digits for n, digits in enumerate(strings_of_digits(calls))}
    media_ports = {caller: free_media_port() for caller in pressed}
    with (
        Answering(tmp_path, f"{FLOWS}:take_digits", "--calls", str(calls)) as answering,
        Capture(tmp_path / "rtp.pcap", list(media_ports.values())) as capture,
    ):

        def press(caller: str) -> Counts:
            scenario = digit_scenario(tmp_path, caller, pressed[caller])
            with Sipp(
                tmp_path, scenario, peer=answering.peer, media_port=media_ports[caller]
            ) as sipp:
                return sipp.finish()

        with ThreadPoolExecutor(AT_ONCE) as callers:
            counts = list(callers.map(press, pressed))
        assert counts == [Counts(successful=1, failed=0)] * calls
        assert answering.program.finish() == 0
        assert answering.program.errors == ""

    for call, events in histories(tmp_path, answering.store, calls):
        digits = pressed[str(call["from"]).removeprefix("sip:").partition("@")[0]]
        received = [event["digit"] for event in topics(events, "call.digit_received")]
        assert "".join(map(str, received)) == digits
        assert (call["status"], call["disconnected_by"]) == ("completed", "app")
        assert call["outcome"] == digits
    check_heard(capture, expected, calls)


def test_a_hang_up_after_a_prompt_cuts_nothing_off(tmp_path: Path) -> None:
    expected = prompt(tmp_path, flows.PROMPT)
    media_port = free_media_port()
    with (
        Answering(tmp_path, f"{FLOWS}:greet_and_hang_up", "--calls", "1") as answering,
        Capture(tmp_path / "rtp.pcap", [media_port]) as capture,
        Sipp(tmp_path, "waits_for_bye", peer=answering.peer, media_port=media_port) as sipp,
    ):
        assert sipp.finish() == Counts(successful=1, failed=0), sipp.errors
        assert answering.program.finish() == 0
    (heard,) = check_heard(capture, expected, calls=1)
    assert heard.missing_ms == 0


def strings_of_digits(count: int) -> list[str]:
    """Return distinct strings: every key first, then keys pressed twice, then any."""
    chosen = random.Random(4733)
    strings = [KEYS, "1122", "#*#*"]
    while len(strings) < count:
        strings.append("".join(chosen.choices(KEYS, k=6)))
    assert len(set(strings)) == len(strings)
    return strings[:count]


def digit_scenario(folder: Path, caller: str, digits: str) -> Path:
    """Write a scenario, and its pcap, of a caller who presses digits."""
    pcap = folder / f"{caller}.pcap"
    write_keypad(pcap, digits)
    text = (SCENARIOS / "presses_digits.xml").read_text()
    scenario = folder / f"{caller}.xml"
    scenario.write_text(text.replace("DIGITS_PCAP", str(pcap)).replace("CALLER", caller))
    return scenario
