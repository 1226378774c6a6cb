"""Blinks, gaze, head and stills have the statistics of living faces."""

import numpy as np
import pytest

from generate.motion.eyes import frame_times, lids, to_camera
from generate.motion.life import blink_rate, blink_times, blinks
from generate.motion.player import play, still
from generate.motion.shapes import COLUMN, columns
from generate.spec import EMOTIONS


def stills(count=400):
    return [still(np.random.default_rng(i)) for i in range(count)]


@pytest.mark.parametrize("a_minute", [3.0, 9.0, 16.0])
def test_blinks_come_at_log_normal_intervals(a_minute):
    times = np.array(blink_times(7200, np.random.default_rng(0), a_minute))
    gaps = np.diff(times)
    assert len(times) / 120 == pytest.approx(a_minute, rel=0.15)
    assert 0.5 < np.std(np.log(gaps)) < 0.7
    assert abs(np.mean(np.log(gaps)) - np.log(np.median(gaps))) < 0.1
    assert gaps.min() > 0.34


def test_children_blink_less_than_adults_and_more_when_they_talk():
    rates = [blink_rate(age, False) for age in (0.5, 3, 6, 12, 30)]
    assert rates == sorted(rates)
    assert rates[0] < 3
    assert rates[1] < 8 < 14 < rates[-1]
    assert blink_rate(6, True) == pytest.approx(1.5 * blink_rate(6, False))


def test_a_blink_is_100_to_150_ms_and_opens_slower_than_it_closes():
    closure = lids(blinks(60.0, np.random.default_rng(1)), frame_times(200 * 60, 200), 0.0025)
    assert closure.max() == 1.0
    shut = closure > 0.01
    edges = np.diff(shut.astype(int))
    starts, ends = np.flatnonzero(edges == 1) + 1, np.flatnonzero(edges == -1) + 1
    ends = ends[ends > starts[0]]
    assert len(starts) > 8
    for start, end in zip(starts, ends, strict=False):
        peak = start + int(np.argmax(closure[start:end]))
        assert 0.085 < (end - start) / 200 < 0.16
        assert end - peak > (peak - start) * 0.95


@pytest.mark.parametrize("rate_hz", [15, 25, 60])
def test_no_blink_falls_between_frames(rate_hz):
    cues = blinks(60.0, np.random.default_rng(2))
    assert len(cues) >= 5
    times = frame_times(60 * rate_hz, rate_hz)
    closure = lids(cues, times, 0.5 / rate_hz)
    for cue in cues:
        assert closure[(times > cue.start_s - 0.07) & (times < cue.end_s + 0.07)].max() == 1


def test_gaze_rests_on_the_camera_most_of_the_time():
    held = []
    for seed in range(10):
        motion = play(None, 500, 25, np.random.default_rng(seed))
        if np.abs(motion.head_deg[:, 0]).max() < 25:
            off = np.abs(motion.gaze_deg - to_camera(motion.head_deg)).max(1)
            held.append(np.mean(off < 2.5))
    assert 0.4 < np.mean(held) < 0.95


def test_eye_shapes_agree_with_gaze():
    motion = play(None, 500, 25, np.random.default_rng(3))
    left = motion.gaze_deg[:, 0] > 8
    right = motion.gaze_deg[:, 0] < -8
    out, inward = (motion.arkit[:, COLUMN[f"eyeLook{side}Left"]] for side in ("Out", "In"))
    assert (out[left] > 0.2).all()
    assert (inward[left] == 0).all()
    assert (inward[right] > 0.2).all()
    assert (left | right).any()


def test_head_moves_a_little_and_smoothly():
    for seed in range(5):
        motion = play(None, 500, 25, np.random.default_rng(seed))
        speed = np.abs(np.diff(motion.head_deg, axis=0)) * 25
        assert speed.max() < 60
        assert 0.3 < motion.head_deg.std(0).mean() < 6


def test_stills_cover_pose_emotion_mouth_and_lids():
    drawn = stills()
    head = np.concatenate([motion.head_deg for motion, _, _ in drawn])
    arkit = np.concatenate([motion.arkit for motion, _, _ in drawn])
    assert head[:, 0].min() < -50
    assert head[:, 0].max() > 50
    assert 0.15 < np.mean(np.abs(head[:, 0]) > 25) < 0.5
    assert 0.08 < np.mean(head[:, 1] < -12) < 0.35
    assert {emotion for _, emotion, _ in drawn} == set(EMOTIONS)
    assert 0.1 < np.mean(arkit[:, COLUMN["jawOpen"]] > 0.3) < 0.5
    assert 0.05 < np.mean(arkit[:, columns("eyeBlink")].min(1) > 0.8) < 0.25
    assert 0.2 < np.mean(arkit[:, COLUMN["jawOpen"]] < 0.1) < 0.8


def test_stills_stay_in_range_and_repeat():
    for seed, (motion, emotion, intensity) in enumerate(stills(100)):
        assert motion.arkit.shape == (1, 52)
        assert motion.head_deg.shape == (1, 3)
        assert motion.gaze_deg.shape == (1, 2)
        assert motion.arkit.min() >= 0
        assert motion.arkit.max() <= 1
        assert (emotion == "neutral") == (intensity == 0)
        again, _, _ = still(np.random.default_rng(seed))
        assert again.arkit.tobytes() == motion.arkit.tobytes()


def test_yaw_range_of_stills_is_kept():
    yaw = [still(np.random.default_rng(i), (-10, 20))[0].head_deg[0, 0] for i in range(200)]
    assert min(yaw) >= -10
    assert max(yaw) <= 20
