"""The child transform puts F0 and formants where it is asked to, the same way every time."""

import multiprocessing as mp

import numpy as np
import pytest

from generate.voice import speech
from generate.voice.child import Timbre, transform
from generate.voice.norms import f0_norm_hz, formant_scale, tract_scale
from generate.voice.speech import RATE_HZ, speak
from generate.voice.timed import Timed
from generate.voice.voices import sample_voice
from generate.voice.world import BINS, analyse, track_f0

TEXT = "We are all away now, mama. You know a lemon, a banana and a lion."


def adult(seed=1):
    rng = np.random.default_rng(seed)
    return speak(TEXT, sample_voice(rng, 40, "male", child=False), rng).audio


def bytes_of_child(seed):
    rng = np.random.default_rng(seed)
    return speak("hello blue puppy", sample_voice(rng, 5, "female"), rng).audio.tobytes()


def median_f0(audio):
    f0, _ = track_f0(audio, RATE_HZ)
    return float(np.median(f0[f0 > 0]))


def spectrum(audio):
    """Mean log envelope of the voiced frames, without its tilt."""
    frames = analyse(audio, RATE_HZ)
    return frames.log_power[frames.f0_hz > 0].mean(0)


def measured_scale(before, after):
    """Frequency scale that makes `after` most alike `before` between 300 and 4500 Hz."""
    at_hz = np.geomspace(300, 4500, 200)
    bins_hz = np.linspace(0, RATE_HZ / 2, BINS)
    basis = np.stack([np.ones_like(at_hz), np.log(at_hz), np.log(at_hz) ** 2], axis=1)

    def flat(values):
        return values - basis @ np.linalg.lstsq(basis, values, rcond=None)[0]

    source = flat(np.interp(at_hz, bins_hz, before))
    scales = np.geomspace(0.7, 1.7, 180)
    alike = [
        np.corrcoef(source, flat(np.interp(at_hz * scale, bins_hz, after)))[0, 1]
        for scale in scales
    ]
    return float(scales[int(np.argmax(alike))])


@pytest.mark.parametrize("age_years", [3, 5, 8, 11, 30])
@pytest.mark.parametrize("sex", ["female", "male"])
def test_f0_lands_within_10_percent_of_the_norm(age_years, sex):
    target = f0_norm_hz(age_years, sex)
    rng = np.random.default_rng(0)
    child = transform(adult(), RATE_HZ, f0_hz=target, formant_scale=1.3, timbre=Timbre(), rng=rng)
    assert median_f0(child) == pytest.approx(target, rel=0.1)


def test_sampled_voices_centre_on_the_norm():
    drawn = [
        sample_voice(np.random.default_rng(i), 6, "female").f0_hz / f0_norm_hz(6, "female")
        for i in range(200)
    ]
    assert np.exp(np.mean(np.log(drawn))) == pytest.approx(1, abs=0.04)
    assert 0.08 < np.std(np.log(drawn)) < 0.16


@pytest.mark.parametrize("scale", [0.85, 1.15, 1.3, 1.45])
def test_formants_move_by_the_asked_scale(scale):
    source = adult()
    options = {"f0_hz": 180.0, "timbre": Timbre()}
    rng = np.random.default_rng(0)
    same = transform(source, RATE_HZ, formant_scale=1.0, rng=rng, **options)
    moved = transform(source, RATE_HZ, formant_scale=scale, rng=rng, **options)
    assert measured_scale(spectrum(same), spectrum(moved)) == pytest.approx(scale, rel=0.05)


def test_younger_is_higher_and_shorter():
    for sex in ("female", "male"):
        ages = [1, 3, 5, 7, 9, 11, 13]
        for norm in (f0_norm_hz, tract_scale):
            values = [norm(age, sex) for age in ages]
            assert values == sorted(values, reverse=True)
    assert f0_norm_hz(30, "male") < 140 < 180 < f0_norm_hz(30, "female")
    assert 1.2 < formant_scale(11, "male") < 1.3  # Hillenbrand 1995: 1.27 at 10 to 12 years
    assert formant_scale(6, "male", source_scale=tract_scale(6, "male")) == 1.0


def test_time_map_moves_times_and_length():
    source = adult()
    length_s = len(source) / RATE_HZ
    slow = transform(
        source, RATE_HZ, f0_hz=200, formant_scale=1.2, timbre=Timbre(),
        rng=np.random.default_rng(0),
        old_s=np.array([0, length_s]), new_s=np.array([0, 1.5 * length_s]),
    )  # fmt: skip
    assert len(slow) == round(1.5 * length_s * RATE_HZ)


def test_phonemes_follow_the_sound_of_a_child():
    rng = np.random.default_rng(3)
    said = speak("papa, papa, papa", sample_voice(rng, 5, "male"), rng, parts_warp=0.3)
    assert said.phonemes[-1].end_s <= said.duration_s + 1e-4
    energy = [
        np.mean(said.audio[int(p.start_s * RATE_HZ) : int(p.end_s * RATE_HZ)] ** 2)
        for p in said.phonemes
    ]
    vowels = [e for e, p in zip(energy, said.phonemes, strict=True) if p.text != "p"]
    stops = [e for e, p in zip(energy, said.phonemes, strict=True) if p.text == "p"]
    assert np.median(vowels) > 5 * np.median(stops)


def test_same_child_voice_same_bytes_here_and_in_another_process():
    here = [bytes_of_child(i) for i in range(3)]
    assert [bytes_of_child(i) for i in (2, 0, 1)] == [here[i] for i in (2, 0, 1)]
    with mp.get_context("spawn").Pool(1) as pool:
        assert pool.map(bytes_of_child, [1, 0, 2], chunksize=1) == [here[i] for i in (1, 0, 2)]


def test_silence_survives():
    quiet = np.zeros(RATE_HZ // 2, np.float32)
    out = transform(
        quiet, RATE_HZ, f0_hz=250, formant_scale=1.3, timbre=Timbre(breath=0.3),
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert np.isfinite(out).all()
    assert np.abs(out).max() < 1e-6


@pytest.mark.parametrize(("age", "sex"), [(0.1, "male"), (300, "female"), (5, "robot")])
def test_unknown_people_are_refused(age, sex):
    with pytest.raises(ValueError, match="age_years|sex"):
        f0_norm_hz(age, sex)


def test_a_vowel_that_ends_one_rounding_before_the_sound_is_stretched_too() -> None:
    length_s = 0.4
    for end_s in (length_s, np.nextafter(length_s, 0), np.nextafter(length_s, 1)):
        vowel = Timed("aɪ", 0.1, float(end_s))
        old_s, new_s = speech._tempo_map(length_s, 0.2, (vowel,), 1.5, np.random.default_rng(3))
        assert len(old_s) == len(new_s)
        assert (np.diff(new_s) >= 0).all()
