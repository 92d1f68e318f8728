"""Replay: recorded calls against a flow, without clock, network or audio.

Siblings: `exact` (are today's decisions the recorded ones?).
"""

from workbench.replay.exact import Divergence, Replay, replay

__all__ = ["Divergence", "Replay", "replay"]
