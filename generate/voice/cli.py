"""`collodi voice list|corpus|train|say`: the engines here, and the making of a Coqui voice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from generate.options import choose, parse
from generate.spec import Sex
from generate.voice.coqui_pipe import tts_python
from generate.voice.coqui_train import Recipe, train
from generate.voice.corpus import make_corpus
from generate.voice.engines import PACKAGES, check_engines, installed_engines
from generate.voice.voices import variants_of

HELP = """usage: collodi voice COMMAND [options]

  list     the text-to-speech engines of this machine and their voices
  corpus   speak an LJSpeech-style corpus in one made child's voice
  train    teach a Coqui FastPitch voice from such a corpus, yours or ours
  say      say a text with an engine and write a wav

examples:
  collodi voice corpus --out out/corpus --lines 200
  collodi voice train --corpus out/corpus --out out/voice --steps 600
  collodi voice say "hello bear" --voice coqui:out/voice --out hello.wav
  collodi generate words --out data/words --voices espeak coqui:out/voice

docs/voices.md has what each engine needs, and its licence."""


@dataclass(frozen=True)
class List:
    """Say which engines speak here, with how many voices.

    Example: collodi voice list
    """


@dataclass(frozen=True)
class Corpus:
    """Speak a corpus in one made child's voice, with the true times of its phonemes.

    Example: collodi voice corpus --out out/corpus --lines 200 --age-years 6
    """

    out: Path
    """A new folder: metadata.csv, wavs/, phonemes.jsonl."""
    lines: int = 200
    """Sentences."""
    seed: int = 0
    """Another seed is another child, and says other things."""
    age_years: float = 6.0
    """Age of the voice."""
    sex: Sex = "female"
    """Sex of the voice."""


@dataclass(frozen=True)
class Train:
    """Teach a Coqui FastPitch voice; run again to go on after an interruption.

    Example: collodi voice train --corpus my/corpus --out out/voice --steps 20000 --size full
    """

    corpus: Path
    """metadata.csv (id|text) and wavs/ID.wav."""
    out: Path
    """The voice's folder: config.json, model.safetensors, loss.json, voice.json, work/."""
    steps: int = 600
    """Steps in all, rounded up to whole passes over the corpus."""
    batch: int = 16
    """Lines in a step."""
    lr: float = 1e-3
    """Adam's step size; 1e-4 to go on from a trained voice."""
    seed: int = 0
    """Of weights and order."""
    size: str = "tiny"
    """tiny, small, or full as Coqui has it."""
    begin: Path | None = None
    """Folder of a voice of that size to begin from (fine-tuning)."""


@dataclass(frozen=True)
class Say:
    """Say a text with one voice and write a wav.

    Example: collodi voice say "good night" --voice coqui:out/voice --out night.wav
    """

    text: Annotated[str, tyro.conf.Positional]
    """What to say."""
    voice: str = "espeak"
    """espeak, flite, festival or coqui:FOLDER."""
    out: Path = Path("said.wav")
    """The wav."""


def main(argv: Sequence[str]) -> int:
    """Run the command line; ValueError where it was used wrongly."""
    if not argv or argv[0] in ("-h", "--help"):
        print(HELP)
        return 0
    kind, run = COMMANDS[choose(argv[0], COMMANDS, "command of collodi voice")]
    run(parse(kind, argv[1:], f"collodi voice {argv[0]}", kind.__doc__))
    return 0


def _list(_options: List) -> None:
    for name in ("espeak", "flite", "festival"):
        here = name in installed_engines()
        said = f"{len(variants_of(name))} voices" if here else f"not here: {PACKAGES[name]}"
        print(f"{name:<10}{said}")
    try:
        print(f"{'coqui':<10}any folder as coqui:FOLDER, by {tts_python()}")
    except ValueError as error:
        print(f"{'coqui':<10}not here: {error}")


def _corpus(options: Corpus) -> None:
    make_corpus(options.out, options.lines, options.seed, options.age_years, options.sex)
    print(f"{options.out}: {options.lines} lines")


def _train(options: Train) -> None:
    choose(options.size, ("tiny", "small", "full"), "size in --size")
    for name, low in (("steps", 1), ("batch", 1), ("seed", 0)):
        if getattr(options, name) < low:
            raise ValueError(f"--{name} {getattr(options, name)}: at least {low}")
    if not 0 < options.lr < 1:
        raise ValueError(f"--lr {options.lr:g}: want more than 0 and less than 1")
    begin = str(options.begin.resolve()) if options.begin else ""
    recipe = Recipe(options.steps, options.batch, options.lr, options.seed, options.size, begin)
    facts = train(options.corpus, options.out, recipe)
    print(f"{options.out}: loss {facts['first_loss']:.2f} -> {facts['last_loss']:.2f} in "
          f"{facts['steps']} steps; speaks {facts['rtf']:g} x real time")  # fmt: skip
    if "duration_error_ms" in facts:
        print(f"phoneme durations of {facts['phonemes']} held-out phonemes: off by "
              f"{facts['duration_error_ms']:g} ms in the median")  # fmt: skip


def _say(options: Say) -> None:
    import numpy as np

    from device.files import write_atomic
    from generate.media import audio_to_wav
    from generate.provenance import of_voice
    from generate.voice.engines import ENGINES

    if options.out.suffix.lower() != ".wav":
        raise ValueError(f"--out {options.out}: want a name that ends in .wav")
    (engine,) = check_engines((options.voice,))
    voice = variants_of(engine)[0]
    name = f"en-us+{voice.name}" if voice.engine == "espeak" else voice.name
    said = ENGINES[voice.engine](options.text, name, rate_wpm=175, pitch=50, pitch_range=50, seed=0)
    wav = audio_to_wav(np.asarray(said.pcm), said.rate_hz, of_voice(voice.engine, 0))
    write_atomic(options.out, wav)
    print(" ".join(f"{p.text} {p.start_s:.2f}-{p.end_s:.2f}" for p in said.phonemes))


COMMANDS: dict[str, tuple[type[Any], Callable[[Any], None]]] = {
    "list": (List, _list),
    "corpus": (Corpus, _corpus),
    "train": (Train, _train),
    "say": (Say, _say),
}
