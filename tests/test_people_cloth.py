"""Folds and prints of garments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generate.people.child import Child
from generate.people.cloth import FOLD_SHAPE, PATTERNS, PRINT_SIZE, cloth_look, fold_map, print_map
from generate.people.ids import CLOTH_PART
from generate.people.skin import look
from generate.render.view import Renderer, scene
from generate.spec import Person, View

BASE = Person(garment_color=(0.05, 0.2, 0.4))
VIEW = View(
    size_px=96,
    distance_m=0.8,
    face_fraction=0.25,
    offset=(0.0, -0.2),
    light_seed=1,
    backdrop_seed=1,
    camera_seed=1,
)


@pytest.fixture(scope="module")
def child() -> Child:
    return Child(BASE, detail=0.1)


def linear(child: Child, pattern: str) -> tuple[np.ndarray, np.ndarray]:
    person = replace(BASE, garment_pattern=pattern)
    posed = child.pose(np.zeros(52), (0.0, 0.0, 0.0), (0.0, 0.0))
    image, parts, *_ = Renderer(96).draw(child, look(person), posed, scene(VIEW, child))
    return image, parts


def test_every_print_marks_the_cloth_and_nothing_else(child):
    plain, parts = linear(child, "plain")
    seen = []
    for name in tuple(PATTERNS)[1:]:
        image, same = linear(child, name)
        assert np.array_equal(parts, same)
        changed = np.abs(image - plain).max(-1) > 0.02
        assert changed[parts == CLOTH_PART].mean() > 0.01, name
        # a pixel at the edge of the cloth holds a little of it under another part's label
        assert changed[parts != CLOTH_PART].mean() < 0.02, name
        seen.append(image)
    for i, one in enumerate(seen):
        assert all(np.abs(one - other).max() > 0.02 for other in seen[:i])


def test_folds_are_soft_bounded_and_of_their_own_stream():
    folds = fold_map(np.random.default_rng(3))
    assert folds.shape == (*FOLD_SHAPE, 3)
    assert np.abs(folds).max() <= 1.2
    assert np.abs(np.diff(folds[..., 2], axis=0)).mean() < 0.15
    assert 0.02 < np.hypot(folds[..., 0], folds[..., 1]).mean() < 0.5
    assert not np.array_equal(folds, fold_map(np.random.default_rng(4)))


def test_prints_fill_some_of_their_field_and_stay_off_its_edge():
    for name in ("stars", "hearts", "animal", "number"):
        for number in range(10):
            cover = print_map(name, number)
            assert cover.shape == (PRINT_SIZE, PRINT_SIZE)
            assert 0.1 < cover.mean() < 0.75
            assert max(cover[0].max(), cover[-1].max(), cover[:, 0].max(), cover[:, -1].max()) == 0
    assert print_map("plain", 0).max() == 0


def test_the_pattern_shifts_no_other_draw():
    one = cloth_look(BASE, np.random.default_rng(1))
    other = cloth_look(replace(BASE, garment_pattern="animal"), np.random.default_rng(1))
    assert np.array_equal(one.folds, other.folds)
    assert one.weave == other.weave
    assert np.array_equal(one.ink, other.ink)
    assert sum(PATTERNS.values()) == pytest.approx(1)


def test_an_unknown_pattern_is_named():
    with pytest.raises(ValueError, match="garment_pattern 'tartan' is not one of plain"):
        cloth_look(replace(BASE, garment_pattern="tartan"), np.random.default_rng(1))
