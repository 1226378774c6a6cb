"""Label translation finds what differs between two annotations, and the yaw of bare landmarks."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from generate.people.rotation import head_rotation
from train_edge.augment_image import FLIP
from train_edge.landmark_pose import MEAN_FACE, yaw_deg
from train_edge.translate_labels import fit, mean_shape

FACE = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))["shape"]()
EYES = float(np.linalg.norm(FACE[45] - FACE[36]))


def placed(shapes: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Each shape somewhere else, turned and scaled."""
    angle, size = rng.uniform(-0.6, 0.6, len(shapes)), rng.uniform(30, 90, len(shapes))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.moveaxis(turn * size, 2, 0)
    return shapes @ matrix.swapaxes(1, 2) + rng.uniform(-50, 50, (len(shapes), 1, 2))


def people(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Faces (K, 68, 2) that differ in four ways."""
    ways = np.random.default_rng(0).normal(0, 0.02, (4, 68, 2))
    return FACE + np.einsum("kr,rpi->kpi", rng.normal(0, 1, (count, 4)), ways)


def test_an_offset_is_found_wherever_the_face_is_and_however_it_is_turned() -> None:
    rng, there = np.random.default_rng(1), np.random.default_rng(7)
    offset = np.random.default_rng(2).normal(0, 0.03, (68, 2)) * EYES
    same = FACE[None].repeat(5, 0)
    answers, labels = (placed(one, np.random.default_rng(3)) for one in (same, same + offset))
    for how in ("offset", "linear"):
        translation = fit(answers, labels, how)
        assert translation.apply(answers) == pytest.approx(labels, abs=1e-8)
    test, truth = (placed(one, np.random.default_rng(4)) for one in (same, same + offset))
    assert fit(answers, labels).apply(test) == pytest.approx(truth, abs=1e-6)
    one = fit(answers[:1], labels[:1])  # one labelled face is enough
    assert one.apply(test) == pytest.approx(truth, abs=1e-6)
    faces = placed(people(6, rng), there)  # translating and moving a face are the same either way
    moved = placed(one.apply(faces), np.random.default_rng(5))
    assert one.apply(placed(faces, np.random.default_rng(5))) == pytest.approx(moved, abs=1e-6)


def test_the_linear_map_follows_the_shape_and_the_offset_does_not() -> None:
    def annotated(shapes: NDArray[np.float64]) -> NDArray[np.float64]:
        return shapes + 0.05 * EYES + 0.5 * (shapes - FACE)[:, ::-1]

    def error(count: int, how: str) -> float:
        rng = np.random.default_rng(6)
        seen, new = people(count, rng), people(200, rng)
        answers, labels = (placed(x, np.random.default_rng(8)) for x in (seen, annotated(seen)))
        found = fit(answers, labels, how).apply(new)  # type: ignore[arg-type]
        return float(np.abs(found - annotated(new)).mean())

    assert error(200, "linear") < 0.2 * error(200, "offset")
    assert error(200, "linear") < 0.5 * error(20, "linear")
    assert error(5, "linear") < 1.1 * error(5, "offset")  # few labels do no harm


def test_equal_annotations_need_no_translation() -> None:
    faces = placed(people(30, np.random.default_rng(0)), np.random.default_rng(1))
    translation = fit(faces, faces)
    assert translation.apply(faces) == pytest.approx(faces, abs=1e-9)
    assert np.abs(translation.slopes).max() < 1e-12
    mean = mean_shape(faces)
    assert mean.mean(0) == pytest.approx(0, abs=1e-9)
    assert mean[45] - mean[36] == pytest.approx([1, 0], abs=1e-9)


def test_other_faces_than_labels_are_refused() -> None:
    with pytest.raises(ValueError, match=r"answers \(2, 68, 2\) and labels \(3, 68, 2\): want"):
        fit(FACE[None].repeat(2, 0), FACE[None].repeat(3, 0))
    with pytest.raises(ValueError, match="want the same faces"):
        fit(np.zeros((0, 68, 2)), np.zeros((0, 68, 2)))


@pytest.mark.parametrize("yaw", [-60, -20, 0, 5, 45])
@pytest.mark.parametrize(("pitch", "roll"), [(0, 0), (20, -30), (-25, 10)])
def test_the_yaw_of_the_mean_face_is_exact(yaw: int, pitch: int, roll: int) -> None:
    flat = np.zeros((68, 3))
    flat[list(MEAN_FACE)] = list(MEAN_FACE.values())
    upward = flat * [1, -1, -1] @ head_rotation(yaw, pitch, roll).T
    points = 2.5 * upward[None, :, :2] * [1, -1] + 80
    assert yaw_deg(points) == pytest.approx([yaw], abs=0.01)
    mirrored = points[:, FLIP] * [-1, 1]
    assert yaw_deg(mirrored) == pytest.approx([-yaw], abs=0.01)
