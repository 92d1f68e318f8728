"""Which line of a flow asked for something: looked up in the frames that lead to a verb."""

import sys
import sysconfig
from contextvars import ContextVar
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

_STANDARD_LIBRARY = sysconfig.get_path("stdlib")
_PACKAGE = Path(__file__).parent
_OWN = frozenset(
    str(_PACKAGE / name) for name in ("asking.py", "control.py", "flow_loop.py", "flow_run.py")
)

_RUN = str(_PACKAGE / "flow_run.py")

_asked_at: ContextVar[tuple[str, int]] = ContextVar("asked_at", default=("", 0))
"""The last line that asked; a task inherits the line that created it."""


def is_plumbing(code: CodeType) -> bool:
    """Return whether a frame of this code belongs to Python or to us, not to the flow."""
    name = code.co_filename
    if name in _OWN:
        return True
    return name.startswith(_STANDARD_LIBRARY) and "site-packages" not in name


def asked_line() -> dict[str, Any]:
    """Return `file` and `line` of the flow's code that is running now."""
    note_line()
    file, line = _asked_at.get()
    return {"file": file, "line": line}


def note_line() -> None:
    """Remember the flow's line that is running now, for this task and those it creates."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not _drives(frame.f_code):
        if not is_plumbing(frame.f_code):
            _asked_at.set((Path(frame.f_code.co_filename).name, frame.f_lineno))
            return
        frame = frame.f_back


def _drives(code: CodeType) -> bool:
    # Beyond these frames lies whoever drives the run, not the flow.
    return code.co_filename == _RUN and code.co_name in ("start", "_turn")
