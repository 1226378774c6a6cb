"""A corpus of one voice as LJSpeech lays it out: metadata.csv (id|text|text) and wavs/ID.wav.

`make_corpus` speaks one in a made child's voice, with the true times of its phonemes beside it, so
that a voice can be taught, and its timing checked, without any recording.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from device.files import write_atomic
from device.limits import read_text
from device.strict import loads
from generate.decode import sound_seconds
from generate.media import audio_to_wav
from generate.progress import Progress
from generate.provenance import of_voice
from generate.spec import SEXES, Sex
from generate.voice.sayable import check_text
from generate.voice.speech import RATE_HZ, Utterance, speak
from generate.voice.text import SENTENCES, plain_words
from generate.voice.timed import Timed
from generate.voice.voices import sample_voice

SHORTEST_S, LONGEST_S = 0.3, 20.0


@dataclass(frozen=True)
class Line:
    """One line of a corpus."""

    name: str
    text: str
    wav: Path
    phonemes: tuple[Timed, ...] = ()
    """True times, where the corpus has them (phonemes.jsonl): those that the kit spoke."""


def make_corpus(out: Path, lines: int, seed: int, age_years: float, sex: Sex) -> None:
    """Speak `lines` sentences in one child's voice; ValueError where `out` holds something else.

    The voice follows from the seed; espeak-ng speaks it in American English, WORLD makes it young.
    """
    if lines < 2:
        raise ValueError(f"--lines {lines}: want at least 2")
    if sex not in SEXES:
        raise ValueError(f"--sex {sex!r} is not one of {', '.join(SEXES)}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"--out {out} is there already; want a new or an empty folder")
    first = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    voice = sample_voice(first, age_years, sex, accent="en-us")
    texts = sample_texts(lines, first)
    (out / "wavs").mkdir(parents=True, exist_ok=True)
    progress, rows = Progress(lines, "corpus", "line"), []
    for index, text in enumerate(texts):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1, index)))
        said = speak(text, voice, rng)
        rows.append(_write_line(out, f"line-{index:05d}", text, said, seed))
        progress.update(index + 1)
    progress.close()
    write_atomic(out / "phonemes.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    table = "".join(f"{row['id']}|{row['text']}|{row['text']}\n" for row in rows)
    write_atomic(out / "metadata.csv", table)


def sample_texts(count: int, rng: np.random.Generator) -> list[str]:
    """The bundled sentences, then three to five plain words at a time."""
    words = plain_words()
    made = [
        " ".join(words[int(i)] for i in rng.integers(len(words), size=rng.integers(3, 6))) + "."
        for _ in range(max(count - len(SENTENCES), 0))
    ]
    return [*SENTENCES, *made][:count]


def _write_line(out: Path, name: str, text: str, said: Utterance, seed: int) -> dict[str, object]:
    by = of_voice(str(said.facts["engine"]), seed)
    write_atomic(out / "wavs" / f"{name}.wav", audio_to_wav(said.audio, RATE_HZ, by))
    times = [[p.text, round(p.start_s, 4), round(p.end_s, 4)] for p in said.phonemes]
    return {"id": name, "text": text, "phonemes": times}


def read_corpus(folder: Path) -> list[Line]:
    """The lines of a corpus in order.

    Raises ValueError, with the number of the line, for a line of another form, a text that an
    English voice cannot say, a name that leaves the folder, a wav that is missing, unreadable,
    too short or too long; and for a corpus of fewer than two lines.
    """
    table = folder / "metadata.csv"
    if not table.is_file():
        raise ValueError(f"{table} is missing; a corpus is metadata.csv (id|text) and wavs/ID.wav")
    known = _true_phonemes(folder / "phonemes.jsonl")
    lines = []
    for number, row in enumerate(read_text(table).splitlines(), 1):
        if row.strip():
            try:
                lines.append(_line(folder, row, known))
            except ValueError as error:
                raise ValueError(f"{table}, line {number}: {error}") from error
    if len(lines) < 2:
        raise ValueError(f"{table} has {len(lines)} lines; want at least 2")
    return lines


def _line(folder: Path, row: str, known: dict[str, tuple[Timed, ...]]) -> Line:
    name, *texts = (part.strip() for part in row.split("|"))
    if not 1 <= len(texts) <= 2 or not name:
        raise ValueError(f"{row[:60]!r} is not id|text or id|text|normalised text")
    if Path(name).name != name:
        raise ValueError(f"the id {name!r} is not a plain file name")
    check_text(texts[-1])
    wav = folder / "wavs" / f"{name}.wav"
    if not wav.is_file():
        raise ValueError(f"{wav} is missing")
    lasts_s = sound_seconds(wav)
    if not SHORTEST_S <= lasts_s <= LONGEST_S:
        raise ValueError(f"{wav} lasts {lasts_s:.2f} s; want {SHORTEST_S} to {LONGEST_S:g}")
    return Line(name, texts[-1], wav, known.get(name, ()))


def _true_phonemes(path: Path) -> dict[str, tuple[Timed, ...]]:
    if not path.is_file():
        return {}
    found = {}
    for number, line in enumerate(read_text(path).splitlines(), 1):
        row = loads(line.encode(), f"{path}, line {number}")
        if not isinstance(row, dict) or not isinstance(row.get("id"), str):
            raise ValueError(f"{path}, line {number}: want an object with id and phonemes")
        found[row["id"]] = _spoken(row.get("phonemes"), f"{path}, line {number}")
    return found


def _spoken(items: Any, where: str) -> tuple[Timed, ...]:
    """Phonemes from [[text, start s, end s], ...]."""
    if not isinstance(items, list):
        raise ValueError(f"{where}: phonemes should be a list")
    for item in items:
        right = isinstance(item, list) and [type(part) for part in item[:1]] == [str]
        times = item[1:] if right else ()
        if len(times) != 2 or not all(type(t) in (int, float) and 0 <= t < 1e6 for t in times):
            raise ValueError(f"{where}: {item!r:.60} is no phoneme with start and end")
    return tuple(Timed(*item) for item in items)
