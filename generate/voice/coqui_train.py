"""Teach a Coqui voice: FastPitch from an LJSpeech-style corpus, and how well it speaks and times.

The kit prepares the corpus (phonemes from espeak-ng, F0 from WORLD, 16 kHz mono); Coqui's Trainer
runs in its own Python. The voice's folder gets config.json, model.safetensors, loss.json and
voice.json; `work/` in it has the checkpoints to go on from.
"""

from __future__ import annotations

import json
import os
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.files import write_atomic
from generate.progress import Progress
from generate.voice.coqui import ipa_text, synth
from generate.voice.coqui_pipe import Child, tts_python
from generate.voice.corpus import Line, read_corpus
from generate.voice.timed import Timed

RATE_HZ, HOP = 16000, 200
STEP_S = 900.0
"""The longest wait for a step; the first includes loading."""
HELD_OUT_EVERY = 20
"""Each 20th line is not taught, but said at the end: 12 at most."""


@dataclass(frozen=True)
class Recipe:
    """How a voice is taught."""

    steps: int
    batch: int
    lr: float
    seed: int
    size: str
    begin: str = ""
    """Folder of a voice to begin from."""


def train(corpus: Path, out: Path, recipe: Recipe) -> dict[str, Any]:
    """Train and try a voice; what voice.json says of it. Interrupted work is gone on with.

    Raises ValueError for a corpus or an `out` that cannot be used, RuntimeError where training
    fails.
    """
    tts_python()
    lines = read_corpus(corpus)
    held = lines[:: max(HELD_OUT_EVERY, -(-len(lines) // 12))]
    taught = [line for line in lines if line not in held]
    _same_or_new(out, corpus, recipe)
    work = out / "work"
    (work / "f0").mkdir(parents=True, exist_ok=True)
    job = _job(taught, work, out, recipe)
    write_atomic(work / "job.json", json.dumps(job))
    curve = _run(work / "job.json", out, recipe.steps)
    facts = {
        "f0_mean_hz": job["f0_mean_hz"],
        "f0_sd_hz": job["f0_sd_hz"],
        "lines": len(taught),
        "first_loss": curve[0]["loss"],
        "last_loss": curve[-1]["loss"],
        "steps": curve[-1]["step"],
    }
    write_atomic(out / "voice.json", json.dumps(facts, indent=1))
    facts |= judge(str(out), held)
    write_atomic(out / "voice.json", json.dumps(facts, indent=1))
    return facts


def _same_or_new(out: Path, corpus: Path, recipe: Recipe) -> None:
    """Refuse to go on in a folder that something else was taught in."""
    said = {"corpus": str(corpus), "batch": recipe.batch, "seed": recipe.seed}
    said |= {"size": recipe.size, "begin": recipe.begin}
    note = out / "recipe.json"
    if note.is_file():
        was = json.loads(note.read_text("utf-8"))
        for name, value in said.items():
            if was.get(name) != value:
                raise ValueError(f"{out} was begun with {name} = {was.get(name)}, not {value}")
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"--out {out} is there already; want a new folder or one begun before")
    out.mkdir(parents=True, exist_ok=True)
    write_atomic(note, json.dumps(said, indent=1))


def _job(lines: list[Line], work: Path, out: Path, recipe: Recipe) -> dict[str, Any]:
    """Everything that Coqui's side needs, and the sounds and F0 that it reads."""
    samples, pitches = [], []
    progress = Progress(len(lines), "prepare", "line")
    for index, line in enumerate(lines):
        wav, pitch = _prepare(line, work)
        pitches.append(pitch[pitch > 0])
        samples.append(
            {
                "text": ipa_text(line.text)[0],
                "audio_file": str(wav.resolve()),
                "audio_unique_name": line.name,
                "speaker_name": "child",
                "language": "",
                "root_path": str(work),
            }
        )
        progress.update(index + 1)
    progress.close()
    voiced = np.concatenate(pitches)
    if len(voiced) < 100:
        raise ValueError("the corpus has almost no voiced sound: it cannot teach a voice")
    each = -(-len(lines) // recipe.batch)
    return {
        "samples": samples,
        "work": str(work.resolve()),
        "out": str(out.resolve()),
        "f0": str((work / "f0").resolve()),
        "f0_mean_hz": round(float(voiced.mean()), 2),
        "f0_sd_hz": round(float(voiced.std()), 2),
        "epochs": max(-(-recipe.steps // each), 1),
        "save_steps": 500,
        "threads": int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1),
        "batch": recipe.batch,
        "lr": recipe.lr,
        "seed": recipe.seed,
        "size": recipe.size,
        "begin": recipe.begin,
    }


def _prepare(line: Line, work: Path) -> tuple[Path, NDArray[np.float32]]:
    """The line's wav at 16 kHz mono, and F0 (Hz, 0 unvoiced) of each of its frames.

    F0 goes where Coqui looks for it. Raises ValueError for sound that is not finite.
    """
    import soundfile
    import soxr

    from generate.decode import decode_sound
    from generate.voice.world import FRAME_S, analyse

    audio, rate_hz = decode_sound(line.wav, str(line.wav), "float32")
    wav = line.wav
    if not np.isfinite(audio).all():
        raise ValueError(f"{wav} holds samples that are not finite")
    mono = audio.mean(axis=1)
    if rate_hz != RATE_HZ or audio.shape[1] != 1:
        mono = soxr.resample(mono, rate_hz, RATE_HZ)
        wav = work / "wavs" / line.wav.name
        wav.parent.mkdir(exist_ok=True)
        soundfile.write(wav, mono, RATE_HZ, subtype="PCM_16")
    found = analyse(mono.astype(np.float64), RATE_HZ).f0_hz
    frames = 1 + len(mono) // HOP
    place = np.round(np.arange(frames) * HOP / RATE_HZ / FRAME_S).astype(int)
    pitch = found[np.minimum(place, len(found) - 1)].astype(np.float32)
    name = urlsafe_b64encode(line.name.encode()).decode()
    np.save(work / "f0" / f"{name}_pitch.npy", pitch)
    return wav, pitch


def _run(job: Path, out: Path, steps: int) -> list[dict[str, float]]:
    """Train; the losses of all steps, those of earlier runs of the same folder first."""
    path = out / "loss.json"
    before = json.loads(path.read_text("utf-8")) if path.is_file() else []
    child, progress = Child("train", str(job)), Progress(steps, "train", "step")
    fresh: list[dict[str, float]] = []
    try:
        while not (said := child.answer(STEP_S)[0]).get("done"):
            fresh.append(said)
            progress.update(int(said["step"]))
    finally:
        progress.close()
        first = fresh[0]["step"] if fresh else float("inf")
        curve = [row for row in before if row["step"] < first] + fresh
        if fresh:
            write_atomic(path, json.dumps(curve))
        child.close()
    return curve


def judge(voice: str, lines: list[Line]) -> dict[str, Any]:
    """How fast a voice speaks, and how far its phoneme durations are from the true ones.

    rtf: seconds of sound in a second. Durations are compared where the corpus has true times of
    the same phonemes: the median of absolute errors, and that of giving every phoneme the median.
    """
    synth(lines[0].text, voice)
    begun, sound_s = time.perf_counter(), 0.0
    mine: list[float] = []
    true: list[float] = []
    for line in lines:
        said = synth(line.text, voice)
        sound_s += len(said.pcm) / said.rate_hz
        if [p.text for p in said.phonemes] == [p.text for p in line.phonemes]:
            mine += _durations(said.phonemes)
            true += _durations(line.phonemes)
    facts: dict[str, Any] = {"rtf": round(sound_s / (time.perf_counter() - begun), 1)}
    if true:
        error = np.abs(np.array(mine) - np.array(true))
        flat = np.abs(np.array(true) - np.median(true))
        facts |= {
            "phonemes": len(true),
            "duration_error_ms": round(1000 * float(np.median(error)), 1),
            "flat_error_ms": round(1000 * float(np.median(flat)), 1),
            "true_median_ms": round(1000 * float(np.median(true)), 1),
        }
    return facts


def _durations(items: tuple[Timed, ...]) -> list[float]:
    return [item.end_s - item.start_s for item in items]
