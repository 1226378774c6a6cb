"""What training sees equals what boards see, mirrors are mirrors, views keep points on faces."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from device.backends.frontend import image, logmel
from device.front_end import LOGMEL
from generate.shards import open_dataset
from train_edge.augment_image import FLIP, face_view, mirror, still_view
from train_edge.augment_sound import augment
from train_edge.data import keywords, load_words, open_clips, split
from train_edge.face_store import load_faces
from train_edge.face_task import FRONT_END, FaceTask, standardized, upright
from train_edge.faces import square
from train_edge.kws_task import SYNTHESIZER_SPEAKERS, KwsTask, centred, voice_weight
from train_edge.options import ImageAugment, SoundAugment
from train_edge.presets import PRESETS
from train_edge.spectra import features, gather, power_spectrogram

CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return CLIPS["words_data"](tmp_path_factory.mktemp("words"))


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return CLIPS["faces_data"](tmp_path_factory.mktemp("faces"))


@pytest.mark.parametrize("level", [0.0, 1e-5, 0.01, 1.0])
def test_training_features_equal_the_front_end(level: float) -> None:
    sounds = level * np.random.default_rng(3).uniform(-1, 1, (3, 16000)).astype(np.float32)
    power = torch.from_numpy(np.stack([power_spectrogram(sound) for sound in sounds]))
    want = logmel(sounds, LOGMEL)
    assert np.abs(features(power)[:, 0].numpy() - want).max() < 1e-3


def test_features_of_sounds_in_memory_equal_the_front_end() -> None:
    sound = CLIPS["chirp"]("rise", 16000, np.random.default_rng(0))
    kept = gather([sound], [0], [""])
    found = features(centred(kept, np.array([0])))[0, 0].numpy()
    assert np.abs(found - logmel(sound, LOGMEL)).max() < 5e-3  # kept as float16


def test_training_pictures_equal_the_front_end() -> None:
    pictures = np.random.default_rng(1).integers(0, 256, (3, 96, 96, 3), np.uint8)
    want = np.stack([image(picture, FRONT_END) for picture in pictures])
    found = standardized(pictures).permute(0, 2, 3, 1).numpy()
    assert np.abs(found - want).max() < 1e-3


def test_mirror_is_an_involution_and_moves_left_to_right() -> None:
    assert np.array_equal(FLIP[FLIP], np.arange(68))
    rng = np.random.default_rng(2)
    picture = rng.integers(0, 256, (96, 96, 3), np.uint8)
    points = (CLIPS["shape"]() * 50 + 48).astype(np.float32)
    pose = np.array([20, 5, -8], np.float32)
    once = mirror(picture, points, pose)
    twice = mirror(*once)
    for got, want in zip(twice, (picture, points, pose), strict=True):
        assert np.allclose(got, want)
    # The plain face is symmetric: its mirror is itself, so every point keeps its number.
    assert np.abs(once[1] - points).max() < 1e-3
    assert once[2].tolist() == [-20, 5, 8]


def test_points_stay_on_the_face_through_every_view(faces: Path) -> None:
    kept = load_faces(open_dataset(faces), range(4))
    plain = ImageAugment(occlude=0, blur=0, light=0, noise=0, jpeg=0)
    rng = np.random.default_rng(5)
    for k in range(4):
        for _ in range(8):
            picture, points, _ = face_view(
                kept.crops[k], kept.points[k], np.zeros(3, np.float32), 96, rng, plain
            )
            mouth = points[48:60].mean(0).astype(int)  # drawn red; skin and wall are not
            red, green, _ = picture[mouth[1], mouth[0]].astype(int)
            assert red > 1.8 * green
            white = picture[tuple(points[36:42].mean(0).astype(int)[::-1])]
            assert white.min() > 180


def test_an_upright_view_shows_the_face_box_at_half_the_width(faces: Path) -> None:
    kept = load_faces(open_dataset(faces), range(4))
    to_view = still_view(96)
    points = kept.points @ to_view[:, :2].T + to_view[:, 2]
    sides = (points.max(1) - points.min(1)).max(1)
    assert np.allclose(sides, 48, atol=0.1)
    assert upright(kept.crops).shape == (4, 96, 96, 3)


def test_square_maps_points_where_it_draws_them() -> None:
    picture = np.zeros((400, 300, 3), np.uint8)
    picture[200:204, 100:104] = 255
    for size in (50, 128, 300):
        crop, to_crop = square(picture, np.array([120, 190], np.float32), 150.0, size)
        at = to_crop[:, :2] @ [102, 202] + to_crop[:, 2]
        rows, columns = np.nonzero(crop[..., 0] > crop.max() / 2)
        assert abs(columns.mean() + 0.5 - at[0]) < 0.6
        assert abs(rows.mean() + 0.5 - at[1]) < 0.6


def test_a_batch_is_a_pure_function_of_its_rng(words: Path, faces: Path) -> None:
    dataset = open_dataset(words)
    sounds = load_words(dataset, range(24), keywords(dataset))
    pictures = load_faces(open_dataset(faces), range(8))
    for task in (
        KwsTask(PRESETS["kws"], keywords(dataset), sounds, sounds),
        FaceTask(PRESETS["face"], pictures, pictures),
    ):
        batches = [task.batch(np.random.default_rng(seed), 8) for seed in (4, 4, 5)]
        assert torch.equal(batches[0]["input"], batches[1]["input"])
        assert not torch.equal(batches[0]["input"], batches[2]["input"])
        assert bool(batches[0]["input"].isfinite().all())


def test_every_recorded_speaker_is_drawn_as_often_and_the_synthesizer_as_so_many() -> None:
    names = ["flite:slt"] * 5 + ["festival:kal"] * 40 + [f"espeak:en+{k % 30}" for k in range(90)]
    rng = np.random.default_rng(0)
    sounds = gather([rng.normal(0, 0.1, 3200).astype(np.float32) for _ in names],
                    [0] * len(names), names)  # fmt: skip
    weight = voice_weight(sounds)
    assert weight[:5].sum() == pytest.approx(1) and weight[5:45].sum() == pytest.approx(1)
    assert weight[45:].sum() == pytest.approx(SYNTHESIZER_SPEAKERS)
    alone = gather([np.ones(3200, np.float32)] * 3, [0] * 3, ["espeak:a", "espeak:a", "espeak:b"])
    first, again, other = voice_weight(alone)
    assert first == again < other


def test_augmented_sound_is_finite_and_silence_stays_noise(words: Path) -> None:
    dataset = open_dataset(words)
    sounds = load_words(dataset, range(24), keywords(dataset))
    picks = np.array([-1, 0, 1, 2, 3, -1, 4, 5])
    backwards = np.zeros(8, bool)
    power = augment(sounds, picks, backwards, np.random.default_rng(0), SoundAugment())
    assert power.shape == (8, 50, 257)
    assert bool((power >= 0).all())
    assert bool(power.isfinite().all())
    assert bool((power.sum((1, 2)) > 0).all())


def test_words_are_cut_to_their_labels_and_others_become_unknown(words: Path) -> None:
    dataset = open_dataset(words)
    assert keywords(dataset) == ("low", "high", "rise")
    kept = load_words(dataset, range(24), ("low", "rise"))
    assert kept.lengths.max() <= 0.6 * 50
    counts = np.bincount(kept.classes, minlength=4).tolist()
    assert counts == [6, 6, 12, 0]
    with pytest.raises(ValueError, match="no clip says 'stop'"):
        load_words(dataset, range(24), ("stop",))


def test_stills_of_one_child_stay_on_one_side(faces: Path) -> None:
    kept, held = split(open_dataset(faces))
    assert set(kept).isdisjoint(held)
    assert {number // 2 for number in kept}.isdisjoint(number // 2 for number in held)


def test_data_of_the_other_task_is_refused(words: Path, faces: Path) -> None:
    with pytest.raises(ValueError, match="has no pictures"):
        open_clips(words, "frames")
    with pytest.raises(ValueError, match="has no sound"):
        open_clips(faces, "audio")
