"""Intervals cover what they say, and DET curves have their known values."""

import numpy as np
import pytest

from train_edge.bootstrap import interval, resampled_means
from train_edge.detection import Curve, det_curve, one_against_rest


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def covered(over: str, speakers: int, each: int, spread: float, trials: int = 120) -> float:
    """How often the interval of made-up speakers holds the accuracy of all speakers, 0.8."""
    hits = 0
    for trial in range(trials):
        draw = rng(trial)
        skill = 0.8 + spread * draw.uniform(-1, 1, speakers)
        right = (draw.random((speakers, each)) < skill[:, None]).astype(float)
        names = np.repeat([f"s{k}" for k in range(speakers)], each)
        low, high = interval(resampled_means(right.reshape(-1, 1), names, draw, over, 300)[:, 0])
        hits += low <= 0.8 <= high
    return hits / trials


def test_intervals_cover_nineteen_times_in_twenty() -> None:
    assert 0.9 < covered("samples", 3, 100, 0.0) < 0.985
    assert 0.9 < covered("groups", 20, 30, 0.2) <= 1.0


def test_recordings_alone_do_not_cover_other_speakers() -> None:
    assert covered("samples", 20, 30, 0.2) < covered("groups", 20, 30, 0.2) - 0.04


def test_the_spread_is_that_of_the_formula() -> None:
    right = np.repeat([1.0, 0.0], [300, 100])[:, None]
    draws = resampled_means(right, ["one"] * 400, rng(), "samples", 20000)[:, 0]
    assert draws.mean() == pytest.approx(0.75, abs=1e-3)
    assert draws.std() == pytest.approx(np.sqrt(0.75 * 0.25 / 400), rel=0.03)
    two = ["a"] * 300 + ["b"] * 100  # all the spread lies between the speakers
    assert np.ptp(resampled_means(right, two, rng(), "samples", 500)) == 0
    groups = resampled_means(right, two, rng(), "groups", 2000)[:, 0]
    assert set(groups.round(6)) == {0.0, 0.75, 1.0}


def test_columns_are_paired() -> None:
    first = (rng(1).random(500) < 0.8).astype(float)
    both = np.stack([first, first], 1)
    both[:5, 1] = 1 - both[:5, 1]
    draws = resampled_means(both, ["s"] * 500, rng(), "samples")
    assert (draws[:, 0] - draws[:, 1]).std() < 0.3 * draws[:, 0].std()


def test_the_same_generator_gives_the_same_draws() -> None:
    values = rng(2).random((40, 2)).round(1)
    names = ["a", "b"] * 20
    one, two = (resampled_means(values, names, rng(3), "groups", 50) for _ in range(2))
    assert np.array_equal(one, two)


def test_an_interval_of_nothing_is_refused() -> None:
    assert interval(np.array([1.0, np.inf, 1.0])) == (1.0, 1.0)
    with pytest.raises(ValueError, match="no finite draw"):
        interval(np.array([np.nan]))


def test_a_small_det_curve_is_as_by_hand() -> None:
    scores = np.array([0.1, 0.4, 0.4, 0.8, 0.9])
    targets = np.array([False, False, True, True, False])
    curve = det_curve(scores, targets)
    assert np.allclose(curve.false_accept, [1, 2 / 3, 1 / 3, 1 / 3, 0])
    assert np.allclose(curve.miss, [0, 0, 1 / 2, 1, 1])
    assert 1 / 3 < curve.equal_error() < 1 / 2


@pytest.mark.parametrize("seed", range(5))
def test_det_curves_fall_and_rise(seed: int) -> None:
    draw = rng(seed)
    curve = det_curve(draw.random(300).round(2), draw.random(300) < 0.3)
    for one in (curve, curve.thinned(40)):
        assert (np.diff(one.false_accept) <= 0).all()
        assert (np.diff(one.miss) >= 0).all()
        assert (one.false_accept[0], one.miss[0]) == (1, 0)
        assert (one.false_accept[-1], one.miss[-1]) == (0, 1)
    assert len(curve.thinned(40).miss) <= 40


def test_perfect_chance_and_inverted_detectors() -> None:
    targets = rng().random(4000) < 0.4
    assert det_curve(targets.astype(float), targets).equal_error() == 0
    assert det_curve(rng(1).random(4000), targets).equal_error() == pytest.approx(0.5, abs=0.03)
    assert det_curve(np.zeros(4000), targets).equal_error() == pytest.approx(0.5)
    assert det_curve(1 - targets.astype(float), targets).equal_error() == 1
    assert Curve(np.array([1.0, 0.2, 0.0]), np.array([0.0, 0.2, 1.0])).equal_error() == 0.2


def test_detectors_are_pooled_over_words_and_need_both_kinds() -> None:
    truth = np.array([0, 1, 2, 2])
    scores = np.eye(3)[truth]
    curve = one_against_rest(scores, truth, [0, 1])
    assert curve is not None and curve.equal_error() == 0
    assert one_against_rest(scores[:1], truth[:1], [0]) is None
    with pytest.raises(ValueError, match="targets and others"):
        det_curve(np.ones(3), np.ones(3, bool))
