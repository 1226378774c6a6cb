"""Ed25519 keys and signatures in the files of minisign, whose tool reads and checks ours.

The layouts are those of minisign's own page (https://jedisct1.github.io/minisign/): a comment line
and one of base64, where a signature has two of each. What is signed is BLAKE2b-512 of the file; a
second signature covers the first and the trusted comment. `cryptography` does the curve.
"""

from __future__ import annotations

import base64
import binascii
import getpass
import hashlib
import os
import secrets
from dataclasses import dataclass
from operator import xor
from pathlib import Path
from typing import Any

PURE, HASHED, SCRYPT, BLAKE = b"Ed", b"ED", b"Sc", b"B2"
UNTRUSTED, TRUSTED = "untrusted comment: ", "trusted comment: "
LARGEST_FILE = 4096
"""No key or signature file of minisign is longer, in bytes."""
LARGEST_MEMORY = 2 << 30
"""What a passphrase may cost, bytes; minisign's own keys take 1 GiB."""


@dataclass(frozen=True)
class PublicKey:
    """What a signature is checked with."""

    id: bytes
    """8 bytes that tell keys apart."""
    raw: bytes
    """32 bytes: the Ed25519 public key."""

    @property
    def name(self) -> str:
        """Return the ID as minisign shows it: 16 hex digits, the last byte first."""
        return self.id[::-1].hex().upper()

    @property
    def text(self) -> str:
        """Return the key as one word of base64, as `minisign -P` takes it."""
        return base64.b64encode(PURE + self.id + self.raw).decode()


@dataclass(frozen=True)
class SecretKey:
    """What signs."""

    public: PublicKey
    seed: bytes
    """32 bytes: the Ed25519 private key."""

    def __repr__(self) -> str:
        return f"SecretKey({self.public.name})"


def new_key() -> SecretKey:
    """Return a fresh key from the system's random numbers."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    raw = private.public_key().public_bytes_raw()
    return SecretKey(PublicKey(secrets.token_bytes(8), raw), private.private_bytes_raw())


def public_text(key: PublicKey) -> str:
    """Return the text of a public key file."""
    return f"{UNTRUSTED}minisign public key {key.name}\n{key.text}\n"


def secret_text(key: SecretKey) -> str:
    """Return the text of a secret key file without a passphrase."""
    head = PURE + bytes(2) + BLAKE + bytes(32 + 8 + 8)
    data = head + key.public.id + key.seed + key.public.raw + bytes(32)
    return f"{UNTRUSTED}minisign secret key {key.public.name}\n{base64.b64encode(data).decode()}\n"


def read_public(word: str) -> PublicKey:
    """Read a public key from its base64 word or from a file; ValueError says what is wrong."""
    data = _base64(word)
    if len(data) != 42:
        lines = [line for line in _small(Path(word)).splitlines() if line[:9] != UNTRUSTED[:9]]
        data = _base64(lines[0] if lines else "")
    if len(data) != 42 or data[:2] != PURE:
        if data[2:4] in (SCRYPT, bytes(2)) and len(data) == 158:
            raise ValueError(f"{word} is a secret key; its public half ends in .pub")
        raise ValueError(f"{word} is no minisign public key (a word that begins with RW)")
    return PublicKey(data[2:10], data[10:])


def read_secret(path: Path) -> SecretKey:
    """Read a secret key file, asking for its passphrase where it has one.

    ValueError where it is no such file, or the passphrase is wrong.
    """
    lines = _small(path).splitlines()
    data = _base64(lines[1] if len(lines) > 1 else "")
    if len(data) != 158 or data[:2] != PURE or data[4:6] != BLAKE:
        raise ValueError(f"{path} is no minisign secret key; collodi publish --new-key makes one")
    kdf, salt, body = data[2:4], data[6:38], data[54:]
    if kdf == SCRYPT:
        stream = _stretched(path, salt, data[38:46], data[46:54])
        body = bytes(map(xor, body, stream))
    elif kdf != bytes(2):
        raise ValueError(f"{path}: passphrase scheme {kdf!r} is not known here")
    key_id, seed, raw, check = body[:8], body[8:40], body[40:72], body[72:]
    expected = hashlib.blake2b(PURE + body[:72], digest_size=32).digest()
    if check != expected and not (kdf == bytes(2) and check == bytes(32)):
        raise ValueError(f"{path}: wrong passphrase, or a damaged file")
    key = SecretKey(PublicKey(key_id, raw), seed)
    if _private(key).public_key().public_bytes_raw() != raw:
        raise ValueError(f"{path}: the two halves of the key do not belong together")
    return key


def sign(key: SecretKey, data: bytes, comment: str) -> str:
    """Return the text of a signature file of `data` with the trusted comment, one line."""
    if not comment.isprintable():
        raise ValueError(f"trusted comment {comment!r} should be one printable line")
    private = _private(key)
    signature = private.sign(hashlib.blake2b(data).digest())
    both = private.sign(signature + comment.encode())
    body = base64.b64encode(HASHED + key.public.id + signature).decode()
    return (
        f"{UNTRUSTED}signature from collodi, key {key.public.name}\n{body}\n"
        f"{TRUSTED}{comment}\n{base64.b64encode(both).decode()}\n"
    )


def signer(text: str, where: str) -> str:
    """Return the ID of the key that a signature names; nothing is checked yet."""
    return PublicKey(_parts(text, where)[0], b"").name


def verify(key: PublicKey, data: bytes, text: str, where: str) -> str:
    """Check a signature file's text against `data`; returns the trusted comment.

    ValueError, naming `where`, for another key, a broken file, or a signature that is not of this.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key_id, signature, comment, both = _parts(text, where)
    if key_id != key.id:
        found = PublicKey(key_id, b"").name
        raise ValueError(f"{where} is signed by key {found}, the trusted one is {key.name}")
    public = Ed25519PublicKey.from_public_bytes(key.raw)
    try:
        public.verify(signature, hashlib.blake2b(data).digest())
        public.verify(both, signature + comment.encode())
    except InvalidSignature:
        raise ValueError(f"{where}: the signature is not of these bytes: refused") from None
    return comment


def _parts(text: str, where: str) -> tuple[bytes, bytes, str, bytes]:
    """Return (key ID, signature, trusted comment, signature of both)."""
    lines = text.split("\n")
    if len(lines) >= 4 and lines[0].startswith(UNTRUSTED) and lines[2].startswith(TRUSTED):
        body, both = _base64(lines[1]), _base64(lines[3])
        if len(body) == 74 and body[:2] == HASHED and len(both) == 64:
            return body[2:10], body[10:], lines[2][len(TRUSTED) :], both
    raise ValueError(f"{where} is no minisign signature of a hashed file")


def _private(key: SecretKey) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(key.seed)


def _stretched(path: Path, salt: bytes, operations: bytes, memory: bytes) -> bytes:
    """104 bytes of scrypt, its cost counted from the two limits as libsodium does (r = 8)."""
    ops, mem = int.from_bytes(operations, "little"), int.from_bytes(memory, "little")
    ops = max(ops, 32768)
    cost = ops // 32 if ops < mem // 32 else mem // 1024
    power = next((n for n in range(1, 63) if 1 << n > cost // 2), 63)
    parallel = 1 if ops < mem // 32 else min(ops // 4 >> power, 0x3FFFFFFF) // 8
    need = (128 * 8 << power) + 128 * 8 * parallel + (1 << 20)
    if parallel < 1 or need > LARGEST_MEMORY:
        raise ValueError(f"{path}: its passphrase needs {need >> 20} MiB, 2048 is the most here")
    said = os.environ.get("COLLODI_KEY_PASSPHRASE") or getpass.getpass(f"passphrase of {path}: ")
    return hashlib.scrypt(
        said.encode(), salt=salt, n=1 << power, r=8, p=parallel, maxmem=need, dklen=104
    )


def _small(path: Path) -> str:
    with path.open("rb") as stream:
        data = stream.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise ValueError(f"{path} is too long for a key")
    return data.decode("utf-8", "replace")


def _base64(line: str) -> bytes:
    try:
        return base64.b64decode(line.strip().encode("ascii", "replace"), validate=True)
    except (binascii.Error, ValueError):
        return b""
