"""Motion and person from where they lie: a clip of a data set, or a CSV of ARKit curves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.clip import Clip
from generate.motion.arkit_csv import read_csv
from generate.motion.director import Manner, direct
from generate.motion.score import Score
from generate.motion.score_text import from_text
from generate.motion.style import Style
from generate.people.rotation import head_rotation
from generate.shards import open_dataset
from generate.spec import Motion, Person
from generate.voice.speech import Utterance
from generate.voice.timed import Timed

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Taken:
    """A motion, whose it is, and where it is from."""

    motion: Motion
    person: Person | None
    """None where the source does not say who moves."""
    about: dict[str, Any]
    """For the provenance of what is written: the clip's key, or the file's name."""
    synthetic: bool
    """False of a capture: a real person moved."""
    notes: tuple[str, ...] = ()
    score: Score | None = None
    """What a clip's labels say was played."""
    said: tuple[Timed, ...] = ()
    """Phonemes of a clip."""


def take(source: Path, clip: int = 0, rate_hz: float | None = None) -> Taken:
    """Clip number `clip` of the data set in folder `source`, or the CSV `source`.

    rate_hz: see `read_csv`. Raises ValueError where there is no such clip, no face in it, or the
    CSV cannot be read.
    """
    if source.is_file():
        found = read_csv(source, rate_hz)
        return Taken(found.motion, None, {"file": source.name}, found.synthetic, found.notes)
    if not source.exists():
        raise ValueError(
            f"{source}: no such file or folder; want a CSV of ARKit curves or a data set's folder"
        )
    dataset = open_dataset(source)
    if not 0 <= clip < len(dataset):
        raise ValueError(f"clip {clip} of {source}: it has clips 0 to {len(dataset) - 1}")
    made = dataset.clip(clip, want=("labels",))
    if made.facts["n_frames"] < 1:
        raise ValueError(f"clip {clip} of {source}: no face in it, only sound")
    provenance = made.facts["provenance"]
    about = {"clip": made.key, "seed": provenance.get("seed"), "text": made.facts["text"]}
    return Taken(
        clip_motion(made), clip_person(made), about, bool(provenance["synthetic"]),
        score=clip_score(made), said=clip_phonemes(made),
    )  # fmt: skip


def clip_motion(clip: Clip) -> Motion:
    """Motion of a clip's labels; the head as the camera saw it, gaze relative to the head."""
    head = clip.labels["head_pose_deg"]
    gaze = [_relative(*pair) for pair in zip(head, clip.labels["gaze_deg"], strict=True)]
    rate_hz = float(clip.facts["rate_hz"]) or 1.0
    return Motion(rate_hz, clip.labels["arkit"], head, np.array(gaze, np.float32).reshape(-1, 2))


def clip_score(clip: Clip) -> Score | None:
    """The score in a clip's labels; None where there is none."""
    lines = clip.labels.get("score", ())
    return from_text("\n".join(str(line) for line in lines), clip.key) if len(lines) else None


def clip_phonemes(clip: Clip) -> tuple[Timed, ...]:
    """What is said in a clip."""
    spoken = zip(clip.labels.get("phoneme", ()), clip.labels.get("phoneme_s", ()), strict=True)
    return tuple(Timed(str(text), float(a), float(b)) for text, (a, b) in spoken)


def redrawn(said: tuple[Timed, ...], length_s: float) -> Score | None:
    """A score of the same speech, all else drawn anew in the average style; None of silence."""
    if not said:
        return None
    spoken = Utterance(np.zeros(1, np.float32), said, (), {})
    return direct(spoken, length_s, np.random.default_rng(0), manner=Manner(style=Style()))


def _relative(head: F32, gaze: F32) -> NDArray[np.float64]:
    """Yaw and pitch (2,) in the head's frame of a gaze in the camera's, degrees."""
    ahead = np.array([0.0, 0.0, 1.0])
    turn = head_rotation(*(float(v) for v in head))
    x, y, z = turn.T @ head_rotation(*(float(v) for v in gaze)) @ ahead
    return np.degrees([np.arctan2(x, z), np.arcsin(np.clip(y, -1, 1))])


def clip_person(clip: Clip) -> Person:
    """Who is seen in a clip."""
    facts = clip.facts
    names = ("age_years", "sex", "skin_tone", "hair_style")
    lists = {name: tuple(v) for name, v in facts["look"].items() if isinstance(v, list)}
    look: dict[str, Any] = facts["look"] | lists
    try:
        person = Person(**({name: facts[name] for name in names} | look))
    except TypeError as error:
        raise ValueError(f"clip {clip.key}: its person is of another version ({error})") from error
    return replace(person, ancestry=tuple(facts["ancestry"]))
