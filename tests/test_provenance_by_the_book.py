"""Signed files hold by a verifier that shares no code with the library that signed them."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from device.main import main
from generate.media import audio_to_flac, audio_to_wav, frame_to_jpeg, frame_to_png
from generate.provenance import TRAINED, VOCABULARY, Provenance

pytest.importorskip("c2pa", reason="not run: the extra c2pa is not here")
sys.path.insert(0, str(Path(__file__).parent))

import c2pa_by_the_book as book

from generate.provenance_certificate import _certificate
from generate.provenance_sign import credential

PICTURE = np.random.default_rng(0).integers(0, 255, (48, 48, 3), np.uint8)
AUDIO = np.random.default_rng(1).integers(-9000, 9000, 1600).astype(np.int16)
SAID = Provenance(TRAINED, 7)
FILES = {
    "a.jpg": frame_to_jpeg(PICTURE, said=SAID),
    "a.png": frame_to_png(PICTURE, SAID),
    "a.wav": audio_to_wav(AUDIO, 16000, SAID),
    "a.flac": audio_to_flac(AUDIO, SAID),
}


def certificate(folder: Path, name: str = "Tester") -> Path:
    assert main(["provenance", "certificate", "--out", str(folder), "--name", name]) == 0
    return folder


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("signer") / "one")


@pytest.fixture(scope="module")
def signed(signer: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One file of each kind, signed by the command."""
    folder = tmp_path_factory.mktemp("signed")
    return dict(zip(FILES, sign(folder, signer, FILES), strict=True))


def sign(folder: Path, signer: Path, files: dict[str, bytes]) -> list[bytes]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    by = ["--key", str(signer / "key.pem"), "--certificate", str(signer / "chain.pem")]
    assert main(["provenance", "sign", *(str(folder / name) for name in files), *by]) == 0
    return [(folder / name).read_bytes() for name in files]


def authority(signer: Path) -> bytes:
    return (signer / "authority.pem").read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_a_signed_file_holds_and_says_what_made_it(
    name: str, signed: dict[str, bytes], signer: Path
) -> None:
    kept = book.verify(signed[name], authority(signer))
    (action,) = kept["c2pa.actions.v2"]["actions"]
    assert action["action"] == "c2pa.created"
    assert action["digitalSourceType"] == VOCABULARY + TRAINED
    assert action["parameters"] == {"collodi.seed": 7}
    with pytest.raises(ValueError, match="0 manifest stores|no ID3v2"):
        book.verify(FILES[name], authority(signer))


@pytest.mark.parametrize("kind", ["P-384", "P-521", "Ed25519", "RSA"])
def test_other_algorithms_of_signatures_hold_too(kind: str, tmp_path: Path) -> None:
    signer = with_key(tmp_path / "other", KEYS[kind]())
    (data,) = sign(tmp_path, signer, {"a.png": FILES["a.png"]})
    assert book.verify(data, authority(signer))
    with pytest.raises(book.Wrong, match="a signature does not fit"):
        book.verify(CHANGES["claim"][0](data), authority(signer))


KEYS = {
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
}


def with_key(folder: Path, key: Any) -> Path:
    """A signer as the command makes it, with a key of another kind."""
    root = ec.generate_private_key(ec.SECP256R1())
    chain = [_certificate("Other", key, "root", root), _certificate("root", root, "root", root)]
    folder.mkdir()
    secret = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    (folder / "chain.pem").write_bytes(b"".join(chain))
    (folder / "authority.pem").write_bytes(chain[1])
    return folder


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def in_the_content(data: bytes) -> bytes:
    """One bit of a pixel or a sample."""
    start, end = book.manifest_store(data)[1]
    return flipped(data, len(data) - 100 if end < len(data) - 100 else start - 100)


def replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data and len(old) == len(new)
    return data.replace(old, new, 1)


CHANGES = {
    "content": (in_the_content, "the content was changed"),
    "assertion": (
        lambda data: replaced(data, b"lcollodi.seed\x07", b"lcollodi.seed\x08"),
        "c2pa.actions.v2 was changed",
    ),
    "what is left out": (
        lambda data: replaced(data, b"jexclusions\x81", b"jexclusions\x80"),
        "c2pa.hash.data was changed",
    ),
    "claim": (
        lambda data: replaced(
            data, b"tclaim_generator_info\xa3dnamegC", b"tclaim_generator_info\xa3dnamegD"
        ),
        "a signature does not fit",
    ),
    "certificate": (
        lambda data: replaced(data, b"Tester test authority", b"Teeter test authority"),
        "a signature does not fit",
    ),
    "end": (lambda data: data[:-1], "."),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_refused(
    name: str, change: str, signed: dict[str, bytes], signer: Path
) -> None:
    make, word = CHANGES[change]
    with pytest.raises(ValueError, match=word):
        book.verify(make(signed[name]), authority(signer))


def test_a_swapped_certificate_is_refused(
    signed: dict[str, bytes], signer: Path, tmp_path: Path
) -> None:
    """Another's certificates in the place of the signer's; those of the same length, so that it is
    the signature and no length that does not fit."""
    ours = signed["a.png"]
    for number in range(40):
        other = certificate(tmp_path / f"{number}", "Fester")
        (tmp_path / f"{number}-files").mkdir()
        (theirs,) = sign(tmp_path / f"{number}-files", other, {"a.png": FILES["a.png"]})
        if len(protected(theirs)) == len(protected(ours)):
            break
    swapped = replaced(ours, protected(ours), protected(theirs))
    for who in (signer, other):
        with pytest.raises(book.Wrong, match="a signature does not fit"):
            book.verify(swapped, authority(who))
    assert book.verify(theirs, authority(other))
    with pytest.raises(book.Wrong, match="an authority that is not known"):
        book.verify(theirs, authority(signer))


def protected(data: bytes) -> bytes:
    """The header of a file's signature that holds the certificates."""
    (store,) = [book.superbox(content) for _, content in book.boxes(book.manifest_store(data)[0])]
    (manifest,) = store.boxes().values()
    header: bytes = book.decoded(manifest.boxes()["c2pa.signature"].cbor())[1][0]
    return header


@pytest.mark.parametrize("name", FILES)
def test_one_changed_bit_is_refused_or_changes_nothing_that_the_file_says(
    name: str, signed: dict[str, bytes], signer: Path
) -> None:
    """What holds by the book holds by the library too; labels and types of boxes, which no hash
    covers, may be refused here alone."""
    rng, data = np.random.default_rng(5), signed[name]
    trust = authority(signer)
    start, end = book.manifest_store(data)[1]
    places = [*rng.integers(0, len(data), 30), *rng.integers(start, end, 50)]
    for at in map(int, places):
        one = flipped(data, at)
        try:
            holds = bool(book.verify(one, trust))
        except ValueError:
            holds = False
        found = credential(one, trust.decode())
        trusted = found is not None and found.state == "Trusted"
        assert trusted or not holds, (at, data[at], found)
        assert not trusted or found == credential(data, trust.decode()), (at, data[at], found)
        assert not holds or book.verify(one, trust) == book.verify(data, trust)
