"""Text in a voice: sound at 16 kHz with the times of its phonemes and words."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import soxr
from numpy.typing import NDArray

from generate.options import choose
from generate.spec import VoiceSpec
from generate.voice.child import Timbre, sample_timbre, transform
from generate.voice.coqui import label
from generate.voice.engines import ENGINES, is_moved_by_world
from generate.voice.festival import AS_IT_IS
from generate.voice.norms import vowel_stretch
from generate.voice.prosody import Prosody, felt, prosody_of
from generate.voice.timed import Timed, retime

RATE_HZ = 16000
PEAK, LOUDEST = 0.7, 0.98
VOWEL_LETTERS = frozenset("aeiouyɑæɐɒɔəɚɛɜɝɤɨɪɯɵøœʊʉʌʏᵻ")
"""First letters of vowels in espeak-ng's IPA."""

__all__ = ["PEAK", "RATE_HZ", "Timed", "Utterance", "speak"]


@dataclass(frozen=True)
class Utterance:
    """Something said."""

    audio: NDArray[np.float32]
    """(N,) mono at RATE_HZ; peak PEAK where nothing is felt, lower in sad voices."""
    phonemes: tuple[Timed, ...]
    """IPA in order, inside the sound, pauses left out."""
    words: tuple[Timed, ...]
    facts: dict[str, object]
    """engine, voice, f0_hz, formant_scale."""

    @property
    def duration_s(self) -> float:
        return len(self.audio) / RATE_HZ


def speak(
    text: str, voice: VoiceSpec, rng: np.random.Generator, parts_warp: float = 0.0
) -> Utterance:
    """Say `text`; [[...]] holds espeak phoneme mnemonics.

    A voice's timbre comes from its seed, the roughness of this utterance from `rng`. `parts_warp`
    is the standard deviation of the log tempo of random parts of the utterance (child voices).
    Raises ValueError for text that cannot be said, an unknown voice or engine.
    """
    return become(read(text, voice), voice, rng, parts_warp)


def read(text: str, voice: VoiceSpec) -> Utterance:
    """`text` as the engine of a voice says it, before the voice becomes a person's; any level."""
    voice = felt(voice)
    settings = {name: getattr(voice, name) for name in AS_IT_IS}
    synth = ENGINES[choose(voice.engine, ENGINES, "voice engine")]
    said = synth(text, voice.voice, **(AS_IT_IS if _late(voice) else settings), seed=voice.seed)
    audio = soxr.resample(said.pcm.astype(np.float32) / 32768, said.rate_hz, RATE_HZ)
    return Utterance(np.asarray(audio, np.float32), said.phonemes, said.words, _facts(voice))


def _late(voice: VoiceSpec) -> bool:
    """Whether `become` moves what WORLD would have to move in `read`: once is enough."""
    return voice.child and is_moved_by_world(voice.engine, voice.voice)


def become(
    plain: Utterance, voice: VoiceSpec, rng: np.random.Generator, parts_warp: float = 0.0
) -> Utterance:
    """What `read` gave, or a part of it, as the person says and feels it."""
    mood, voice = prosody_of(voice.emotion, voice.intensity), felt(voice)
    audio, phonemes, words = plain.audio, plain.phonemes, plain.words
    if voice.child:
        stretch = vowel_stretch(voice.age_years)
        old_s, new_s = _tempo_map(len(audio) / RATE_HZ, parts_warp, phonemes, stretch, rng)
        timbre = _timbre(voice.seed, mood)
        if _late(voice):
            new_s = new_s * (AS_IT_IS["rate_wpm"] / voice.rate_wpm)
            excursions = timbre.f0_range * voice.pitch_range / AS_IT_IS["pitch_range"]
            timbre = replace(timbre, f0_range=excursions)
        audio = transform(
            audio,
            RATE_HZ,
            f0_hz=voice.f0_hz,
            formant_scale=voice.formant_scale,
            formant_bend=voice.formant_bend,
            timbre=timbre,
            rng=rng,
            old_s=old_s,
            new_s=new_s,
        )
        phonemes, words = retime(phonemes, old_s, new_s), retime(words, old_s, new_s)
    peak = min(PEAK * 10 ** (mood.level_db / 20), LOUDEST)
    audio = audio * np.float32(peak / max(float(np.abs(audio).max(initial=0.0)), 1e-6))
    return Utterance(audio.astype(np.float32), phonemes, words, plain.facts)


def _timbre(seed: int, mood: Prosody) -> Timbre:
    """The voice's own timbre as the mood changes it."""
    own = sample_timbre(np.random.default_rng(seed))
    return replace(
        own,
        breath=min(own.breath + mood.breath, 1.0),
        tilt_db=own.tilt_db + mood.tilt_db,
        f0_range=own.f0_range * mood.f0_range,
    )


def _tempo_map(
    length_s: float,
    spread: float,
    phonemes: tuple[Timed, ...],
    stretch: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Knots of a map from old to new times: parts of about 0.2 s, each at its own tempo, and
    vowels `stretch` times as long."""
    parts = max(int(length_s / 0.2), 1) + int(rng.integers(0, 2))
    part_s = np.linspace(0, length_s, parts + 1)
    tempo = np.exp(spread * rng.standard_normal(parts))
    vowels = [p for p in phonemes if p.text.lstrip("ˈˌ")[:1] in VOWEL_LETTERS]
    edges_s = [edge for vowel in vowels for edge in (vowel.start_s, vowel.end_s)]
    old_s = np.unique(np.clip(np.concatenate([part_s, edges_s]), 0, length_s))
    middle_s = (old_s[:-1] + old_s[1:]) / 2
    # Knots one rounding apart have their middle on the upper one, which may be the end.
    factor = tempo[np.minimum(np.searchsorted(part_s, middle_s, side="right"), parts) - 1]
    inside = [(middle_s > vowel.start_s) & (middle_s < vowel.end_s) for vowel in vowels]
    factor = factor * np.where(np.any(inside, axis=0), stretch, 1.0) if inside else factor
    return old_s, np.concatenate([[0.0], np.cumsum(np.diff(old_s) * factor)])


def _facts(voice: VoiceSpec) -> dict[str, object]:
    return {
        "engine": voice.engine,
        "voice": label(voice.voice) if voice.engine == "coqui" else voice.voice,
        "f0_hz": voice.f0_hz,
        "formant_scale": voice.formant_scale,
    }
