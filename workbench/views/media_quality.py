"""The quality of a call over its time: jitter, loss, delay and MOS of each sample."""

from collections.abc import Iterator, Sequence
from typing import Any

from workbench import events as ev
from workbench import quality

COLUMNS = (
    "call_id", "version", "at", "media_ms", "final", "codec", "packets_received",
    "packets_lost", "packets_discarded", "packets_sent", "jitter_ms_rx", "jitter_ms_tx",
    "loss_pct_rx", "loss_pct_tx", "rtt_ms", "mos_lq_rx", "mos_lq_tx", "mos_cq_rx",
    "mos_formula",
)  # fmt: skip


def measure(sample: ev.QualitySampled, codec: str) -> dict[str, Any]:
    """Return a sample's counts with what follows from them.

    Loss is in per cent: what was lost or discarded, of what was received or lost. MOS is by
    `quality`; of the sent stream it is null until the far end has reported.
    """
    lost = sample.packets_lost + sample.packets_discarded
    expected = sample.packets_received + sample.packets_lost
    loss_rx = 100.0 * lost / expected if expected else None
    delay = quality.one_way_ms(sample.rtt_ms or 0.0, sample.jitter_ms_rx)
    return {
        "jitter_ms_rx": sample.jitter_ms_rx,
        "jitter_ms_tx": sample.jitter_ms_tx,
        "loss_pct_rx": loss_rx,
        "loss_pct_tx": sample.loss_pct_tx,
        "rtt_ms": sample.rtt_ms,
        "mos_lq_rx": None if loss_rx is None else quality.mos_lq(codec, loss_rx),
        "mos_lq_tx": _score(codec, sample.loss_pct_tx),
        "mos_cq_rx": None if loss_rx is None else quality.mos_cq(codec, loss_rx, delay),
    }


def _score(codec: str, loss_pct: float | None) -> float | None:
    return None if loss_pct is None else quality.mos_lq(codec, loss_pct)


def quality_rows(history: Sequence[ev.Event]) -> Iterator[dict[str, Any]]:
    """Give one row a sample of a call."""
    codec = ""
    for event in history:
        if isinstance(event, ev.MediaStarted):
            codec = event.codec
        elif isinstance(event, ev.QualitySampled):
            counts = {name: getattr(event, name, None) for name in COLUMNS}
            yield counts | measure(event, codec) | {
                "codec": codec, "mos_formula": quality.FORMULA,
            }  # fmt: skip
