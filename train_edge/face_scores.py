"""Errors of what the face network says besides landmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.face_outputs import (
    AGE_YEARS,
    AGES,
    COLUMNS,
    EXPRESSION,
    Floats,
    age_band,
    real,
    truth_columns,
)


def head_scores(outputs: Floats, truth: Floats) -> dict[str, float]:
    """Figures of outputs (K, n) of faces against their truth (K, TRUTH); unknown truth is left out.

    pose_deg: mean error of yaw, pitch and roll. gaze_deg: mean angle between the directions.
    open_error, code_error: mean absolute errors. expression, age_band, adult: accuracies.
    present: share found. A figure without any known truth is missing.
    """
    figures = {
        "pose_deg": np.abs(real(outputs, "pose") - truth[:, truth_columns("pose")]).mean(1),
        "gaze_deg": angle_deg(real(outputs, "gaze"), truth[:, truth_columns("gaze")]),
    }
    for name in ("open", "code"):
        error = np.abs(real(outputs, name) - truth[:, truth_columns(name)])
        figures[f"{name}_error"] = error.mean(1)
    figures["expression"] = right(outputs, "expression", truth[:, EXPRESSION])
    band = np.where(np.isfinite(truth[:, AGE_YEARS]), age_band(truth[:, AGE_YEARS]), np.nan)
    figures["age_band"] = right(outputs, "age", band)
    said = outputs[:, COLUMNS["age"]].argmax(1) == len(AGES) - 1
    figures["adult"] = np.where(np.isfinite(band), said == (band == len(AGES) - 1), np.nan)
    figures["present"] = (outputs[:, COLUMNS["present"]][:, 0] > 0).astype(float)
    known = {name: each[np.isfinite(each)] for name, each in figures.items()}
    return {name: float(each.mean()) for name, each in known.items() if len(each)}


def right(outputs: Floats, name: str, truth: NDArray[np.floating]) -> NDArray[np.floating]:
    """1 where a part's largest logit is that of the truth (K,), 0 elsewhere, NaN unknown."""
    found = outputs[:, COLUMNS[name]].argmax(1) == truth
    return np.where(np.isfinite(truth), found, np.nan)


def directions(angles_deg: NDArray[np.floating]) -> NDArray[np.floating]:
    """Unit vectors (K, 3) of yaw and pitch (K, 2): x image right, y up, z to the camera."""
    yaw, pitch = np.radians(angles_deg).T
    return np.stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)], 1)


def angle_deg(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.floating]:
    """Angles (K,) between directions, each yaw and pitch in degrees (K, 2)."""
    cosine = (directions(one) * directions(other)).sum(1)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
