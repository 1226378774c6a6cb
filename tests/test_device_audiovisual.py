"""The audio-visual front end: rows of one scale, a square that follows the face, a stream."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from device.backends.audiovisual import (
    Track,
    Watch,
    audiovisual,
    cut,
    grey,
    lower_face,
    pictures_in,
    rows,
    standardized,
)
from device.backends.frontend import levels, normalize
from device.backends.model import Model
from device.backends.sample import front_end_work
from device.bundle import Tensor
from device.front_end import AUDIOVISUAL, check_front_end

RNG = np.random.default_rng(0)
SAMPLES, COUNT = AUDIOVISUAL["samples"], pictures_in(AUDIOVISUAL)
SOUND = RNG.normal(0, 0.1, 640 * (COUNT + 25))
FILM = RNG.integers(0, 256, (COUNT + 25, 40, 40, 3)).astype(np.uint8)


class Echo(Model):
    """Answers with what it was given, so that inputs can be looked at."""

    def __init__(self) -> None:
        one = Tensor("input", (1, COUNT, 1104, 1), "float32", "", "")
        super().__init__("echo", (one,), (one,))

    def invoke(self, stored: list[Any]) -> list[Any]:
        return stored


def test_rows_hold_sound_then_pixels_in_one_range() -> None:
    check_front_end(AUDIOVISUAL, "here")
    made = audiovisual(SOUND[:SAMPLES], list(FILM[:COUNT]), AUDIOVISUAL)
    assert COUNT == 40 and made.shape == (40, 80 + 32 * 32)
    heard = normalize(levels(SOUND[:SAMPLES], AUDIOVISUAL), AUDIOVISUAL)
    assert np.array_equal(made[7, :80].reshape(2, 40), heard[14:16])
    assert made.min() == -2 and made.max() == 2 and made.dtype == np.float32
    assert abs(float(made[:, 80:].mean())) < 0.02


def test_light_and_contrast_of_the_second_do_not_matter_but_changes_in_it_do() -> None:
    film = RNG.uniform(60, 120, (25, 32, 32))
    assert np.allclose(standardized(film), standardized(film * 1.7 + 20), atol=1e-4)
    film[10:] += 60
    assert standardized(film)[10:].mean() > 1 + standardized(film)[:10].mean()
    assert np.abs(standardized(np.full((25, 32, 32), 9.0))).max() == 0


@pytest.mark.parametrize(("sound", "count"), [(SAMPLES - 1, COUNT), (SAMPLES, COUNT - 1)])
def test_another_length_is_refused_in_one_line(sound: int, count: int) -> None:
    with pytest.raises(ValueError, match=f"{sound} samples and {count} pictures: .* {SAMPLES}"):
        audiovisual(SOUND[:sound], list(FILM[:count]), AUDIOVISUAL)


@pytest.mark.parametrize("shape", [(0, 4, 3), (4, 4, 4), (4,)])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="takes"):
        grey(np.zeros(shape, np.uint8), 32)
    assert grey(np.full((9, 9), 7, np.uint8), 32)[3, 3] == pytest.approx(7)


def test_the_square_is_of_the_lower_face_and_follows_it() -> None:
    x, y, side = lower_face((10, 20, 50, 60))
    assert (x, y, side) == (30, 48, 28) and y + side / 2 > 60  # the chin and a little below it
    track = Track()
    assert track.follow((10, 20, 50, 60)) == (30, 48, 28)
    moved = [track.follow((20, 20, 60, 60))[0] for _ in range(20)]
    assert 30 < moved[0] < moved[1] < 40 and moved[-1] == pytest.approx(40, abs=0.1)


def test_a_square_is_cut_out_and_reaches_over_the_edge() -> None:
    frame = np.arange(12)[:, None, None] * 10 + np.arange(10)[:, None] + np.zeros(3, int)
    assert cut(frame, (5, 6, 4))[..., 0].tolist() == [
        [43, 44, 45, 46], [53, 54, 55, 56], [63, 64, 65, 66], [73, 74, 75, 76],
    ]  # fmt: skip
    assert cut(frame, (9.5, 11.5, 3))[..., 0].tolist() == [[108, 109, 109], *2 * [[118, 119, 119]]]
    assert cut(frame, (5, 5, 0.2)).shape == (1, 1, 3)
    for middle in np.arange(4, 6, 0.25):
        for side in (3, 4):
            (columns,) = np.unique(cut(frame, (middle, 6, side))[..., 0] % 10, axis=0)
            assert (np.diff(columns) == 1).all(), f"a column twice or left out about {middle}"


def test_a_stream_gives_the_rows_of_the_last_time() -> None:
    watch = Watch(Echo(), AUDIOVISUAL)
    for t in range(len(FILM)):
        answer = watch.look(SOUND[640 * t : 640 * (t + 1)], FILM[t])
    late = np.concatenate([np.zeros(80), SOUND])[: len(SOUND)]  # 5 ms
    heard = normalize(levels(late, AUDIOVISUAL)[50:], AUDIOVISUAL)
    seen = standardized(np.stack([grey(picture, 32) for picture in FILM[-COUNT:]]))
    wanted = rows(heard, seen)
    assert np.allclose(answer[:-1, :, 0], wanted[:-1], atol=1e-5)
    assert np.allclose(answer[-1, 80:, 0], wanted[-1, 80:], atol=1e-5)


def test_the_first_picture_has_an_answer_and_stands_for_those_before_it() -> None:
    first = Watch(Echo(), AUDIOVISUAL).look(np.zeros(640), FILM[0])
    assert np.ptp(first[:, 80:, 0], axis=0).max() == 0 and (first[:, :80] == -2).all()


def test_a_stream_wants_the_sound_of_each_picture() -> None:
    with pytest.raises(ValueError, match="600 samples with a picture, want 640"):
        Watch(Echo(), AUDIOVISUAL).look(np.zeros(600), FILM[0])


def test_a_bench_can_time_the_front_end() -> None:
    name, work = front_end_work(AUDIOVISUAL)
    made = work()
    assert name.startswith("numpy") and isinstance(made, np.ndarray) and made.shape == (COUNT, 1104)
