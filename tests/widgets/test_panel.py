"""A panel without a browser: what is shown, sent and asked, and on which thread."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from workbench.clock import EPOCH
from workbench.errors import InvalidInput
from workbench.widgets.panel import STATIC, Panel
from workbench.widgets.pump import PUMP, Pump


class Echo(Panel):
    """Notes what it is asked and sent."""

    _esm = "export default {}"

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.acted: list[tuple[str, str]] = []
        self.ready = threading.Event()
        super().__init__(count=0)
        PUMP.remove(self)

    def send(self, content: Any, buffers: Any = None) -> None:
        self.sent.append(content)

    def snapshot(self) -> list[Any]:
        return [("all", ())]

    def act(self, action: str, **fields: Any) -> None:
        self.acted.append((action, threading.current_thread().name))
        if action == "fail":
            raise InvalidInput("This cannot be dialled.")
        if action == "last":
            self.ready.set()

    def ask(self, *actions: str) -> None:
        for action in actions:
            self._receive(self, {"kind": "act", "n": 1, "action": action, "fields": {}}, [])


@pytest.fixture
def panel() -> Iterator[Echo]:
    panel = Echo()
    yield panel
    panel.close()


def kinds(panel: Echo) -> list[str]:
    return [content["kind"] for content in panel.sent]


def test_only_the_latest_value_is_written(panel: Echo) -> None:
    panel.show(count=1)
    panel.show(count=2, other="x")
    assert panel.state["count"] == 0
    panel.write(EPOCH)
    assert panel.state == {"error": "", "count": 2, "other": "x"}


def test_what_changes_seldom_is_sent_only_then(
    panel: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Echo, "SELDOM", frozenset({"rows"}))
    panel.show(rows=[1], count=1)
    panel.write(EPOCH)
    sent: list[str] = []
    panel.observe(lambda change: sent.append(change["name"]), ["state", "seldom"])
    for count, rows in ((2, [1]), (3, [1]), (4, [2])):
        panel.show(rows=rows, count=count)
        panel.write(EPOCH)
    assert sent == ["state", "state", "seldom", "state"]
    assert (panel.state["count"], panel.seldom) == (4, {"rows": [2]})


def test_a_pace_is_kept_and_nothing_is_forgotten(
    panel: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Echo, "PACE_S", 0.25)
    prepared: list[str] = []
    panel.write(EPOCH)
    monkeypatch.setattr(panel, "prepare", lambda: prepared.append("once"))
    panel.refresh()
    counts = []
    for tenths in range(1, 6):
        panel.write(EPOCH + timedelta(seconds=tenths / 10))
        counts.append(len(prepared))
    assert counts == [0, 0, 1, 1, 1]


def test_a_quiet_panel_gives_a_sign_of_life_every_two_seconds(panel: Echo) -> None:
    for tenths in range(41):
        panel.write(EPOCH + timedelta(seconds=tenths / 10))
    began = panel.sent[0]["now"]
    assert [content["now"] - began for content in panel.sent] == [0, 2000, 4000]


def test_a_view_that_greets_gets_a_snapshot_then_what_follows(panel: Echo) -> None:
    panel.push("too early")
    panel._receive(panel, {"kind": "hello"}, [])
    panel.write(EPOCH)
    panel.push("next")
    panel.write(EPOCH)
    batches = [content for content in panel.sent if content["kind"] == "batch"]
    assert [each["items"] for each in batches] == [[["all", 0]], [["next", 0]]]
    assert [each["fresh"] for each in batches] == [True, False]


def test_what_is_asked_is_done_in_order_on_another_thread(panel: Echo) -> None:
    panel.ask("one", "two", "last")
    assert panel.ready.wait(10)
    assert [action for action, _ in panel.acted] == ["one", "two", "last"]
    assert {thread for _, thread in panel.acted} == {"workbench-panel"}


def test_a_failure_is_shown_and_the_next_is_carried_out(panel: Echo) -> None:
    panel._try({"action": "fail"})
    panel.write(EPOCH)
    assert panel.state["error"] == "This cannot be dialled."
    panel._try({"action": "fine"})
    panel.write(EPOCH)
    assert panel.state["error"] == ""


@pytest.mark.parametrize("content", [None, 7, {}, {"kind": "ack", "seq": "x"}, {"kind": "?"}])
def test_a_message_that_is_none_is_passed_over(panel: Echo, content: Any) -> None:
    panel._receive(panel, content, [])
    panel.write(EPOCH)
    assert kinds(panel) == ["beat"]


class Fragile:
    """A panel of which each writing fails, or is noted."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.written = error, 0

    def write(self, now: object) -> None:
        self.written += 1
        if self.error is not None:
            raise self.error


def test_a_panel_that_fails_does_not_hold_up_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pump, broken, well = Pump(), Fragile(ValueError("broken")), Fragile()
    pump._panels = [broken, well]
    pump.round()
    assert (broken.written, well.written) == (1, 1)
    assert "could not be written" in caplog.text


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_no_module_of_ours_makes_markup_of_text(path: Any) -> None:
    source = path.read_text()
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in source, f"{path.name} uses {way}: set textContent."
