"""`Panel`: what all widgets have in common, on the side of Python.

Three ways lead to the browser. `show` sets values of which only the latest counts; `push` sends
items that must all arrive, in order; `pour` sends audio, at once. All may be called on any
thread. What a person does comes back as `act`, on a thread of the panel's own, and its errors
are shown under the widget.
"""

import json
import logging
import queue
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets

from workbench.errors import WorkbenchError
from workbench.tables import legible
from workbench.widgets.outbox import Item, Outbox
from workbench.widgets.pump import BEAT_S, PUMP

logger = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"


def look(*names: str) -> str:
    """Return the CSS of a widget, with what all have in common before it."""
    return _joined(names, "css")


def manners(*names: str) -> str:
    """Return the ES module of a widget, with what all have in common before it.

    They are joined to one text, since a widget's module cannot import a neighbour.
    """
    return _joined(names, "js")


def as_texts(**names: str) -> str:
    """Return modules of the page's other threads as constants, each with its text."""
    return "\n".join(
        f"const {constant} = {json.dumps((STATIC / f'{name}.js').read_text())};"
        for constant, name in names.items()
    )


def _joined(names: Iterable[str], suffix: str) -> str:
    return "\n".join((STATIC / f"{part}.{suffix}").read_text() for part in ("panel", *names))


class Panel(anywidget.AnyWidget):
    """A widget of a bench."""

    state = traitlets.Dict().tag(sync=True)
    """What is shown: the latest values, as JSON. Written by the pump only."""

    seldom = traitlets.Dict().tag(sync=True)
    """The values that are named in `SELDOM`: a trait is always sent whole."""
    SELDOM: ClassVar[frozenset[str]] = frozenset()
    """Large values that change seldom, sent only when they do."""
    PACE_S: ClassVar[float] = 0.0
    """How long at least from one `prepare` to the next."""
    _closed = True

    def __init__(self, **values: Any) -> None:
        """Show some values from the beginning."""
        self._values: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._outbox = Outbox()
        self._inbox: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._greeted = threading.Event()
        self._failures = 0
        self._stale = threading.Event()
        self._written: datetime | None = None
        self._prepared: datetime | None = None
        often, seldom = self._sorted({"error": "", **values})
        super().__init__(state=often, seldom=seldom)
        self._closed = False
        self.on_msg(self._receive)
        threading.Thread(target=self._work, name="workbench-panel", daemon=True).start()
        PUMP.add(self)

    def __repr__(self) -> str:
        """Name the widget only: what is saved with a notebook shall not change needlessly."""
        return f"<{type(self).__name__}>"

    # -- for the widgets -------------------------------------------------------------------

    def show(self, **values: Any) -> None:
        """Let these values be shown soon, in place of earlier ones of the same names."""
        with self._lock:
            self._values |= values
        PUMP.wake()

    def push(self, item: Any, *buffers: bytes) -> None:
        """Send an item that must arrive, after those before it.

        It may be in a snapshot as well that was made meanwhile: let an item say its place.
        """
        self._outbox.put(item, *buffers)
        PUMP.wake()

    def pour(self, content: dict[str, Any], *buffers: bytes) -> None:
        """Send at once what may be lost, past all else."""
        self._tell({"kind": "stream", **content}, list(buffers))

    def refresh(self) -> None:
        """Let `prepare` be called soon."""
        self._stale.set()
        PUMP.wake()

    def prepare(self) -> None:
        """Work out what is shown, after `refresh` and now and then; on the pump's thread."""

    def snapshot(self) -> Iterable[Item]:
        """Return with what items a view begins that has just appeared; on the pump's thread."""
        return ()

    def act(self, action: str, **fields: Any) -> None:
        """Do what was clicked; on the panel's own thread, in order. Overridden by widgets."""

    def stream(self, content: dict[str, Any], buffers: Sequence[bytes]) -> None:
        """Take what comes too often to get in line, on whichever thread; must not wait."""

    def complain(self, problem: BaseException | str) -> None:
        """Show under the widget what went wrong; an empty text takes it away."""
        self._failures += 1
        text = str(problem) or type(problem).__name__ if problem else ""
        # Of a text of other people's no sign turns a line round; its lines stay lines.
        self.show(error="\n".join(map(legible, text.split("\n"))))

    def let_go(self) -> None:
        """End what the widget follows, when it is closed."""

    def close(self) -> None:
        """Take the widget away from all pages; does nothing the second time."""
        if self._closed:
            return
        self._closed = True
        PUMP.remove(self)
        self.let_go()
        self._inbox.put(None)
        super().close()

    # -- to the browser --------------------------------------------------------------------

    def write(self, now: datetime) -> None:
        """Send what has changed; on the pump's thread."""
        due = _is_past(self._written, BEAT_S, now)
        self._prepare(now, due=due)
        with self._lock:
            values, self._values = self._values, {}
        often, seldom = self._sorted(values)
        if seldom:
            self.seldom = {**self.seldom, **seldom}
        if often:
            self.state = {**self.state, **often}
        if self._greeted.is_set():
            self._greeted.clear()
            self._outbox.clear()
            self._outbox.begin(self.snapshot())
        while (batch := self._outbox.take()) is not None:
            self._tell(*batch.message())
        if due:
            self._beat(now)

    def _prepare(self, now: datetime, *, due: bool) -> None:
        if not due and not self._stale.is_set():
            return
        if not _is_past(self._prepared, self.PACE_S, now):
            PUMP.wake()
            return
        self._stale.clear()
        self._prepared = now
        self.prepare()

    def _sorted(self, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        seldom = {name: value for name, value in values.items() if name in self.SELDOM}
        often = {name: value for name, value in values.items() if name not in self.SELDOM}
        return often, seldom

    def _beat(self, now: datetime) -> None:
        # After a restart of the kernel a view that hears nothing would look alive.
        self._written = now
        milliseconds = round(now.timestamp() * 1000)
        self._tell({"kind": "beat", "now": milliseconds, "open": self._outbox.open})

    def _tell(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        self.send(content, buffers)

    def open(self) -> None:
        """Open the way to the browser."""
        super().open()
        # ipykernel 7.4 sends what is clicked to the thread that wrote last, so that a click
        # would wait for the end of a cell that writes. It is to go where the page sends it, to
        # a free thread. Private to ipykernel: tests/browser/test_panel.py watches over it.
        if self.comm is not None:
            self.comm.__dict__["_reply_subshell_for"] = lambda _message, subshell: subshell

    # -- from the browser ------------------------------------------------------------------

    def _receive(self, _widget: Any, content: Any, buffers: Any) -> None:
        # One slow handler would hold up all widgets: what is asked only gets in line here.
        kind = content.get("kind") if isinstance(content, dict) else None
        if kind == "hello":
            self._greeted.set()
        elif kind == "ack" and isinstance(content.get("seq"), int):
            self._outbox.acknowledge(content["seq"])
        elif kind == "act":
            self._inbox.put(content)
        elif kind == "stream":
            self.stream(content, [bytes(each) for each in buffers or ()])
            return
        PUMP.wake()

    def _work(self) -> None:
        while (content := self._inbox.get()) is not None:
            self._try(content)
            self.show(done=content.get("n", 0))

    def _try(self, content: dict[str, Any]) -> None:
        failures, fields = self._failures, content.get("fields") or {}
        try:
            self.act(str(content.get("action")), **fields)
        except (WorkbenchError, TimeoutError) as error:
            self.complain(error)
        except Exception as error:
            logger.exception("A click could not be carried out")
            self.complain(f"{type(error).__name__}: {error}")
        else:
            if failures == self._failures:
                self.complain("")


def _is_past(moment: datetime | None, seconds: float, now: datetime) -> bool:
    return moment is None or (now - moment).total_seconds() >= seconds
