"""Workbench: phone calls as programs you can record, replay, query and change.

    bench = Workbench()
    bench.answer(flow, "127.0.0.1:5060")
    call = bench.dial("sip:127.0.0.1:5060", flow=caller).wait()
    bench.replay(call, caller)

`flow` makes an `async def` of one call a flow; `CallControl` has its verbs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from workbench.flow import Flow, flow  # at once, or the module of this name would be found

if TYPE_CHECKING:
    from workbench.bench import Workbench
    from workbench.control import Answerer, BargeIn, CallControl, Gathered, Played, Reprompt
    from workbench.conversation import Conversation
    from workbench.engine.account import Account, Registration
    from workbench.errors import CallEnded, StepFailed, WorkbenchError
    from workbench.feed import AudioFrame
    from workbench.handle import CallHandle
    from workbench.policy import Policy
    from workbench.redaction import Redaction
    from workbench.replay import Divergence, Replay
    from workbench.speech.choice import Speech
    from workbench.views.history import History

_HOMES = {
    "Account": "engine.account",
    "Answerer": "control",
    "AudioFrame": "feed",
    "BargeIn": "control",
    "CallControl": "control",
    "CallEnded": "errors",
    "CallHandle": "handle",
    "Conversation": "conversation",
    "Divergence": "replay",
    "Gathered": "control",
    "History": "views.history",
    "Played": "control",
    "Policy": "policy",
    "Redaction": "redaction",
    "Registration": "engine.account",
    "Replay": "replay",
    "Reprompt": "control",
    "Speech": "speech.choice",
    "StepFailed": "errors",
    "Tls": "door.tls",
    "Workbench": "bench",
    "WorkbenchError": "errors",
}

__all__ = [
    "Account",
    "Answerer",
    "AudioFrame",
    "BargeIn",
    "CallControl",
    "CallEnded",
    "CallHandle",
    "Conversation",
    "Divergence",
    "Flow",
    "Gathered",
    "History",
    "Played",
    "Policy",
    "Redaction",
    "Registration",
    "Replay",
    "Reprompt",
    "Speech",
    "StepFailed",
    "Workbench",
    "WorkbenchError",
    "flow",
]


def load_ipython_extension(ipython: Any) -> None:
    """Give a notebook `%bench`, `%%flow` and `@flow`; what `%load_ext workbench` calls."""
    ipython.register_magics(import_module("workbench.magics").WorkbenchMagics)
    import_module("workbench.completion").complete(ipython)
    ipython.user_ns.setdefault("flow", flow)


def __getattr__(name: str) -> Any:
    # Found when asked for: an engine's worker, which starts often, needs none of pandas.
    if name not in _HOMES:
        message = f"module 'workbench' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"workbench.{_HOMES[name]}"), name)
