"""The architecture as a test: ranks, the importers of pjsua2, docstrings and sizes.

The ranks are in one place only, the layout table of docs/architecture.md; a folder has one
row, and the docstring of its `__init__` says what is in it.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "workbench"
LAYOUT = ROOT / "docs" / "architecture.md"
NATIVE = ("engine/pjsua.py", "engine/pjcall.py", "engine/pjaccount.py")
MOST_MODULE_LINES = 400
MOST_FUNCTION_LINES = 50
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

every_module = pytest.mark.parametrize("module", MODULES)


@cache
def ranks() -> dict[str, int]:
    """Read the ranks: `| 2 | `call.py` | … |` gives {"call": 2}."""
    rows = re.findall(r"^\| (\d+) \| `(\w+)(?:\.py|/)` \|", LAYOUT.read_text(), re.MULTILINE)
    return {name: int(rank) for rank, name in rows}


@cache
def tree(module: str) -> ast.Module:
    """Parse a module, named by its path inside the package."""
    return ast.parse((PACKAGE / module).read_text(), module)


def name_of(module: str) -> str:
    """Return what the table calls a module: its file, or the folder it is in."""
    return module.partition("/")[0].removesuffix(".py")


def imported_names(module: str) -> set[str]:
    """Return the dotted names that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def is_ours(name: str) -> bool:
    """Tell whether the package has a module or a folder of this name."""
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").exists()


def imports_of_ours(module: str) -> set[str]:
    """Return what a module imports from the package, named as in the table."""
    ours: set[str] = set()
    for name in imported_names(module):
        package, _, inside = name.partition(".")
        if package == PACKAGE.name:
            first = inside.partition(".")[0] or "__init__"
            ours.add(first if first in ranks() or is_ours(first) else "__init__")
    return ours - {name_of(module)}


def rank_of(name: str) -> int:
    """Return the rank of a module, or say how to give it one."""
    assert name in ranks(), (
        f"workbench/{name} has no row in the layout table of docs/architecture.md: "
        "add one, with the rank it belongs to and its role."
    )
    return ranks()[name]


def test_the_table_was_found() -> None:
    assert rank_of("errors") == 0
    assert MODULES


@every_module
def test_imports_only_from_ranks_above(module: str) -> None:
    rank = rank_of(name_of(module))
    wrong = {name: rank_of(name) for name in imports_of_ours(module) if rank_of(name) >= rank}
    assert not wrong, (
        f"workbench/{module} has rank {rank} and may import only lower ranks, "
        f"but imports {wrong}: move the code, or the rows in docs/architecture.md."
    )


@every_module
def test_the_layout_table_names_it(module: str) -> None:
    rank_of(name_of(module))


@every_module
def test_only_the_worker_side_imports_pjsua2(module: str) -> None:
    imports_it = any(name.split(".")[0] == "pjsua2" for name in imported_names(module))
    assert not imports_it or module in NATIVE


@every_module
def test_has_a_docstring(module: str) -> None:
    assert ast.get_docstring(tree(module)), (
        f"Let the docstring of workbench/{module} say its role on the data path."
    )


@every_module
def test_is_not_too_long(module: str) -> None:
    lines = len((PACKAGE / module).read_text().splitlines())
    assert lines <= MOST_MODULE_LINES, f"workbench/{module} has {lines} lines: split it."


@every_module
def test_has_no_long_function(module: str) -> None:
    functions = [
        node
        for node in ast.walk(tree(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    sizes = {f.name: (f.end_lineno or f.lineno) - f.lineno + 1 for f in functions}
    long = {name: size for name, size in sizes.items() if size > MOST_FUNCTION_LINES}
    assert not long, f"Functions of workbench/{module} are too long: {long}"
