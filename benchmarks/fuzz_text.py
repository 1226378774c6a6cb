"""Kinds of hostile files: scores, curves, styles, corpora of a voice, keys and signatures."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from fuzz_bytes import mutated_lines, mutated_text, one_of
from fuzz_common import Kind, expect, mutated_bytes, mutated_json

from device.backends.minisign import (
    PublicKey,
    SecretKey,
    public_text,
    read_public,
    read_secret,
    secret_text,
    sign,
    signer,
    verify,
)
from device.limits import read_text
from device.strict import dumps
from device.zoo.trust import Pin, Pins, read_pins
from generate.motion.arkit_csv import companion, read_csv, write_csv
from generate.motion.direction import parse_direction
from generate.motion.score_text import from_text, to_text
from generate.motion.singing import parse_song
from generate.motion.style import PersonalStyle, Style
from generate.motion.style_json import read_style, write_style
from generate.spec import ARKIT, Motion
from generate.voice.corpus import read_corpus

SCORE = """collodi-score 1 2.4
# START END KIND
0 2.4 emotion happy 0.7 rise_s=0.2
0 1.1 gaze toy
0.35 0.42 viseme m
0.42 0.61 viseme a effort=1.15
1.2 1.8 head nod size_deg=8 count=2
"""
SIGNED = b"what was signed"


@cache
def curves() -> dict[str, bytes]:
    """A CSV of ARKit curves and what lies beside it."""
    import tempfile

    rng = np.random.default_rng(0)
    arrays = (rng.random((5, len(ARKIT))), rng.normal(0, 9, (5, 3)), rng.normal(0, 9, (5, 2)))
    motion = Motion(30.0, *(array.astype(np.float32) for array in arrays))
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "take.csv"
        write_csv(path, motion)
        write_style(Path(place) / "style.json", PersonalStyle(Style(), (0.1,) * len(ARKIT)))
        return {
            "csv": path.read_bytes(),
            "json": companion(path).read_bytes(),
            "style": (Path(place) / "style.json").read_bytes(),
        }


@cache
def key() -> SecretKey:
    """A key that is the same in every process."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
    raw = private.public_key().public_bytes_raw()
    return SecretKey(PublicKey(b"\2" * 8, raw), b"\1" * 32)


def read_score(place: Path, data: bytes) -> None:
    """A changed score: what is read is written and read again."""
    (place / "a.score").write_bytes(data)
    score = from_text(read_text(place / "a.score"), "a.score")
    expect(from_text(to_text(score)) == score, "the score does not read back")


def read_words(place: Path, data: bytes) -> None:
    """A changed direction, and the same words as a song."""
    (place / "a.txt").write_bytes(data)
    text = read_text(place / "a.txt")
    errors = []
    for parse in (parse_direction, parse_song):
        try:
            parse(text)
        except ValueError as error:
            errors.append(error)
    if errors:
        raise errors[0]


def read_take(place: Path, data: bytes) -> None:
    """Changed curves, or what lies beside them."""
    path = place / "take.csv"
    beside = data[:1] == b"{"
    path.write_bytes(curves()["csv"] if beside else data)
    companion(path).write_bytes(data if beside else curves()["json"])
    motion = read_csv(path).motion
    expect(np.isfinite(motion.arkit).all() and 0 < motion.rate_hz < 2000, "curves that are none")


def read_person(place: Path, data: bytes) -> None:
    """A changed style."""
    (place / "style.json").write_bytes(data)
    expect(bool(np.isfinite(read_style(place / "style.json").bias).all()), "a bias that is none")


def read_lines(place: Path, data: bytes) -> None:
    """A changed metadata.csv or phonemes.jsonl of a corpus."""
    (place / "wavs").mkdir()
    (place / "outside.bin").write_bytes(_wav())
    for name in ("a", "b"):
        (place / "wavs" / f"{name}.wav").write_bytes(_wav())
    told = data[:1] == b"{"
    (place / "metadata.csv").write_bytes(CORPUS if told else data)
    (place / "phonemes.jsonl").write_bytes(data if told else PHONEMES)
    for line in read_corpus(place):
        expect(line.wav.resolve().parent == (place / "wavs").resolve(), "a wav outside the corpus")


@cache
def _wav() -> bytes:
    out = io.BytesIO()
    soundfile.write(out, np.zeros(24000, np.float32), 16000, format="WAV")
    return out.getvalue()


def read_key(place: Path, data: bytes) -> None:
    """A changed key file, taken for a public and for a secret one."""
    path = place / "k.pub"
    path.write_bytes(data)
    errors = []
    for read in (lambda: read_public(str(path)), lambda: read_secret(path)):
        try:
            read()
        except (ValueError, OSError) as error:
            errors.append(error)
    if len(errors) > 1:
        raise errors[0]


def read_signature(place: Path, data: bytes) -> None:
    """A changed signature: what is believed says what was signed."""
    del place
    text = data.decode("utf-8", "replace")
    signer(text, "s.minisig")
    comment = verify(key().public, SIGNED, text, "s.minisig")
    expect(comment == "serial 3", f"a forged comment {comment!r}")


def read_trust(place: Path, data: bytes) -> None:
    """A changed file of trusted keys."""
    (place / "registries.json").write_bytes(data)
    read_pins(place / "registries.json")


def _pins() -> list[bytes]:
    pin = Pin(key().public.text, "0" * 32, 3, "0" * 64, "2026-01-31T12:00:00Z")
    return [dumps(Pins({"https://a.example/r": pin})).encode()]


CORPUS = b"a|Hello there.\nb|Two words.|Two words.\n"
PHONEMES = b'{"id": "a", "phonemes": [["h", 0.0, 0.1], ["e", 0.1, 0.2]]}\n'
WORDS = [
    b"happily, then nods twice",
    b"sadly looks away, then smiles for 2 seconds",
    b"C4 la:1 D4 la:0.5",
]
TAKE = "generate/motion/arkit_csv.py"
MINISIGN = ("device/backends/minisign.py",)


def _take(raw: bytes, rng: object) -> bytes:
    return (mutated_json if raw[:1] == b"{" else mutated_text)(raw, rng)  # type: ignore[arg-type]


def _lines(raw: bytes, rng: object) -> bytes:
    return (mutated_lines if raw[:1] == b"{" else mutated_text)(raw, rng)  # type: ignore[arg-type]


KINDS = {
    "score": Kind(
        lambda: [SCORE.encode()], mutated_text, read_score, ("generate/motion/score_text.py",)
    ),
    "direction": Kind(
        lambda: WORDS,
        mutated_text,
        read_words,
        ("generate/motion/direction.py", "generate/motion/singing.py"),
    ),
    "curves": Kind(
        lambda: [curves()["csv"]] * 3 + [curves()["json"]],
        _take,
        read_take,
        (TAKE, "generate/motion/timecode.py"),
    ),
    "style": Kind(
        lambda: [curves()["style"]], mutated_json, read_person, ("generate/motion/style_json.py",)
    ),
    "corpus": Kind(
        lambda: [CORPUS, CORPUS, PHONEMES], _lines, read_lines, ("generate/voice/corpus.py",)
    ),
    "key": Kind(
        lambda: [public_text(key().public).encode(), secret_text(key()).encode()],
        one_of(mutated_text, mutated_bytes),
        read_key,
        MINISIGN,
    ),
    "signature": Kind(
        lambda: [sign(key(), SIGNED, "serial 3").encode()],
        one_of(mutated_text, mutated_bytes),
        read_signature,
        MINISIGN,
    ),
    "trust": Kind(_pins, mutated_json, read_trust, ("device/zoo/trust.py",)),
}
