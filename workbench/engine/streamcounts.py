"""Reads the counters of a stream, and how much was sent when the far end last reported."""

from typing import Any, NamedTuple

from workbench.engine.line import StreamCount


class Look(NamedTuple):
    """How many packets had been sent at a moment, in seconds of the day's clock."""

    at: float
    sent: int


class StreamCounter:
    """Copies the counters of one call's stream at every look."""

    def __init__(self) -> None:
        """Start before the first report."""
        self._reports = self._reported_of = 0
        self._before: Look | None = None

    def look(self, stat: Any, at: float) -> StreamCount:
        """Copy the counters at a moment, in milliseconds and per cent.

        What the far end has lost is its last report's, of the packets sent until then.
        """
        told, looked = stat.rtcp.txStat, Look(at, int(stat.rtcp.txStat.pkt))
        if told.updateCount != self._reports:
            came = told.update.sec + told.update.msec / 1000
            self._reports = int(told.updateCount)
            self._reported_of = sent_at(came, self._before or looked, looked)
        self._before = looked
        return counted(stat, self._reported_of)


def sent_at(moment: float, before: Look, after: Look) -> int:
    """Return how many packets had been sent at a moment between two looks.

    Packets leave at an even pace; a moment outside counts as the nearer look's.
    """
    if after.at <= before.at:
        return after.sent
    share = min(1.0, max(0.0, (moment - before.at) / (after.at - before.at)))
    return round(before.sent + share * (after.sent - before.sent))


def counted(stat: Any, reported_of: int) -> StreamCount:
    """Copy the counters; the last report was of `reported_of` packets."""
    rtcp, jbuf = stat.rtcp, stat.jbuf
    rx, tx, rtt = rtcp.rxStat, rtcp.txStat, rtcp.rttUsec
    heard, reported = rx.jitterUsec, tx.jitterUsec
    told = tx.updateCount > 0
    return StreamCount(
        packets_received=int(rx.pkt),
        packets_lost=int(rx.loss),
        packets_discarded=int(rx.discard) + int(jbuf.discard),
        jitter_ms_rx=heard.mean / 1000,
        packets_sent=int(tx.pkt),
        jitter_ms_tx=reported.last / 1000 if told else None,  # an estimate that comes up
        loss_pct_tx=100 * tx.loss / max(1, reported_of) if told else None,
        rtt_ms=rtt.mean / 1000 if rtt.n else None,
    )
