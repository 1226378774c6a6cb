"""What a toy records: levels, bands, clipping and codecs as asked, times kept, bytes repeatable."""

import json
import runpy
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from generate.clip import check, facts_from_bytes, facts_to_bytes
from generate.make import make_clip
from generate.preset_checks import check_options
from generate.presets import Words
from generate.shards import open_dataset
from generate.sound import codecs, microphone, noises
from generate.sound.codecs import CODECS, through
from generate.sound.scene import Scene, hear, parse_held, sample_scene
from train_edge.data import split

RATE_HZ = 16000
CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))


def voice(seconds=1.0, seed=0):
    """Syllables of band-limited noise with pauses, peak 0.7."""
    rng = np.random.default_rng(seed)
    count = int(seconds * RATE_HZ)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequency_hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    spectrum *= np.exp(-frequency_hz / 1500) * (frequency_hz > 200)
    wave = np.fft.irfft(spectrum, count)
    wave *= np.clip(np.sin(2 * np.pi * 3 * np.arange(count) / RATE_HZ), 0, 1)
    return (0.7 * wave / np.abs(wave).max()).astype(np.float32)


def lag(heard, said):
    """Samples by which `heard` comes later."""
    size = 2 * len(said)
    both = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size)), size)
    place = int(np.argmax(both))
    return place - size if place > size // 2 else place


def power_above(audio, low_hz):
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio)))) ** 2
    return spectrum[np.fft.rfftfreq(len(audio), 1 / RATE_HZ) > low_hz].sum() / spectrum.sum()


def test_the_default_scene_changes_next_to_nothing():
    said = voice()
    heard = hear(said, Scene())
    gain = np.abs(heard).max() / np.abs(said).max()
    assert np.corrcoef(heard, said)[0, 1] > 0.995
    assert gain == pytest.approx(10 ** (-3 / 20) / 0.7, rel=0.05)


@pytest.mark.parametrize("snr_db", [-5, 0, 10, 25])
def test_snr_is_the_one_asked_for(snr_db):
    said = voice(3)
    around = noises.excerpt(0, "quiet", np.random.default_rng(1), len(said))
    added = noises.at_snr(said, around, snr_db)
    got_db = 20 * np.log10(noises.active_rms(said) / np.sqrt(np.mean(added**2)))
    assert got_db == pytest.approx(snr_db, abs=0.3)
    scene = Scene(noise="quiet", snr_db=snr_db)
    rest = hear(said, scene) / np.abs(hear(said, scene)).max()
    speech, pause = rest[said != 0], rest[np.abs(said) < 1e-9]
    if snr_db > 0:
        assert 10 * np.log10((speech**2).mean() / (pause**2).mean()) > snr_db - 6


def test_pauses_do_not_count_in_a_voice_s_level():
    said = voice(1)
    assert noises.active_rms(np.pad(said, 32000)) == pytest.approx(noises.active_rms(said))
    assert noises.active_rms(np.zeros(100, np.float32)) == 0


@pytest.mark.parametrize(("band", "edge_hz"), [("8 kHz", 4200), ("telephone", 3650)])
def test_a_band_limit_limits(band, edge_hz):
    said = np.random.default_rng(0).standard_normal(RATE_HZ).astype(np.float32) * 0.1
    wide, narrow = (hear(said, Scene(band=b, floor_db=-110)) for b in ("wide", band))
    assert power_above(wide, edge_hz) > 0.3
    assert power_above(narrow, edge_hz) < 1e-5
    assert power_above(narrow, edge_hz * 0.7) > 0.1


def test_cloth_takes_the_highs():
    said = np.random.default_rng(0).standard_normal(RATE_HZ).astype(np.float32) * 0.1
    shares = [power_above(hear(said, Scene(cloth_db=d)), 3000) for d in (0, 6, 18)]
    assert shares[0] > shares[1] > shares[2]
    gain = microphone.cloth_gain(np.array([100.0, 4000.0]), 12)
    assert gain == pytest.approx([1, 10 ** (-12 / 20)])


@pytest.mark.parametrize("share", [0.001, 0.01, 0.05])
def test_clipping_share_is_the_one_asked_for(share):
    heard = microphone.clipped(voice(3), share)
    assert np.mean(np.abs(heard) >= np.abs(heard).max() * 0.9999) == pytest.approx(share, rel=0.1)
    recorded = hear(voice(3), Scene(clip=share, level_db=-0.1))
    top = np.abs(recorded).max()
    assert np.mean(np.abs(recorded) > top - 2e-4) == pytest.approx(share, rel=0.3)


def test_automatic_gain_evens_out_levels():
    loud, soft = voice(3), voice(3) * 0.02
    apart = [
        noises.active_rms(microphone.agc(loud, s)) / noises.active_rms(microphone.agc(soft, s))
        for s in (0, 0.5, 1)
    ]
    assert apart[0] == pytest.approx(50)
    assert apart[0] > apart[1] > apart[2]
    assert apart[2] < 5


@pytest.mark.parametrize("name", CODECS)
def test_codecs_keep_times_and_words(name):
    if name not in codecs.available():
        pytest.skip(f"this libsndfile has no {name}")
    said = voice(1.3, 4)[:-3] * 0.5
    heard = through(said, name)
    assert heard.shape == said.shape
    assert heard.dtype == np.float32
    assert abs(lag(heard, said)) <= 2
    assert 0.5 < np.corrcoef(heard, said)[0, 1] < 0.99999999


def test_times_are_kept_through_a_whole_room():
    said = voice(1.2, 7)
    for seed in range(10):
        scene = sample_scene(np.random.default_rng(seed), 0)
        heard = hear(said, replace(scene, snr_db=60.0, echo_db=99.0, clip=0.0))
        assert heard.shape == said.shape
        if scene.distance_m < 0.6 and scene.rt60_s < 0.6:
            assert abs(lag(heard, said)) < 20


def test_the_same_scene_gives_the_same_bytes():
    said = voice()
    for seed in range(4):
        scene = sample_scene(np.random.default_rng(seed), 0)
        assert scene == sample_scene(np.random.default_rng(seed), 0)
        assert hear(said, scene).tobytes() == hear(said, scene).tobytes()
        assert hear(said, scene).tobytes() != hear(said, replace(scene, seed=1)).tobytes()


def test_silence_and_short_sounds_are_heard():
    for audio in (np.zeros(8000, np.float32), np.full(1, 0.1, np.float32), voice()[:37]):
        for seed in range(5):
            heard = hear(audio, sample_scene(np.random.default_rng(seed), 0))
            assert heard.shape == audio.shape
            assert np.isfinite(heard).all()
            assert np.abs(heard).max() <= 1


def test_every_noise_differs_by_seed_and_has_one_level():
    for kind in noises.KINDS:
        wave = noises.noise(0, kind, 0)
        assert np.isfinite(wave).all()
        assert wave.std() == pytest.approx(1, rel=1e-3)
        if kind in ("quiet", "wind", "music"):
            assert not np.array_equal(wave, noises.noise(1, kind, 0))


def test_facts_are_held():
    asked = ("room=kitchen", "distance_m=2", "snr_db=7", "codec=mulaw", "noise=fan")
    for seed in range(6):
        scene = sample_scene(np.random.default_rng(seed), 0, asked)
        assert (scene.room, scene.snr_db, scene.codec, scene.noise) == (
            "kitchen",
            7,
            "mulaw",
            "fan",
        )
        assert 1.0 < scene.distance_m < 3.1
    dry = sample_scene(np.random.default_rng(0), 0, ("room=none",))
    assert (dry.room, dry.response, dry.rt60_s) == ("none", -1, 0)
    near, far = (sample_scene(np.random.default_rng(0), 0, (f"distance_m={d}",)) for d in (0.3, 3))
    assert near.distance_m < 0.6 < 2 < far.distance_m


@pytest.mark.parametrize(
    "text", ["snr_db", "snr_db=loud", "snr_db=nan", "clip=2", "codec=midi", "colour=red", "seed=1"]
)
def test_bad_facts_are_refused_in_one_line(text):
    with pytest.raises(ValueError) as caught:
        parse_held((text,))
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError):
        check_options(Words(rooms=1, scene=(text,)))


def test_words_in_rooms_say_so_and_lie_where_they_say():
    options = Words(clips=30, seed=5, rooms=0.5, voices=("espeak",), scene=("noise=quiet",))
    heard = 0
    for number in range(14):
        clip = make_clip(options, number)
        check(clip)
        scene = clip.facts["scene"]
        if not scene:
            continue
        heard += 1
        assert set(scene) == set(asdict(Scene()))
        assert len(clip.audio) >= RATE_HZ
        assert (clip.labels["word_s"] <= len(clip.audio) / RATE_HZ + 1e-6).all()
    assert 2 < heard < 12
    with pytest.raises(ValueError, match="--rooms 2"):
        check_options(replace(options, rooms=2))
    with pytest.raises(ValueError, match="--scene"):
        check_options(replace(options, rooms=0))


def test_clips_of_the_version_before_rooms_are_read_as_dry():
    clip = make_clip(Words(clips=4, voices=("espeak",)), 1)
    body = json.loads(facts_to_bytes(clip.facts))
    del body["scene"]
    old = json.dumps(body | {"version": 2}).encode()
    assert facts_from_bytes(old, "old")["scene"] == {}
    with pytest.raises(ValueError, match="scene"):
        facts_from_bytes(json.dumps(body).encode(), "new")


def test_takes_say_the_same_at_other_speeds_in_other_rooms():
    options = Words(seed=2, takes=3, rooms=1.0, voices=("espeak",), scene=("noise=quiet",))
    plain = replace(options, rooms=0.0, scene=())
    for base in (0, 4):
        takes = [make_clip(options, 3 * base + k) for k in range(3)]
        assert len({clip.facts["keyword"] for clip in takes}) == 1
        assert len({clip.facts["voice"]["voice"] for clip in takes}) == 1
        assert len({clip.facts["scene"]["seed"] for clip in takes}) == 3
        lengths = {len(make_clip(plain, 3 * base + k).audio) for k in range(3)}
        assert len(lengths) == 3
        assert max(lengths) < 1.2 * min(lengths)
        assert max(lengths) <= RATE_HZ
    alone = make_clip(replace(plain, takes=1), 4)
    assert alone.audio.tobytes() == make_clip(plain, 12).audio.tobytes()
    with pytest.raises(ValueError, match="--takes 0"):
        check_options(replace(options, takes=0))


def test_takes_of_one_word_are_held_out_together(tmp_path):
    clips = [CLIPS["word_clip"](n, "low") for n in range(60)]
    CLIPS["write"](tmp_path, clips, {"takes": 3})
    kept, held = split(open_dataset(tmp_path))
    assert held
    assert not {n // 3 for n in kept} & {n // 3 for n in held}
