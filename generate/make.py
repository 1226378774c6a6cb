"""One clip of each kind from (options, clip number): the whole of generation, top to bottom."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.version import VERSION
from generate.clip import SAMPLE_RATE_HZ, Clip
from generate.controls import POSE_CONTROLS, Shot, at_rest, framed, parse_fixed
from generate.ladder import rung_shot
from generate.motion.dummy import around_dummy
from generate.motion.player import play
from generate.motion.still import still
from generate.picture import build_child, gestured, render_clip
from generate.presets import Ladder, Options, Stills, Stream, Talk, Words
from generate.sample import from_block, sample_person, sample_view, stream
from generate.shards import shard_name, write_shard
from generate.sound.lines import SPEED, played
from generate.sound.scene import hear, sample_scene
from generate.sound.streams import make_minute
from generate.spec import EMOTIONS, Person, VoiceSpec
from generate.voice.articulation import say_sentence
from generate.voice.keywords import LONGEST_S, class_of, parse_keyword
from generate.voice.speech import PEAK, Utterance
from generate.voice.text import SENTENCES
from generate.voice.timed import cut, later
from generate.voice.voices import sample_keyword_voice, sample_voice
from generate.voice.words import say_other, say_word, silence

WORD_S = 1.0
CHECK_PX = 32
"""Size of the picture that is drawn to see whether options can be."""
MOVING_BLUR = 0.4
"""Share of talking clips whose exposure is long enough to blur what moves."""


def make_shard(options: Options, folder: str, number: int, tick: Callable[[], None]) -> None:
    """Write shard `number` of the data set, unless it is there; `tick` after each clip."""
    path = Path(folder) / shard_name(number)
    if path.exists():
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    first = number * options.shard_clips
    last = min(first + options.shard_clips, options.clips)

    def clips() -> Any:
        for clip in range(first, last):
            yield make_clip(options, clip)
            tick()

    write_shard(path, clips())


def make_clip(options: Options, number: int) -> Clip:
    """Clip `number` of a data set."""
    if isinstance(options, Words):
        return make_word(options, number)
    if isinstance(options, Stream):
        return make_stream(options, number)
    if isinstance(options, Talk):
        return make_talk(options, number)
    if isinstance(options, Ladder):
        return make_rung(options, number)
    return make_still(options, number)


def make_still(options: Stills, number: int) -> Clip:
    """One picture of a child; `child_stills` pictures in a row are of the same child."""
    return _picture(options, f"still-{number:08d}", still_shot(options, number))


def still_shot(options: Stills, number: int) -> Shot:
    """What picture `number` follows from."""
    person = _person(options, number // options.child_stills)
    motion, emotion, intensity = still(stream(options.seed, number, "motion"))
    view = sample_view(stream(options.seed, number, "view"), options.size_px)
    shot = Shot(person, view, motion, emotion, intensity)
    return framed(shot, parse_fixed(options.fix), stream(options.seed, number, "gesture"))


def make_rung(options: Ladder, number: int) -> Clip:
    """One rung of a ladder."""
    control, value = options.all_rungs()[number]
    shot = rung_shot(options.seed, options.size_px, control, value)
    clip = _picture(options, f"{control}-{number:04d}", shot)
    clip.facts["control"] = f"{control}={value}"
    return clip


def _picture(options: Stills | Ladder, key: str, shot: Shot) -> Clip:
    child, look_, person = build_child(shot.person, options.size_px, shot.view.framing)
    motion = gestured(child, around_dummy(shot.person, shot.motion), shot.gesture)
    frames, labels, camera = render_clip(
        child, look_, shot.view, motion, options.labels, options.view
    )
    facts = _facts(options.seed, key) | _person_facts(person)
    facts |= {"emotion": shot.emotion, "emotion_intensity": shot.intensity, "n_frames": 1} | camera
    labels["speaking"] = np.zeros(1, np.uint8)
    return Clip(key, facts, labels, frames)


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
    utterance, scene = _heard(options, number, utterance, WORD_S)
    facts = _facts(options.seed, f"word-{number:08d}") | _sound_facts(utterance)
    facts |= {"keyword": class_of(keyword), "age_years": voice.age_years, "sex": voice.sex}
    if keyword != "silence":
        facts |= {"emotion": voice.emotion, "emotion_intensity": voice.intensity}
    facts |= {"scene": scene}
    return Clip(facts["key"], facts, _sound_labels(utterance), None, _to_int16(utterance.audio))


@lru_cache(maxsize=2)
def _said(options: Words, number: int) -> tuple[str, VoiceSpec, Utterance]:
    """The keyword (or unknown, silence), the voice and the sound of thing `number` that is said."""
    keyword = from_block(_word_plan(options), options.seed, number, "order_class")
    voice = sample_keyword_voice(
        stream(options.seed, number, "voice"), options.held_out, options.voices, options.language
    )
    voice = _moody(options, number, voice)
    sound = stream(options.seed, number, "sound")
    if keyword == "silence":
        return keyword, voice, silence(sound, WORD_S)
    if keyword == "unknown":
        return keyword, voice, say_other(options.words, voice, sound, options.near_share)
    sayings = parse_keyword(keyword).sayings
    return keyword, voice, say_word(sayings[int(sound.integers(len(sayings)))], voice, sound)


def make_stream(options: Stream, number: int) -> Clip:
    """A minute of a home, of which every word is known."""
    utterance, scene = make_minute(options, number)
    facts = _facts(options.seed, f"stream-{number:08d}") | _sound_facts(utterance)
    facts["scene"] = scene
    return Clip(facts["key"], facts, _sound_labels(utterance), None, _to_int16(utterance.audio))


def _moody(options: Words, number: int, voice: VoiceSpec) -> VoiceSpec:
    """The voice, for `emotion_share` of the clips with one of the emotions."""
    rng = stream(options.seed, number, "emotion")
    if rng.random() >= options.emotion_share:
        return voice
    emotion = EMOTIONS[1 + int(rng.integers(len(EMOTIONS) - 1))]
    return replace(voice, emotion=emotion, intensity=round(float(rng.uniform(0.3, 0.9)), 3))


def make_talk(options: Talk, number: int) -> Clip:
    """One child that says one sentence to the toy."""
    shot = talk_shot(options, number)
    child, look_, person = build_child(shot.person, options.size_px, shot.view.framing)
    text = from_block(options.sentences or SENTENCES, options.seed, number, "text")
    rng = stream(options.seed, number, "voice")
    voice = sample_voice(rng, person.age_years, person.sex, child=True, engines=options.voices)
    voice = replace(voice, emotion=shot.emotion, intensity=shot.intensity)
    utterance, text = say_sentence(text, voice, stream(options.seed, number, "sound"))
    utterance = _cut(utterance, options.max_s)
    n_frames = max(2, int(np.ceil(len(utterance.audio) / SAMPLE_RATE_HZ * options.rate_hz)))
    motion = play(
        utterance, n_frames, options.rate_hz, stream(options.seed, number, "motion"),
        shot.emotion, shot.intensity,
    )  # fmt: skip
    motion = gestured(child, around_dummy(shot.person, motion), shot.gesture)
    frames, labels, camera = render_clip(
        child, look_, shot.view, motion, options.labels, options.view
    )
    labels["speaking"] = _speaking(utterance, n_frames, options.rate_hz)
    facts = _facts(options.seed, f"talk-{number:08d}") | _person_facts(person)
    facts |= _sound_facts(utterance) | camera
    facts |= {"text": text, "rate_hz": options.rate_hz, "n_frames": n_frames}
    facts |= {"emotion": shot.emotion, "emotion_intensity": shot.intensity}
    utterance, facts["scene"] = _heard(options, number, utterance, 0.0)
    labels |= _sound_labels(utterance)
    return Clip(facts["key"], facts, labels, frames, _to_int16(utterance.audio))


def talk_shot(options: Talk, number: int) -> Shot:
    """Who speaks in clip `number`, how it is seen and felt; its one frame of motion is a rest."""
    emotion = from_block(EMOTIONS, options.seed, number, "order_emotion")
    intensity = round(float(stream(options.seed, number, "emotion").uniform(0.3, 0.9)), 3)
    view = sample_view(stream(options.seed, number, "view"), options.size_px)
    world = stream(options.seed, number, "world")
    view = replace(view, shutter=float(world.uniform(0.1, 0.6)) * (world.uniform() < MOVING_BLUR))
    shot = Shot(_person(options, number), view, at_rest(), emotion, intensity)
    return framed(shot, parse_fixed(options.fix), stream(options.seed, number, "gesture"))


def check_fixed(options: Stills | Talk) -> None:
    """Raise ValueError where `options.fix` asks for what cannot be, before any clip is made."""
    fixed = parse_fixed(options.fix)
    moving = [name for name in fixed if name in POSE_CONTROLS]
    if isinstance(options, Talk) and moving:
        raise ValueError(f"--fix {moving[0]}: a talking child moves by itself; stills can fix it")
    shot = talk_shot(options, 0) if isinstance(options, Talk) else still_shot(options, 0)
    small = replace(shot.view, size_px=CHECK_PX)
    child, look_, _ = build_child(shot.person, CHECK_PX, small.framing)
    render_clip(child, look_, small, gestured(child, shot.motion, shot.gesture))


def _person(options: Stills | Talk, child: int) -> Person:
    ages = options.age_years
    if isinstance(options, Stills) and options.adult_share:
        adult = int((child + 1) * options.adult_share) > int(child * options.adult_share)
        ages = (18, 75) if adult else ages
    return sample_person(options.seed, child, ages)


@lru_cache(maxsize=2)
def _word_plan(options: Words) -> tuple[str, ...]:
    """Classes of one block: every keyword equally often, unknown and silence by their shares."""
    n_other = options.unknown_share + options.silence_share
    each = 10
    total = each * len(options.words) / (1 - n_other)
    unknown = round(total * options.unknown_share)
    quiet = round(total * options.silence_share)
    return options.words * each + ("unknown",) * unknown + ("silence",) * quiet


def _facts(seed: int, key: str) -> dict[str, Any]:
    provenance = {"synthetic": True, "kit": "collodi", "version": VERSION, "seed": seed}
    return {
        "key": key, "text": "", "keyword": "", "emotion": "neutral", "emotion_intensity": 0.0,
        "age_years": 0.0, "sex": "", "ancestry": [], "skin_tone": 0, "hair_style": "",
        "look": {}, "control": "", "voice": {}, "scene": {},
        "camera": {}, "light": {}, "rate_hz": 0.0, "n_frames": 0, "n_samples": 0,
        "provenance": provenance,
    }  # fmt: skip


def _person_facts(person: Person) -> dict[str, Any]:
    names = ("age_years", "sex", "skin_tone", "hair_style")
    controls = asdict(person)
    facts = {name: controls.pop(name) for name in names}
    return facts | {"ancestry": list(controls.pop("ancestry")), "look": controls}


def _sound_facts(utterance: Utterance) -> dict[str, Any]:
    text = " ".join(word.text for word in utterance.words)
    return {"text": text, "voice": utterance.facts, "n_samples": len(utterance.audio)}


def _sound_labels(utterance: Utterance) -> dict[str, NDArray[Any]]:
    labels: dict[str, NDArray[Any]] = {}
    for name, timed in (("phoneme", utterance.phonemes), ("word", utterance.words)):
        labels[name] = np.array([t.text for t in timed], dtype=str)
        times = [(t.start_s, t.end_s) for t in timed]
        labels[f"{name}_s"] = np.array(times, np.float32).reshape(-1, 2)
    return labels


def _heard(
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
    return replace(utterance, audio=hear(audio, scene), words=words, phonemes=phonemes), asdict(
        scene
    )


def _cut(utterance: Utterance, max_s: float) -> Utterance:
    """The first `max_s` seconds; words and phonemes end with the sound."""
    audio = utterance.audio[: int(max_s * SAMPLE_RATE_HZ)]
    words, phonemes = cut(utterance.words, 0, max_s), cut(utterance.phonemes, 0, max_s)
    return replace(utterance, audio=audio, words=words, phonemes=phonemes)


def _speaking(utterance: Utterance, n_frames: int, rate_hz: float) -> NDArray[np.uint8]:
    """(T,) 1 where the middle of the frame lies within a word."""
    middle_s = (np.arange(n_frames) + 0.5) / rate_hz
    inside = [(middle_s >= w.start_s) & (middle_s < w.end_s) for w in utterance.words]
    return np.any(inside, axis=0).astype(np.uint8) if inside else np.zeros(n_frames, np.uint8)


def _to_int16(audio: NDArray[np.float32]) -> NDArray[np.int16]:
    return np.round(np.clip(audio, -1, 1) * 32767).astype(np.int16)
