"""The parity gate: every exported file runs with the code of the board before it gets its name.

Reference is the trained network in torch, float32, on clips that the calibration did not see.
What SQNR means here stands in `export/parity.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from device.backends import RUNTIMES, open_model
from device.backends.model import Model
from device.bundle import ModelFile, Parity
from export.errors import ExportError
from export.parity import PARTS, Array, distance, meant, relative_error

LEAST_SQNR_DB = 25.0
MOST_FLIPS = 0.02
MOST_RELATIVE_ERROR = 1e-4
MOST_RMS_STEPS = 1.0
MOST_STEPS = 8.0
"""LiteRT and TFLite Micro round differently inside: 0.3 to 0.8 int8 steps rms and 6 at most were
measured on good files; a file that one of them misreads is tens of steps away. What means nothing
does not count: where a picture shows no face its points are anywhere, and one step before a softmax
moves them by up to 15."""
SLOW = ("tflm",)
SLOW_CLIPS = 256
"""TFLite Micro's reference kernels take 25 ms for a face: they see the first clips only, and are
held to SQNR and to the faster runtime; decisions are counted on that one, over all clips."""
FLOATS = ("onnx", "onnx-raw")
"""Targets that compute what torch does, and are held to MOST_RELATIVE_ERROR."""
AGAINST = "torch float32"


@dataclass(frozen=True)
class Reference:
    """What the trained network answers, with the output gain of the bundle."""

    task: str
    inputs: Array
    """Held-out clips (B, H, W, C), or sounds (B, N) for a file with its front end inside."""
    answers: Array
    """Answers to them (B, n)."""
    mean: Array
    """Mean answer over the calibration clips (n,)."""


def check(folder: Path, entry: ModelFile, reference: Reference, draft: bool = False) -> ModelFile:
    """Run one file on every runtime of its target; return the entry with parity and arena.

    Raises ExportError naming the file, the figure and the limit where it is too far off. `draft`
    forgives SQNR and changed decisions, which a network that says nothing yet cannot hold; never
    a file that does not run, float32 that differs, or runtimes that disagree.
    """
    answers: dict[str, Array] = {}
    arena, runtimes = None, []
    for runtime in RUNTIMES[entry.target]:
        model = _open(folder, entry, runtime)
        some = reference.inputs[: SLOW_CLIPS if runtime in SLOW else None]
        answers[runtime] = model.run([some])[0]
        arena = model.arena_bytes() or arena
        runtimes.append(model.runtime)
    parities = [
        _parity(entry, runtime, answer, reference, draft) for runtime, answer in answers.items()
    ]
    if len(answers) > 1:
        _check_agreement(entry, answers, reference.task)
    worst = min(parities, key=lambda parity: parity.sqnr_db)
    flips = parities[0].flips
    return replace(
        entry,
        parity=replace(worst, flips=flips),
        arena_bytes=arena,
        runtime=", ".join(runtimes),
    )


def _open(folder: Path, entry: ModelFile, runtime: str) -> Model:
    try:
        return open_model(folder, entry, 1, runtime)
    except ValueError as error:
        raise ExportError(f"{entry.path}: {runtime} cannot run it: {error}") from error


def _parity(
    entry: ModelFile, runtime: str, answer: Array, reference: Reference, draft: bool
) -> Parity:
    """Measure one file on one runtime and hold it to the limits."""
    if entry.target in FLOATS:
        error = relative_error(reference.answers, answer)
        if not error <= MOST_RELATIVE_ERROR:
            _fail(entry, runtime, f"relative error {error:.1e}, allowed {MOST_RELATIVE_ERROR:.0e}")
    expected = reference.answers[: len(answer)]
    found = distance(reference.task, expected, answer, reference.mean)
    parity = Parity(round(found.sqnr_db, 2), round(found.flips, 4), AGAINST)
    if draft:
        return parity
    if not found.sqnr_db >= LEAST_SQNR_DB:
        parts = ", ".join(f"{name} {value:.1f}" for name, value in found.parts_db.items())
        _fail(entry, runtime, f"SQNR {found.sqnr_db:.1f} dB, needed {LEAST_SQNR_DB:g} ({parts})")
    if not found.flips <= MOST_FLIPS and runtime not in SLOW:
        share = f"{found.flips:.1%} of {len(answer)} clips"
        _fail(entry, runtime, f"the decision changes on {share}, allowed {MOST_FLIPS:.0%}")
    return parity


def strays(entry: ModelFile) -> bool:
    """Whether a file is beyond the limits: only a draft has such files."""
    parity = entry.parity
    return parity is not None and not (
        parity.sqnr_db >= LEAST_SQNR_DB and (parity.flips or 0.0) <= MOST_FLIPS
    )


def _check_agreement(entry: ModelFile, answers: dict[str, Array], task: str) -> None:
    """Hold two runtimes of one int8 file to each other, in steps of its output."""
    scale = entry.outputs[0].scale
    assert scale is not None
    (first, a), (second, b) = answers.items()
    both = min(len(a), len(b))
    apart = np.abs(a[:both].astype(np.float64) - b[:both]) / scale
    said = [apart[meant(task, name, a[:both])][..., part] for name, part in PARTS[task].items()]
    steps = np.concatenate([part.ravel() for part in said])
    rms, most = float(np.sqrt(np.mean(steps**2))), float(steps.max())
    if not (rms <= MOST_RMS_STEPS and most <= MOST_STEPS):
        _fail(
            entry,
            f"{first} and {second}",
            f"differ by {rms:.1f} int8 steps rms and {most:.0f} at most, "
            f"allowed {MOST_RMS_STEPS:g} and {MOST_STEPS:g}",
        )


def _fail(entry: ModelFile, runtime: str, reason: str) -> None:
    raise ExportError(f"{entry.path} ({entry.target} on {runtime}): {reason}; nothing was exported")
