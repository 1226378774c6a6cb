"""Clips of sound alone from (options, clip number): words, and minutes of a home."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from generate.clip import SAMPLE_RATE_HZ, Clip
from generate.facts import blank_facts, sound_facts, sound_labels, to_int16
from generate.presets import Stream, Talk, Words
from generate.sample import from_block, stream
from generate.sound.lines import SPEED, played
from generate.sound.scene import hear, sample_scene
from generate.sound.streams import make_minute
from generate.spec import EMOTIONS, VoiceSpec
from generate.voice.keywords import LONGEST_S, class_of, parse_keyword
from generate.voice.speech import PEAK, Utterance
from generate.voice.timed import later
from generate.voice.voices import sample_keyword_voice
from generate.voice.words import say_other, say_word, silence

WORD_S = 1.0


def make_word(options: Words, number: int) -> Clip:
    """One second with a keyword, another word, or no speech; `takes` clips in a row say the same.

    Takes differ in speed, as in Ko et al., Audio augmentation for speech recognition (Interspeech
    2015), and in where they are heard.
    """
    keyword, voice, utterance = _said(options, number // options.takes)
    if number % options.takes:
        speed = float(stream(options.seed, number, "take").uniform(*SPEED))
        speed = max(speed, utterance.duration_s / LONGEST_S)
        utterance = played(utterance, speed, PEAK)
    utterance, scene = heard(options, number, utterance, WORD_S)
    facts = blank_facts(options.seed, f"word-{number:08d}") | sound_facts(utterance)
    facts |= {"keyword": class_of(keyword), "age_years": voice.age_years, "sex": voice.sex}
    if keyword != "silence":
        facts |= {"emotion": voice.emotion, "emotion_intensity": voice.intensity}
    facts |= {"scene": scene}
    return Clip(facts["key"], facts, sound_labels(utterance), None, to_int16(utterance.audio))


@lru_cache(maxsize=2)
def _said(options: Words, number: int) -> tuple[str, VoiceSpec, Utterance]:
    """The keyword (or unknown, silence), the voice and the sound of thing `number` that is said."""
    keyword = from_block(_word_plan(options), options.seed, number, "order_class")
    voice = sample_keyword_voice(
        stream(options.seed, number, "voice"), options.speakers, options.voices, options.language
    )
    voice = _moody(options, number, voice)
    sound = stream(options.seed, number, "sound")
    if keyword == "silence":
        return keyword, voice, silence(sound, WORD_S)
    if keyword == "unknown":
        return keyword, voice, say_other(options.words, voice, sound, options.near_share)
    sayings = parse_keyword(keyword).sayings
    return keyword, voice, say_word(sayings[int(sound.integers(len(sayings)))], voice, sound)


def _moody(options: Words, number: int, voice: VoiceSpec) -> VoiceSpec:
    """The voice, for `emotion_share` of the clips with one of the emotions."""
    rng = stream(options.seed, number, "emotion")
    if rng.random() >= options.emotion_share:
        return voice
    emotion = EMOTIONS[1 + int(rng.integers(len(EMOTIONS) - 1))]
    return replace(voice, emotion=emotion, intensity=round(float(rng.uniform(0.3, 0.9)), 3))


@lru_cache(maxsize=2)
def _word_plan(options: Words) -> tuple[str, ...]:
    """Classes of one block: every keyword equally often, unknown and silence by their shares."""
    n_other = options.unknown_share + options.silence_share
    each = 10
    total = each * len(options.words) / (1 - n_other)
    unknown = round(total * options.unknown_share)
    quiet = round(total * options.silence_share)
    return options.words * each + ("unknown",) * unknown + ("silence",) * quiet


def make_stream(options: Stream, number: int) -> Clip:
    """A minute of a home, of which every word is known."""
    utterance, scene = make_minute(options, number)
    facts = blank_facts(options.seed, f"stream-{number:08d}") | sound_facts(utterance)
    facts["scene"] = scene
    return Clip(facts["key"], facts, sound_labels(utterance), None, to_int16(utterance.audio))


def heard(
    options: Words | Talk, number: int, utterance: Utterance, least_s: float
) -> tuple[Utterance, dict[str, Any]]:
    """The utterance in a room with its scene, for the share `options.rooms` of clips; else dry.

    A sound in a room is `least_s` long at least, with the voice anywhere in it.
    """
    rng = stream(options.seed, number, "room")
    if rng.random() >= options.rooms:
        return utterance, {}
    count = len(utterance.audio)
    total = max(count, round(least_s * SAMPLE_RATE_HZ))
    start = int(rng.integers(total - count + 1))
    audio = np.pad(utterance.audio, (start, total - count - start))
    scene = sample_scene(rng, options.seed, options.scene)
    words, phonemes = (
        later(items, start / SAMPLE_RATE_HZ) for items in (utterance.words, utterance.phonemes)
    )
    utterance = replace(utterance, audio=hear(audio, scene), words=words, phonemes=phonemes)
    return utterance, dict(vars(scene))
