"""Talking clips in memory: the lower face of every picture, and the sound of its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device.backends.audiovisual import Track
from device.front_end import AUDIOVISUAL
from generate.clip import SAMPLE_RATE_HZ, Clip
from generate.progress import Progress
from generate.shards import Dataset
from train_edge.data import voice_name
from train_edge.faces import Floats, Pixels, square
from train_edge.models.talknet import PICTURES
from train_edge.spectra import Spectra, gather

FILM_PX = 48
"""Side of a picture in memory."""
ROOM = 1.5
"""Side of a picture in memory, in sides of the square that the model sees."""
FACING_DEG = 25.0
"""A head turned less than this from the camera, yaw and pitch together, faces it."""
UPPER, LOWER, CORNERS = [61, 62, 63], [67, 66, 65], (48, 54)
"""Landmarks of the inner lips, one above the other, and of the corners of the mouth."""
MOUTH, LEAST_SEEN = slice(48, 68), 0.5
"""Landmarks of the mouth, and the share of them that must be seen."""
EACH = round(SAMPLE_RATE_HZ / AUDIOVISUAL["rate_hz"])
"""Samples in the time of one picture."""


@dataclass(frozen=True)
class Spoken:
    """The sound of T pictures' time, and what made it."""

    audio: Floats
    """(T * 640,) in -1..1."""
    speaking: NDArray[np.bool_]
    """(T,) whether the child speaks."""
    mouth: Floats
    """(T, 2) how far the lips are apart and how wide they are, as `mouth_of` has it."""
    voice: str
    """Who speaks: engine:voice."""

    def __len__(self) -> int:
        return len(self.speaking)


@dataclass(frozen=True)
class Film(Spoken):
    """One clip of T pictures."""

    pictures: Pixels
    """(T, 48, 48) grey, the tracked square of the lower face in the middle, ROOM times as wide."""
    facing: NDArray[np.bool_]
    """(T,) whether its head is turned to the camera."""
    seen: NDArray[np.bool_]
    """(T,) whether most of the mouth is; behind a hand nobody can tell who speaks."""
    arkit: Floats
    """(T, 52) curves of the face."""


def load_films(dataset: Dataset, numbers: Sequence[int]) -> list[Film]:
    """Read clips as long as the model sees at least; ValueError where not two have speech."""
    films: list[Film] = []
    progress = Progress(len(numbers), "read")
    for count, clip in enumerate(dataset.clips(numbers=numbers)):
        _check(dataset, clip)
        if clip.frames is not None and len(clip.frames) >= PICTURES:
            films.append(film_of(clip))
        progress.update(count + 1)
    progress.close()
    if sum(bool(film.speaking.any()) for film in films) < 2:
        raise ValueError(
            f"data set {dataset.folder}: fewer than two talking clips of a second; want `talk`"
        )
    return films


def film_of(clip: Clip) -> Film:
    """The lower face, tracked as the toy does it, and the sound of one clip."""
    assert clip.frames is not None and clip.audio is not None
    track, pictures = Track(), []
    for frame, box in zip(clip.frames, clip.labels["face_box_px"], strict=True):
        x, y, side = track.follow([float(value) for value in box])
        middle = np.array([x, y], np.float32)
        cut = square(frame, middle, side * ROOM, FILM_PX)[0]
        pictures.append(cut.mean(2).round().astype(np.uint8))
    return Film(
        audio=fitted_sound(clip.audio, len(pictures)),
        speaking=clip.labels["speaking"] > 0,
        mouth=mouth_of(clip.labels["landmarks_px"]),
        voice=voice_name(clip),
        pictures=np.stack(pictures),
        facing=facing_of(clip.labels["head_pose_deg"]),
        seen=clip.labels["landmarks_visible"][:, MOUTH].mean(1) > LEAST_SEEN,
        arkit=clip.labels["arkit"],
    )


def fitted_sound(audio: NDArray[np.int16], count: int) -> Floats:
    """Sound (N,) of 16 bits as (count * 640,) in -1..1, the time of `count` pictures."""
    fitted = np.zeros(count * EACH, np.float32)
    fitted[: len(audio)] = audio[: len(fitted)].astype(np.float32) / np.float32(32768)
    return fitted


def mouth_of(points: Floats) -> Floats:
    """Shape of the lips (T, 2) of landmarks (T, 68, 2): about 0 to 2, and about -1 to 1.

    Distance of the inner lips in tenths of the face, and distance of the corners in twentieths of
    it from its median over the clip, which is the person's own.
    """
    side = np.ptp(points, axis=1).max(1)
    apart = np.linalg.norm(points[:, UPPER] - points[:, LOWER], axis=2).mean(1) / side
    wide = np.linalg.norm(points[:, CORNERS[0]] - points[:, CORNERS[1]], axis=1) / side
    return np.stack([10 * apart, 20 * (wide - np.median(wide))], 1).astype(np.float32)


def facing_of(pose_deg: Floats) -> NDArray[np.bool_]:
    """Whether heads of pose (T, 3), yaw, pitch and roll in degrees, are turned to the camera."""
    turned: NDArray[np.bool_] = np.hypot(pose_deg[:, 0], pose_deg[:, 1]) <= FACING_DEG
    return turned


def sounds_of(spoken: Sequence[Spoken]) -> Spectra:
    """The sounds of films or voices, two frames a picture."""
    return gather([one.audio for one in spoken], [0] * len(spoken), [one.voice for one in spoken])


def _check(dataset: Dataset, clip: Clip) -> None:
    rate_hz = float(clip.facts["rate_hz"])
    if clip.frames is not None and len(clip.frames) > 1 and rate_hz != AUDIOVISUAL["rate_hz"]:
        raise ValueError(
            f"data set {dataset.folder}: {rate_hz:g} pictures a second, want "
            f"{AUDIOVISUAL['rate_hz']:g}; generate it with --rate-hz {AUDIOVISUAL['rate_hz']:g}"
        )
    if clip.frames is not None and clip.audio is None:
        raise ValueError(f"data set {dataset.folder}: has no sound; want `talk`")
