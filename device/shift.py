"""Is one set of latencies larger than another? Tests for runs that lean on their neighbours.

Runs of one round share cache, clock and temperature, so they are no independent samples. Rounds
(or, in one long round, blocks long enough that neighbours hardly correlate: Flyvbjerg and Petersen
1989, J. Chem. Phys. 91:461) are the samples here, each as its median. The test permutes them
between the two sides with Welch's statistic, which is exact where the two distributions are equal
and keeps its level where only their spreads differ (Janssen 1997, Stat. Probab. Lett. 36:9; Chung
and Romano 2013, Ann. Stat. 41:484). The interval is a bootstrap of rounds (Kalibera and Jones 2013,
ISMM, advise ratio and interval). Several rows: Holm 1979, Scand. J. Stat. 6:65.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from statistics import fmean, median

LEAST_BLOCKS = 5
"""Fewer samples a side than this show nothing."""
MOST_BLOCKS = 60
"""More than this are joined to neighbours: enough for any p that is asked for."""
JOINED, REFUSED = 0.5, 1.3
"""Correlation of neighbours, in standard errors of white noise: joined; no samples at all.
A straight line of five samples, what ten rounds of a drift are joined to, has 1.34."""
DRAWS = 4000
"""Permutations and bootstrap draws: p is known to 0.003 at 0.05."""


@dataclass(frozen=True)
class Shift:
    """How two sides differ."""

    ratio: float
    """Median of the new runs over the median of the old ones."""
    low: float
    """Lower end of the 95 % interval of the ratio."""
    high: float
    """Upper end."""
    p: float
    """Chance of a difference at least this large where there is none; not yet corrected."""
    blocks: tuple[int, int]
    """Independent samples, old and new."""


def compare_runs(
    left: Sequence[Sequence[int]],
    right: Sequence[Sequence[int]],
    seed: int = 0,
    draws: int = DRAWS,
) -> Shift | None:
    """Compare old (left) with new latencies, ns > 0, in the blocks of `blocks_of`.

    None where either side has fewer than LEAST_BLOCKS.
    """
    if min(len(left), len(right)) < LEAST_BLOCKS:
        return None
    rng = random.Random(seed)
    p = permuted(_logs(left), _logs(right), rng, draws)
    low, high = bootstrapped(left, right, rng, draws)
    ratio = median(chain.from_iterable(right)) / median(chain.from_iterable(left))
    return Shift(ratio, min(low, ratio), max(high, ratio), p, (len(left), len(right)))


def blocks_of(latency_ns: Sequence[int], rounds: Sequence[int]) -> list[list[int]]:
    """Cut runs into samples that hardly lean on each other, in order.

    Rounds where there are enough of them; else equal stretches of each round. Neighbours are
    joined while they lean by more than JOINED or are more than MOST_BLOCKS. Empty where they lean
    by more than REFUSED to the last: a drift, of which no test can say whether it would return.
    """
    blocks, at = [], 0
    for size in rounds or (len(latency_ns),):
        blocks.append(list(latency_ns[at : at + size]))
        at += size
    blocks = [block for block in blocks if block]
    if len(blocks) < LEAST_BLOCKS:
        blocks = [piece for block in blocks for piece in _cut(block, 40 // max(len(blocks), 1))]
    while len(blocks) >= LEAST_BLOCKS * 2 and (
        len(blocks) > MOST_BLOCKS or _leaning(blocks) > JOINED
    ):
        blocks = [blocks[i] + blocks[i + 1] for i in range(0, len(blocks) - 1, 2)]
    return [] if len(blocks) >= LEAST_BLOCKS and _leaning(blocks) > REFUSED else blocks


def _leaning(blocks: Sequence[Sequence[int]]) -> float:
    """Return the correlation of neighbours in standard errors of white noise, 1 / sqrt(n)."""
    return correlation(_logs(blocks)) * math.sqrt(len(blocks))


def _cut(block: list[int], pieces: int) -> list[list[int]]:
    pieces = max(1, min(pieces, len(block)))
    edges = [len(block) * i // pieces for i in range(pieces + 1)]
    return [block[edges[i] : edges[i + 1]] for i in range(pieces)]


def correlation(values: Sequence[float]) -> float:
    """Return how much neighbours in a series correlate, with the bias of short series undone.

    The estimate of n values of white noise is -1/n too low (Kendall 1954, Biometrika 41:403).
    """
    centre = fmean(values)
    away = [value - centre for value in values]
    spread = sum(value * value for value in away)
    if spread <= 0:
        return 0.0
    return sum(away[i] * away[i + 1] for i in range(len(away) - 1)) / spread + 1 / len(away)


def permuted(
    left: Sequence[float], right: Sequence[float], rng: random.Random, draws: int
) -> float:
    """Return the two-sided p of Welch's statistic under permutation, at least 1 / (draws + 1).

    Where there are no more than `draws` permutations, all of them.
    """
    n, m = len(left), len(right)
    centre = fmean([*left, *right])
    pool = [value - centre for value in (*left, *right)]
    squares = sum(value * value for value in pool)

    def welch2(side: Sequence[float]) -> float:
        """Square of Welch's statistic where `side` is the left one; the mean of all is 0."""
        total, own = sum(side), sum(value * value for value in side)
        spread = (own - total * total / n) / (n * (n - 1))
        spread += (squares - own - total * total / m) / (m * (m - 1))
        difference = total / n + total / m
        return difference * difference / max(spread, 1e-300)

    seen = welch2(pool[:n]) * (1 - 1e-9)
    ways = math.comb(n + m, n)
    if ways <= draws:
        return sum(welch2(side) >= seen for side in combinations(pool, n)) / ways
    return (1 + sum(welch2(rng.sample(pool, n)) >= seen for _ in range(draws))) / (draws + 1)


def least_p(blocks: tuple[int, int]) -> float:
    """Return the smallest p that so many samples can show: that of two sides wholly apart."""
    return (2 if blocks[0] == blocks[1] else 1) / math.comb(sum(blocks), blocks[0])


def bootstrapped(
    left: Sequence[Sequence[int]], right: Sequence[Sequence[int]], rng: random.Random, draws: int
) -> tuple[float, float]:
    """Return the 95 % interval of new over old: block medians drawn with replacement.

    Widened by sqrt(n / (n - 1)) of the smaller side, what the bootstrap of n samples is too narrow.
    """
    old, new = _logs(left), _logs(right)
    drawn = sorted(
        sum(rng.choices(new, k=len(new))) / len(new) - sum(rng.choices(old, k=len(old))) / len(old)
        for _ in range(draws)
    )
    centre = fmean(new) - fmean(old)
    fewest = min(len(old), len(new))
    wider = math.sqrt(fewest / (fewest - 1)) * (1 + 1 / fewest)
    low, high = drawn[int(0.025 * draws)], drawn[min(int(0.975 * draws), draws - 1)]
    return (
        math.exp(centre + (low - centre) * wider),
        math.exp(centre + (high - centre) * wider),
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values corrected for their number, step down, in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, p_values[index] * (len(p_values) - rank)))
        corrected[index] = highest
    return corrected


def _logs(blocks: Sequence[Sequence[int]]) -> list[float]:
    return [math.log(max(median(block), 1)) for block in blocks]
