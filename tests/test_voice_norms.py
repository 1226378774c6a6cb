"""Transformed voices measured with Praat against published vowels, age band by age band.

The measure shares nothing with the transform: LPC by Burg's method and F0 by autocorrelation, on
hVd words. Norms in Hz: Hillenbrand, Getty, Clark and Wheeler (1995), men, women and children of 10
to 12 years. Their children scale to younger bands with the length of the vocal tract and F0 falls
as in Lee, Potamianos and Narayanan (1999).
"""

import numpy as np
import parselmouth
import pytest

from generate.voice.engines import installed_engines
from generate.voice.norms import f0_norm_hz, formant_bend, tract_scale
from generate.voice.speech import RATE_HZ, speak
from generate.voice.voices import sample_voice

VOWELS = {"heed": "iy", "had": "ae", "hod": "aa", "who'd": "uw"}
MEN = {"iy": (342, 2322, 3000), "ae": (588, 1952, 2601), "aa": (768, 1333, 2522),
       "uw": (378, 997, 2343)}  # fmt: skip
WOMEN = {"iy": (437, 2761, 3372), "ae": (669, 2349, 2972), "aa": (936, 1551, 2815),
         "uw": (459, 1105, 2735)}  # fmt: skip
CHILDREN = {"iy": (452, 3081, 3702), "ae": (717, 2501, 3289), "aa": (1002, 1688, 2950),
            "uw": (494, 1345, 2988)}  # fmt: skip
TRACTS = {"3-4": 1.22, "5-6": 1.14, "7-8": 1.09, "9-10": 1.04, "11-12": 1.0}
"""Formants of a band relative to 11 years: inverse lengths of the vocal tract (Fitch and Giedd
1999; Vorperian and Kent 2007)."""
F0_HZ = {"3-4": 298, "5-6": 279, "7-8": 262, "9-10": 249, "11-12": 233, "female": 217, "male": 122}
"""Mean of girls and boys, women, men (Lee 1999, Hillenbrand 1995)."""
BANDS = [*TRACTS, "female", "male"]
VOICES = 10


def norms_hz(band):
    table = {"female": WOMEN, "male": MEN}.get(band, CHILDREN)
    return {vowel: TRACTS.get(band, 1.0) * np.array(table[vowel]) for vowel in VOWELS.values()}


def sample(band, seed):
    """A voice of the band that says the four words; sound, and the time in each vowel."""
    rng = np.random.default_rng(seed)
    age = 30.0 if band in ("female", "male") else float(band.split("-")[0]) + seed % 4 / 2
    sex = band if band in ("female", "male") else ("female", "male")[seed % 2]
    engines = (installed_engines()[seed % len(installed_engines())],)
    voice = sample_voice(rng, age, sex, "en-us", child=True, engines=engines)
    said = speak("heed, had, hod, who'd.", voice, rng)
    vowels = [p for p in said.phonemes if p.text.strip("ˈˌ")[0] in "iæɑɒuaɔ"]
    ceiling_hz = min(5000 * tract_scale(age, sex), 7990)  # 5 formants: 5000 Hz in men
    return said.audio, vowels, ceiling_hz


def formants_hz(audio, vowel, ceiling_hz):
    sound = parselmouth.Sound(audio.astype(np.float64), RATE_HZ)
    track = sound.to_formant_burg(time_step=0.005, maximum_formant=ceiling_hz)
    times = np.linspace(0.3, 0.7, 9) * (vowel.end_s - vowel.start_s) + vowel.start_s
    return [np.nanmedian([track.get_value_at_time(n, t) for t in times]) for n in (1, 2, 3)]


def median_f0(audio):
    sound = parselmouth.Sound(audio.astype(np.float64), RATE_HZ)
    f0 = sound.to_pitch(time_step=0.01, pitch_floor=60, pitch_ceiling=600)
    values = f0.selected_array["frequency"]
    return np.median(values[values > 0]) if (values > 0).any() else np.nan


def measure(band):
    """Medians of measured / norm: F0, F1, F2, F3."""
    f0, ratios = [], []
    for seed in range(VOICES):
        audio, vowels, ceiling_hz = sample(band, seed)
        if len(vowels) != len(VOWELS):
            continue
        f0.append(median_f0(audio) / F0_HZ[band])
        for name, vowel in zip(VOWELS.values(), vowels, strict=True):
            ratios.append(formants_hz(audio, vowel, ceiling_hz) / norms_hz(band)[name])
    assert len(f0) >= VOICES - 2
    return (float(np.nanmedian(f0)), *np.nanmedian(ratios, axis=0))


@pytest.mark.parametrize("band", BANDS)
def test_f0_and_formants_lie_within_10_percent_of_the_norms(band):
    found = measure(band)
    assert np.abs(np.array(found) - 1).max() < 0.1, found


def test_the_measure_sees_a_voice_that_was_not_moved():
    rng = np.random.default_rng(0)
    man = sample_voice(rng, 30, "male", "en-us", child=False)
    said = speak("heed, had, hod, who'd.", man, rng)
    vowels = [p for p in said.phonemes if p.text.strip("ˈˌ")[0] in "iæɑɒuaɔ"]
    both = zip(VOWELS.values(), vowels, strict=True)
    ratios = [formants_hz(said.audio, v, 5000) / norms_hz("5-6")[name] for name, v in both]
    assert (np.median(ratios, axis=0) < 0.85).all()


def test_tables_of_the_kit_agree_with_the_norms():
    for band in TRACTS:
        age = float(band.split("-")[0]) + 0.75
        for sex in ("female", "male"):
            assert abs(f0_norm_hz(age, sex) / F0_HZ[band] - 1) < 0.07
            assert abs(tract_scale(age, sex) / tract_scale(11.5, sex) / TRACTS[band] - 1) < 0.05
    assert formant_bend(6, "male") != formant_bend(40, "male")
