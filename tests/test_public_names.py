"""The public names: a sorted list, each of them there, and each of them documented."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import workbench

DOCS = Path(__file__).parent.parent / "docs"

NAMES = [
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


def test_the_list_is_the_one_that_was_agreed_on() -> None:
    assert workbench.__all__ == NAMES
    assert sorted(NAMES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_name_is_there(name: str) -> None:
    assert getattr(workbench, name).__doc__


@pytest.mark.parametrize("name", NAMES)
def test_the_name_is_documented(name: str) -> None:
    pages = [page.name for page in DOCS.glob("*.md") if names_it(page.read_text(), name)]
    assert pages, f"No page of docs/ says what `{name}` is for."


def names_it(text: str, name: str) -> bool:
    """Tell whether a page mentions a name as code."""
    return re.search(rf"`@?{name}\b", text) is not None


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = workbench.Nothing


def test_a_widget_does_not_wait_for_libraries_that_only_frames_and_pictures_need() -> None:
    code = (
        "import sys; from workbench import Workbench; import workbench.widgets.player; "
        "print({'pandas', 'matplotlib'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"
