"""How far an exported file is from the trained network: numbers only, no runtime.

SQNR here is strict. A network that answers landmarks near 0.5 has a large plain signal power
even when it answers the same for every clip, so the mean answer over the calibration clips is
taken off first: what is left is what the network says about this clip. For `face` the figure is
that of the landmarks alone (136 numbers), because one large logit would hide all of them, and on
the clips where the float network sees a face: elsewhere they mean nothing. The other parts are
given beside it, presence over all clips. For `find` it is that of all four values on the clips with
a face and the cells that the float network takes for one: all others say nothing about boxes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generate.face_outputs import COLUMNS

Array = NDArray[np.float32]

EQUAL_DB = 200.0
"""What equal arrays count as."""

PARTS: dict[str, dict[str, slice]] = {
    "kws": {"logits": slice(None)},
    "voice": {
        "logits": slice(None),
        "speech": slice(0, 1),
        "child": slice(1, 2),
        "emotion": slice(2, None),
    },
    "find": {"cells": slice(None), "score": slice(0, 1), "box": slice(1, 4)},
    "talking": {"logits": slice(None), "speaking": slice(0, 1), "facing": slice(1, 2)},
    "face": COLUMNS,
}
"""Task -> named parts of the output vector; the first one is held to the limit of SQNR."""


@dataclass(frozen=True)
class Distance:
    """Distance of an int8 file from the float network, over the held-out clips."""

    sqnr_db: float
    """SQNR of the first part of PARTS, mean answer taken off, dB."""
    flips: float
    """Fraction 0..1 of clips whose label (kws), speech or child (voice), speaking (talking), face
    or none (face, find) changes."""
    parts_db: dict[str, float]
    """SQNR of every part."""


def distance(task: str, reference: Array, answer: Array, mean: Array) -> Distance:
    """Compare answers (B, n) with the float reference (B, n); mean (n,) is the mean answer."""
    flips = float(np.mean(decisions(task, reference) != decisions(task, answer)))
    if task == "find":
        reference, answer, mean = taken_cells(reference, answer)
    parts = {}
    for name, part in PARTS[task].items():
        rows = meant(task, name, reference)
        parts[name] = sqnr_db(reference[rows, part] - mean[part], answer[rows, part] - mean[part])
    return Distance(next(iter(parts.values())), flips, parts)


def taken_cells(reference: Array, answer: Array) -> tuple[Array, Array, Array]:
    """Cells (K, 4) of two detectors that the first takes for a face, and its mean over them.

    reference, answer (B, P, 4). All cells where it finds none at all.
    """
    taken = reference[..., 0] > 0
    if not taken.any():
        taken = np.ones_like(taken)
    cells = reference[taken]
    return cells, answer[taken], cells.mean(axis=0)


def meant(task: str, part: str, reference: Array) -> NDArray[np.bool_]:
    """(B,) clips on which a part of the answer means something: a face, for all but presence.

    All clips where the network sees no face at all, so that nothing passes unmeasured.
    """
    if task == "face" and part != "present":
        seen = decisions(task, reference) == 1
        if seen.any():
            return seen
    return np.ones(len(reference), bool)


def decisions(task: str, answer: Array) -> NDArray[np.int64]:
    """(B, n) answers -> (B,): the label (kws), 1 where a face speaks (talking, logit > 0), 1 where
    a face is present (face, logit > 0), or 0 none, 1 adult, 2 child (voice: without speech there is
    no child, and a nearly even choice among emotions is no decision). (B, P, 4) of find: 1 where
    any cell is a face."""
    if task == "voice":
        return (answer[:, 0] > 0) * (1 + (answer[:, 1] > 0).astype(np.int64))
    if task == "find":
        return (answer[..., 0].max(axis=1) > 0).astype(np.int64)
    if task == "talking":
        return (answer[:, 0] > 0).astype(np.int64)
    if task == "face":
        return (answer[:, PARTS[task]["present"].start] > 0).astype(np.int64)
    return answer.argmax(axis=1)


def sqnr_db(signal: Array, answer: Array) -> float:
    """10 log10(signal power / error power), at most EQUAL_DB; not finite answers give -EQUAL_DB."""
    noise = float(np.mean((signal - answer).astype(np.float64) ** 2))
    power = float(np.mean(signal.astype(np.float64) ** 2))
    if not np.isfinite(noise) or power == 0.0:
        return EQUAL_DB if noise == 0.0 else -EQUAL_DB
    if noise == 0.0:
        return EQUAL_DB
    return min(EQUAL_DB, 10.0 * float(np.log10(power / noise)))


def relative_error(reference: Array, answer: Array) -> float:
    """Largest error divided by the largest reference value; infinite where not finite."""
    error = np.abs(reference.astype(np.float64) - answer)
    if not np.isfinite(error).all():
        return float("inf")
    return float(error.max() / max(float(np.abs(reference).max()), 1e-12))
