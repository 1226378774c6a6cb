"""Faces from the answer of a detector: geometry, threshold, one box a face, bad answers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from device.backends.frontend import scene
from device.find import (
    BASE_PX,
    LOGIT,
    OCTAVES,
    REACH,
    STRIDES,
    Face,
    Finder,
    cells,
    distinct,
    faces,
    placed,
    shared,
)
from device.front_end import SCENE

FIELD = (SCENE["width_px"], SCENE["height_px"])
NONE = [-2.0, 0.0, 0.0, 0.0]


def answer(*said: tuple[int, list[float]]) -> list[list[float]]:
    """Every cell without a face, but for these."""
    rows = [list(NONE) for _ in cells(*FIELD)]
    for number, values in said:
        rows[number] = values
    return rows


@pytest.mark.parametrize("number", [0, 37, 299, 300, 379])
def test_a_cell_says_where_the_face_is(number: int) -> None:
    x, y, grid = cells(*FIELD)[number]
    size = math.log2(1.5) / OCTAVES
    (found,) = faces(answer((number, [0.5, 0.25, -0.1, size])), SCENE, Finder(), FIELD)
    reach = REACH * STRIDES[grid]
    assert found == pytest.approx((x + 0.25 * reach, y - 0.1 * reach, 1.5 * BASE_PX[grid], 4.0))


def test_other_sizes_come_back_in_their_own_px() -> None:
    said = answer((100, [0.4, 0.1, 0.2, 0.3]))
    (small,) = faces(said, SCENE, Finder(), FIELD)
    (large,) = faces(said, SCENE, Finder(), (2 * FIELD[0], 2 * FIELD[1]))
    assert large[:3] == pytest.approx([2 * value for value in small[:3]])
    (square,) = faces(said, SCENE, Finder(), (240, 240))
    assert square[:3] == pytest.approx([2 * (small.x - 20), 2 * small.y, 2 * small.side])


def test_a_face_counts_from_the_threshold_on() -> None:
    said = answer((5, [1.0 / LOGIT, 0, 0, 0]))
    assert len(faces(said, SCENE, Finder(threshold=1.0), FIELD)) == 1
    assert not faces(said, SCENE, Finder(threshold=1.01), FIELD)
    assert not faces(answer(), SCENE, Finder(), FIELD)


def test_of_boxes_that_overlap_the_surest_stays() -> None:
    sure, near, far = Face(50, 50, 20, 3.0), Face(54, 50, 20, 2.0), Face(90, 50, 20, 1.0)
    assert distinct([far, near, sure], 0.3) == [sure, far]
    assert distinct([near, sure], 0.9) == [sure, near]


def test_overlap_is_intersection_over_union() -> None:
    one = Face(10, 10, 10, 0)
    assert shared(one, one) == 1
    assert shared(one, Face(15, 10, 10, 0)) == pytest.approx(50 / 150)
    assert shared(one, Face(10, 10, 5, 0)) == pytest.approx(0.25)
    assert shared(one, Face(20, 20, 10, 0)) == 0


def test_the_front_end_keeps_the_shape_and_leaves_the_rest_grey() -> None:
    white = np.full((90, 60, 3), 255, np.uint8)
    seen, at = scene(white, SCENE), placed(60, 90, SCENE)
    assert seen.shape == (120, 160, 1) and (at.width_px, at.height_px) == (80, 120)
    assert np.allclose(seen[:, at.left_px : at.left_px + 80], 1, atol=1e-5)
    assert not seen[:, : at.left_px].any() and not seen[:, at.left_px + 80 :].any()
    grey = np.random.default_rng(0).integers(0, 256, (120, 160)).astype(np.uint8)
    assert np.allclose(scene(grey, SCENE)[..., 0], grey / 127.5 - 1, atol=1e-6)
    assert np.allclose(scene(np.dstack([grey] * 3), SCENE), scene(grey, SCENE), atol=1e-2)


@pytest.mark.parametrize(
    "picture",
    [np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.uint16), np.zeros((0, 4, 3), np.uint8)],
)
def test_pictures_that_are_none_are_refused_in_one_line(picture: np.ndarray) -> None:
    with pytest.raises(ValueError, match="scene front end") as error:
        scene(picture, SCENE)
    assert "\n" not in str(error.value)


def test_wrong_answers_and_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="379 cells, want 380"):
        faces(answer()[1:], SCENE, Finder(), FIELD)
    with pytest.raises(ValueError, match=r"finder.threshold is 21"):
        Finder(threshold=21)
    with pytest.raises(ValueError, match=r"finder.overlap is 1.5"):
        Finder(overlap=1.5)
