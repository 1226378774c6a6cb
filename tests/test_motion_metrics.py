"""Each metric is 0 on what is alike, finds a fault that was put in, and only that."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generate.motion import metrics
from generate.motion.eyes import frame_times, lids
from generate.motion.life import blink_times, blinks
from generate.motion.shapes import COLUMN, shape
from generate.motion.shown import landmarks_mm, lip_gap_mm, lip_points_mm, upper_face_mm
from generate.people.child import Child
from generate.spec import Person

RATE_HZ = 30.0


def smooth(rng, n=400, width=5):
    return np.convolve(rng.uniform(0, 1, n + width), np.ones(width) / width, "valid")[:n]


@given(
    seed=st.integers(0, 99), shift=st.integers(-9, 9), rate_hz=st.sampled_from([15.0, 30.0, 60.0])
)
@settings(max_examples=40, deadline=None)
def test_a_shift_by_k_frames_is_a_lag_of_k_frames(seed, shift, rate_hz):
    curve = smooth(np.random.default_rng(seed), 420)
    sound, mouth = curve[10:400], curve[10 - shift : 400 - shift]
    within_ms = max(400.0, (abs(shift) + 1) * 1000 / rate_hz)
    found = metrics.lag_ms(sound, mouth, rate_hz, within_ms)
    assert found == pytest.approx(shift * 1000 / rate_hz, abs=0.12 * 1000 / rate_hz)


def test_lag_is_finer_than_a_frame():
    time_s = np.arange(600) / RATE_HZ
    waves = [(1.1, 0.3), (2.3, 1.0), (3.1, 2.2)]
    curve = [sum(np.sin(2 * np.pi * f * (time_s - d) + p) for f, p in waves) for d in (0, 0.045)]
    assert metrics.lag_ms(*curve, RATE_HZ) == pytest.approx(45, abs=4)


@pytest.mark.parametrize(
    ("sound", "mouth", "said"),
    [
        (np.arange(9.0), np.arange(8.0), "shapes"),
        (np.zeros(9), np.arange(9.0), "constant"),
        (np.arange(2.0), np.arange(2.0), "at least 3"),
    ],
)
def test_lag_refuses(sound, mouth, said):
    with pytest.raises(ValueError, match=said):
        metrics.lag_ms(sound, mouth, RATE_HZ)


def test_envelope_is_loud_where_the_sound_is_and_zero_in_silence():
    audio = np.zeros(16000)
    audio[8000:12000] = np.sin(np.arange(4000))
    level = metrics.envelope(audio, 16000, 30, RATE_HZ)
    assert (level[16:22] > 0.9).all() and (level[:14] == 0).all() and (level[24:] == 0).all()
    assert np.allclose(level, metrics.envelope(audio * 0.01, 16000, 30, RATE_HZ))
    assert (metrics.envelope(np.zeros(1600), 16000, 3, RATE_HZ) == 0).all()


def test_lip_errors_are_zero_for_the_same_and_the_distance_for_a_shift():
    points = np.random.default_rng(1).normal(0, 9, (12, 20, 3))
    assert metrics.lip_vertex_error_mm(points, points) == 0
    one = points.copy()
    one[:6, 3] += (0, 3, 4)
    assert metrics.lip_vertex_error_mm(one, points) == pytest.approx(2.5)
    gap = np.abs(points[:, 0, 0])
    assert metrics.mouth_opening_error_mm(gap + 2, gap) == pytest.approx(2)
    with pytest.raises(ValueError, match="shapes"):
        metrics.lip_vertex_error_mm(points, points[:-1])


SPANS = [(0.2, 0.3), (0.9, 0.95), (1.5, 1.52)]


def test_closures_count_where_lips_meet_and_not_where_they_do_not():
    never = np.full(60, 5.0)
    assert metrics.closure_rate(never, RATE_HZ, SPANS) == 0
    once = never.copy()
    once[6:9] = 0.2
    assert metrics.closure_rate(once, RATE_HZ, SPANS) == 0.5  # the third span is too short
    assert metrics.closure_rate(once, RATE_HZ, SPANS, shortest_s=0.0) == pytest.approx(1 / 3)
    assert np.isnan(metrics.closure_rate(once, RATE_HZ, []))
    beside = never.copy()
    beside[[5, 9, 26, 29]] = 0.0
    assert metrics.closure_rate(beside, RATE_HZ, SPANS) == 0


@pytest.mark.parametrize("rate_hz", [15.0, 24.0, 30.0, 60.0, 120.0])
def test_a_closure_that_lasts_its_span_counts_at_any_rate(rate_hz):
    times = (np.arange(int(3 * rate_hz)) + 0.5) / rate_hz
    spans = [(s, s + 0.07) for s in np.arange(0.1, 2.8, 0.137)]
    shut = np.any([(times >= a - 0.5 / rate_hz) & (times < b + 0.5 / rate_hz) for a, b in spans], 0)
    assert metrics.closure_rate(np.where(shut, 0.1, 6.0), rate_hz, spans) == 1


def test_false_closures_are_those_on_vowels_away_from_bilabials():
    vowels, shut = [(0.3, 0.9), (1.0, 1.4)], [(0.2, 0.3)]
    gap = np.full(60, 5.0)
    gap[5:10] = 0
    assert metrics.false_closure_rate(gap, RATE_HZ, vowels, shut) == 0
    gap[33:36] = 0
    assert metrics.false_closure_rate(gap, RATE_HZ, vowels, shut) == pytest.approx(3 / 28, abs=0.01)
    assert np.isnan(metrics.false_closure_rate(gap, RATE_HZ, [], shut))


def test_dynamics_deviation_is_the_spread_that_is_missing():
    rng = np.random.default_rng(0)
    rest = rng.normal(0, 30, (8, 3))
    swing = (1 + np.sin(np.arange(300)))[:, None, None] * [0, 1, 0]
    true, half, still = rest + 2 * swing, rest + swing, np.repeat(rest[None], 300, 0)
    assert metrics.upper_face_dynamics_deviation(true, true, rest) == 0
    lost = metrics.upper_face_dynamics_deviation(half, true, rest)
    assert lost == pytest.approx(metrics.upper_face_dynamics_deviation(still, half, rest))
    assert lost > 0.5 and metrics.upper_face_dynamics_deviation(true, half, rest) == -lost
    with pytest.raises(ValueError, match="points"):
        metrics.upper_face_dynamics_deviation(true[:, :3], true, rest)


def test_nods_on_the_beat_align_and_others_do_not():
    beats = np.array([0.5, 1.3, 2.2, 2.9])
    time_s = (np.arange(120) + 0.5) / RATE_HZ
    angles = np.zeros((120, 3))
    angles[:, 1] = -sum(6 * np.exp(-(((time_s - b) / 0.13) ** 2)) for b in beats)
    found = metrics.kinematic_beats(angles, RATE_HZ)
    assert np.abs(found[:, None] - beats).min(0).max() < 0.03
    assert metrics.beat_alignment(beats, found) > 0.95
    assert metrics.beat_alignment(beats, beats) == 1
    aside = [metrics.beat_alignment(beats, beats + d) for d in (0.05, 0.1, 0.2, 0.3)]
    assert aside == sorted(aside, reverse=True) and aside[0] > 0.8 and aside[-1] < 0.2
    assert not len(metrics.kinematic_beats(np.zeros((50, 3)), RATE_HZ))
    assert np.isnan(metrics.beat_alignment(np.zeros(0), beats))


def test_diversity_is_zero_for_copies_and_grows_with_the_difference():
    rng = np.random.default_rng(3)
    base, noise = rng.uniform(0, 1, (1, 20, 5)), rng.normal(0, 1, (4, 20, 5))
    assert metrics.diversity(np.repeat(base, 4, 0)) == 0
    small, large = (metrics.diversity(base + size * noise) for size in (0.1, 0.3))
    assert large == pytest.approx(3 * small)
    assert metrics.diversity(np.stack([base[0], base[0] + 0.5])) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="at least 2"):
        metrics.diversity(base)


@pytest.mark.parametrize("rate_hz", [30.0, 60.0])
def test_blinks_are_counted_and_timed(rate_hz):
    length_s = 600.0
    cues = blinks(length_s, np.random.default_rng(2))
    closure = lids(cues, frame_times(int(length_s * rate_hz), rate_hz), 0.5 / rate_hz)
    drawn = np.array(blink_times(length_s, np.random.default_rng(2)))  # drawn before any length
    found = metrics.blink_statistics(closure, rate_hz)
    assert 10 < found.per_minute < 30
    assert 0.4 < found.log_spread < 0.8 and 2.0 < found.gap_s < 4.5
    assert 30 < found.length_ms < 110
    assert len(drawn) / 10 == pytest.approx(found.per_minute, rel=0.2)


def test_a_face_that_never_blinks_has_no_gaps():
    found = metrics.blink_statistics(np.full(90, 0.4), RATE_HZ)
    assert found.per_minute == 0 and np.isnan(found.gap_s) and np.isnan(found.length_ms)
    cut = metrics.blink_statistics(np.r_[np.ones(3), np.zeros(87)], RATE_HZ)
    assert cut.per_minute == 20 and np.isnan(cut.length_ms)


def test_drift_is_the_slope_a_minute():
    rng = np.random.default_rng(5)
    minutes = np.arange(9000) / RATE_HZ / 60
    values = rng.normal(0, 1, (1, 3)) + minutes[:, None] * [0.0, -0.25, 0.1]
    assert metrics.drift_per_minute(values, RATE_HZ) == pytest.approx(0.25)
    assert metrics.drift_per_minute(np.full(50, 3.0), RATE_HZ) == 0
    with pytest.raises(ValueError, match="at least 2"):
        metrics.drift_per_minute(np.zeros((1, 3)), RATE_HZ)


def test_style_distance_ignores_order_of_what_is_said_and_sees_amplitude_and_tempo():
    rng = np.random.default_rng(6)
    parts = [np.stack([smooth(rng) for _ in range(4)], 1) for _ in range(4)]
    one, other = np.concatenate(parts), np.concatenate(parts[::-1])
    assert metrics.style_distance(one, one, RATE_HZ, RATE_HZ) == 0
    same = metrics.style_distance(one, other, RATE_HZ, RATE_HZ)
    wider = metrics.style_distance(one, other * 0.5, RATE_HZ, RATE_HZ)
    faster = metrics.style_distance(one, other, RATE_HZ, 2 * RATE_HZ)
    assert wider > 20 * same and faster > 20 * same
    with pytest.raises(ValueError, match="style distance"):
        metrics.style_distance(one, one[:, :2], RATE_HZ, RATE_HZ)


def test_what_geometry_shows_follows_the_curves():
    child = Child(Person(age_years=6), detail=0.05)
    jaw = np.zeros((3, 52))
    jaw[:, COLUMN["jawOpen"]] = (0, 0.3, 0.6)
    gap = lip_gap_mm(child, jaw)
    assert gap[0] < 1 < gap[1] < gap[2] < 40
    lips = lip_points_mm(child, jaw)
    assert lips.shape == (3, 20, 3)
    assert np.allclose(lips, landmarks_mm(child, jaw)[:, 48:])
    upper = upper_face_mm(child, np.stack([np.zeros(52), shape({"browInnerUp": 1.0}), jaw[2]]))
    moved = np.linalg.norm(upper - upper[0], axis=2).mean(1)
    assert upper.shape[1] > 50 and moved[1] > 0.5 > 5 * moved[2]
