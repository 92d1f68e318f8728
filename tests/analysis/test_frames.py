"""Call events as pandas frames."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from tests.hostile import CALL_ID, PAYLOADS, check_harmless, hostile_history
from tests.scripted import ScriptedCall
from workbench import events as ev
from workbench.analysis.frames import Frames, event_lines
from workbench.control import CallControl
from workbench.flow import flow
from workbench.views.call_log import COLUMNS


@flow
async def ask(call: CallControl) -> str:
    await call.answer()
    return (await call.gather(2, play="menu.wav")).digits


def asked(call_id: str = "CA01", digits: str = "12") -> list[ev.Event]:
    scripted = ScriptedCall(ask, call_id).answered()
    scripted.press(digits)
    scripted.hang_up()
    return scripted.history


def frames(*histories: Sequence[ev.Event]) -> Frames:
    return Frames(lambda: [(history[0].call_id, history) for history in histories])


def test_a_row_a_call() -> None:
    calls = frames(asked("CA01"), asked("CA02", "3")).calls()
    assert list(calls.columns) == list(COLUMNS)
    assert list(calls.index) == ["CA01", "CA02"]
    assert list(calls["digits"]) == ["12", "3"]
    assert calls.loc["CA01", "duration"] == 2.5
    assert calls.loc["CA01", "billsec"] == 1.5
    assert calls.dtypes["sip_code"] == "Int64"
    assert str(calls["start"].dt.tz) == "UTC"


def test_a_row_an_event() -> None:
    history = asked()
    events = frames(history).events()
    assert list(events["version"]) == list(range(1, len(history) + 1))
    assert list(events["topic"]) == [event.TOPIC for event in history]
    decided = events[events.kind == "decided"]
    assert decided["caused_by"].notna().all()
    assert events[events.kind == "observed"]["caused_by"].isna().all()
    assert list(events[events.topic == "call.digit_received"]["digit"]) == ["1", "2"]


def sampled() -> list[ev.Event]:
    """Return a call with a sample without reports, and a last one with some loss."""
    scripted = ScriptedCall(ask).answered()
    counts = {"packets_discarded": 0, "jitter_ms_rx": 2.0, "packets_sent": 500}
    scripted.hear(
        ev.QualitySampled, packets_received=250, packets_lost=0, final=False, **counts
    )
    scripted.hear(
        ev.QualitySampled, packets_received=475, packets_lost=25, loss_pct_tx=1.0,
        rtt_ms=40.0, **counts,
    )  # fmt: skip
    scripted.hang_up()
    return scripted.history


def test_a_row_a_sample_of_quality() -> None:
    quality = frames(sampled()).quality()
    assert list(quality["final"]) == [False, True]
    assert list(quality["loss_pct_rx"]) == [0.0, 5.0]
    assert list(quality["mos_lq_rx"].round(2)) == [4.41, 3.92]
    assert quality["mos_lq_tx"].isna().tolist() == [True, False]
    assert set(quality["codec"]) == {"PCMU"}
    assert len(frames().quality()) == 0


def test_the_row_of_a_call_has_its_last_sample() -> None:
    row = frames(sampled()).calls().iloc[0]
    assert round(row["mos_lq_rx"], 2) == 3.92
    assert round(row["mos_lq_tx"], 2) == 4.33
    assert row["loss_pct_rx"] == 5.0


def test_an_empty_store_has_the_same_columns() -> None:
    assert list(frames().calls().columns) == list(COLUMNS)
    assert len(frames().events()) == 0


def test_the_frames_say_which_there_are() -> None:
    assert repr(frames()) == "<Frames: calls(), events(), quality(), transcripts()>"


def test_lines_have_the_topic_and_no_words() -> None:
    (first, *_) = event_lines(asked())
    assert first["topic"] == "call.offered"
    assert "words" not in first


def test_a_price_is_no_formula_in_a_frame_and_in_what_is_made_of_it() -> None:
    calls = frames(asked()).calls()
    for frame in (calls, calls[["to"]], calls.query("events > 0"), pd.concat([calls, calls])):
        html: Any = frame._repr_html_
        assert "mathjax_ignore" in html()
        assert "mathjax_ignore" in str(frame.to_html())
    assert pd.get_option("display.html.use_mathjax")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nobody_writes_markup_into_a_frame(payload: str) -> None:
    made = frames(hostile_history(payload))
    with pd.option_context("display.max_columns", None, "display.max_rows", None):
        shown: list[Any] = [made.calls(), made.events()]
        for frame in shown:
            html = frame._repr_html_()
            # Around the table is a style sheet of pandas.
            table = html[html.index("<table") : html.rindex("</table>") + len("</table>")]
            assert html.count("</style>") == 1
            assert CALL_ID in check_harmless(table)


def test_a_field_that_is_text_in_one_event_stays_text() -> None:
    events = frames(asked(digits="*1")).events()
    assert "*1" in set(events["digits"])
