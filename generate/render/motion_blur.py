"""What moves while the shutter is open: poses between those of the frames."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from generate.people.child import Posed
from generate.render.camera import Camera
from generate.spec import Motion

F64 = NDArray[np.float64]

STILL_PX = 0.4
"""Movement during the exposure that leaves no streak."""
MOST = 7
"""Poses that make one streak at most."""


def passing(
    pose: Callable[..., Posed], motion: Motion, frame: int, shutter: float, camera: Camera
) -> list[Posed]:
    """Poses beside the frame's own, evenly over its exposure, for `Renderer.frame`.

    pose makes them from a `moment`, as `Child.pose` does. The exposure lasts `shutter` frames and
    has the frame's pose at its middle. There is about one pose for each pixel that the fastest
    landmark moves; none where nothing moves.
    """
    if shutter == 0 or len(motion) < 2:
        return []
    ends = [pose(*moment(motion, frame + s * shutter / 2)).landmarks for s in (-1, 1)]
    places = [camera.project(camera.to_camera(points)) for points in ends]
    streak_px = float(np.linalg.norm(places[1] - places[0], axis=1).max())
    if streak_px < STILL_PX:
        return []
    times = sub_frames(streak_px) * shutter + frame
    return [pose(*moment(motion, t)) for t in times if t != frame]


def sub_frames(streak_px: float) -> F64:
    """Middles of 3 to MOST equal parts of the exposure, -0.5 to 0.5, 0 among them."""
    count = int(np.clip(2 * np.ceil(streak_px / 2) + 1, 3, MOST))
    return np.asarray((np.arange(count) - count // 2) / count)


def moment(motion: Motion, at: float) -> tuple[F64, F64, F64, F64 | None]:
    """Blendshapes (52,), head (3,), gaze (2,) and body (25,) at time `at`, in frames, by lines.

    Before the first and after the last frame the movement goes on.
    """
    first = int(np.clip(np.floor(at), 0, len(motion) - 2))
    share = at - first
    arkit, head, gaze = (
        series[first].astype(np.float64) * (1 - share) + series[first + 1] * share
        for series in (motion.arkit, motion.head_deg, motion.gaze_deg)
    )
    body = motion.body
    if body is not None:
        body = body[first].astype(np.float64) * (1 - share) + body[first + 1] * share
    return np.clip(arkit, 0, 1), head, gaze, body
