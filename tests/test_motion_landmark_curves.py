"""Landmarks and curves are each other's projections on heads that the projection never saw."""

import numpy as np
import pytest

from generate.motion.landmark_curves import STEADY, offsets, pairs, projection
from generate.people.rotation import head_rotation
from generate.spec import ARKIT


@pytest.fixture(scope="module")
def made():
    return projection(3)


@pytest.fixture(scope="module")
def held_out():
    return pairs(3, 30, 990, 3)


def rms(values):
    return float(np.sqrt((np.asarray(values) ** 2).mean()))


def test_landmarks_of_curves_are_right_on_new_heads(made, held_out):
    curves, moved = held_out
    left = np.linalg.norm(made.landmarks(curves) - moved, axis=2)
    assert rms(left) < 0.2 * rms(np.linalg.norm(moved, axis=2))
    assert rms(left) < 0.009  # of the eye corners' distance, 0.8 mm on an adult


def test_curves_of_landmarks_are_right_where_they_can_be_seen(made, held_out):
    curves, moved = held_out
    found = made.curves(moved)
    assert found.min() >= 0 and found.max() <= 1
    assert rms(found - curves) < 0.09 < 0.6 * rms(curves - made.usual)
    off = np.abs(found - curves).mean(0)
    for name in ("jawOpen", "browInnerUp", "eyeBlinkLeft", "noseSneerRight", "mouthUpperUpLeft"):
        assert made.seen[ARKIT.index(name)] > 0.9 and off[ARKIT.index(name)] < 0.06, name
    assert made.seen[ARKIT.index("tongueOut")] < 0.3
    assert 0.75 < made.seen.mean() < 1


def test_the_projection_is_linear_and_keeps_rest(made):
    a, b = np.random.default_rng(0).uniform(0, 0.5, (2, 4, 52))
    assert np.allclose(made.landmarks(a + b), made.landmarks(a) + made.landmarks(b))
    assert (made.landmarks(np.zeros((2, 52))) == 0).all()


@pytest.mark.parametrize("dims", [2, 3])
def test_offsets_do_not_see_pose_size_or_place(dims):
    rng = np.random.default_rng(4)
    rest = rng.normal(0, 30, (68, dims))
    face = rest[None] + rng.normal(0, 1, (5, 68, dims))
    face[:, STEADY] = rest[list(STEADY)]
    turn = head_rotation(0, 0, 25) if dims == 2 else head_rotation(40, -15, 25)
    moved = 3.7 * face @ turn[:dims, :dims].T + rng.normal(0, 99, (5, 1, dims))
    plain = offsets(face, rest)
    unit = np.linalg.norm(rest[36] - rest[45])
    assert np.allclose(plain, (face - rest) / unit)
    assert np.allclose(offsets(moved, rest), plain, atol=1e-9)
    assert np.allclose(offsets(2 * face, 2 * rest), plain)


def test_a_set_with_landmarks_only_trains_beside_one_with_curves(made, held_out):
    """A linear model of 20 features: 24 frames have curves, 66 others landmarks only."""
    curves, moved = held_out
    rng = np.random.default_rng(2)
    features = curves @ rng.normal(0, 1, (52, 20)) + rng.normal(0, 0.05, (len(curves), 20))
    features = np.c_[features, np.ones(len(features))]
    order = rng.permutation(len(curves))
    known, others, test = order[:24], order[24:70], order[70:]
    matrix = made.to_landmarks

    def trained(with_landmarks):
        model = np.zeros((21, 52))
        steep = [np.linalg.norm(features[of], 2) ** 2 / len(of) for of in (known, others)]
        step = 1 / (steep[0] + 20 * steep[1] * np.linalg.norm(matrix, 2) ** 2)
        for _ in range(3000):
            x = features[known]
            slope = x.T @ (x @ model - curves[known]) / len(x)
            if with_landmarks:
                x = features[others]
                missed = x @ model @ matrix.T - moved[others].reshape(len(x), -1)
                slope += 20 * x.T @ (missed @ matrix) / len(x)
            model -= step * slope
        return rms(features[test] @ model @ matrix.T - moved[test].reshape(len(test), -1))

    assert trained(True) < 0.9 * trained(False)


@pytest.mark.parametrize(
    ("points", "rest", "said"),
    [
        (np.zeros((2, 68, 3)), np.zeros((68, 2)), "want"),
        (np.zeros((2, 51, 2)), np.zeros((51, 2)), "want"),
        (np.zeros((2, 68, 2)), np.zeros((68, 2)), "at one place"),
    ],
)
def test_offsets_refuse(points, rest, said):
    with pytest.raises(ValueError, match=said):
        offsets(points, rest)


def test_the_projection_refuses_other_axes(made):
    with pytest.raises(ValueError, match="want 2 or 3"):
        projection(4)
    with pytest.raises(ValueError, match=r"want \(T, 68, 3\)"):
        made.curves(np.zeros((2, 68, 2)))
