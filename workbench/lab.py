"""`workbench lab`: JupyterLab on a copy of the notebooks that is the user's to change."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

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
    """Copy the shipped notebooks, never over a file that exists; return what was copied."""
    folder.mkdir(parents=True, exist_ok=True)
    copied = []
    for notebook in sorted(shipped("notebooks").glob("*.ipynb")):
        target = folder / notebook.name
        if not target.exists():
            shutil.copyfile(notebook, target)
            copied.append(target)
    return copied
