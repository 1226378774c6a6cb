"""Rotations in kit axes, with the kit's sign conventions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


def head_rotation(yaw: float, pitch: float, roll: float = 0.0) -> F64:
    """Return the rotation (3, 3) of a head, degrees.

    yaw > 0 turns to the person's left (+x), pitch > 0 looks up, roll > 0 tilts the top of the
    head to +x (clockwise to a viewer in front). Roll acts first, then pitch, then yaw.
    """
    y, p, r = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    tilt = np.array([[np.cos(r), np.sin(r), 0], [-np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(turn @ nod @ tilt)


def power(rotation: F64, share: float) -> F64:
    """Return the rotation about the same axis by `share` of the angle (angle below 180 degrees)."""
    vector = np.array(
        [
            rotation[2, 1] - rotation[1, 2],
            rotation[0, 2] - rotation[2, 0],
            rotation[1, 0] - rotation[0, 1],
        ]
    )
    sine = np.linalg.norm(vector) / 2
    angle = np.arctan2(sine, (np.trace(rotation) - 1) / 2)
    if sine < 1e-9:
        return np.eye(3)
    x, y, z = vector / (2 * sine)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    part = angle * share
    return np.asarray(np.eye(3) + np.sin(part) * cross + (1 - np.cos(part)) * cross @ cross)


def about(point: F64, rotation: F64) -> F64:
    """Return the transform (4, 4) that rotates about `point`."""
    out = np.eye(4)
    out[:3, :3] = rotation
    out[:3, 3] = point - rotation @ point
    return out
