"""JupyterLab as a person has it: a server with folders of its own, and notebooks in a page."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import ConsoleMessage, Locator, Page, expect

TOKEN = "t0ken"
READY_S = 60
CELL_MS = 120_000
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "apputils-extension/themes": {"theme": "JupyterLab Light"},
    "docmanager-extension/plugin": {"autosave": False, "renameUntitledFileOnSave": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
"""No questions, nothing asked of the network, and all cells in the page, also out of sight."""
OF_LAB_ITSELF = ("Could not restore the debugger state",)
"""What JupyterLab's own parts complain about when a kernel is restarted."""


class Lab:
    """A JupyterLab on this machine at a free port, until `close`."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "notebooks"
        self.root.mkdir()
        self._write_settings(folder / "settings")
        self._runtime = folder / "runtime"
        command = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
            "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0",
            f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={self.root}",
            "--LabApp.expose_app_in_browser=True", "--ServerApp.log_level=WARN",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command,
            env=self._environment(folder),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.url = self._found()

    def _write_settings(self, folder: Path) -> None:
        for name, values in SETTINGS.items():
            path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))

    def _environment(self, folder: Path) -> dict[str, str]:
        repository = Path(__file__).parent.parent.parent
        own = {
            "HOME": folder / "home",
            "IPYTHONDIR": folder / "ipython",
            "JUPYTER_CONFIG_DIR": folder / "config",
            "JUPYTER_DATA_DIR": folder / "data",
            "JUPYTER_RUNTIME_DIR": folder / "runtime",
            "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
            "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
            "PYTHONPATH": repository,
        }
        return os.environ | {name: str(value) for name, value in own.items()}

    def _found(self) -> str:
        # The server writes this file when it listens.
        watch = subprocess.run(
            [sys.executable, "-c", WATCH, str(self._runtime), str(self._process.pid)],
            capture_output=True, text=True, timeout=READY_S, check=True,
        )  # fmt: skip
        return watch.stdout.strip()

    def close(self) -> None:
        """End the server and its kernels."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


WATCH = """
import json, pathlib, sys, threading
found = pathlib.Path(sys.argv[1], f"jpserver-{sys.argv[2]}.json")
while not found.exists():
    threading.Event().wait(0.05)
while not (text := found.read_text()).endswith("}"):
    threading.Event().wait(0.05)
print(json.loads(text)["url"])
"""


class Notebook:
    """One notebook in a page of its own."""

    def __init__(
        self, page: Page, lab: Lab, name: str, cells: Sequence[str] | None = None
    ) -> None:
        """Write a notebook of these cells and open it; without cells it is there already."""
        self.page, self.name = page, f"{name}.ipynb"
        self.troubles: list[str] = []
        """What the console of the page had to say."""
        if cells is not None:
            self._write(lab.root / self.name, cells)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.troubles.append(f"uncaught: {error}"))
        self._address = f"{lab.url}lab/tree/{self.name}?reset&token={TOKEN}"
        self.open()

    def _write(self, path: Path, cells: Sequence[str]) -> None:
        notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],  # type: ignore[no-untyped-call]
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        path.write_text(nbformat.writes(notebook))  # type: ignore[no-untyped-call]

    def _hear(self, message: ConsoleMessage) -> None:
        own = any(words in message.text for words in OF_LAB_ITSELF)
        if message.type == "error" and not own:
            self.troubles.append(message.text)

    def open(self) -> None:
        """Load the page, also anew, and wait until the kernel is there."""
        self.page.goto(self._address)
        self.page.wait_for_function(KERNEL_IS_IDLE, timeout=CELL_MS)

    def start(self, cell: int) -> None:
        """Run a cell without waiting for it."""
        self.page.evaluate(RUN, cell)

    def run(self, cell: int) -> Locator:
        """Run a cell to its end; return its output."""
        self.start(cell)
        self.wait(cell)
        return self.output(cell)

    def wait(self, cell: int) -> None:
        """Wait until a cell that was started is done."""
        self.page.wait_for_function(IS_DONE, arg=cell, timeout=CELL_MS)

    def output(self, cell: int) -> Locator:
        """Return where the output of a cell is."""
        return self.page.locator(".jp-Notebook-cell").nth(cell).locator(".jp-Cell-outputArea")

    def outputs(self, cell: int) -> list[dict[str, Any]]:
        """Return the outputs of a cell, as they are saved."""
        outputs: list[dict[str, Any]] = self.page.evaluate(OUTPUTS, cell)
        return outputs

    def type_into(self, cell: int, source: str) -> None:
        """Put another source into a cell."""
        self.page.evaluate(WRITE, [cell, source])

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Carry out a command of JupyterLab, and do not wait for it."""
        self.page.evaluate(
            "([name, args]) => { window.jupyterapp.commands.execute(name, args); }",
            [name, arguments or {}],
        )

    def save(self) -> None:
        """Save the notebook."""
        self.command("docmanager:save")
        self.page.wait_for_function(f"{PANEL}.context.model.dirty === false")

    def restart_kernel(self) -> None:
        """Restart the kernel, as a person does."""
        self.command("kernelmenu:restart")
        self.page.get_by_role("button", name="Confirm Kernel Restart").click()
        self.page.wait_for_function(KERNEL_IS_IDLE, timeout=CELL_MS)

    def theme(self, name: str) -> None:
        """Let the page be light or dark."""
        self.command("apputils:change-theme", {"theme": f"JupyterLab {name}"})
        light = "true" if name == "Light" else "false"
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-light", light)


PANEL = "window.jupyterapp?.shell?.currentWidget"
KERNEL_IS_IDLE = f"""() => {{
    const kernel = {PANEL}?.sessionContext?.session?.kernel;
    return kernel?.status === 'idle' && kernel?.connectionStatus === 'connected';
}}"""
RUN = f"""(cell) => {{
    const book = {PANEL}.content;
    book.activeCellIndex = cell;
    book.deselectAll();
    book.widgets[cell].model.executionCount = null;
    window.jupyterapp.commands.execute('notebook:run-cell');
}}"""
IS_DONE = f"""(cell) => {{
    const model = {PANEL}.content.widgets[cell].model;
    return model.executionCount !== null && model.executionState === 'idle';
}}"""
OUTPUTS = f"(cell) => {PANEL}.content.widgets[cell].model.outputs.toJSON()"
WRITE = f"""([cell, source]) => {{
    {PANEL}.content.widgets[cell].model.sharedModel.setSource(source);
}}"""
