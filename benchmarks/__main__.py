"""`python -m benchmarks [NAME ...]`: run the measurements and print their ratios."""

import pkgutil
import sys
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import Ratio

NO_MEASUREMENTS = ("__main__", "raw_workers", "wire")
"""Modules here that others measure with."""


def main(names: list[str]) -> int:
    """Measure what is named, or everything; 1 when a goal is missed."""
    here = pkgutil.iter_modules([str(Path(__file__).parent)])
    known = [module.name for module in here if module.name not in NO_MEASUREMENTS]
    if unknown := set(names) - set(known):
        print(f"No benchmark is called {', '.join(sorted(unknown))}; there are: {known}")
        return 2
    console, met = Console(), True
    for name in names or known:
        with console.status(f"measuring {name}"):
            ratios: list[Ratio] = import_module(f"benchmarks.{name}").measure()
        console.print(table(name, ratios))
        met = met and all(ratio.met for ratio in ratios)
    return 0 if met else 1


def table(name: str, ratios: list[Ratio]) -> Table:
    """Lay out the ratios of one benchmark."""
    lines = Table("ratio", "median", "goal", "", "of what", title=name, title_justify="left")
    for ratio in ratios:
        sign = "≥" if ratio.higher_is_better else "≤"
        goal = "" if ratio.goal is None else f"{sign} {ratio.goal:g}"
        verdict = "" if ratio.goal is None else ("met" if ratio.met else "[bold]missed[/]")
        lines.add_row(ratio.name, f"{ratio.value:.3g}", goal, verdict, ratio.detail)
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
