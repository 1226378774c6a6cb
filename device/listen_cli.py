"""`collodi listen`: keywords in a sound file or in what a microphone sends, as they are heard."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from device.args import Parser, to_float
from device.backends import backend_for
from device.bundle import Bundle, ModelFile, read_bundle
from device.detect import NOT_WORDS, Detector, Event
from device.files import write_atomic
from device.strict import dumps
from device.zoo.store import find

EXAMPLES = """\
  collodi listen my-bundle recording.wav
  collodi listen my-bundle recording.wav --threshold 0.6 --json events.json
  arecord -q -t raw -f S16_LE -r 16000 -c 1 | collodi listen my-bundle -"""
TARGETS = ("tflite-int8", "onnx", "onnx-int8")
"""Files that take features, the preferred one first."""


def main(argv: list[str]) -> int:
    """Run `collodi listen`; prints time, word and score of each keyword as it is heard."""
    words = _parser().parse_args(argv)
    if words.json is not None and not words.json.resolve().parent.is_dir():
        raise ValueError(f"--json {words.json}: there is no folder {words.json.parent}")
    folder = find(words.bundle)
    bundle = read_bundle(folder)
    settings = settings_of(bundle, words.threshold)
    entry = file_for(bundle, words.file)
    events = []
    for event in _events(folder, bundle, entry, settings, words.sound):
        print(f"{event.time_s:9.2f} s  {event.word:<16} {event.score:.3f}", flush=True)
        events.append(event)
    if words.json is not None:
        body = {"settings": asdict(settings), "events": [asdict(event) for event in events]}
        write_atomic(words.json, dumps(body))
    return 0


def settings_of(bundle: Bundle, threshold: float | None = None) -> Detector:
    """Return the detector of a bundle, `threshold` for all words where it is given."""
    if bundle.task != "kws":
        raise ValueError(f"bundle '{bundle.name}' is of task {bundle.task}; want one of keywords")
    settings = bundle.detector or Detector()
    if threshold is None:
        return settings
    words = [label for label in bundle.labels if label not in NOT_WORDS]
    return replace(settings, thresholds=dict.fromkeys(words, threshold))


def file_for(bundle: Bundle, name: str | None) -> ModelFile:
    """Return the named file or the first that runs here; ValueError where none takes features."""
    wanted = bundle.files if name is None else (bundle.file(name),)
    for target in TARGETS:
        for entry in wanted:
            if entry.target == target and (name or _runs(target)):
                return entry
    reason = f"file '{name}'" if name else "no file that runs here"
    raise ValueError(
        f"bundle '{bundle.name}': {reason}; listening takes one of {', '.join(TARGETS)}"
    )


def _runs(target: str) -> bool:
    try:
        backend_for(target)
    except ValueError:
        return False
    return True


def _events(
    folder: Path, bundle: Bundle, entry: ModelFile, settings: Detector, sound: str
) -> Iterator[Event]:
    from device.backends.apart import open_apart
    from device.backends.stream import listen, pieces
    from device.backends.wav import raw_chunks, read_wav

    spec = bundle.front_end
    chunks: Iterator[Any]
    if sound == "-":
        chunks = raw_chunks(sys.stdin.buffer, settings.hop_frames * spec["hop"])
    else:
        chunks = pieces(read_wav(Path(sound), spec["sample_rate"]), spec)
    yield from listen(open_apart(folder, entry), spec, bundle.labels, settings, chunks)


def _parser() -> argparse.ArgumentParser:
    parser = Parser("collodi listen", "Hear keywords in a stream of sound.", EXAMPLES)
    parser.add_argument("bundle", metavar="BUNDLE", help="bundle folder, or a name of the zoo")
    parser.add_argument(
        "sound", metavar="SOUND", help="PCM wav file; - for 16-bit mono samples at 16 kHz on stdin"
    )
    parser.add_argument("--file", metavar="NAME", help="this file of the bundle (path or target)")
    parser.add_argument(
        "--threshold", type=_score, metavar="P", help="of all words, instead of the bundle's (0..1)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the events here")
    return parser


def _score(text: str) -> float:
    value = to_float(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number above 0, up to 1")
    return value
