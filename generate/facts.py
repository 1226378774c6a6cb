"""The facts and labels of a clip that follow from who speaks, what is said and where."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.version import VERSION
from generate.motion.score import Score
from generate.motion.score_text import to_text
from generate.spec import Person
from generate.voice.speech import Utterance


def blank_facts(seed: int, key: str) -> dict[str, Any]:
    """Every fact of a clip that shows and says nothing yet, with its provenance."""
    provenance = {"synthetic": True, "kit": "collodi", "version": VERSION, "seed": seed}
    return {
        "key": key, "text": "", "keyword": "", "emotion": "neutral", "emotion_intensity": 0.0,
        "age_years": 0.0, "sex": "", "ancestry": [], "skin_tone": 0, "hair_style": "",
        "look": {}, "control": "", "voice": {}, "scene": {},
        "camera": {}, "light": {}, "rate_hz": 0.0, "n_frames": 0, "n_samples": 0,
        "provenance": provenance, "pseudo": {},
    }  # fmt: skip


def person_facts(person: Person) -> dict[str, Any]:
    """Facts of who is seen: age, sex, tone, hair, ancestry and the other controls."""
    names = ("age_years", "sex", "skin_tone", "hair_style")
    controls = asdict(person)
    facts = {name: controls.pop(name) for name in names}
    return facts | {"ancestry": list(controls.pop("ancestry")), "look": controls}


def sound_facts(utterance: Utterance) -> dict[str, Any]:
    """Facts of what is heard: text, voice, samples."""
    text = " ".join(word.text for word in utterance.words)
    return {"text": text, "voice": utterance.facts, "n_samples": len(utterance.audio)}


def sound_labels(utterance: Utterance) -> dict[str, NDArray[Any]]:
    """Phonemes and words (P, Q names) with their times (P, 2) and (Q, 2) s."""
    labels: dict[str, NDArray[Any]] = {}
    for name, timed in (("phoneme", utterance.phonemes), ("word", utterance.words)):
        labels[name] = np.array([t.text for t in timed], dtype=str)
        times = [(t.start_s, t.end_s) for t in timed]
        labels[f"{name}_s"] = np.array(times, np.float32).reshape(-1, 2)
    return labels


def spoken_frames(times_s: NDArray[np.float32], n_frames: int, rate_hz: float) -> NDArray[np.uint8]:
    """(T,) 1 where the middle of the frame lies within a word; times (Q, 2) s of the words."""
    middle_s = (np.arange(n_frames)[:, None] + 0.5) / rate_hz
    within = (middle_s >= times_s[:, 0]) & (middle_s < times_s[:, 1])
    return np.asarray(within.any(1), np.uint8)


def score_labels(score: Score) -> dict[str, NDArray[Any]]:
    """The score as lines (S,); `from_text("\\n".join(lines))` reads them back."""
    return {"score": np.array(to_text(score).splitlines(), dtype=str)}


def to_int16(audio: NDArray[np.float32]) -> NDArray[np.int16]:
    """Sound (N,) in -1..1 as 16-bit samples."""
    return np.round(np.clip(audio, -1, 1) * 32767).astype(np.int16)
