"""Refuse options of a data set that cannot be, in one line, before any clip is made."""

from __future__ import annotations

from math import ceil

from generate.controls import parse_emotion, parse_fixed
from generate.ladder import LADDERS
from generate.make import LEAST_SPEECH_S, check_fixed
from generate.motion.cues import GestureCue
from generate.motion.direction import parse_direction
from generate.motion.direction_cues import direction_cues
from generate.motion.singing import TEMPOS_BPM, parse_song
from generate.options import choose
from generate.presets import EXTRA_LABELS, Ladder, Options, Places, Stills, Stream, Talk, Words
from generate.sound.scene import parse_held
from generate.voice.keywords import check_keywords
from generate.voice.languages import check_language


def check_options(options: Options) -> None:
    """Raise ValueError with one line where an option cannot be used."""
    if isinstance(options, Ladder):
        _check_ladder(options)
    if isinstance(options, Stream) and not 5 <= options.clip_s <= 600:
        raise ValueError(f"--clip-s {options.clip_s:g}: want 5 to 600 seconds")
    for name, low in (("clips", 1), ("shard_clips", 1), ("seed", 0)):
        if getattr(options, name) < low:
            raise ValueError(f"--{name.replace('_', '-')} {getattr(options, name)}: at least {low}")
    if isinstance(options, (Words, Talk)):
        _check_rooms(options)
    if isinstance(options, Stream):
        _check_stream(options)
        return
    if isinstance(options, Words):
        _check_words(options)
        return
    if not 32 <= options.size_px <= 2048 or options.size_px % 2:
        raise ValueError(f"--size-px {options.size_px}: want an even number from 32 to 2048")
    if isinstance(options, Places):
        _check_places(options)
        return
    for name in options.labels:
        choose(name, EXTRA_LABELS, "label in --labels")
    if "flow" in options.labels and not isinstance(options, Talk):
        raise ValueError("--labels flow: a picture alone has none; want the preset talk")
    if isinstance(options, Talk):
        _check_acting(options)
    if isinstance(options, (Stills, Talk)):
        _check_people(options)


def _check_places(options: Places) -> None:
    _check_ages(options.age_years)
    if not 0 <= options.behind_share <= 1:
        raise ValueError(f"--behind-share {options.behind_share:g}: want a share from 0 to 1")


def _check_ages(age_years: tuple[float, float]) -> None:
    low_age, high_age = age_years
    if not 0.5 <= low_age <= high_age <= 90:
        want = "want 0.5 <= youngest <= oldest <= 90"
        raise ValueError(f"--age-years {low_age:g} {high_age:g}: {want}")


def _check_people(options: Stills | Talk) -> None:
    _check_ages(options.age_years)
    if options.fix:
        check_fixed(options)


def _check_acting(options: Talk) -> None:
    """Emotions, directions and songs that cannot be, that have no time or no arms to show."""
    if options.emotion:
        _check_emotion(options)
    if options.song:
        parse_song(options.song)
    if not TEMPOS_BPM[0] <= options.tempo_bpm <= TEMPOS_BPM[1]:
        low, high = TEMPOS_BPM
        raise ValueError(f"--tempo-bpm {options.tempo_bpm:g}: want {low:g} to {high:g}")
    most_s = (options.max_s - LEAST_SPEECH_S) / 2
    if not 0 <= options.quiet_s <= most_s:
        want = f"want 0 to {most_s:g}, so that a second of speech fits --max-s"
        raise ValueError(f"--quiet-s {options.quiet_s:g}: {want}")
    if not options.direction:
        return
    plan = parse_direction(options.direction)
    room_s = sum(plan.room_s) + 2 * options.quiet_s
    if room_s > options.max_s - LEAST_SPEECH_S:
        what = "the direction's sounds" + (" and --quiet-s" if options.quiet_s else "")
        want = f"want {ceil(10 * (room_s + LEAST_SPEECH_S)) / 10:.1f} at least"
        raise ValueError(f"--max-s {options.max_s:g}: {what} take {room_s:.1f} s of it; {want}")
    hands = [cue.gesture for cue in direction_cues(plan, 60.0) if isinstance(cue, GestureCue)]
    if hands and "upper" not in parse_fixed(options.fix).values():
        raise ValueError(f"--direction: {hands[0]} shows only with --fix framing=upper")


def _check_emotion(options: Talk) -> None:
    if "emotion" in parse_fixed(options.fix):
        raise ValueError("--emotion and --fix emotion both say what is felt: want one of them")
    try:
        parse_emotion(options.emotion)
    except ValueError as error:
        raise ValueError(f"--emotion {options.emotion}: {error}") from None


def _check_ladder(options: Ladder) -> None:
    for name in options.controls:
        choose(name, LADDERS, "control in --controls")
    if not 2 <= options.steps <= 100:
        raise ValueError(f"--steps {options.steps}: want 2 to 100")


def _check_rooms(options: Words | Talk) -> None:
    if not 0 <= options.rooms <= 1:
        raise ValueError(f"--rooms {options.rooms:g}: want a share from 0 to 1")
    if options.scene:
        parse_held(options.scene)
        if not options.rooms:
            raise ValueError("--scene holds facts of rooms, but --rooms is 0: want --rooms 1")


def _check_stream(options: Stream) -> None:
    if not 0 < options.hours <= 10000:
        raise ValueError(f"--hours {options.hours:g}: want more than 0, up to 10000")
    if not 0 <= options.keywords_per_minute <= 20:
        want = "want 0 to 20"
        raise ValueError(f"--keywords-per-minute {options.keywords_per_minute:g}: {want}")
    parse_held(options.scene)
    check_keywords(options.words)


def _check_words(options: Words) -> None:
    if options.language != check_language(options.language):
        raise ValueError(f"--language {options.language}: want it in lower case")
    if not 0 <= options.unknown_share + options.silence_share < 1:
        raise ValueError("--unknown-share + --silence-share must be below 1")
    if not 1 <= options.takes <= 10:
        raise ValueError(f"--takes {options.takes}: want 1 to 10")
    for name in ("unknown_share", "silence_share", "near_share", "emotion_share"):
        if not 0 <= getattr(options, name) <= 1:
            flag = name.replace("_", "-")
            raise ValueError(f"--{flag} {getattr(options, name):g}: want 0 to 1")
    check_keywords(options.words, options.language)
