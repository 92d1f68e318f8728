"""What the Makefile promises: every program that a test runs is installed by it."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
RUNS = re.compile(r'(?:which\(|run\(\[|Popen\(\[|(?<=command = \[))"([a-z][a-z0-9-]*)"')


def test_every_program_that_a_test_runs_is_installed_by_make() -> None:
    sources = [path.read_text() for path in (ROOT / "tests").rglob("*.py")]
    run = {name for source in sources for name in RUNS.findall(source)}
    needed = re.findall(r"^NEEDED = (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[0]
    installed = {pair.partition(":")[0] for pair in needed.split()}
    assert {"sipp", "kamailio", "openssl"} <= run
    assert run <= installed
