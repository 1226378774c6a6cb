"""From a person, a view and a motion to frames and their labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.people.child import Child, Posed
from generate.people.hair import detail_of
from generate.people.skin import Look, look
from generate.render.choose_view import make_renderer, resolve_view
from generate.render.motion_blur import passing
from generate.render.view import Frame, Renderer, scene
from generate.spec import Motion, Person, View


@lru_cache(maxsize=2)
def build_child(person: Person, size_px: int, framing: str = "face") -> tuple[Child, Look, Person]:
    """The child with hair as fine as the image shows, its look, and the person; kept for reuse."""
    return Child(person, detail_of(size_px), framing), look(person), person


def render_clip(
    child: Child,
    look_: Look,
    view: View,
    motion: Motion,
    extra: Sequence[str] = (),
    drawn_by: str = "numba",
) -> tuple[NDArray[np.uint8], dict[str, NDArray[Any]], dict[str, Any]]:
    """Frames (T, H, W, 3), image labels and the camera and light facts.

    extra: names of EXTRA_LABELS to write besides; drawn_by: one of `choose_view.VIEWS`.
    """
    renderer = _renderer(drawn_by, view.size_px)
    place, pose = scene(view, child), partial(renderer.pose, child)
    shots = [
        renderer.frame(
            child, look_, posed, place, number,
            passing(pose, motion, number, view.shutter, place.camera), extra, later,
        )
        for number, (posed, later) in enumerate(_poses(pose, motion))
    ]  # fmt: skip
    names = [name for name in Frame.LABELS if "depth" in extra or name != "depth_mm"]
    labels = {name: _stack(shots, name) for name in names}
    labels |= {name: np.stack([s.extra[name] for s in shots]) for name in shots[0].extra}
    labels["arkit"] = np.asarray(motion.arkit, np.float32)
    points = labels["landmarks_px"]
    labels["face_box_px"] = np.concatenate([points.min(1), points.max(1)], axis=1)
    facts = place.facts()
    facts["camera"]["view"] = renderer.name
    return np.stack([shot.rgb for shot in shots]), labels, facts


def _poses(pose: Callable[..., Posed], motion: Motion) -> Iterator[tuple[Posed, Posed | None]]:
    """The child at each frame and at the next, None after the last; each is made once."""

    def at(number: int) -> Posed:
        body = None if motion.body is None else motion.body[number]
        return pose(motion.arkit[number], motion.head_deg[number], motion.gaze_deg[number], body)

    now = at(0)
    for number in range(len(motion)):
        later = at(number + 1) if number + 1 < len(motion) else None
        yield now, later
        now = later or now


def _stack(shots: list[Frame], name: str) -> NDArray[Any]:
    return np.stack([getattr(shot, name) for shot in shots])


@lru_cache(maxsize=2)
def _renderer(drawn_by: str, size_px: int) -> Renderer:
    return make_renderer(resolve_view(drawn_by) if drawn_by == "auto" else drawn_by, size_px)


def gestured(child: Child, motion: Motion, gesture: str) -> Motion:
    """A still with the arms of a named gesture.

    Raises ValueError for an unknown gesture and for arms that are not seen.
    """
    if gesture == "rest":
        return motion
    return replace(motion, body=child.gesture(gesture)[None].astype(np.float32))
