"""Pictures without a face: places that nobody is in, seen as a toy's camera sees them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from generate.clip import Clip
from generate.controls import Shot
from generate.facts import blank_facts
from generate.motion.still import still
from generate.people.skin import tone_color
from generate.presets import Places
from generate.render.backdrop import make_backdrop
from generate.render.camera import make_camera
from generate.render.light import make_light, within
from generate.render.metering import expose
from generate.render.sensor import develop
from generate.sample import sample_person, sample_view, stream

FACE_M = 0.12
"""Height of the face that the camera stands for, brow to chin."""
MIDDLE_TONE = 5
"""Monk tone that the camera exposes for, as if somebody were there."""
FROM_BEHIND_DEG = 55.0
"""Backs are turned from 180 by this much at most: a cheek may show, a face never."""
YAW_DEG = (-25.0, 25.0)


def is_behind(options: Places, number: int) -> bool:
    """Whether picture `number` shows a person's back; they are spread evenly."""
    share = options.behind_share
    return int((number + 1) * share) > int(number * share)


def behind_shot(options: Places, number: int) -> Shot:
    """A person with empty hands who looks away from the camera."""
    person = sample_person(options.seed, number, options.age_years)
    person = replace(person, held="none", face_paint="none")
    motion, emotion, intensity = still(stream(options.seed, number, "motion"), YAW_DEG)
    view = sample_view(stream(options.seed, number, "view"), options.size_px)
    away = float(stream(options.seed, number, "world").uniform(-FROM_BEHIND_DEG, FROM_BEHIND_DEG))
    turn_deg = away + (180 if away < 0 else -180)
    return Shot(person, replace(view, turn_deg=turn_deg), motion, emotion, intensity)


def make_empty(options: Places, number: int) -> Clip:
    """A place that nobody is in: one frame, and `parts` that are all background."""
    view = sample_view(stream(options.seed, number, "view"), options.size_px)
    camera = make_camera(view, np.zeros(3), FACE_M)
    light = make_light(view.light_seed)
    place = make_backdrop(view.backdrop_seed, light, camera)
    exposure, white = expose(within(light, place.sides), tone_color(MIDDLE_TONE))
    linear = (place.picture * (white * np.float32(exposure))).astype(np.float32)
    if view.camera == "infrared":
        linear = np.repeat(linear.mean(2, keepdims=True), 3, axis=2)
    rgb = develop(linear, view, np.random.default_rng([view.camera_seed, 0xF0, 0]))
    facts = blank_facts(options.seed, f"place-{number:08d}")
    facts["camera"] = {"size_px": view.size_px, "kind": view.camera, "backdrop": place.name}
    facts["light"] = {"seed": view.light_seed, "kind": light.name}
    parts = np.zeros((1, view.size_px, view.size_px), np.uint8)
    labels = {"parts": parts, "speaking": np.zeros(1, np.uint8)}
    return Clip(facts["key"], facts | {"n_frames": 1}, labels, rgb[None])
