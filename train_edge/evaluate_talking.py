"""A talking model against clips, picture by picture: who speaks, by kind of what is no "yes".

Every clip is shown with its own sound, another child's, its own at another time, none, and noise
without speech, all under the same noise. Kinds are named by what eye and ear get at the picture
that is decided on. The accuracy is balanced twice: half of it is the share of speaking pictures
that are found, half the mean over the kinds of negatives of the share that is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.backends.audiovisual import rows, standardized
from device.backends.frontend import levels, normalize
from device.front_end import AUDIOVISUAL
from generate.progress import Progress
from generate.sound.noises import at_snr, excerpt
from train_edge.augment_film import plain
from train_edge.models.talknet import DECIDED, PICTURES, SIZE_PX
from train_edge.talking_clips import EACH, Film
from train_edge.voices import NOISES

NEGATIVES = {
    "still": "own sound, mouth still",
    "off-screen": "another voice, mouth still",
    "other voice": "another voice, mouth speaking",
    "shifted": "own sound 0.4 to 1.2 s early or late, mouth speaking",
    "silent mouth": "no sound, mouth speaking",
    "noise": "noise or music, mouth speaking",
}
"""Kind to what is heard and seen."""
HOUSE = 5000
"""Seed of what is drawn for evaluation: noises that training never heard."""
SNR_DB = (15.0, 40.0)
SHIFT = (10, 31)
"""Pictures by which a shifted sound is early or late, the last excluded: 0.4 to 1.2 s."""
STRIDE = 3
"""Pictures from one answer to the next."""
BATCH = 64
PICTURE_MS = 1000 / AUDIOVISUAL["rate_hz"]
BEHIND = PICTURES - DECIDED - 0.5
"""Pictures from the middle of the one that is decided on to the end of the second."""
LAGS = range(-5, 6)
Ask = Callable[[NDArray[np.float32]], NDArray[np.float32]]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Trial:
    """One film with a sound."""

    kind: str
    """own, other, shifted, none or noise."""
    film: Film
    sound: NDArray[np.float32]
    """(T * 640,) in -1..1."""
    audible: Bools
    """(T,) whether the sound is speech there."""


@dataclass(frozen=True)
class Answers:
    """What a model said about the decided pictures of a trial."""

    trial: Trial
    at: NDArray[np.int64]
    """(K,) numbers of the pictures."""
    outputs: NDArray[np.float32]
    """(K, 2)."""


def score_films(ask: Ask, films: Sequence[Film]) -> dict[str, Any]:
    """Accuracy over all kinds and of each, of facing the camera, and how far answers are behind.

    ask: rows (B, T, 80 + S S) -> outputs (B, 2). ValueError where nobody speaks.
    """
    found, progress = [], Progress(len(films), "evaluate", "clip")
    for number in range(len(films)):
        found += [answers(ask, trial) for trial in trials(films, number)]
        progress.update(number + 1)
    progress.close()
    kinds = by_kind(found)
    if "speaking" not in kinds:
        raise ValueError("nobody speaks in these clips after the first second; want `talk`")
    shares = {kind: float(right.mean()) for kind, right in kinds.items()}
    refused = {kind: shares[kind] for kind in NEGATIVES if kind in shares}
    silent = float(np.mean(list(refused.values())))
    return {
        "n": int(sum(map(len, kinds.values()))),
        "clips": len(films),
        "accuracy": (shares["speaking"] + silent) / 2,
        "speaking": shares["speaking"],
        "silent": silent,
        "negatives": refused,
        "facing": _facing(found),
        "behind_ms": _behind_ms(found),
    }


def trials(films: Sequence[Film], number: int) -> Iterator[Trial]:
    """Film `number` with each kind of sound; always the same ones.

    There is no sound of another voice where all films have the same.
    """
    rng = np.random.default_rng([HOUSE, number])
    film = films[number]
    count = len(film.audio)
    noise = excerpt(HOUSE, str(rng.choice(NOISES)), rng, count)
    snr_db = float(rng.uniform(*SNR_DB))
    around = [*films[number + 1 :], *films[:number]]
    others = [other for other in around if other.voice != film.voice]
    other = others[int(rng.integers(len(others)))] if others else None
    low, high = SHIFT
    high = min(high, len(film) - low + 1)  # the end comes round to the begin, as far away
    shift = int(rng.integers(low, high)) * int(rng.choice((-1, 1)))

    def heard(kind: str, sound: NDArray[np.float32], audible: Bools) -> Trial:
        noisy = sound + at_snr(film.audio, noise, snr_db)
        return Trial(kind, film, noisy.astype(np.float32), audible)

    nobody = np.zeros(len(film), bool)
    yield heard("own", film.audio, film.speaking)
    if other:
        start = int(rng.integers(0, abs(len(other) - len(film)) + 1))
        yield heard("other", fitted(other.audio, count, start * EACH),
                    fitted(other.speaking, len(film), start))  # fmt: skip
    yield heard("shifted", np.roll(film.audio, shift * EACH), np.roll(film.speaking, shift))
    yield heard("none", np.zeros_like(film.audio), nobody)
    loud = excerpt(HOUSE + 1, str(rng.choice(NOISES)), rng, count)
    yield heard("noise", (loud / np.float32(10)).astype(np.float32), nobody)


def fitted(values: NDArray[Any], count: int, start: int) -> NDArray[Any]:
    """`count` values: cut from `start` where there are more, zeros around where there are fewer."""
    if len(values) >= count:
        return values[start : start + count]
    return np.pad(values, (start, count - len(values) - start))


def answers(ask: Ask, trial: Trial) -> Answers:
    """What a model says about every STRIDE-th picture that has enough before and after it."""
    seen = plain(trial.film.pictures, SIZE_PX)
    level = levels(trial.sound, AUDIOVISUAL)
    starts = np.arange(0, len(seen) - PICTURES + 1, STRIDE)
    inputs = np.stack([
        rows(normalize(level[2 * s : 2 * (s + PICTURES)], AUDIOVISUAL),
             standardized(seen[s : s + PICTURES]))
        for s in starts
    ])  # fmt: skip
    parts = [ask(inputs[i : i + BATCH]) for i in range(0, len(inputs), BATCH)]
    return Answers(trial, starts + DECIDED, np.concatenate(parts))


def by_kind(found: Sequence[Answers]) -> dict[str, Bools]:
    """ "speaking" and each kind of NEGATIVES -> which of its pictures are answered rightly."""
    right: dict[str, list[Bools]] = {}
    for one in found:
        yes = one.outputs[:, 0] > 0
        for kind, chosen in kinds_of(one.trial).items():
            here = chosen[one.at]
            if here.any():
                right.setdefault(kind, []).append(yes[here] == (kind == "speaking"))
    return {kind: np.concatenate(parts) for kind, parts in right.items()}


def kinds_of(trial: Trial) -> dict[str, Bools]:
    """Kind to the pictures (T,) of a trial that are of it.

    Pauses of foreign sounds and pictures that show no mouth are of none.
    """
    moving, still = trial.film.seen & trial.film.speaking, trial.film.seen & ~trial.film.speaking
    audible = trial.audible
    if trial.kind == "own":
        return {"speaking": moving, "still": still}
    if trial.kind == "other":
        return {"other voice": moving & audible, "off-screen": still & audible}
    return {
        "shifted": {"shifted": moving & audible},
        "none": {"silent mouth": moving},
        "noise": {"noise": moving},
    }[trial.kind]


def _facing(found: Sequence[Answers]) -> float | None:
    """Balanced accuracy of the second output; None where all heads do, or none does."""
    own = [one for one in found if one.trial.kind == "own"]
    truth = np.concatenate([one.trial.film.facing[one.at] for one in own])
    yes = np.concatenate([one.outputs[:, 1] > 0 for one in own])
    if truth.all() or not truth.any():
        return None
    return float((yes[truth].mean() + (~yes[~truth]).mean()) / 2)


def _behind_ms(found: Sequence[Answers]) -> float:
    """Delay at which the answers to own sounds agree best with who speaks, to one picture."""
    own = [one for one in found if one.trial.kind == "own"]

    def agreement(lag: int) -> float:
        truth = np.concatenate([
            one.trial.film.speaking[np.clip(one.at - lag, 0, len(one.trial.film) - 1)]
            for one in own
        ])  # fmt: skip
        yes = np.concatenate([one.outputs[:, 0] > 0 for one in own])
        return float((truth == yes).mean())

    best = max(LAGS, key=lambda lag: (agreement(lag), -abs(lag)))
    return PICTURE_MS * (BEHIND + best)
