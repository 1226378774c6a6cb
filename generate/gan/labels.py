"""Directions from a user's own labels of a generator's samples, for models that nothing measures.

labels.csv has a column `sample`, the number of a picture of `collodi gan sample`, and a column of
numbers for each attribute: `sample,smile,age`. How well a direction predicts labels that it was
not fitted to is what can be said about it; nothing measures its leakage.
"""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np

from device.limits import read_text
from generate.gan.edits import Directions, Floats, solve

RIDGES = (0.01, 0.1, 1.0, 10.0)
FOLDS = 5
LEAST_ROWS = 20


def read_labels(path: Path) -> tuple[list[int], Floats, tuple[str, ...]]:
    """(samples, values (N, K), names) of a labels.csv; ValueError names the row that is wrong."""
    try:
        rows = list(csv.reader(io.StringIO(read_text(path), newline="")))
    except csv.Error as error:
        raise ValueError(f"labels {path}: no CSV text ({error})") from error
    if not rows or rows[0][:1] != ["sample"] or len(rows[0]) < 2:
        raise ValueError(f"labels {path}: want a first line such as sample,smile,age")
    names, samples, values = tuple(rows[0][1:]), list[int](), list[list[float]]()
    if len(set(names)) < len(names) or "" in names:
        raise ValueError(f"labels {path}: a column without a name, or two with the same")
    for line, row in enumerate(rows[1:], 2):
        try:
            samples.append(int(row[0]))
            values.append([float(cell) for cell in row[1:]])
        except (ValueError, IndexError):
            raise ValueError(f"labels {path}, line {line}: want numbers only") from None
        if len(row) != len(rows[0]) or samples[-1] < 0 or not all(map(math.isfinite, values[-1])):
            raise ValueError(f"labels {path}, line {line}: want {len(rows[0])} finite numbers")
    _check(path, samples, np.array(values), names)
    return samples, np.array(values), names


def _check(path: Path, samples: list[int], values: Floats, names: tuple[str, ...]) -> None:
    if len(samples) < LEAST_ROWS:
        raise ValueError(f"labels {path}: {len(samples)} rows; want at least {LEAST_ROWS}")
    if len(set(samples)) < len(samples):
        raise ValueError(f"labels {path}: a sample has two rows")
    for name, column in zip(names, values.T, strict=True):
        if column.std() == 0:
            raise ValueError(f"labels {path}: '{name}' is {column[0]:g} in every row")


def solve_labels(w: Floats, values: Floats, names: tuple[str, ...]) -> Directions:
    """Directions from labels (N, K) of w (N, w_dim), as smooth as predicts left-out labels best.

    `explained` is the share of the variance of labels that were left out of the fit.
    """
    shares = {ridge: left_out(w, values, names, ridge) for ridge in RIDGES}
    best = max(shares, key=lambda ridge: float(shares[ridge].mean()))
    found = solve(w, values, names, best)
    explained = {name: round(float(x), 4) for name, x in zip(names, shares[best], strict=True)}
    return Directions(names, found.steps, found.spread, explained, found.metric, found.quiet)


def left_out(w: Floats, values: Floats, names: tuple[str, ...], ridge: float) -> Floats:
    """Share of the variance of each label that fits to the other four fifths explain: (K,)."""
    fold, error = np.arange(len(w)) % FOLDS, np.zeros_like(values)
    for number in range(FOLDS):
        kept = fold != number
        found = solve(w[kept], values[kept], names, ridge)
        guess = (w[~kept] - w[kept].mean(0)) @ found.slopes + values[kept].mean(0)
        error[~kept] = values[~kept] - guess
    return np.asarray(1 - np.square(error).mean(0) / values.var(0))


def moves(words: tuple[str, ...], directions: Directions) -> Floats:
    """The step of w (w_dim,) that NAME=CHANGE words ask for, in the labels' own units."""
    change = np.zeros(len(directions.names))
    for word in words:
        name, sign, amount = word.partition("=")
        if not sign or name not in directions.names:
            known = ", ".join(directions.names)
            raise ValueError(f"--move {word}: want NAME=CHANGE with NAME one of {known}")
        try:
            change[directions.names.index(name)] = float(amount)
        except ValueError:
            raise ValueError(f"--move {word}: want a number after =") from None
        if not np.isfinite(change).all():
            raise ValueError(f"--move {word}: want a finite number after =")
    return np.asarray(directions.steps @ change)
