"""`collodi motion style-table`: learn what statistics of curves say of a style. For maintainers.

    collodi motion style-table --out generate/motion/data/style.npz

Synthetic children with styles and resting faces of their own say sentences; a ridge regression
learns their style vectors from `describe`. No seed of it is one that benchmarks measure on. So that
real captures find their like, half of the faces also differ where the kit's own children do not,
some takes are emotional, half shake a little, and rates differ.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device.files import write_atomic
from generate.clip import labels_to_bytes
from generate.motion.player import play_score
from generate.motion.style import BIASED, PersonalStyle, restyled, style_vector
from generate.motion.style_children import plain_score, sample_child, sample_talker, talk
from generate.motion.style_prior import FARTHEST, Table
from generate.motion.style_statistics import WINDOW_S, describe
from generate.progress import Progress
from generate.spec import ARKIT, EMOTIONS, Motion

F64 = NDArray[np.float64]

SEED = 0x57C1
CHILDREN_EACH = 8
"""Children that play what one voice said: chance of who moves, for less speech."""
RATES_HZ = (25.0, 30.0, 60.0)
OTHER_BIAS, JITTER = 0.04, 0.004
"""Standard deviations: of the other faces' bias in every curve, of a tracker's noise."""
EMOTIONAL, STRONGEST = 0.25, 0.6
"""Share of takes with an emotion, and its highest intensity."""
RIDGE = 100.0
"""Weight of the ridge, in samples: best of 3, 30, 100, 300 on children held out."""
HELD_OUT = 0.2


def learn_table(out: Path, voices: int) -> None:
    """Learn from `voices` voices, eight children each, and write the table."""
    if voices < 10:
        raise ValueError(f"--voices {voices}: want 10 or more to learn from")
    rows: list[tuple[F64, F64]] = []
    progress = Progress(voices, "style-table", "voice")
    for number in range(voices):
        rows += takes(number)
        progress.update(number + 1)
    progress.close()
    table = learned(*(np.array(part) for part in zip(*rows, strict=True)))
    out.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: part.astype(np.float32) for name, part in table._asdict().items()}
    write_atomic(out, labels_to_bytes(arrays))
    print(f"{out}: {len(rows)} takes, reliability of the factors "
          + " ".join(f"{r:.2f}" for r in table.reliability[:7]))  # fmt: skip


def takes(number: int) -> list[tuple[F64, F64]]:
    """Statistics and style vectors of the children that say what voice `number` says."""
    rng = np.random.default_rng([SEED, number])
    said = talk(sample_talker(rng, number), WINDOW_S, rng)
    felt = str(rng.choice(EMOTIONS)) if rng.random() < EMOTIONAL else "neutral"
    level = float(rng.uniform(0, STRONGEST)) if felt != "neutral" else 0.0
    scores = [plain_score(said, rng, felt, level) for _ in range(2)]
    rows = []
    for score, _ in product(scores, range(CHILDREN_EACH // 2)):
        person = other(sample_child(rng), rng)
        motion = play_score(restyled(score, person), float(rng.choice(RATES_HZ)))
        rows.append((describe(shaken(motion, rng)), style_vector(person)))
    return rows


def other(person: PersonalStyle, rng: np.random.Generator) -> PersonalStyle:
    """The person, or one whose face at rest is another in every curve."""
    bias = np.array(person.bias)
    bias[BIASED] += rng.normal(0, OTHER_BIAS, len(BIASED)) * (rng.random() < 0.5)
    return PersonalStyle(person.style, tuple(bias.tolist()))


def shaken(motion: Motion, rng: np.random.Generator) -> Motion:
    """The motion, or as a tracker that shakes sees it."""
    noise = rng.normal(0, JITTER * (rng.random() < 0.5), (len(motion), len(ARKIT)))
    arkit = np.clip(motion.arkit + noise, 0, 1).astype(np.float32)
    return Motion(motion.rate_hz, arkit, motion.head_deg, motion.gaze_deg)


def learned(statistics: F64, vectors: F64) -> Table:
    """The table of (N, K) statistics and (N, P) style vectors in the order they were made."""
    first = round(len(vectors) * (1 - HELD_OUT))
    trial = ridge(statistics[:first], vectors[:first])
    off = vectors[first:] - trial.mean - standard(statistics[first:], trial) @ trial.weights
    left = np.square(off).mean(0) / np.maximum(vectors[first:].var(0), 1e-9)
    return ridge(statistics, vectors)._replace(reliability=np.clip(1 - left, 0, 1))


def ridge(statistics: F64, vectors: F64) -> Table:
    """Ridge regression on standardised statistics; reliability is left at 0."""
    center, scale = statistics.mean(0), statistics.std(0) + 1e-9
    table = Table(center, scale, np.zeros(0), vectors.mean(0), vectors.std(0),
                  np.zeros(vectors.shape[1]))  # fmt: skip
    inputs = standard(statistics, table)
    square = inputs.T @ inputs + RIDGE * np.eye(inputs.shape[1])
    weights = np.linalg.solve(square, inputs.T @ (vectors - table.mean))
    return table._replace(weights=np.asarray(weights, np.float64))


def standard(statistics: F64, table: Table) -> F64:
    """Statistics (N, K) in standard deviations from the mean, those far off brought nearer."""
    away = (statistics - table.center) / table.scale
    return np.asarray(np.clip(np.nan_to_num(away, nan=0.0), -FARTHEST, FARTHEST))
