"""`workbench lab`: JupyterLab on a copy of the notebooks that is the user's to change."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from workbench.errors import InvalidInput
from workbench.shipped import shipped


def open_lab(folder: Path, store: Path, options: Sequence[str]) -> int:
    """Copy the notebooks that are not there yet and run JupyterLab; return its exit code."""
    copy_notebooks(folder)
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder.resolve()}"]
    environment = os.environ | {"WORKBENCH_STORE": str(store.resolve())}
    try:
        return subprocess.run([*command, *options], env=environment, check=False).returncode
    except KeyboardInterrupt:
        # JupyterLab got the same Ctrl-C and has ended itself.
        return 0


def copy_notebooks(folder: Path) -> list[Path]:
    """Copy the shipped notebooks, never over a file that exists; return what was copied.

    Raises:
        InvalidInput: the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _copy(folder)
    except OSError as error:
        message = (
            f"The notebooks cannot be copied to {str(folder)!r} ({error.strerror}): name a "
            "folder that can be written."
        )
        raise InvalidInput(message) from error


def _copy(folder: Path) -> list[Path]:
    copied = []
    for notebook in sorted(shipped("notebooks").glob("*.ipynb")):
        target = folder / notebook.name
        if not target.exists():
            shutil.copyfile(notebook, target)
            copied.append(target)
    return copied
