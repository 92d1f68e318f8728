"""Which line of a flow asked for something: looked up in the frames that lead to a verb."""

import sys
import sysconfig
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import FrameType
from typing import NamedTuple

_STANDARD_LIBRARY = sysconfig.get_path("stdlib")
_PACKAGE = Path(__file__).parent
_RUN = str(_PACKAGE / "flow_run.py")
_OWN = frozenset(
    str(path)
    for own in ("asking.py", "control/*.py", "flow_loop.py", "flow_run.py")
    for path in _PACKAGE.glob(own)
)


class AskedAt(NamedTuple):
    """A line of a flow; line 0 when no line of it asked."""

    file: str = ""
    line: int = 0


NOWHERE = AskedAt()

_asked_at: ContextVar[AskedAt] = ContextVar("asked_at", default=NOWHERE)
"""The last line that asked; a task inherits the line that created it."""


@cache
def short_name(filename: str) -> str:
    """Return the name of a flow's file, or "" for Python's own files and ours.

    A notebook's cell is called `cell`: ipykernel's name for it is a hash.
    """
    path = Path(filename)
    if path.parent.name.startswith("ipykernel_"):
        return "cell"
    library = filename.startswith(_STANDARD_LIBRARY) and "site-packages" not in filename
    return "" if library or filename in _OWN else path.name


def asked_line() -> AskedAt:
    """Return the line of the flow's code that is running now."""
    note_line()
    return _asked_at.get()


def note_line() -> None:
    """Remember the flow's line that is running now, for this task and those it creates."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        filename = frame.f_code.co_filename
        if name := short_name(filename):
            _asked_at.set(AskedAt(name, frame.f_lineno))
            return
        if filename == _RUN and frame.f_code.co_name in ("start", "_turn"):
            # Beyond lies whoever drives the run, not the flow.
            return
        frame = frame.f_back
