"""The tables, overlays and page of a transfer report of faces, from its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train_edge import transfer_face_charts
from train_edge.bootstrap import MIN_GROUPS
from train_edge.face_groups import LEAST, worst_group
from train_edge.overlay import cell, grid
from train_edge.page import Section, Table
from train_edge.transfer import REAL, SYNTHETIC
from train_edge.transfer_face_result import FRONTAL_DEG, HOW, WHO, FaceTruth, Landmarks, seed_errors
from train_edge.transfer_tables import (
    Told,
    arms_of,
    by_chart,
    difference_table,
    ends,
    few_chart,
    percent,
)

WHAT = "NME"
SHOWN = 8
"""Faces of a sheet."""
RANGES = {"by_yaw": "|yaw|, degrees", "by_eyes_px": "outer eye corners, px"}
PARTS = ((17, "jaw"), (27, "brow"), (36, "nose"), (48, "eye"), (68, "mouth"))
"""First point after each part."""

Picture = Callable[[int], NDArray[np.uint8]]


def told(
    result: dict[str, Any], truth: FaceTruth, answers: Mapping[str, Landmarks], picture: Picture
) -> Told:
    """The whole report of a finished result; `picture` draws a real face by its number."""
    result = result | {"notes": _notes(result)}
    arms, main = arms_of(result), main_table(result)
    apart = [difference_table(result, WHAT, "faces", WHO)] if result["differences"] else []
    moved = [translation_table(result)] if "translated" in result else []
    curves = {arm: figures["curve"] for arm, figures in arms.items()}
    interval = "interval" if result["people"] < MIN_GROUPS else f"interval_over_{WHO}"
    few = few_chart(result, "nme_68", interval, "real faces of other people", WHAT)
    sections = [
        Section("Landmarks", ARMS, [main, *apart], [transfer_face_charts.cumulative(curves), *few]),
        Section("By yaw and by size", BY,
                [_by_table(result, arms, key) for key in RANGES],
                [by_chart(arms, key, name, WHAT) for key, name in RANGES.items()]),
        *([Section("Label translation", TRANSLATION, moved)] if moved else []),
        _both_directions(result),
        *([Section("Groups of synthetic people", GROUPS, [_group_table(result)])]
          if result.get("groups") else []),
        *_sheets(truth, answers, picture),
    ]  # fmt: skip
    subtitle = (
        f"Tested on {result['n']} real faces of {result['people']} people; the synthetic arm was "
        "trained on none."
    )
    title = "Synthetic faces to real people: landmarks"
    return Told(result, [main, *apart, *moved], title, subtitle, _cards(result), sections)


ARMS = (
    "One network and one recipe, trained on three things. synthetic: the data set alone, whose "
    "landmarks were placed on the head with the help of other photographs. "
    "real-trained: real faces of other people alone, never of those it is tested on; the upper "
    "bound where those are many, and below it where they are few. synthetic+k: the synthetic "
    "network, fine-tuned on k real faces of other people with a fifth of the steps and a quarter "
    "of the learning rate."
)
BY = (
    "Real labels carry no pose: yaw is estimated from the labelled points by fitting a mean 3D "
    "face under scaled orthography, about 3 degrees off in the mean. Size is the distance of the "
    "outer eye corners in the picture."
)
TRANSLATION = (
    "The synthetic network with its answers translated to the real annotation by k real labels of "
    "other people: a constant offset for each point in the face's own frame, or a linear map of "
    "twelve components of shape. No weight of the network has changed; this is not the figure "
    "from zero real photographs."
)
DIRECTIONS = (
    "Each network on the other's material: synthetic-trained on real faces, and real-trained on "
    "held-out renders, whose labels are exact. Where two annotations put a point at different "
    "places the offsets point opposite ways, and half their difference is what the definition is "
    "off; where they point the same way, a network is biased. Axes of the face: x to the right of "
    f"the picture along the eye corners, y down; faces with |yaw| below {FRONTAL_DEG:g} degrees."
)
GROUPS = "The synthetic network on held-out renders, against their exact labels."


def main_table(result: Mapping[str, Any]) -> Table:
    """Errors of every arm."""
    rows = [(arm, *_cells(figures)) for arm, figures in arms_of(result).items()]
    return Table(
        f"Landmark error on {result['n']} real faces of {result['people']} people, % of the "
        "distance of the outer eye corners",
        ("arm", *COLUMNS),
        rows,
        "\n".join(result["notes"]),
    )


def translation_table(result: Mapping[str, Any]) -> Table:
    """Errors of the synthetic arm after translation, by kind and k."""
    rows, real = [], result["real"]
    for how in HOW:
        for k, figures in result["translated"].get(how, {}).items():
            ratio = percent(figures["nme_68"] / real["nme_68"]) if real else "-"
            rows.append((f"{how}, k = {k}", *_cells(figures), ratio))
    return Table("Synthetic-trained, labels translated", ("by", *COLUMNS, f"of {REAL}, %"), rows)


COLUMNS = ("NME 68, %", "95 %, faces", "95 %, people", "NME 51, %", "beyond 10 %, %", "seeds, %")


def _cells(figures: Mapping[str, Any]) -> tuple[str, ...]:
    seeds = figures["by_seed"]
    return (
        _fine(figures["nme_68"]),
        ends(figures["interval"], ".2f"),
        ends(figures[f"interval_over_{WHO}"], ".2f"),
        _fine(figures["nme_51"]),
        percent(figures["failure_10"]),
        f"{_fine(min(seeds))} to {_fine(max(seeds))}" if len(seeds) > 1 else "one",
    )


def _notes(result: Mapping[str, Any]) -> list[str]:
    few = result["people"] < MIN_GROUPS
    notes = [
        "NME: mean over the points and faces of the distance to the label over the distance of the "
        "outer eye corners; 51: without the jaw.",
        "Intervals over faces: 95 %, percentile bootstrap, faces redrawn within each person.",
        f"No interval over people: {result['people']} of them are too few to speak for others (at "
        f"least {MIN_GROUPS})."
        if few
        else "Intervals over people: people redrawn, then the faces of each.",
    ]
    if result["real"] is None:
        notes.append("No real-trained arm: leaving a person out needs two people.")
    return notes


def _by_table(result: Mapping[str, Any], arms: Mapping[str, Any], key: str) -> Table:
    counts = result["ranges"][key]
    rows = [
        (name, str(count), *(_fine(figures[key][name]) for figures in arms.values()))
        for name, count in counts.items()
    ]
    return Table(f"NME 68 by {RANGES[key]}, %", (RANGES[key], "faces", *arms), rows)


def _both_directions(result: Mapping[str, Any]) -> Section:
    renders, points = result["renders"], result["points"]
    rows = [
        (arm, _fine(own["nme_68"]), _fine(own["nme_51"]), percent(own["failure_10"]))
        for arm, own in renders.items()
        if arm != "n"
    ]
    columns = ("arm", "NME 68, %", "NME 51, %", "beyond 10 %, %")
    tables = [Table(f"On {renders['n']} held-out renders, exact labels", columns, rows)]
    if points is None:
        return Section("Both directions", DIRECTIONS, tables)
    tables.append(points_table(points))
    return Section("Both directions", DIRECTIONS, tables, [transfer_face_charts.directions(points)])


def points_table(points: Mapping[str, Any]) -> Table:
    """Offsets of each point from both directions, and what the definition is off."""
    here, there = (np.array(points[key]) for key in ("synthetic_on_real", "real_on_renders"))
    rows = []
    for number, (one, other) in enumerate(zip(here, there, strict=True)):
        part = next(name for last, name in PARTS if number < last)
        values = (*one, *other, *((one - other) / 2))
        rows.append((f"{number} {part}", *(f"{100 * value:+.1f}" for value in values)))
    real, renders = points["faces"]
    return Table(
        "Signed mean offset of each point, answers minus labels, % of the eye distance",
        ("point", "synthetic on real x", "y", "real-trained on renders x", "y",
         "definition, ours minus theirs x", "y"),
        rows,
        f"{real} real faces, {renders} renders.",
    )  # fmt: skip


def _group_table(result: Mapping[str, Any]) -> Table:
    mean, groups = result["renders"][SYNTHETIC]["nme_68"], result["groups"]
    rows = [
        (name, str(own["n"]), _fine(own["nme_68"]), f"{100 * (own['nme_68'] / mean - 1):+.0f}")
        for name, own in groups.items()
    ]
    found = worst_group(groups, mean)
    note = (
        f"Worst of those with {LEAST} faces: {found[0]}, {100 * found[1]:+.0f} %." if found else ""
    )
    return Table("NME 68 by group", ("group", "faces", "NME 68, %", "to the mean, %"), rows, note)


def _sheets(truth: FaceTruth, answers: Mapping[str, Landmarks], picture: Picture) -> list[Section]:
    """The worst and the median faces of the synthetic arm, each arm a row."""
    error = seed_errors(answers[SYNTHETIC], truth.points).mean((0, 2))
    order = np.argsort(-error, kind="stable")
    middle = max(0, (len(order) - SHOWN) // 2)
    rows = [arm for arm in (SYNTHETIC, REAL) if arm in answers]
    text = (
        f"White: labels; green: answers of the first seed. Rows: {', '.join(rows)}. NME of the "
        "synthetic arm: "
    )
    return [
        Section(
            f"The {name} faces of the synthetic arm",
            text + ", ".join(f"{100 * error[k]:.1f}" for k in chosen) + " %.",
            picture=_sheet(chosen, truth, [answers[arm][0] for arm in rows], picture),
        )
        for name, chosen in (("worst", order[:SHOWN]), ("median", order[middle : middle + SHOWN]))
    ]


def _sheet(
    chosen: Sequence[int] | NDArray[np.int64],
    truth: FaceTruth,
    answers: Sequence[Landmarks],
    picture: Picture,
) -> NDArray[np.uint8]:
    cells = []
    for found in answers:
        for k in chosen:
            seen = picture(int(k))
            size = np.array([seen.shape[1], seen.shape[0]])
            cells.append(cell(seen, found[k] / size, truth.points[k] / size))
    return grid(cells, len(chosen))


def _cards(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    over = "interval" if result["people"] < MIN_GROUPS else f"interval_over_{WHO}"
    cards = [
        (f"{_fine(figures['nme_68'])} %", f"NME, {arm}, {ends(figures[over], '.2f')}")
        for arm, figures in arms_of(result).items()
    ]
    if result["ratio"] is not None:
        cards.insert(2, (f"{result['ratio']:.2f}", f"times the {REAL} error from zero photographs"))
    return cards


def _fine(value: float) -> str:
    """A fraction in per cent with two decimals."""
    return f"{100 * value:.2f}"
