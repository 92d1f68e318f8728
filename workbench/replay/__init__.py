"""Replay: recorded calls against a flow, without clock, network or audio.

Siblings: `segments` (a history taken apart), `exact` (are today's decisions the recorded
ones?).
"""

from workbench.replay.exact import Divergence, Replay, replay
from workbench.replay.segments import Flows

__all__ = ["Divergence", "Flows", "Replay", "replay"]
