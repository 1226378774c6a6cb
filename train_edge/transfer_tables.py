"""What the pages of all transfer reports share: what a report tells, its arms, its differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from train_edge import transfer_charts
from train_edge.page import Section, Table
from train_edge.transfer import REAL, SYNTHETIC


@dataclass(frozen=True)
class Told:
    """What a transfer report says, before it is stamped."""

    result: dict[str, Any]
    """Figures, as transfer.json has them."""
    tables: list[Table]
    """Also printed on the terminal."""
    title: str
    subtitle: str
    cards: list[tuple[str, str]]
    """(value, label) of the headline figures."""
    sections: list[Section]


def arms_of(result: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Name of each arm that was run -> its figures."""
    arms = {SYNTHETIC: result["synthetic"], REAL: result["real"]}
    arms |= {f"{SYNTHETIC}+{k}": figures for k, figures in result.get("mixed", {}).items()}
    return {arm: figures for arm, figures in arms.items() if figures}


def difference_table(result: Mapping[str, Any], what: str, samples: str, who: str) -> Table:
    """Paired differences of the figure `what` in points, and the ratio."""
    over, rows = f"interval_over_{who}", []
    for name, gap in result["differences"].items():
        both = (gap["interval"], gap[over])
        rows.append((name, f"{100 * gap['value']:+.1f}", *(ends(one, "+.1f") for one in both)))
    if result["ratio"] is not None:
        both = (result["ratio_interval"], result[f"ratio_{over}"])
        name = f"ratio {SYNTHETIC} / {REAL}, %"
        rows.append((name, f"{100 * result['ratio']:.1f}", *(ends(one) for one in both)))
    return Table(
        f"Paired differences, points of {what}",
        ("", "value", f"95 %, {samples}", f"95 %, {who}"),
        rows,
        f"Paired: each resample takes the same {samples} for both arms.",
    )


def few_chart(
    result: Mapping[str, Any], key: str, interval: str, samples: str, what: str
) -> list[str]:
    """The chart of k real samples, where there are such arms; `key` and `interval` of an arm."""
    mixed = {int(k): (arm[key], arm[interval]) for k, arm in result.get("mixed", {}).items()}
    if not mixed:
        return []
    made, upper = result["synthetic"], result["real"]
    points = {0: (made[key], made[interval])} | mixed
    return [transfer_charts.few_real(points, upper and upper[key], samples, what)]


def by_chart(arms: Mapping[str, Any], key: str, title: str, what: str) -> str:
    """A row of dots for each speaker, word or range that the figures have under `key`."""
    series = {arm: (figures[key], figures[f"{key}_interval"]) for arm, figures in arms.items()}
    return transfer_charts.by_group(series, title, what)


def percent(value: float) -> str:
    """A fraction in per cent, without the sign."""
    return f"{100 * value:.1f}"


def ends(interval: Sequence[float] | None, form: str = ".1f") -> str:
    """An interval of fractions in per cent."""
    if interval is None:
        return "-"
    low, high = (format(100 * end, form) for end in interval)
    return f"{low} to {high}"
