"""The tasks by name: data to task, labels to network, run to calibration inputs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from generate.shards import Dataset
from generate.store import Location
from train_edge import face_task, find_task, networks, talking_task, voice_task
from train_edge.data import cut_word, keywords, load_both, load_words, open_clips, split
from train_edge.face_store import load_faces
from train_edge.face_task import FaceTask
from train_edge.faces import both
from train_edge.find_cast import MOST, MOST_HELD
from train_edge.find_task import FindTask, load_casts
from train_edge.kws_task import KwsTask, synthetic_task
from train_edge.lips import load_lips
from train_edge.options import Options
from train_edge.real_folders import one_second
from train_edge.talking_clips import load_films
from train_edge.talking_task import TalkingTask
from train_edge.talking_voices import load_spoken
from train_edge.voice_task import VoiceTask
from train_edge.voices import load_voices

if TYPE_CHECKING:
    from train_edge.run import Run

WANT = {
    "kws": "audio", "face": "frames", "find": "frames", "voice": "audio", "talking": "frames",
}  # fmt: skip
BUILD: dict[str, Callable[[Options, tuple[str, ...]], nn.Module]] = {
    "kws": networks.build,
    "face": face_task.build,
    "find": find_task.build,
    "voice": networks.build,
    "talking": talking_task.build,
}
CALIBRATION_SEED = 77


class Task(Protocol):
    """What the loop needs of a task."""

    labels: tuple[str, ...]
    """Name of each output."""
    front_end: dict[str, object]
    """As in device/front_end.py."""

    def module(self) -> nn.Module:
        """The untrained network."""

    def batch(self, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        """A batch: "input" (B, C, H, W), and what `loss` needs."""

    def loss(self, outputs: Tensor, batch: dict[str, Tensor]) -> Tensor:
        """A scalar."""

    def validate(self, module: nn.Module) -> dict[str, float]:
        """Figures on the held-out clips, names beginning with val_."""


def make_task(options: Options, data: str | Path) -> Task:
    """Read a data set into memory for a task; ValueError where they do not fit."""
    dataset = open_clips(data, WANT[options.task], options.task != "face")
    kept, held = split(dataset)
    return _task(options, dataset, kept, held)


def _task(options: Options, dataset: Dataset, kept: list[int], held: list[int]) -> Task:
    if options.task == "kws":
        words = options.words or keywords(dataset)
        return synthetic_task(options, words, *load_both(dataset, kept, held, words))
    if options.task == "voice":
        heard = load_voices(dataset, kept, voice_task.HOUSES)
        return VoiceTask(options, heard, load_voices(dataset, held, voice_task.HELD_HOUSES))
    if options.task == "find":
        learned, tested = [(dataset, kept)], [(dataset, held)]
        if options.background:
            around = open_clips(options.background, "frames")
            behind = split(around)
            learned.append((around, behind[0]))
            tested.append((around, behind[1]))
        return FindTask(options, load_casts(learned, MOST), load_casts(tested, MOST_HELD))
    if options.task == "talking":
        return _talking(options, dataset, kept, held)
    return _face(options, dataset, kept, held)


def _face(options: Options, dataset: Dataset, kept: list[int], held: list[int]) -> FaceTask:
    """Faces, and those of another data set where the options name one."""
    faces = load_faces(dataset, kept)
    if options.background:
        more = open_clips(options.background, "frames", exact=False)
        faces = both(faces, load_faces(more, range(len(more))))
    return FaceTask(options, faces, load_faces(dataset, held))


def _talking(options: Options, dataset: Dataset, kept: list[int], held: list[int]) -> TalkingTask:
    """Films, and lips and voices of others where the options name some."""
    films, lips, unseen = load_films(dataset, kept), None, []
    if options.background:
        around = open_clips(options.background, "frames")
        lips = load_lips(around, split(around)[0])
    if options.voices:
        voices = open_clips(options.voices, "audio")
        unseen = load_spoken(voices, split(voices)[0], films)
    if len(held) > 1:
        return TalkingTask(options, films, load_films(dataset, held), lips, unseen)
    print(f"{dataset.folder}: too few clips to hold two out; validating on those it learns "
          "from", file=sys.stderr)  # fmt: skip
    return TalkingTask(options, films, films, lips, unseen)


def calibration_batch(run: Run, data: str | Location, count: int) -> NDArray[np.float32]:
    """`count` inputs as training saw them, in board layout (n, H, W, C), always the same ones.

    Drawn from at most `count` training clips of a data set, so that a large one is not read whole.
    kws, voice: (n, 50, 40, 1) log-mel; face: (n, 96, 96, 3); find: (n, 120, 160, 1); talking:
    (n, 40, 1104, 1).
    """
    dataset = open_clips(data, WANT[run.task], run.task != "face")
    some = _spread(split(dataset)[0], count)
    task: Task
    if run.task == "kws":
        words = run.labels[:-2]
        sounds = load_words(dataset, some, words, every=False)
        task = KwsTask(run.options, words, sounds, sounds)
    elif run.task == "voice":
        voices = load_voices(dataset, some, voice_task.HOUSES[:1])
        task = VoiceTask(run.options, voices, voices)
    elif run.task == "find":
        parts = [(dataset, some)]
        if run.options.background:
            around = open_clips(run.options.background, "frames")
            parts.append((around, _spread(split(around)[0], count)))
        cast = load_casts(parts, MOST)
        task = FindTask(run.options, cast, cast)
    elif run.task == "talking":
        films = load_films(dataset, some)
        task = TalkingTask(run.options, films, films)
    else:
        faces = load_faces(dataset, some)
        task = FaceTask(run.options, faces, faces)
    inputs = task.batch(np.random.default_rng(CALIBRATION_SEED), count)["input"]
    return np.ascontiguousarray(inputs.permute(0, 2, 3, 1).numpy())


def calibration_sounds(data: str | Location, count: int) -> NDArray[np.float32]:
    """Seconds of sound (n, 16000) in -1..1, n <= count, evenly drawn from the training clips."""
    dataset = open_clips(data, "audio")
    some = _spread(split(dataset)[0], count)
    clips = dataset.clips(("audio", "labels"), some)
    heard = [clip for clip in clips if clip.audio is not None and len(clip.audio)]
    return np.stack([one_second(cut_word(clip, clip.facts["keyword"])) for clip in heard])


def _spread(numbers: Sequence[int], count: int) -> list[int]:
    """At most `count` of the numbers, evenly spread over them."""
    picks = np.linspace(0, len(numbers) - 1, min(count, len(numbers))).astype(int)
    return [numbers[k] for k in picks]
