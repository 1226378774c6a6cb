"""The arms of a transfer report, for any task: who is trained on what and tested on whom.

synthetic: the data set alone. real-trained: real samples alone, never of the people it is tested
on (leave one person out, or one group of people). synthetic+k: the data set and k real samples a
class, again of the others. All of it is a pure function of people, classes and seeds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from train_edge.options import Options

SYNTHETIC, REAL = "synthetic", "real-trained"
PICK_STREAM = 41


@dataclass(frozen=True)
class Training:
    """One network to train, and what it is tested on."""

    arm: str
    """synthetic, real-trained, or synthetic+k."""
    seed: int
    """Of start weights, batches and the choice of k samples."""
    synthetic: bool
    """Whether it reads the data set."""
    real: tuple[int, ...]
    """Real samples that it is trained on, by number; empty for the synthetic arm."""
    test: tuple[int, ...]
    """Real samples that it is tested on, by number."""
    without: tuple[str, ...] = ()
    """People kept from it, who are those of `test`."""

    @property
    def name(self) -> str:
        """Name of its folder."""
        left_out = "-".join(re.sub(r"[^A-Za-z0-9_]+", "_", who) for who in self.without[:3])
        # The first row tested tells apart people whose names look alike once they are cut.
        kept = f"-{min(self.test)}-without-{left_out:.60}" if self.without else ""
        return f"{self.arm}-seed{self.seed}{kept}"

    @property
    def said(self) -> str:
        """What it is, for people."""
        others = f" and {len(self.without) - 3} more" if len(self.without) > 3 else ""
        without = f", without {', '.join(self.without[:3])}{others}" if self.without else ""
        return f"{self.arm}{without}, seed {self.seed}"


def plan(
    people: Sequence[str],
    classes: Sequence[str],
    ks: Sequence[int],
    seeds: Sequence[int],
    folds: int = 0,
) -> list[Training]:
    """Every training of a report, arm after arm; only the synthetic one where nobody is left.

    `people` and `classes` name each real sample's; `folds` 0 leaves one person out at a time.
    """
    every = tuple(range(len(people)))
    trainings = [Training(SYNTHETIC, seed, True, (), every) for seed in seeds]
    groups = groups_of(people, folds)
    if len(groups) < 2:
        return trainings
    for k in (None, *sorted(set(ks))):
        for seed in seeds:
            for number, group in enumerate(groups):
                test = tuple(row for row in every if people[row] in group)
                others = tuple(row for row in every if people[row] not in group)
                if k is None:
                    trainings.append(Training(REAL, seed, False, others, test, group))
                    continue
                # The same order for every k, so that 5 samples are the 1 and four more.
                sequence = np.random.SeedSequence(seed, spawn_key=(number, PICK_STREAM))
                few = pick(people, classes, others, k, np.random.default_rng(sequence))
                trainings.append(Training(f"{SYNTHETIC}+{k}", seed, True, few, test, group))
    return trainings


def seeded(options: Options, training: Training) -> Options:
    """The recipe with the seed of one training."""
    return replace(options, seed=training.seed)


def twins(hashes: Sequence[str], people: Sequence[str]) -> tuple[int, int] | None:
    """The first two samples that are the same by their hashes but of two people."""
    owner: dict[str, int] = {}
    for row, digest in enumerate(hashes):
        first = owner.setdefault(digest, row)
        if people[first] != people[row]:
            return first, row
    return None


def groups_of(people: Sequence[str], folds: int) -> list[tuple[str, ...]]:
    """People in `folds` groups of about as many samples each; 0: everyone alone, by name."""
    counts = Counter(people)
    if folds == 0 or folds >= len(counts):
        return [(name,) for name in sorted(counts)]
    groups: list[list[str]] = [[] for _ in range(folds)]
    for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        min(groups, key=lambda group: sum(counts[one] for one in group)).append(name)
    return [tuple(sorted(group)) for group in groups]


def pick(
    people: Sequence[str],
    classes: Sequence[str],
    rows: Sequence[int],
    k: int,
    rng: np.random.Generator,
) -> tuple[int, ...]:
    """At most k of `rows` a class, from as many people as there are, in the order of rows."""
    turns: Counter[tuple[str, str]] = Counter()
    order: list[tuple[int, int]] = []
    for row in rng.permutation(np.asarray(rows, np.int64)):
        turns[classes[row], people[row]] += 1
        order.append((turns[classes[row], people[row]], int(row)))
    taken: Counter[str] = Counter()
    chosen = []
    for _, row in sorted(order, key=lambda entry: entry[0]):  # everyone's first, then second
        if taken[classes[row]] < k:
            taken[classes[row]] += 1
            chosen.append(row)
    return tuple(sorted(chosen))
