"""A widget without a browser: written when a test says so, waited for event by event."""

import threading
from collections.abc import Callable
from typing import Any

from workbench import Workbench
from workbench.clock import EPOCH
from workbench.engine.loopback import FarEnd, Loopback
from workbench.widgets.panel import Panel
from workbench.widgets.pump import PUMP

BOB = "sip:bob@loopback"


def by_hand(panel: Any) -> Any:
    """Let the test write a widget, and not the pump."""
    PUMP.remove(panel)
    return panel


def shown(panel: Panel) -> dict[str, Any]:
    """Return what a browser would show now."""
    panel.prepare()
    panel.write(EPOCH)
    return {**panel.seldom, **panel.state}


def until(bench: Workbench, panel: Panel, done: Callable[[dict[str, Any]], bool]) -> Any:
    """Wait, event by event, until what is shown is so."""
    news = threading.Semaphore(0)
    stop = bench.subscribe(lambda _event: news.release())
    try:
        while not done(state := shown(panel)):
            assert news.acquire(timeout=10), state
    finally:
        stop()
    return state


def somebody_calls(bench: Workbench, engine: Loopback, caller: str = "") -> None:
    """Let a call come in."""

    async def offer() -> None:
        engine.offer(FarEnd(), caller=caller or "sip:caller@loopback")

    bench._running().run(offer())
