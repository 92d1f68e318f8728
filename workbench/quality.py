"""How good a call sounded: the E-model of ITU-T G.107, from what RTP and RTCP counted.

Narrowband, with the defaults of G.107 for all that a packet network cannot know: room noise,
loudness, echo. `mos_lq` is for listening, `mos_cq` for a conversation, which delay disturbs.
"""

import math
from typing import NamedTuple

FORMULA = "G.107-2015"
"""What the columns `mos_*` are computed by."""
BASIC_R = 93.2
"""R of a connection without loss and delay, all defaults taken (G.107, table 3)."""
MOST_LOSS = 100.0


class Codec(NamedTuple):
    """What a codec does to speech (G.113, Appendix I)."""

    impairment: float
    """Ie: at no loss."""
    robustness: float
    """Bpl: against loss."""


CODECS = {
    "PCMU": Codec(0, 25.1),
    "PCMA": Codec(0, 25.1),
    "G722": Codec(0, 25.1),
    "GSM": Codec(20, 10),
    "ILBC": Codec(11, 11.7),
    "G729": Codec(11, 19),
}
"""With packet loss concealment; G.722 is rated as if it were narrowband."""
UNKNOWN = CODECS["PCMU"]


def loss_impairment(codec: str, loss_pct: float, burst_ratio: float = 1.0) -> float:
    """Return Ie-eff of a codec at a loss in per cent (G.107, equation 7-29).

    `burst_ratio` is 1 for random loss and above 1 for loss in bursts.
    """
    known = CODECS.get(codec.upper(), UNKNOWN)
    loss = min(max(loss_pct, 0.0), MOST_LOSS)
    share = loss / (loss / burst_ratio + known.robustness)
    return known.impairment + (95 - known.impairment) * share


def delay_impairment(one_way_ms: float) -> float:
    """Return Idd of an absolute one-way delay (G.107, equations 7-27 and 7-28)."""
    if one_way_ms <= 100:
        return 0.0
    x = math.log10(one_way_ms / 100) / math.log10(2)
    root = math.pow(1 + x**6, 1 / 6) - 3 * math.pow(1 + (x / 3) ** 6, 1 / 6)
    return 25 * (root + 2)


def mos(r: float) -> float:
    """Return the mean opinion score of a rating factor, 1 to 4.5 (G.107, Annex B)."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def mos_lq(codec: str, loss_pct: float) -> float:
    """Return the listening quality of a stream."""
    return mos(BASIC_R - loss_impairment(codec, loss_pct))


def mos_cq(codec: str, loss_pct: float, one_way_ms: float) -> float:
    """Return the conversational quality of a stream with this one-way delay."""
    return mos(BASIC_R - loss_impairment(codec, loss_pct) - delay_impairment(one_way_ms))


def one_way_ms(rtt_ms: float, jitter_ms: float, packet_ms: float = 20.0) -> float:
    """Estimate the delay from mouth to ear: half the round trip, a packet, the playout buffer.

    The buffer is taken to be twice the jitter, as nobody reports it.
    """
    return rtt_ms / 2 + packet_ms + 2 * jitter_ms
