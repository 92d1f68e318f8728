"""`workbench lab`: JupyterLab on a copy of the notebooks that is the user's to change."""

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from workbench.errors import InvalidInput
from workbench.shipped import shipped

MARK = "workbench"
"""Where a copy tells, in its metadata, which cells were shipped."""


def open_lab(folder: Path, store: Path, options: Sequence[str]) -> NoReturn:
    """Become JupyterLab in a folder that has the notebooks."""
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder.resolve()}"]
    environment = os.environ | {"WORKBENCH_STORE": str(store.resolve())}
    # In place of this process: Ctrl-C and every other signal are JupyterLab's own to handle,
    # which asks, saves and ends its kernels.
    os.execve(sys.executable, [*command, *options], environment)


def copy_notebooks(folder: Path) -> list[str]:
    """Copy the shipped notebooks, never over a cell that was changed; return what to tell.

    Raises:
        InvalidInput: the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sources = sorted(shipped("notebooks").glob("*.ipynb"))
        return [told for source in sources for told in _renew(source, folder / source.name)]
    except OSError as error:
        message = (
            f"The notebooks cannot be copied to {str(folder)!r} ({error.strerror}): name a "
            "folder that can be written."
        )
        raise InvalidInput(message) from error


def _renew(source: Path, target: Path) -> Iterator[str]:
    """Bring a notebook to the folder, or leave what is there; say what was done."""
    if not target.exists():
        yield f"{target.name} was copied."
        _copy(source, target)
        return
    (came, has), (_, now) = _cells_of(target), _cells_of(source)
    if now in (came, has):
        return
    if came and has == came:
        yield f"{target.name} is renewed: you had changed none of its cells."
        _copy(source, target)
    else:
        yield (
            f"{target.name} is not the one of this version, and is left as it is: move it "
            "away to have the other."
        )


def _copy(source: Path, target: Path) -> None:
    notebook = json.loads(source.read_text("utf-8"))
    notebook["metadata"][MARK] = _digest(notebook)
    half = target.with_name(f".{target.name}.part")
    half.write_text(json.dumps(notebook, indent=1, ensure_ascii=False), "utf-8")
    half.replace(target)


def _cells_of(path: Path) -> tuple[str, str]:
    """Return which cells a notebook came with, if it is a copy, and which it has."""
    try:
        notebook = json.loads(path.read_text("utf-8"))
        return str(notebook["metadata"].get(MARK, "")), _digest(notebook)
    except (ValueError, LookupError, TypeError, AttributeError):
        # No notebook (any more): whatever it is, it is not ours to write over.
        return "", ""


def _digest(notebook: Any) -> str:
    """Name the cells of a notebook, whatever their outputs."""
    sources = "\0".join("".join(cell["source"]) for cell in notebook["cells"])
    return hashlib.sha256(sources.encode()).hexdigest()[:16]
