"""The documents as a test: links lead somewhere, and the README's Python runs."""

import ast
import asyncio
import inspect
import re
import sys
import types
from pathlib import Path

import pytest
import soundfile

from workbench.cli import main
from workbench.events import EVENTS, Decision, Event
from workbench.views.call_log import COLUMNS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
README = ROOT / "README.md"
RECORDINGS = ROOT / "recordings"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *RECORDINGS.glob("*.md")])

FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")


def relative_links(page: Path) -> list[str]:
    """Return the targets of a page's relative links, without their fragments."""
    prose = FENCE.sub("", page.read_text())
    targets = [match["target"].partition("#")[0] for match in LINK.finditer(prose)]
    return [target for target in targets if target and not re.match(r"[a-z]+:", target)]


def python_blocks(page: Path) -> list[str]:
    """Return a page's Python blocks, each on the lines it has in the page.

    A block that cannot run in a test is marked "python no-run".
    """
    text = page.read_text()
    return [
        "\n" * text.count("\n", 0, match.start("code")) + match["code"]
        for match in FENCE.finditer(text)
        if match["info"].strip() == "python"
    ]


def run_block(
    source: str, page: Path, names: dict[str, object], runner: asyncio.Runner
) -> None:
    """Run one block as a notebook cell would: `await` is allowed at its top level."""
    code = compile(source, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        runner.run(types.FunctionType(code, names)())
    else:
        exec(code, names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_a_file(page: Path) -> None:
    missing = [link for link in relative_links(page) if not (page.parent / link).exists()]
    assert not missing, f"{page.relative_to(ROOT)} links to nothing at {missing}"


def test_every_page_can_be_reached_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / link).resolve() for link in relative_links(index)}
    pages = set(index.parent.glob("**/*.md")) - {index}
    assert pages <= linked, f"docs/index.md does not mention {pages - linked}"


@pytest.mark.sip
@pytest.mark.slow
def test_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = python_blocks(README)
    assert blocks, "README.md shows no Python"
    monkeypatch.chdir(tmp_path)
    module = types.ModuleType("readme")
    monkeypatch.setitem(sys.modules, "readme", module)
    with asyncio.Runner() as runner:
        for block in blocks:
            run_block(block, README, vars(module), runner)


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_the_python_of_the_docs_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)
    with asyncio.Runner() as runner:
        for block in python_blocks(page):
            run_block(block, page, vars(module), runner)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.TOPIC)
def test_the_page_of_events_has_every_topic_with_its_fields(event: type[Event]) -> None:
    rows = re.findall(rf"^\| `{event.TOPIC}` \|.*$", (DOCS / "events.md").read_text(), re.M)
    assert len(rows) == 1, f"docs/events.md needs one row for {event.TOPIC}"
    shared = set(Decision.__struct_fields__)
    for name in set(event.__struct_fields__) - shared:
        assert f"`{name.rstrip('_')}`" in rows[0], f"the row of {event.TOPIC} lacks {name}"


@pytest.mark.parametrize("column", COLUMNS)
def test_the_page_of_frames_has_every_column(column: str) -> None:
    assert f"`{column}`" in (DOCS / "frames.md").read_text()


def test_the_page_of_the_command_line_has_every_command_and_option() -> None:
    page = (DOCS / "cli.md").read_text()
    for name, command in main.commands.items():
        assert f"## workbench {name}\n" in page
        for parameter in command.params:
            missing = [option for option in parameter.opts if option[0] == "-"]
            assert all(f"`{option}" in page for option in missing), f"{name}: {missing}"


def test_a_block_may_await_and_knows_its_source(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A page\n\n```python\nasync def one():\n    return 1\n```\n\n"
        "```python no-run\nraise SystemExit\n```\n\n```python\nx = await one()\n```\n"
    )
    names: dict[str, object] = {"__name__": "page"}
    with asyncio.Runner() as runner:
        for block in python_blocks(page):
            run_block(block, page, names, runner)
    assert names["x"] == 1
    one = names["one"]
    assert inspect.isfunction(one)
    assert inspect.getsource(one) == "async def one():\n    return 1\n"


@pytest.mark.parametrize("path", sorted(RECORDINGS.glob("*.wav")), ids=lambda path: path.name)
def test_a_recording_is_small_speech_with_a_source(path: Path) -> None:
    assert f"`{path.name}`" in (RECORDINGS / "README.md").read_text()
    info = soundfile.info(path)
    assert (info.channels, info.subtype) == (1, "PCM_16")
    assert info.samplerate in (8000, 16000)


def test_recordings_stay_small() -> None:
    assert sum(path.stat().st_size for path in RECORDINGS.iterdir()) < 1_500_000
