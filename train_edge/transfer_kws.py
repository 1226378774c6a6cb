"""The speech side of a transfer report: what each arm reads, and the scores of its network.

Sounds of the real folder are read here for training (`heard`, by the arms that say so) and for
testing (`heard_features`), and nowhere else in training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from device.backends.frontend import logmel
from device.files import sha256_of
from generate.clip import SAMPLE_RATE_HZ
from generate.progress import Progress
from generate.shards import digest_of
from train_edge.data import SILENCE, UNKNOWN, class_names, keywords, load_both, open_clips, split
from train_edge.kws_task import KwsTask, share_out, synthetic_task
from train_edge.options import Options
from train_edge.real_folders import SPEECH, load_sound, one_second, read_manifest
from train_edge.spectra import Spectra, gather, joined
from train_edge.transfer import Training, seeded, twins
from train_edge.transfer_page import notes_of, told
from train_edge.transfer_result import Truth, figures
from train_edge.transfer_tables import Told

REAL_SHARE = 0.3
"""Share of a word's draws in training that are real, in the arms synthetic+k."""
BATCH = 256
SHORTEST = 4 * SAMPLE_RATE_HZ // 50
"""Samples that a sound is padded to, at least: four frames."""


class Speech:
    """A data set of words and a folder of real recordings.

    ValueError where a file of the folder cannot be used, before anything is trained.
    """

    who = "speaker"

    def __init__(self, preset: str, options: Options, data: str | Path, real: Path) -> None:
        if options.teachers:
            raise ValueError("--teachers: each arm learns from its own material; leave it out")
        self.preset, self.data, self.real = preset, data, real
        self.dataset = open_clips(data, "audio")
        self.words = options.words or keywords(self.dataset)
        self.labels = class_names(self.words)
        self.rows = read_manifest(real)
        self.people = tuple(row.speaker for row in self.rows)
        self.classes = tuple(r.label if r.label in self.labels else UNKNOWN for r in self.rows)
        if not set(self.classes) & set(self.words):
            known = ", ".join(self.words)
            raise ValueError(f"{real / SPEECH}: no label is one of the data set's words: {known}")
        if len(set(self.classes)) == 1:
            only = f"every recording counts as {self.classes[0]!r}"
            raise ValueError(f"{real / SPEECH}: {only}; want at least two labels to tell apart")
        self.hashes = [sha256_of(row.path) for row in self.rows]
        self._check_twins()
        self._made: tuple[Spectra, Spectra] | None = None
        self._features: NDArray[np.float32] | None = None

    def foreign(self) -> list[str]:
        """Labels of the folder that are no word of the data set and count as unknown."""
        return sorted({row.label for row in self.rows} - set(self.labels))

    def words_of(self, training: Training) -> tuple[str, ...]:
        """Words that a training can learn: real-trained, those that the other people say."""
        if training.synthetic:
            return self.words
        said = {self.classes[k] for k in training.real}
        return tuple(word for word in self.words if word in said)

    def check(self) -> None:
        """Read every recording; ValueError names the first that cannot be used."""
        self.heard_features()

    def why_not(self, training: Training) -> str:
        """Why a training has no word to learn; empty where it has one."""
        if self.words_of(training):
            return ""
        return f"without {', '.join(training.without)} the real folder has none of the words"

    def recipe(self, training: Training, options: Options) -> Options:
        """The recipe is the same in all arms."""
        return seeded(options, training)

    def material(self, training: Training) -> dict[str, Any]:
        """Hashes of everything that a training reads."""
        real = [[self.hashes[k], self.classes[k], self.people[k]] for k in training.real]
        digest = digest_of(self.data) if training.synthetic else ""
        return {"words": self.words, "data": digest, "real": real, "share": REAL_SHARE}

    def task(self, training: Training, options: Options) -> KwsTask:
        """Read what a training is trained on, and nothing else."""
        if not training.synthetic:
            words = self.words_of(training)
            sounds = self.heard(training.real, words)
            # Nothing is held out: no choice hangs on it, and the upper bound shall be one.
            return KwsTask(options, words, sounds, sounds)
        kept, held = self._synthetic()
        if not training.real:
            return synthetic_task(options, self.words, kept, held)
        real = self.heard(training.real, self.words)
        task = synthetic_task(options, self.words, joined(kept, real), held)
        share_out(task, np.arange(len(kept), len(kept) + len(real)), REAL_SHARE)
        return task

    def sample_task(self, options: Options) -> KwsTask:
        """A task of noises, as long as words are."""
        rng = np.random.default_rng(0)
        sounds = [rng.normal(0, 0.1, 9600).astype(np.float32) for _ in self.words]
        spectra = gather(sounds, list(range(len(self.words))), ["noise"] * len(self.words))
        return KwsTask(options, self.words, spectra, spectra)

    def heard(self, rows: Sequence[int], words: tuple[str, ...]) -> Spectra:
        """Real recordings to train on; of one longer than a second the loudest second."""
        labels, sounds = class_names(words), []
        for row in rows:
            sound = load_sound(self.rows[row].path)
            sound = sound if len(sound) <= SAMPLE_RATE_HZ else one_second(sound)
            sounds.append(np.pad(sound, (0, max(0, SHORTEST - len(sound)))))
        classes = [labels.index(self.classes[row]) for row in rows]
        return gather(sounds, classes, [self.people[row] for row in rows])

    def heard_features(self) -> NDArray[np.float32]:
        """Log-mel (K, L, mel) of every real recording, to test on; read once."""
        if self._features is None:
            progress, parts = Progress(len(self.rows), "read", "recording"), []
            for count, row in enumerate(self.rows):
                sound = one_second(load_sound(row.path))
                parts.append(logmel(sound[None], KwsTask.front_end)[0])
                progress.update(count + 1)
            progress.close()
            self._features = np.stack(parts).astype(np.float32)
        return self._features

    def answers(
        self, module: nn.Module, labels: tuple[str, ...], rows: Sequence[int]
    ) -> NDArray[np.float32]:
        """Softmax scores (n, C) over the data set's classes; 0 for one that the network lacks."""
        features = torch.from_numpy(self.heard_features()[np.asarray(rows)])[:, None]
        with torch.no_grad():
            parts = [module(part).softmax(1).numpy() for part in torch.split(features, BATCH)]
        scores = np.zeros((len(rows), len(self.labels)), np.float32)
        scores[:, [self.labels.index(label) for label in labels]] = np.concatenate(parts)
        return scores

    def tell(
        self,
        options: Options,  # noqa: ARG002
        trainings: Sequence[Training],  # noqa: ARG002
        answers: Mapping[str, NDArray[np.float32]],
        out: Path,  # noqa: ARG002
    ) -> Told:
        """Figures and page from the scores of the arms."""
        result = figures(Truth(self.labels, self.classes, self.people), answers)
        return told(result | {"notes": notes_of(result, self.foreign())})

    def _synthetic(self) -> tuple[Spectra, Spectra]:
        if self._made is None:
            kept, held = split(self.dataset)
            self._made = load_both(self.dataset, kept, held, self.words)
        return self._made

    def _check_twins(self) -> None:
        """ValueError where one recording is given to two speakers: the arms would not be apart."""
        spoken = [row for row, name in enumerate(self.classes) if name != SILENCE]
        both = twins([self.hashes[k] for k in spoken], [self.people[k] for k in spoken])
        if both:
            first, second = (self.rows[spoken[k]] for k in both)
            names = [row.path.relative_to(self.real) for row in (first, second)]
            raise ValueError(
                f"{self.real / SPEECH}: {names[0]} and {names[1]} are the same recording, of "
                f"{first.speaker} and {second.speaker}"
            )
