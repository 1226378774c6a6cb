"""Stills look like photographs of children most of the time, and vary."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from generate.motion.shapes import COLUMN
from generate.motion.still import still

N = 1500


@pytest.fixture(scope="module")
def stills() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Faces (N, 52) and heads (N, 3)."""
    motions = [still(np.random.default_rng(seed))[0] for seed in range(N)]
    return np.stack([m.arkit[0] for m in motions]), np.stack([m.head_deg[0] for m in motions])


def test_few_have_their_eyes_closed_but_some_do(stills) -> None:
    closed = (stills[0][:, COLUMN["eyeBlinkLeft"]] > 0.8).mean()
    assert 0.04 < closed < 0.12


def test_most_look_ahead_and_some_far_aside(stills) -> None:
    yaw, pitch = np.abs(stills[1][:, 0]), stills[1][:, 1]
    assert 0.5 < (yaw < 20).mean() < 0.85
    assert (yaw > 40).mean() > 0.06
    assert 0.04 < (pitch < -20).mean() < 0.2


def test_tongues_stay_in_and_wide_mouths_are_few(stills) -> None:
    faces = stills[0]
    assert (faces[:, COLUMN["tongueOut"]] > 0.5).mean() < 0.02
    assert 0.01 < (faces[:, COLUMN["jawOpen"]] > 0.5).mean() < 0.12


def test_smiles_are_common(stills) -> None:
    assert 0.2 < (stills[0][:, COLUMN["mouthSmileLeft"]] > 0.3).mean() < 0.5
