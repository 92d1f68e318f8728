"""Replay: recorded calls against a flow, without clock, network or audio.

Siblings: `segments` (a history taken apart), `exact` (are today's decisions the recorded
ones?), `many` (the same of many calls), `from_audio`
(what is heard today in the recording of a call).
"""

from workbench.replay.exact import Divergence, Replay, replay
from workbench.replay.from_audio import HeardAgain, listen_again
from workbench.replay.many import Replays, replay_table, summary
from workbench.replay.segments import Flows

__all__ = [
    "Divergence",
    "Flows",
    "HeardAgain",
    "Replay",
    "Replays",
    "listen_again",
    "replay",
    "replay_table",
    "summary",
]
