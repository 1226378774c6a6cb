"""The tables and the page of a transfer report of keywords, from its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from train_edge import charts, transfer_charts
from train_edge.bootstrap import MIN_GROUPS
from train_edge.page import Section, Table
from train_edge.transfer import REAL, SYNTHETIC
from train_edge.transfer_result import WHO
from train_edge.transfer_tables import (
    Told,
    arms_of,
    by_chart,
    difference_table,
    ends,
    few_chart,
    percent,
)

MANY = 40
"""Speakers or words that a chart or table still shows all of."""
WHAT = "accuracy"
SAMPLES = "real recordings a word of other speakers"


def main_table(result: Mapping[str, Any]) -> Table:
    """Accuracy of every arm."""
    rows = []
    for arm, figures in arms_of(result).items():
        worst = min(figures["by_speaker"], key=figures["by_speaker"].get)
        seeds = figures["by_seed"]
        rows.append((
            arm,
            percent(figures["accuracy"]),
            ends(figures["interval"]),
            ends(figures["interval_over_speakers"]),
            f"{worst} {percent(figures['by_speaker'][worst])}",
            percent(figures["det"]["equal_error"]) if figures["det"] else "-",
            f"{percent(min(seeds))} to {percent(max(seeds))}" if len(seeds) > 1 else "one",
        ))  # fmt: skip
    return Table(
        f"Accuracy on {result['n']} real recordings of {result['speakers']} speakers",
        ("arm", "accuracy, %", "95 %, recordings", "95 %, speakers", "worst speaker, %",
         "equal error, %", "seeds, %"),
        rows,
        "\n".join(result["notes"]),
    )  # fmt: skip


def notes_of(result: Mapping[str, Any], foreign: Sequence[str]) -> list[str]:
    """What a reader must know to trust the figures, a sentence each."""
    few = result["speakers"] < MIN_GROUPS
    notes = [
        "Intervals over recordings: 95 %, percentile bootstrap, recordings redrawn within each "
        "speaker; they speak for these speakers and these trained networks.",
        f"No interval over speakers: {result['speakers']} of them are too few to speak for others "
        f"(at least {MIN_GROUPS})."
        if few
        else "Intervals over speakers: speakers redrawn, then the recordings of each.",
        "Answers are taken among the words that the real folder has.",
    ]
    if foreign:
        notes.append(f"Labels that are no word of the data set count as unknown: {_some(foreign)}.")
    if any(figures["accuracy"] in (0, 1) for figures in arms_of(result).values()):
        notes.append(
            "An accuracy of 0 or 100 % has an interval without width: no resample differs. The "
            f"true rate may still be about 3/{result['n']} away."
        )
    if result["real"] is None:
        notes.append("No real-trained arm: leaving a speaker out needs words of two speakers.")
    return notes


def told(result: dict[str, Any]) -> Told:
    """The whole report of a finished result."""
    arms, main = arms_of(result), main_table(result)
    apart = [difference_table(result, WHAT, "recordings", WHO)] if result["differences"] else []
    sections = [
        Section(
            "Accuracy",
            "One network and one recipe, trained on three things. synthetic: the data set alone. "
            "real-trained: real recordings of the other speakers alone, never of the one it is "
            "tested on; the upper bound where those are many speakers, and below it where they are "
            "few. synthetic+k: the data set and k real recordings a word of the other speakers.",
            [main, *apart, _by_table(arms, "by_speaker", "speaker")],
            _main_charts(result, arms),
        ),
        Section("Words", "Accuracy of each word over all speakers.",
                [_by_table(arms, "by_word", "word")],
                [by_chart(arms, "by_word", "by word", WHAT), *_det(arms)]),
        Section("Confusions", "Share of each true word that got each answer, all seeds.", [],
                [charts.confusion(figures["confusion"]["counts"], figures["confusion"]["labels"],
                                  f"{arm}, %") for arm, figures in arms.items()]),
    ]  # fmt: skip
    subtitle = (
        f"Tested on {result['n']} real recordings of {result['speakers']} speakers; the synthetic "
        "arm was trained on none."
    )
    title = "Synthetic speech to real people: keywords"
    return Told(result, [main, *apart], title, subtitle, _cards(result), sections)


def _cards(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    cards = [
        (f"{percent(figures['accuracy'])} %", f"right, {arm}, {ends(figures['interval'])}")
        for arm, figures in arms_of(result).items()
    ]
    if result["ratio"] is not None:
        said = f"of the {REAL} accuracy from synthetic data"
        cards.insert(2, (f"{percent(result['ratio'])} %", said))
    return cards


def _main_charts(result: Mapping[str, Any], arms: Mapping[str, Any]) -> list[str]:
    few = few_chart(result, "accuracy", "interval", SAMPLES, WHAT)
    if result["speakers"] > MANY:
        return few
    return [by_chart(arms, "by_speaker", "by speaker", WHAT), *few]


def _by_table(arms: Mapping[str, Any], key: str, head: str) -> Table:
    """Accuracy by speaker or word; of many, those that the synthetic arm serves worst."""
    means: Mapping[str, float] = arms[SYNTHETIC][key]
    names, note = list(means), ""
    if len(names) > MANY:
        names = sorted(names, key=lambda name: means[name])[:MANY]
        note = f"The {MANY} of {len(means)} that are worst in the synthetic arm."
    rows = [(name, *(percent(figures[key][name]) for figures in arms.values())) for name in names]
    return Table(f"Accuracy by {head}, %", (head, *arms), rows, note)


def _det(arms: Mapping[str, Any]) -> list[str]:
    curves = {arm: figures["det"] for arm, figures in arms.items() if figures["det"]}
    title = "each word against the rest, pooled"
    return [transfer_charts.det(curves, title)] if curves else []


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more
