"""Kinds of hostile files: what media say of where they are from, unsigned and signed."""

from __future__ import annotations

import random
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from fuzz_bytes import mutated_binary, mutated_text, one_of
from fuzz_common import Kind, expect

from generate.media import audio_to_flac, audio_to_wav, frame_to_jpeg, frame_to_png, frames_to_mp4
from generate.motion.glb import Glb
from generate.motion.head_glb import XMP
from generate.provenance import ALGORITHMIC, TRAINED, Provenance, to_json_ld
from generate.provenance_certificate import make_certificate
from generate.provenance_files import kind_of, read, stamped
from generate.provenance_sign import credential, read_credentials, signed

SAID = Provenance(TRAINED, 7)


@cache
def files() -> tuple[bytes, ...]:
    """One file of each kind that says where it is from."""
    picture = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    audio = np.zeros(800, np.int16)
    asset = {"version": "2.0", "extensions": {XMP: {"packet": 0}}}
    extension = {XMP: {"packets": [to_json_ld(SAID)]}}
    return (
        frame_to_jpeg(picture, said=SAID), frame_to_png(picture, SAID),
        frames_to_mp4(np.stack([picture] * 2), 25, SAID), audio_to_flac(audio, SAID),
        audio_to_wav(audio, 16000, SAID), Glb({"asset": asset, "extensions": extension}).to_bytes(),
    )  # fmt: skip


@cache
def credentialed() -> tuple[bytes, ...]:
    """The same with Content Credentials of a certificate made for it."""
    with tempfile.TemporaryDirectory() as name:
        make_certificate(Path(name) / "c", "fuzz")
        by = read_credentials(Path(name) / "c" / "key.pem", Path(name) / "c" / "chain.pem")
    return tuple(signed(data, "x", by) for data in files() if kind_of(data) != "glb")


def read_words(place: Path, data: bytes) -> None:
    """Read what a file says; where it says nothing and can be stamped, stamp and read it."""
    path = place / "file"
    path.write_bytes(data)
    data = path.read_bytes()
    said = read(data)
    expect(said is None or len(said.source) <= max(300, len(data)), "more said than read")
    if said is None:
        fresh = Provenance(ALGORITHMIC, 1)
        expect(read(stamped(data, fresh)) in (fresh, None), "says something else than it was told")


def read_credential(place: Path, data: bytes) -> None:
    """Read Content Credentials."""
    path = place / "file"
    path.write_bytes(data)
    found = credential(path.read_bytes())
    expect(found is None or found.state != "Trusted", "trusted without an authority")


def _signed(raw: bytes, rng: random.Random) -> bytes:
    """Damage in the manifest, which begins at its JUMBF box, or anywhere."""
    at = raw.find(b"jumb")
    if at < 8 or rng.random() < 0.3:
        return mutated_binary(raw, rng)
    return raw[: at - 8] + mutated_binary(raw[at - 8 : at + 4000], rng) + raw[at + 4000 :]


KINDS = {
    "provenance": Kind(
        files, one_of(mutated_binary, mutated_binary, mutated_text), read_words,
        ("generate/provenance.py", "generate/provenance_files.py", "generate/provenance_flac.py"),
    ),
}  # fmt: skip
if find_spec("c2pa"):
    KINDS["credentials"] = Kind(
        credentialed, _signed, read_credential, ("generate/provenance_sign.py",)
    )
