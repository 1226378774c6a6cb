"""Figures of one keyword bundle for bench_voice: size, speed, false accepts, ages."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from latency import against

from device.backends import open_model
from device.backends.frontend import logmel
from device.bundle import Bundle, read_bundle
from export.tune import score
from export.tune_cli import listen_to
from generate.shards import open_dataset
from train_edge.data import cut_word
from train_edge.predictor import load_model
from train_edge.real_folders import one_second

REFERENCE = "mlperf_tiny_kws_int8.tflite"
SECONDS = 300
AGE_BANDS = ((3, 5), (5, 7), (7, 9), (9, 12.01))
"""Years, from and below."""

Measured = tuple[list[dict[str, Any]], dict[str, float]]
"""Raw rows, and figures by name."""


def size(folder: Path) -> Measured:
    """Bytes of the int8 TFLite file and of its arena."""
    entry = read_bundle(folder).file("tflite-int8")
    row = {"kind": "kws size", "bytes": entry.bytes, "arena_bytes": entry.arena_bytes}
    return [row], {"kws_bytes": entry.bytes, "kws_arena_bytes": entry.arena_bytes or 0}


def speed(folder: Path) -> Measured:
    """Seconds of sound that front end and int8 network understand in a second, on one core."""
    bundle = read_bundle(folder)
    model = open_model(folder, bundle.file("tflite-int8"))
    rate_hz = bundle.front_end["sample_rate"]
    sound = np.random.default_rng(0).normal(0, 0.1, (SECONDS, rate_hz)).astype(np.float32)
    model.run([logmel(sound[:8], bundle.front_end)[..., None]])  # warm
    began_s = time.perf_counter()
    for second in sound:
        model.run([logmel(second[None], bundle.front_end)[..., None]])
    took_s = time.perf_counter() - began_s
    row = {"kind": "kws speed", "runtime": model.runtime, "sound_s": SECONDS, "took_s": took_s}
    return [row], {"kws_rtf": SECONDS / took_s}


def against_mlperf(folder: Path, reference: Path) -> Measured:
    """Median latency of the int8 network over that of MLPerf Tiny's, turn by turn, LiteRT."""
    row, ratio = against(folder, reference / REFERENCE)
    return [{"kind": "kws latency"} | row], {"kws_vs_mlperf_latency": ratio}


def detection(folder: Path, stream: Path, words: Path) -> Measured:
    """False accepts an hour on a stream without keywords, and the share of words missed."""
    bundle = read_bundle(folder)
    if bundle.detector is None:
        raise SystemExit(f"{folder}: no thresholds; run collodi tune with another stream first")
    hop = bundle.detector.hop_frames
    false = score(listen_to(folder, bundle, stream, hop), bundle.labels, bundle.detector)
    missed = score(listen_to(folder, bundle, words, hop), bundle.labels, bundle.detector)
    row = {"kind": "kws detection", "hours": false.hours, "false_accepts": false.false_accepts,
           "words": missed.words, "missed": missed.missed}  # fmt: skip
    return [row], {"fa_per_hour": false.per_hour, "frr": missed.false_rejects}


def ages(folder: Path, words: Path) -> Measured:
    """Largest difference of accuracy between age bands of synthetic children, in points."""
    bundle, rows = read_bundle(folder), []
    for low, high in AGE_BANDS:
        right = _right(folder, bundle, words, low, high)
        rows.append({"kind": "kws age", "from_years": low, "below_years": high,
                     "clips": len(right), "right": sum(right)})  # fmt: skip
    shares = [row["right"] / row["clips"] for row in rows if row["clips"]]
    return rows, {"age_band_gap": 100 * (max(shares) - min(shares))}


def _right(folder: Path, bundle: Bundle, words: Path, low: float, high: float) -> list[bool]:
    """For each keyword clip of a child's voice in the band, whether the answer is right."""
    dataset, model = open_dataset(words), load_model(folder)
    chosen = [
        n
        for n, row in enumerate(dataset.rows)
        if low <= row["age_years"] < high and row["keyword"] in bundle.labels[:-2]
    ]
    clips = list(dataset.clips(("audio", "labels"), chosen))
    if not clips:
        return []
    sounds = np.stack([one_second(cut_word(clip, clip.facts["keyword"])) for clip in clips])
    found = model.hear(sounds)[:, :-2].argmax(1)
    return [bundle.labels[k] == clip.facts["keyword"] for k, clip in zip(found, clips, strict=True)]
