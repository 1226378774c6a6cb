"""How fast speech is made and understood, and how well: one function a figure.

Figures: words_rtf (seconds of word clips made in a second on two cores: voice, child transform,
room, labels; set-up of rooms and noises not counted), words_rtf_takes (the same with three takes of
each thing said). Of a keyword bundle (--bundle): kws_bytes, kws_arena_bytes, kws_rtf (seconds of
sound that front end and int8 network take in a second, one core), kws_vs_mlperf_latency (with
--reference, a folder with MLPerf Tiny's int8 model), fa_per_hour and frr (with --stream and --words
of voices that neither training nor tuning heard, at the bundle's thresholds), age_band_gap (with
--words, points). What is not given is not measured; all are on synthetic voices.

    python benchmarks/bench_voice.py --json benchmarks/results/bench_voice.json
    python benchmarks/bench_voice.py --only kws --bundle BUNDLE --reference FOLDER
    python benchmarks/bench_voice.py --only kws --bundle BUNDLE --stream STREAM --words WORDS
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import kws_figures
from common import finish
from kws_figures import Measured

from generate.cli import resolved_voices
from generate.make import make_clip
from generate.presets import Words
from generate.sound import noises, rooms, scene
from generate.voice.neighbours import real_words

SEED = 11
CORES, TAKES = 2, 3
WARM_CLIPS = 150
"""Clips before the clock starts, after `set_up`: they start the engines and fill other tables."""


def words_rtf(args: argparse.Namespace) -> Measured:
    """A new word in a new voice in every clip."""
    rows, rtf = word_clips(args, takes=1)
    return rows, {"words_rtf": rtf}


def words_rtf_takes(args: argparse.Namespace) -> Measured:
    """TAKES clips of each word, at other speeds in other rooms."""
    rows, rtf = word_clips(args, takes=TAKES)
    return rows, {"words_rtf_takes": rtf}


def word_clips(args: argparse.Namespace, takes: int) -> tuple[list[dict[str, Any]], float]:
    """Every clip a second in a room, in CORES processes that start together: rows, real time."""
    context = multiprocessing.get_context("spawn")
    start, queue = context.Barrier(CORES), context.Queue()
    jobs = [(core, args.clips, takes, start, queue) for core in range(CORES)]
    workers = [context.Process(target=make_words, args=job) for job in jobs]
    for worker in workers:
        worker.start()
    rows = [queue.get(timeout=1800) for _ in workers]
    for worker in workers:
        worker.join()
    seconds = max(row["ended_s"] for row in rows) - min(row["began_s"] for row in rows)
    return rows, sum(row["audio_s"] for row in rows) / seconds


def make_words(core: int, clips: int, takes: int, start: Any, queue: Any) -> None:
    """Make clips of one part of a data set after a warm-up; puts one row on the queue."""
    options = resolved_voices(Words(seed=SEED, rooms=1.0, takes=takes))
    assert isinstance(options, Words)
    set_up(options)
    first = core * takes * (WARM_CLIPS + clips)
    for number in range(first, first + WARM_CLIPS):
        make_clip(options, number)
    start.wait()
    began_s, cpu_s, audio_s = time.time(), time.process_time(), 0.0
    for number in range(first + WARM_CLIPS, first + WARM_CLIPS + clips):
        audio_s += make_clip(options, number).facts["n_samples"] / 16000
    row = {"kind": "words", "takes": takes, "core": core, "clips": clips, "audio_s": audio_s}
    cpu_s = time.process_time() - cpu_s
    queue.put(row | {"began_s": began_s, "ended_s": time.time(), "cpu_s": cpu_s,
                     "voices": list(options.voices)})  # fmt: skip


def set_up(options: Words) -> None:
    """Make what a process makes once for all clips: rooms, noises, what the toy itself plays, near
    words of the keywords."""
    rooms.bank(options.seed)
    for kind in noises.KINDS:
        for variant in range(noises.VARIANTS):
            noises.noise(options.seed, kind, variant)
    for number in range(scene.PROMPTS):
        scene.prompt(options.seed, number)
    for keyword in options.words:
        real_words(keyword, options.words, options.language)
    gc.freeze()


def kws(args: argparse.Namespace) -> Measured:
    """What the options give the means to measure of a keyword bundle."""
    parts: list[Measured] = []
    if args.bundle:
        parts += [kws_figures.size(args.bundle), kws_figures.speed(args.bundle)]
        if args.reference:
            parts.append(kws_figures.against_mlperf(args.bundle, args.reference))
        if args.stream and args.words:
            parts.append(kws_figures.detection(args.bundle, args.stream, args.words))
        if args.words:
            parts.append(kws_figures.ages(args.bundle, args.words))
    rows = [row for more, _ in parts for row in more]
    return rows, {name: value for _, found in parts for name, value in found.items()}


FIGURES: dict[str, Callable[[argparse.Namespace], Measured]] = {
    "words_rtf": words_rtf,
    "words_rtf_takes": words_rtf_takes,
    "kws": kws,
}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", nargs="*", choices=FIGURES, default=list(FIGURES))
    parser.add_argument("--clips", type=int, default=500, help="word clips on each core")
    for name in ("bundle", "reference", "stream", "words"):
        parser.add_argument(f"--{name}", type=Path)
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
