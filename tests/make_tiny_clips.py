"""Tiny data sets and real-looking folders for the tests of training: chirps and drawn faces.

Chirps named low, high and rise can be told apart; drawn faces have exact landmarks.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import soundfile
from numpy.typing import NDArray

from generate.clip import FACTS, Clip
from generate.dataset_ends import finish, write_header
from generate.shard_names import shard_name
from generate.shards import write_shard
from generate.spec import ARKIT

WORDS = {"low": (300.0, 300.0), "high": (1800.0, 1800.0), "rise": (300.0, 1800.0)}
"""Start and end of the chirp of each word, Hz."""


def words_data(folder: Path, clips: int = 24, extra: tuple[str, ...] = ("unknown",)) -> Path:
    """A `words` data set of chirps; `extra` keywords are noise bursts."""
    names = (*WORDS, *extra)
    made = [word_clip(number, names[number % len(names)]) for number in range(clips)]
    return write(folder, made, {"words": list(WORDS)})


def faces_data(folder: Path, clips: int = 24, size_px: int = 128) -> Path:
    """A `stills` data set of drawn faces, two of each child."""
    made = [face_clip(number, size_px) for number in range(clips)]
    return write(folder, made, {"child_stills": 2})


def talks_data(folder: Path, clips: int = 12) -> Path:
    """A `talk` data set of drawn faces whose mouth opens with the loudness of their own noise."""
    return write(folder, [talk_clip(number) for number in range(clips)], {})


def write(folder: Path, clips: list[Clip], options: dict[str, Any]) -> Path:
    """One shard and its index."""
    folder.mkdir(parents=True, exist_ok=True)
    write_header(folder, options, {})
    write_shard(folder / shard_name(0), clips)
    finish(folder, options, {}, 1)
    return folder


def facts(key: str) -> dict[str, Any]:
    """Facts of an empty clip."""
    empty: dict[str, Any] = dict.fromkeys(FACTS, "")
    empty |= {"key": key, "n_frames": 0, "n_samples": 0, "provenance": {"synthetic": True}}
    empty |= {"age_years": 5.0, "rate_hz": 0.0, "skin_tone": 3, "emotion_intensity": 0.0}
    return (
        empty
        | {"ancestry": [0, 0, 1]}
        | {name: {} for name in ("look", "voice", "scene", "camera", "light", "pseudo")}
    )


def word_clip(number: int, word: str) -> Clip:
    """0.7 s with a chirp of 0.3 to 0.5 s in it."""
    rng = np.random.default_rng(number)
    length = int(rng.uniform(0.3, 0.5) * 16000)
    sound = chirp(word, length, rng)
    audio = np.zeros(11200, np.float32)
    start = int(rng.integers(0, 11200 - length))
    audio[start : start + length] = sound
    labels = {
        "phoneme": np.array(["a"]), "phoneme_s": np.zeros((1, 2), np.float32),
        "word": np.array([word]),
        "word_s": np.array([[start, start + length]], np.float32) / 16000,
    }  # fmt: skip
    body = facts(f"word-{number:08d}") | {"keyword": word, "n_samples": len(audio)}
    body["voice"] = {"engine": "chirp", "voice": f"en+{number % 4}"}
    return Clip(body["key"], body, labels, None, np.round(audio * 32767).astype(np.int16))


def chirp(word: str, length: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """The sound of a word, (length,) in -1..1; noise for a word that is not in WORDS."""
    if word not in WORDS:
        return np.asarray(rng.normal(0, 0.1, length), np.float32)
    low, high = np.array(WORDS[word]) * rng.uniform(0.9, 1.1)
    phase = 2 * np.pi * np.cumsum(np.linspace(low, high, length)) / 16000
    return np.asarray(0.4 * np.sin(phase) * np.hanning(length), np.float32)


def face_clip(number: int, size_px: int) -> Clip:
    """One drawn face somewhere in the picture."""
    rng = np.random.default_rng(number)
    face_px = size_px * rng.uniform(0.35, 0.5)
    turn = np.deg2rad(rng.normal(0, 8))
    matrix = face_px * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = shape() @ matrix.T + size_px / 2 + rng.normal(0, 4, 2)
    picture = draw(points, size_px, rng)
    labels: dict[str, NDArray[Any]] = {
        "landmarks_px": points[None].astype(np.float32),
        "landmarks_visible": np.ones((1, 68), np.uint8),
        "contour_px": points[None, :17].astype(np.float32),
        "landmarks_mm": np.zeros((1, 68, 3), np.float32),
        "head_pose_deg": np.array([[0, 0, np.rad2deg(turn)]], np.float32),
        "head_position_mm": np.zeros((1, 3), np.float32),
        "gaze_deg": np.zeros((1, 2), np.float32),
        "arkit": np.zeros((1, 52), np.float32),
        "face_box_px": np.array([[*points.min(0), *points.max(0)]], np.float32),
        "parts": np.zeros((1, size_px, size_px), np.uint8),
        "speaking": np.zeros(1, np.uint8),
    }
    body = facts(f"still-{number:08d}") | {"n_frames": 1}
    return Clip(body["key"], body, labels, picture[None])


def talk_clip(number: int, size_px: int = 64) -> Clip:
    """Two to three seconds: quiet, syllables, quiet; every other child looks away."""
    rng = np.random.default_rng(number)
    count, begin = int(rng.integers(55, 75)), int(rng.integers(8, 24))
    end = count - int(rng.integers(4, 16))
    knots = rng.uniform(0, 1, count // 4 + 2) ** 2
    opened = np.interp(np.arange(count) / 4, np.arange(len(knots)), knots)
    opened[:begin], opened[end:] = 0, 0
    loud = np.repeat(opened, 640)[: 640 * count - 100] ** 2
    audio = loud * rng.normal(0, 0.2, len(loud)) + rng.normal(0, 1e-4, len(loud))
    points = np.repeat((shape() * size_px * 0.7 + size_px / 2)[None], count, 0)
    points[:, 54:60, 1] += opened[:, None] * size_px * 0.2
    frames = np.stack([draw(p, size_px, np.random.default_rng(number)) for p in points])
    stills = face_clip(number, size_px).labels
    labels = {name: np.repeat(values, count, 0) for name, values in stills.items()}
    labels["arkit"][:, ARKIT.index("jawOpen")] = opened
    lips = points.astype(np.float32)
    lips[:, 65:68, 1] = lips[:, 61:64, 1] + (1 + opened[:, None] * size_px * 0.2)
    labels["landmarks_px"] = lips
    labels["head_pose_deg"] = np.full((count, 3), 30.0 * (number % 2), np.float32)
    labels["face_box_px"] = np.tile(
        np.concatenate([points[0].min(0), points[0].max(0)]), (count, 1)
    ).astype(np.float32)
    labels["speaking"] = ((np.arange(count) >= begin) & (np.arange(count) < end)).astype(np.uint8)
    labels |= {
        "phoneme": np.array(["a"]), "phoneme_s": np.array([[begin, end]], np.float32) / 25,
        "word": np.array(["la"]), "word_s": np.array([[begin, end]], np.float32) / 25,
    }  # fmt: skip
    body = facts(f"talk-{number:08d}") | {"n_frames": count, "n_samples": len(audio)}
    body |= {"rate_hz": 25.0, "voice": {"engine": "noise", "voice": f"en+{number % 4}"}}
    sound = np.round(np.clip(audio, -1, 1) * 32767).astype(np.int16)
    return Clip(body["key"], body, labels, frames, sound)


def shape() -> NDArray[np.float64]:
    """68 points (68, 2) of a plain face, about -0.5 to 0.5, y down."""
    angle = np.linspace(0, np.pi, 17)
    jaw = np.stack([-0.45 * np.cos(angle), 0.55 * np.sin(angle) - 0.05], 1)
    brow = np.stack([np.linspace(-0.35, -0.1, 5), np.full(5, -0.25)], 1)
    bridge = np.stack([np.zeros(4), np.linspace(-0.12, 0.1, 4)], 1)
    nostrils = np.stack([np.linspace(-0.08, 0.08, 5), np.full(5, 0.14)], 1)
    lid = np.array([[-0.28, 0], [-0.23, -0.03], [-0.17, -0.03], [-0.12, 0], [-0.17, 0.03], [-0.23, 0.03]])  # fmt: skip  # noqa: E501
    eye = lid + [0, -0.12]
    mirrored = eye[[3, 2, 1, 0, 5, 4]] * [-1, 1]
    turn = np.pi + np.linspace(0, 2 * np.pi, 12, endpoint=False)
    outer = np.stack([0.17 * np.cos(turn), 0.28 + 0.07 * np.sin(turn)], 1)
    turn = np.pi + np.linspace(0, 2 * np.pi, 8, endpoint=False)
    inner = np.stack([0.12 * np.cos(turn), 0.28 + 0.03 * np.sin(turn)], 1)
    return np.concatenate(
        [jaw, brow, brow[::-1] * [-1, 1], bridge, nostrils, eye, mirrored, outer, inner]
    )


def draw(points: NDArray[np.float64], size_px: int, rng: np.random.Generator) -> Any:
    """A picture (S, S, 3) of a face with these points before a plain wall."""
    picture = np.full((size_px, size_px, 3), rng.integers(0, 120, 3), np.uint8)
    parts = ((range(17), (225, 180, 150)), (range(36, 42), (255, 255, 255)),
             (range(42, 48), (255, 255, 255)), (range(48, 60), (190, 60, 70)))  # fmt: skip
    for numbers, colour in parts:
        outline = np.round(points[list(numbers)] * 16).astype(np.int32)
        cv2.fillPoly(picture, [outline], colour, cv2.LINE_AA, shift=4)
    return picture


def speech_folder(folder: Path, rate_hz: int = 8000, clips: int = 12) -> Path:
    """manifest.csv and wav files of chirps at another rate."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(clips):
        word = list(WORDS)[number % 3]
        sound = chirp(word, 6000, np.random.default_rng(900 + number))[:: 16000 // rate_hz]
        soundfile.write(folder / f"{number}.wav", sound, rate_hz)
        rows.append((f"{number}.wav", word, f"s{number % 2}"))
    table(folder / "manifest.csv", ("file", "label", "speaker"), rows)
    return folder


def faces_folder(folder: Path, clips: int = 6, people: int = 0) -> Path:
    """landmarks.csv and images/ of square crops around drawn faces, by default one of a person."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(clips):
        rng = np.random.default_rng(500 + number)
        side = int(rng.integers(80, 180))
        points = shape() * side * 0.5 + side / 2
        cv2.imwrite(str(folder / "images" / f"{number}.png"), draw(points, side, rng)[..., ::-1])
        person = f"p{number % people if people else number}"
        rows.append((f"{number}.png", person, "test", *points.ravel().round(3)))
    names = [f"{axis}{k}" for k in range(68) for axis in "xy"]
    table(folder / "landmarks.csv", ("file", "person", "split", *names), rows)
    return folder


def table(path: Path, columns: Any, rows: list[Any]) -> None:
    """Write a CSV file."""
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
