"""Is a data set balanced over people? Sex, age band, Monk tone and ancestry against their plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from generate.controls import parse_fixed
from generate.sample import AGE_BANDS, ANCESTRY_NAMES, ancestry_group
from generate.spec import SEXES

TOLERANCE = 0.01
"""A share may differ from its target by this much of all people."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Margin:
    """One attribute of people: its groups, how to read it, and the control that would fix it."""

    name: str
    control: str
    groups: tuple[str, ...]
    group_of: Callable[[Row], str]
    slack: int
    """People by which an unfinished block of the plan may differ from it."""


@dataclass(frozen=True)
class Share:
    """How many people are in one group, and how many should be."""

    margin: str
    group: str
    count: int
    people: int
    target: float
    allowed: float
    """People that the count may differ from the target."""

    @property
    def skewed(self) -> bool:
        """Whether the count is too far from the target."""
        return abs(self.count - self.target) > self.allowed

    def __str__(self) -> str:
        share, want = 100 * self.count / self.people, 100 * self.target / self.people
        return f"{self.margin} {self.group} {share:.1f} %, want {want:.1f} %"


def margins(age_years: tuple[float, float]) -> tuple[Margin, ...]:
    """The attributes that sampling balances, for ages within a range."""
    low, high = age_years
    edges = [low + (high - low) * band / AGE_BANDS for band in range(AGE_BANDS + 1)]
    bands = tuple(f"{a:.1f}-{b:.1f}" for a, b in pairwise(edges))

    def band_of(row: Row) -> str:
        place = (row["age_years"] - low) / max(high - low, 1e-9) * AGE_BANDS
        return bands[min(max(int(place), 0), AGE_BANDS - 1)]

    return (
        Margin("sex", "sex", SEXES, lambda row: str(row["sex"]), 1),
        Margin("age", "age_years", bands, band_of, 1),
        Margin("Monk tone", "skin_tone", tuple(f"{t}" for t in range(1, 11)), _tone_of, 4),
        Margin("ancestry", "ancestry", ANCESTRY_NAMES, _ancestry_of, 8),
    )


def _tone_of(row: Row) -> str:
    return str(row["skin_tone"])


def _ancestry_of(row: Row) -> str:
    return ancestry_group(row["ancestry"])


def shares(rows: Sequence[Row], options: Mapping[str, Any]) -> list[Share]:
    """Every group of every margin of a picture data set; empty where nobody is seen.

    rows: index.jsonl in order; options: those of dataset.json. Adults that `adult_share` adds
    are left out of the age bands; attributes that `fix` holds are left out altogether.
    """
    if options.get("preset") not in ("stills", "talk") or options.get("pictures") is False:
        return []
    people = list(rows)[:: int(options.get("child_stills", 1))]
    fixed = parse_fixed(options.get("fix", ()))
    low, high = options["age_years"]
    found = []
    for margin in margins((low, high)):
        if margin.control in fixed or (margin.name == "age" and low == high):
            continue
        counted = people
        if margin.name == "age" and options.get("adult_share"):
            counted = [row for row in people if row["age_years"] <= high]
        found += _of_margin(margin, counted)
    return found


def _of_margin(margin: Margin, people: Sequence[Row]) -> list[Share]:
    n, counts = len(people), Counter(margin.group_of(row) for row in people)
    allowed = max(TOLERANCE * n, margin.slack)
    return [
        Share(margin.name, group, counts[group], n, n / len(margin.groups), allowed)
        for group in margin.groups
    ]


def share_lines(found: Sequence[Share]) -> list[str]:
    """One line a margin: the group that is farthest from its target, and whether that is fine."""
    lines = []
    for name in dict.fromkeys(share.margin for share in found):
        group = [share for share in found if share.margin == name]
        worst = max(group, key=lambda share: abs(share.count - share.target))
        verdict = "SKEWED" if any(share.skewed for share in group) else "balanced"
        lines.append(f"{name:10s} {verdict}, farthest of {len(group)}: {worst}")
    return lines
