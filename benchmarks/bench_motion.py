"""How well and how fast scores play: one function a figure.

Figures: closure (share of p, b, m of at least 40 ms that reach a lip gap under 1 mm on the
geometry of children of 3, 6, 12 years and adults, in every emotion, by two styles),
closure_worst_age, false_closure (share of the frames of other sounds, f and v apart, in which the
lips are shut), lag_ms (median time by which the mouth's opening follows the sound's loudness), rtf
(seconds of a ten-minute score that play in a second of one core's time, without rendering), drift
(largest difference of the chunked, read-back ten minutes from the whole, plus the slope of the
resting face a minute: 0), memory_growth (peak of ten minutes streamed over that of one minute),
style_retrieval and style_gain where the score of the ten seconds is known, and the same and
style_worst with _score, _phonemes and _curves by what is known (style_figures.py: children that
nothing was chosen on);
emotion_accuracy (share of held-out children, styles and sentences whose emotion at full intensity a
logistic regression tells from their curves among the seven), intensity_spearman (rank correlation
of asked and predicted intensity over ten levels of one child's sentence, mean of the worst
emotion), intensity_pooled (over all children at once), intensity_closure (share of p, b, m shut at
all levels).

    python benchmarks/bench_motion.py --json benchmarks/results/bench_motion.json
    python benchmarks/bench_motion.py --only closure --people 2
"""

from __future__ import annotations

import argparse
import os
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import motion_emotion
import numpy as np
from common import finish
from style_figures import styles

from generate.motion import metrics
from generate.motion.cues import StyleCue
from generate.motion.director import direct
from generate.motion.player import play_score, stream_score
from generate.motion.score import Score
from generate.motion.score_text import from_text, to_text
from generate.motion.shown import lip_gap_mm
from generate.motion.visemes import BILABIAL, LABIODENTAL
from generate.people.child import Child
from generate.sample import sample_person
from generate.spec import EMOTIONS
from generate.voice.speech import Utterance, speak
from generate.voice.text import SENTENCES
from generate.voice.timed import later
from generate.voice.voices import sample_voice

Measured = tuple[list[dict[str, Any]], dict[str, float | None]]

SEED = 23
AGES = (3.0, 6.0, 12.0, 35.0)
RATE_HZ = 25.0
LONG_S = 600.0
LIPS = (
    "Mama, pop a big bubble. Happy baby bears jump up!",
    "Bob put a purple apple in my warm, fluffy map box.",
    "Five very brave puppies move from home to the pub.",
)
"""Rich in p, b, m, f and v."""
LAG_HZ = 100.0
STYLES = (StyleCue(0, 1), StyleCue(0, 1, jaw=2.0, lips=2.0, expression=2.0, asymmetry=0.3))


def spans(
    utterance: Utterance, sounds: frozenset[str], length_s: float
) -> list[tuple[float, float]]:
    """Times of the phonemes that hold one of `sounds`, within a clip."""
    found = [p for p in utterance.phonemes if sounds & set(p.text) and p.end_s <= length_s]
    return [(p.start_s, p.end_s) for p in found]


def said(text: str, age_years: float, number: int) -> Utterance:
    """One utterance of a child's or an adult's voice."""
    rng = np.random.default_rng([SEED, number])
    voice = sample_voice(rng, age_years, "female", child=age_years < 18)
    return speak(text, voice, rng)


def lip_cases(people: int) -> Iterator[tuple[float, int, str, int]]:
    """Age, person, emotion and style of everything that `closure` plays."""
    yield from product(AGES, range(people), EMOTIONS, range(len(STYLES)))


def closure(args: argparse.Namespace) -> Measured:
    """Lips that meet and lips that should not, measured on the posed heads."""
    rows, built = [], dict[tuple[float, int], tuple[Child, Utterance]]()
    for age, person, emotion, style in lip_cases(args.people):
        if (age, person) not in built:
            number = 100 * person + int(age)
            drawn = replace(sample_person(SEED, number, (age, age + 0.5)), hair_style="cropped")
            text = f"{LIPS[person % len(LIPS)]} {SENTENCES[person]}."
            built[age, person] = Child(drawn, detail=0.05), said(text, age, number)
        rows.append(lips_row(*built[age, person], emotion, STYLES[style]))
        rows[-1] |= {"age_years": age, "person": person, "style": style}
    figures: dict[str, float | None] = {
        "closure": share(rows, "shut", "contacts"),
        "closure_worst_age": min(
            share([r for r in rows if r["age_years"] == age], "shut", "contacts") for age in AGES
        ),
        "false_closure": share(rows, "false_shut", "others"),
    }
    return rows, figures


def lips_row(child: Child, utterance: Utterance, emotion: str, style: StyleCue) -> dict[str, Any]:
    """One child that says one utterance with a full emotion: gaps of every contact, raw."""
    length_s = utterance.duration_s
    rng = np.random.default_rng([SEED, EMOTIONS.index(emotion)])
    score = direct(utterance, length_s, rng, emotion, 0.0 if emotion == "neutral" else 1.0)
    kept = tuple(cue for cue in score.cues if not isinstance(cue, StyleCue))
    score = Score(length_s, (*kept, replace(style, end_s=length_s)))
    gap = lip_gap_mm(child, play_score(score, RATE_HZ).arkit)
    shut = spans(utterance, BILABIAL, length_s)
    long = [s for s in shut if s[1] - s[0] >= metrics.SHORTEST_S]
    away = [
        (p.start_s, p.end_s)
        for p in utterance.phonemes
        if not (BILABIAL | LABIODENTAL) & set(p.text)
    ]
    middle_s = (np.arange(len(gap)) + 0.5) / RATE_HZ
    apart = gap[inside(middle_s, away) & ~inside(middle_s, shut, 0.06)]
    half_s = 0.5 / RATE_HZ
    return {
        "kind": "lips", "emotion": emotion, "contacts": len(long), "others": len(apart),
        "shut": sum(metrics.closure_rate(gap, RATE_HZ, [span]) for span in long),
        "false_shut": int((apart < metrics.SHUT_MM).sum()),
        "contact_gap_mm": [
            round(float(gap[inside(middle_s, [span], half_s)].min()), 3) for span in long
        ],
        "least_other_gap_mm": round(float(apart.min(initial=np.inf)), 3),
    }  # fmt: skip


def inside(times_s: Any, of: list[tuple[float, float]], margin_s: float = 0.0) -> Any:
    """(T,) True where a moment is in one of the spans, or nearer than the margin."""
    near = [(times_s >= a - margin_s) & (times_s < b + margin_s) for a, b in of]
    return np.any(near, axis=0) if near else np.zeros(len(times_s), bool)


def share(rows: list[dict[str, Any]], part: str, of: str) -> float:
    """Share that the sum of one number is of the sum of another."""
    return float(sum(row[part] for row in rows) / sum(row[of] for row in rows))


def lag(args: argparse.Namespace) -> Measured:
    """Loudness of the sound against the gap between the lips."""
    child = Child(replace(sample_person(SEED, 6, (6, 6.5)), hair_style="cropped"), detail=0.05)
    rows = []
    for number in range(args.utterances):
        utterance = said(SENTENCES[number % len(SENTENCES)], 6.0, 1000 + number)
        score = direct(utterance, utterance.duration_s, np.random.default_rng([SEED, number]))
        gap = lip_gap_mm(child, play_score(score, LAG_HZ).arkit)
        loud = metrics.envelope(utterance.audio, 16000, len(gap), LAG_HZ)
        rows.append(
            {"kind": "lag", "utterance": number, "lag_ms": metrics.lag_ms(loud, gap, LAG_HZ)}
        )
    return rows, {"lag_ms": median(row["lag_ms"] for row in rows)}


def ten_minutes(length_s: float) -> Score:
    """Sentences one after the other for `length_s`, with an emotion and all that is drawn."""
    first, now, phonemes = [said(text, 6.0, i) for i, text in enumerate(SENTENCES[:20])], 0.0, []
    number = 0
    while now < length_s:
        part = first[number % len(first)]
        phonemes += later(part.phonemes, now)
        now, number = now + part.duration_s + 0.3, number + 1
    whole = Utterance(np.zeros(1, np.float32), tuple(phonemes), (), {})
    return direct(whole, length_s, np.random.default_rng(SEED), "happy", 0.6)


def speed(args: argparse.Namespace) -> Measured:
    """Time, memory and drift of a long score."""
    score, short = ten_minutes(LONG_S), ten_minutes(LONG_S / 10)
    play_score(score, RATE_HZ, 0, 10)
    rows = []
    for _ in range(args.repeats):
        begun = time.process_time()
        frames = sum(len(part) for part in stream_score(score, RATE_HZ))
        rows.append({"kind": "speed", "frames": frames, "seconds": time.process_time() - begun})
    peaks = [peak_bytes(one) for one in (short, score)]
    whole = play_score(score, RATE_HZ).arkit
    parts = [part.arkit for part in stream_score(from_text(to_text(score)), RATE_HZ, 97)]
    apart = float(np.abs(np.concatenate(parts) - whole).max())
    still = tuple(c for c in score.cues if c.KIND in ("face", "style"))
    rest = play_score(Score(score.length_s, still), RATE_HZ).arkit
    slope = metrics.drift_per_minute(rest, RATE_HZ)
    rows.append({"kind": "long", "cues": len(score.cues), "peak_bytes": peaks, "apart": apart,
                 "slope_per_minute": slope})  # fmt: skip
    return rows, {
        "rtf": LONG_S / median(row["seconds"] for row in rows[:-1]),
        "drift": apart + slope,
        "memory_growth": peaks[1] / peaks[0],
    }


def peak_bytes(score: Score) -> int:
    """Most memory that streaming a score takes, beyond the score itself."""
    tracemalloc.start()
    for _ in stream_score(score, RATE_HZ):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def emotion(args: argparse.Namespace) -> Measured:
    """Which emotion curves show, and how strongly."""
    known = [said(text, 6.0, 2000 + n) for n, text in enumerate(SENTENCES[:8])]
    new = [said(text, 6.0, 3000 + n) for n, text in enumerate(SENTENCES[20:28])]
    return motion_emotion.measure(known, new, max(args.children // 2, 2))


FIGURES: Mapping[str, Callable[[argparse.Namespace], Measured]] = {
    "closure": closure,
    "lag": lag,
    "speed": speed,
    "style": lambda args: styles(args.children, args.tune),
    "emotion": emotion,
}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", nargs="*", choices=FIGURES, default=list(FIGURES))
    parser.add_argument("--people", type=int, default=3, help="people of each age")
    parser.add_argument("--utterances", type=int, default=20, help="utterances of the lag")
    parser.add_argument("--repeats", type=int, default=3, help="runs of the speed")
    parser.add_argument("--children", type=int, default=50, help="children of styles, emotions")
    parser.add_argument("--tune", action="store_true", help="styles of the children to choose on")
    args = parser.parse_args()
    rows: list[dict[str, Any]] = []
    figures: dict[str, float | None] = {}
    for name in args.only:
        more, found = FIGURES[name](args)
        rows += more
        figures |= found
    finish(rows, figures, args.json)


if __name__ == "__main__":
    main()
