"""Where the files lie that come with Workbench: speech for prompts, and the notebooks."""

from pathlib import Path

from workbench.errors import InvalidInput


def shipped(name: str) -> Path:
    """Return the folder of shipped files, `recordings` or `notebooks`.

    Raises:
        InvalidInput: this installation has no such folder.
    """
    package = Path(__file__).parent
    for folder in (package / name, package.parent / name):
        if folder.is_dir():
            return folder
    message = (
        f"This installation of Workbench has no {name!r} folder: install the whole package."
    )
    raise InvalidInput(message)
