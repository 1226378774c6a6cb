"""One clip of each kind from (options, clip number): the whole of generation, top to bottom."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.clip import SAMPLE_RATE_HZ, Clip
from generate.controls import POSE_CONTROLS, Shot, at_rest, framed, parse_emotion, parse_fixed
from generate.facts import (
    blank_facts,
    person_facts,
    score_labels,
    sound_facts,
    sound_labels,
    spoken_frames,
    to_int16,
)
from generate.ladder import rung_shot
from generate.make_place import behind_shot, is_behind, make_empty
from generate.make_sound import heard, make_stream, make_word
from generate.motion.asides import ASIDE_LEAST_S, aside
from generate.motion.cues import NoteCue
from generate.motion.direction import NO_DIRECTION, parse_direction
from generate.motion.director import Manner
from generate.motion.dummy import around_dummy
from generate.motion.performance import Asked, padded, perform, roomy, sounded
from generate.motion.player import play_score
from generate.motion.score import Score
from generate.motion.singing import parse_song, sing
from generate.motion.still import still
from generate.motion.style import sample_style
from generate.picture import build_child, gestured, render_clip
from generate.presets import Ladder, Options, Places, Stills, Stream, Talk, Words
from generate.sample import from_block, sample_person, sample_view, stream
from generate.shard_names import find_shard, shard_name
from generate.shards import write_shard
from generate.spec import EMOTIONS, Person, VoiceSpec
from generate.store import locate
from generate.voice.articulation import say_sentence
from generate.voice.speech import Utterance
from generate.voice.text import SENTENCES
from generate.voice.timed import cut
from generate.voice.voices import sample_voice

CHECK_PX = 32
"""Size of the picture that is drawn to see whether options can be."""
LEAST_SPEECH_S = 1.0
"""Time that a talking clip keeps for speech, beside quiet and other sounds."""
MOVING_BLUR = 0.4
"""Share of talking clips whose exposure is long enough to blur what moves."""


def make_shard(options: Options, folder: str, number: int, tick: Callable[[], None]) -> None:
    """Write shard `number` of the data set, unless it is there; `tick` after each clip."""
    place = locate(folder)
    if find_shard(place, number):
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    _settle()
    first = number * options.shard_clips
    last = min(first + options.shard_clips, options.clips)

    def clips() -> Any:
        for clip in range(first, last):
            yield make_clip(options, clip)
            tick()

    write_shard(place / shard_name(number), clips())


@cache
def _settle() -> None:
    """Once a process: what imports made stays, and collections need not look through it (3 % of
    the time of a word); OpenCV starts no thread a core, which small pictures do not gain from."""
    import cv2

    cv2.setNumThreads(1)
    gc.collect()
    gc.freeze()


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
    if isinstance(options, Places):
        return make_place(options, number)
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


def make_place(options: Places, number: int) -> Clip:
    """A picture without a face: nobody, or a person's back."""
    if not is_behind(options, number):
        return make_empty(options, number)
    return _picture(options, f"behind-{number:08d}", behind_shot(options, number))


def _picture(options: Stills | Ladder | Places, key: str, shot: Shot) -> Clip:
    child, look_, person = build_child(shot.person, options.size_px, shot.view.framing)
    motion = gestured(child, around_dummy(shot.person, shot.motion), shot.gesture)
    more = () if isinstance(options, Places) else options.labels
    frames, labels, camera = render_clip(child, look_, shot.view, motion, more, options.view)
    facts = blank_facts(options.seed, key) | person_facts(person)
    facts |= {"emotion": shot.emotion, "emotion_intensity": shot.intensity, "n_frames": 1} | camera
    labels["speaking"] = np.zeros(1, np.uint8)
    return Clip(key, facts, labels, frames)


def make_talk(options: Talk, number: int) -> Clip:
    """One child that says one sentence to the toy; without `pictures` it is only heard."""
    shot = talk_shot(options, number)
    if not options.pictures:
        clip, _, _ = _told(options, number, shot, False)
        facts = {"age_years": shot.person.age_years, "sex": shot.person.sex}
        return replace(clip, facts=clip.facts | facts)
    child, look_, person = build_child(shot.person, options.size_px, shot.view.framing)
    arms = child.free_arms()
    clip, score, speaking = _told(options, number, shot, arms is not None)
    motion = play_score(score, options.rate_hz, 0, len(speaking), arms)
    motion = around_dummy(shot.person, motion)
    frames, labels, camera = render_clip(
        child, look_, shot.view, motion, options.labels, options.view
    )
    labels |= {"speaking": speaking} | clip.labels
    seen = {"rate_hz": options.rate_hz, "n_frames": len(speaking)} | camera
    facts = clip.facts | person_facts(person) | seen
    return replace(clip, facts=facts, labels=labels, frames=frames)


def _told(
    options: Talk, number: int, shot: Shot, arms: bool
) -> tuple[Clip, Score, NDArray[np.uint8]]:
    """What is heard of clip `number`, its score, and which of its frames show speech."""
    voice = talk_voice(options, number, shot)
    utterance, text, asked = _voiced(options, number, voice)
    n_frames = max(2, int(np.ceil(len(utterance.audio) / SAMPLE_RATE_HZ * options.rate_hz)))
    style = sample_style(stream(options.seed, number, "style"))
    free = arms and "gesture" not in parse_fixed(options.fix)
    score = perform(
        utterance, n_frames / options.rate_hz, stream(options.seed, number, "motion"),
        shot.emotion, shot.intensity, shot.gesture, Manner(shot.person.age_years, style, free),
        asked,
    )  # fmt: skip
    utterance = sounded(utterance, score, voice, stream(options.seed, number, "vocal"))
    facts = blank_facts(options.seed, f"talk-{number:08d}") | sound_facts(utterance)
    facts |= {"text": text, "emotion": shot.emotion, "emotion_intensity": shot.intensity}
    utterance, facts["scene"] = heard(options, number, utterance, 0.0)
    labels = sound_labels(utterance) | score_labels(score)
    speaking = spoken_frames(labels["word_s"], n_frames, options.rate_hz)
    return Clip(facts["key"], facts, labels, None, to_int16(utterance.audio)), score, speaking


def talk_voice(options: Talk, number: int, shot: Shot) -> VoiceSpec:
    """The voice of the person of clip `number`, in its mood."""
    voice = sample_voice(
        stream(options.seed, number, "voice"), shot.person.age_years, shot.person.sex,
        child=True, speakers=options.speakers, engines=options.voices,
    )  # fmt: skip
    return replace(voice, emotion=shot.emotion, intensity=shot.intensity)


def _voiced(options: Talk, number: int, voice: VoiceSpec) -> tuple[Utterance, str, Asked]:
    """What is said or sung, its text, and what is asked beside it, `max_s` seconds at most."""
    rng = stream(options.seed, number, "sound")
    notes: list[NoteCue] = []
    if options.song:
        song = parse_song(options.song)
        utterance, notes = sing(song, voice, rng, options.tempo_bpm)
        text = " ".join(word.text for word in song)
    else:
        text = from_block(options.sentences or SENTENCES, options.seed, number, "text")
        utterance, text = say_sentence(text, voice, rng)
    quiet = stream(options.seed, number, "quiet").uniform(0, options.quiet_s, 2)
    loud_s = options.max_s - sum(quiet)
    plan = parse_direction(options.direction) if options.direction else NO_DIRECTION
    if not options.direction and not options.song and options.max_s >= ASIDE_LEAST_S:
        drawn = aside(voice.emotion, stream(options.seed, number, "aside"))
        plan = drawn if loud_s - sum(drawn.room_s) >= LEAST_SPEECH_S else plan
    spoken = _cut(utterance, loud_s - sum(plan.room_s))
    utterance = roomy(padded(spoken, *quiet), plan)
    return utterance, text, Asked(plan, tuple(notes), options.tempo_bpm)


def talk_shot(options: Talk, number: int) -> Shot:
    """Who speaks in clip `number`, how it is seen and felt; its one frame of motion is a rest.

    What a direction says first about the mood is felt, else `emotion`, else one is drawn. Arms
    gesture by themselves unless `fix` holds a gesture.
    """
    emotion = from_block(EMOTIONS, options.seed, number, "order_emotion")
    intensity = round(float(stream(options.seed, number, "emotion").uniform(0.3, 0.9)), 3)
    view = sample_view(stream(options.seed, number, "view"), options.size_px)
    world = stream(options.seed, number, "world")
    view = replace(view, shutter=float(world.uniform(0.1, 0.6)) * (world.uniform() < MOVING_BLUR))
    if options.emotion:
        emotion, intensity = parse_emotion(options.emotion)
    mood = parse_direction(options.direction).mood if options.direction else None
    if mood:
        emotion, intensity = mood.emotion, mood.intensity
    shot = Shot(_person(options, number), view, at_rest(), emotion, intensity)
    fixed = parse_fixed(options.fix)
    shot = framed(shot, fixed, stream(options.seed, number, "gesture"))
    return shot if "gesture" in fixed else replace(shot, gesture="rest")


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


def _cut(utterance: Utterance, max_s: float) -> Utterance:
    """The first `max_s` seconds; words and phonemes end with the sound."""
    audio = utterance.audio[: int(max_s * SAMPLE_RATE_HZ)]
    words, phonemes = cut(utterance.words, 0, max_s), cut(utterance.phonemes, 0, max_s)
    return replace(utterance, audio=audio, words=words, phonemes=phonemes)
