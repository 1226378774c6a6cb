"""Models against data: clips, recordings of real speech, real faces. Nothing here trains."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.stamp import make_stamp
from device.strict import encode
from generate.face_outputs import LABELS, points_of
from generate.progress import Progress
from generate.shards import Dataset, digest_of
from generate.store import Location, locate, sizes
from train_edge.data import SILENCE, UNKNOWN, cut_word, open_clips, split
from train_edge.evaluate_find import score_find, score_folder, show_clips
from train_edge.evaluate_talking import score_films
from train_edge.evaluate_voice import score_voices
from train_edge.face_groups import by_group
from train_edge.face_scores import head_scores
from train_edge.faces import VIEW, face_square, frames_of, square, truth_of
from train_edge.metrics import confusion, landmark_error, summary
from train_edge.predictor import Predictor
from train_edge.real_folders import (
    FACES,
    SPEECH,
    check_inside,
    load_image,
    load_sound,
    one_second,
    read_landmarks,
    read_manifest,
)
from train_edge.talking_clips import load_films
from train_edge.tasks import WANT

BATCH = 64
KIND = {SPEECH: ("kws",), FACES: ("face", "find")}
"""Table of a real folder to the tasks that it tests."""


@dataclass(frozen=True)
class Heard:
    """Sounds to name."""

    sounds: NDArray[np.float32]
    """(K, 16000) at 16 kHz, -1..1."""
    labels: list[str]
    speakers: list[str]


@dataclass(frozen=True)
class Seen:
    """Square face crops."""

    pictures: list[NDArray[np.uint8]]
    """(H, W, 3) RGB each."""
    points: NDArray[np.float64]
    """(K, 68, 2) px of each crop."""
    clips: tuple[int, ...] = ()
    """(K) number of the clip that each is of; empty for a real folder."""
    truth: NDArray[np.float32] | None = None
    """(K, TRUTH) as in face_outputs.py; null for a real folder."""


def evaluate(model: Predictor, folder: str | Location, held_out: bool = False) -> dict[str, Any]:
    """Figures of a model on a folder, as ARCHITECTURE "Result files" names them.

    `held_out` takes about one clip in ten of a data set only; so does a data set that a run was
    trained on. `pseudo_labels` is there where networks told what is compared with. ValueError where
    folder and model do not fit.
    """
    place = locate(folder)
    kind, pseudo, real = _kind(place, model), "", Path(str(place))
    if kind == "clips":
        dataset = open_clips(place, WANT[model.task], model.task != "face")
        pseudo = dataset.pseudo
        numbers = _numbers(dataset, model, held_out)
        if model.task == "kws":
            scores = score_words(model, hear_clips(dataset, numbers, model.labels))
        elif model.task == "voice":
            scores = score_voices(model, dataset, numbers)
        elif model.task == "find":
            scores = score_find(model, show_clips(dataset, numbers))
        elif model.task == "talking":
            films = load_films(dataset, numbers)
            scores = score_films(lambda rows: model.run(rows[..., None]), films)
        else:
            scores = score_faces(model, see_clips(dataset, numbers), dataset.rows)
    elif model.task == "kws":
        scores = score_words(model, hear_folder(real, model.labels))
    elif model.task == "find":
        scores = score_folder(model, real)
    else:
        scores = score_faces(model, see_folder(real))
    made_of = "synthetic" if kind == "clips" else "real"
    told = {"pseudo_labels": pseudo} if pseudo else {}
    return {"task": model.task, "data": made_of} | told | scores | {"stamp": encode(make_stamp())}


def score_words(model: Predictor, heard: Heard) -> dict[str, Any]:
    """Accuracy by argmax over those classes of the model that the labels name."""
    classes = [label for label in model.labels if label in heard.labels]
    if len(classes) < len(model.labels):
        left_out = ", ".join(label for label in model.labels if label not in classes)
        _say(f"answers are taken among {', '.join(classes)}; no test clip is {left_out}")
    columns = [model.labels.index(label) for label in classes]
    parts = np.array_split(heard.sounds, -(-len(heard.sounds) // BATCH))
    outputs = _each(model.hear, parts)[:, columns]
    found = outputs.argmax(1)
    truth = np.array([classes.index(label) for label in heard.labels])
    right, speakers = found == truth, np.array(heard.speakers)
    return {
        "n": len(truth),
        "accuracy": float(right.mean()),
        "by_speaker": {s: float(right[speakers == s].mean()) for s in sorted(set(heard.speakers))},
        "confusion": {"labels": classes, "counts": confusion(truth, found, len(classes))},
    }


def score_faces(
    model: Predictor, seen: Seen, rows: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Landmark errors over the distance of the outer eye corners, and of all else that is known.

    rows: facts of the clips, for `by_group`. `heads` (face_scores.head_scores) is there for clips
    and a model with all outputs.
    """
    cuts = range(0, len(seen.pictures), BATCH)
    outputs = _each(model.see, [seen.pictures[i : i + BATCH] for i in cuts])
    sizes = np.array([[picture.shape[1], picture.shape[0]] for picture in seen.pictures])
    found = points_of(outputs) * sizes[:, None]
    error = landmark_error(found, seen.points)
    scores: dict[str, Any] = {"n": len(found)} | summary(error)
    if seen.truth is not None and model.labels == LABELS:
        scores["heads"] = head_scores(outputs, seen.truth)
    if rows:
        scores["by_group"] = by_group(error.mean(1), [rows[number] for number in seen.clips])
    return scores


def hear_folder(folder: Path, labels: tuple[str, ...]) -> Heard:
    """Recordings of a speech folder; rows whose label the model does not have are left out."""
    rows = read_manifest(folder)
    known = [row for row in rows if row.label in labels]
    if not known:
        raise ValueError(
            f"{folder / SPEECH}: no label is one of the model's, which are {', '.join(labels)}"
        )
    if len(known) < len(rows):
        foreign = ", ".join(sorted({row.label for row in rows} - set(labels)))
        _say(f"left out {len(rows) - len(known)} of {len(rows)} rows, not in the model: {foreign}")
    sounds = [one_second(load_sound(row.path)) for row in known]
    return Heard(np.stack(sounds), [row.label for row in known], [row.speaker for row in known])


def hear_clips(dataset: Dataset, numbers: list[int], labels: tuple[str, ...]) -> Heard:
    """Sounds of clips with a keyword; words that the model does not have count as unknown."""
    heard = Heard(np.zeros((0, 16000), np.float32), [], [])
    sounds = []
    for clip in dataset.clips(("audio", "labels"), numbers):
        if clip.audio is None or not clip.facts["keyword"]:
            continue
        keyword = clip.facts["keyword"]
        sounds.append(one_second(cut_word(clip, keyword)))
        heard.labels.append(keyword if keyword in labels else UNKNOWN)
        heard.speakers.append(_accent(clip.facts["voice"]))
    if not set(heard.labels) - {UNKNOWN, SILENCE}:
        raise ValueError(
            f"data set {dataset.folder}: no clip says one of the model's words: {', '.join(labels)}"
        )
    return Heard(np.stack(sounds), heard.labels, heard.speakers)


def see_folder(folder: Path) -> Seen:
    """Crops of a face folder."""
    rows = read_landmarks(folder)
    pictures = [load_image(row.path) for row in rows]
    for row, picture in zip(rows, pictures, strict=True):
        check_inside(row, picture.shape[1], picture.shape[0])
    unlisted = {path.name for path in (folder / "images").iterdir()} - {r.path.name for r in rows}
    if unlisted:
        _say(f"left out {len(unlisted)} files of {folder / 'images'} without a row in {FACES}")
    return Seen(pictures, np.stack([row.points for row in rows]))


def see_clips(dataset: Dataset, numbers: list[int]) -> Seen:
    """Crops around the faces of clips, as wide as those of real folders."""
    pictures, points, clips, truth = [], [], [], []
    for number, clip in zip(numbers, dataset.clips(("frames", "labels"), numbers), strict=True):
        for t, landmarks in frames_of(clip):
            middle, side = face_square(landmarks)
            assert clip.frames is not None
            picture, to_crop = square(clip.frames[t], middle, side * VIEW, round(side * VIEW))
            pictures.append(picture)
            points.append(landmarks @ to_crop[:, :2].T + to_crop[:, 2])
            clips.append(number)
            truth.append(truth_of(clip, t))
    if not pictures:
        raise ValueError(f"data set {dataset.folder}: no frame shows a face")
    points_px = np.stack(points).astype(np.float64)
    return Seen(pictures, points_px, tuple(clips), np.stack(truth))


def _kind(folder: Location, model: Predictor) -> str:
    """clips, or the table of a real folder; ValueError where it is neither or of another task."""
    if not folder.is_dir():
        raise ValueError(f"--data {folder}: no such folder")
    if "dataset.json" in sizes(folder):
        return "clips"
    if not isinstance(folder, Path):
        raise ValueError(f"--data {folder}: no dataset.json in it; real data is read from a folder")
    for name, tasks in KIND.items():
        if (folder / name).is_file():
            if model.task not in tasks:
                fit = " and ".join(tasks)
                raise ValueError(f"{folder} is for {fit} ({name}), {model.name} is {model.task}")
            return name
    raise ValueError(f"--data {folder}: has none of dataset.json, {SPEECH}, {FACES}")


def _numbers(dataset: Dataset, model: Predictor, held_out: bool) -> list[int]:
    own = model.trained_on == digest_of(dataset.folder)
    if not (own or held_out):
        return list(range(len(dataset)))
    numbers = split(dataset)[1]
    _say(f"only the {len(numbers)} held-out clips of {dataset.folder}")
    return numbers


def _each(ask: Any, parts: list[Any]) -> NDArray[np.float32]:
    progress = Progress(len(parts), "evaluate", "batch")
    answers = []
    for count, part in enumerate(parts):
        answers.append(ask(part))
        progress.update(count + 1)
    progress.close()
    return np.concatenate(answers)


def _accent(voice: dict[str, Any]) -> str:
    """Voices of a data set by accent: one variant alone says too few words to score."""
    return str(voice.get("voice", "") or "none").split("+")[0]


def _say(text: str) -> None:
    print(text, file=sys.stderr)
