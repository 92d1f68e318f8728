"""The log of calls on disk, behind one class: `CallLog` appends events and reads them back.

`GroupCommit` is how many calls at once append to it.
"""

from workbench.store.call_log import CallLog
from workbench.store.group_commit import GroupCommit

__all__ = ["CallLog", "GroupCommit"]
