"""Policy against toll fraud: who may be called, how often and for how long.

Siblings: `rules` (what may go out), `patterns` (the entries of an allow-list),
`gatekeeper` (counts what has gone out).
"""

from workbench.policy.gatekeeper import Gatekeeper
from workbench.policy.rules import LOOPBACK, Policy, Refusal, Way

__all__ = ["LOOPBACK", "Gatekeeper", "Policy", "Refusal", "Way"]
