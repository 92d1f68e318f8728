"""Measurements as ratios, which hold on any machine where absolute figures do not.

Every module here measures one thing and has `measure() -> list[Ratio]`, but for `__main__`,
`wire` (RTP as tcpdump sees it) and `raw_workers` (the limit for many calls).
What is compared runs alternately in one process, and a ratio is the median of its runs.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """One line of the table."""

    name: str
    value: float
    """The median."""
    goal: float | None = None
    higher_is_better: bool = True
    detail: str = ""
    """What it is a ratio of, and absolute figures for the curious."""

    @property
    def met(self) -> bool:
        """Whether the goal is reached; always, where there is none."""
        if self.goal is None:
            return True
        return self.value >= self.goal if self.higher_is_better else self.value <= self.goal
