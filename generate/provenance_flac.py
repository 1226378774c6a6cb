"""Provenance as Vorbis comments of a FLAC (RFC 9639): the place that every player reads."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from generate.provenance import Provenance, from_words

VORBIS = 4
MAGIC = b"fLaC"


def begin(data: bytes) -> int:
    """Where the FLAC begins: C2PA puts an ID3 tag before it, whose size has seven bits a byte."""
    if data[:3] != b"ID3" or len(data) < 10:
        return 0
    a, b, c, d = (byte & 0x7F for byte in data[6:10])
    return 10 + (a << 21 | b << 14 | c << 7 | d)


def read(data: bytes) -> Provenance | None:
    """What the comments say; None without a source type."""
    for kind, content in _blocks(data):
        if kind == VORBIS:
            words = [word.decode("utf-8", "replace") for word in _comments(content)[1]]
            said = dict(word.split("=", 1) for word in words if "=" in word)
            if "DIGITALSOURCETYPE" in said:
                tool, seed = said.get("SOFTWARE", ""), said.get("SEED", "")
                return from_words(said["DIGITALSOURCETYPE"], tool, seed)
    return None


def stamped(data: bytes, said: Provenance) -> bytes:
    """The file with comments added; ValueError where its metadata are cut short."""
    blocks = list(_blocks(data))
    start = begin(data) + len(MAGIC)
    sound = start + sum(4 + len(content) for _, content in blocks)
    if not blocks or sound > len(data):
        raise ValueError("a FLAC that is cut short")
    old = next((content for kind, content in blocks if kind == VORBIS), b"")
    kept = [block for block in blocks if block[0] != VORBIS]
    kept.insert(1, (VORBIS, _with(old, said)))  # STREAMINFO has to be the first
    packed = b""
    for number, (kind, content) in enumerate(kept):
        last = 0x80 if number == len(kept) - 1 else 0
        packed += struct.pack(">I", (kind | last) << 24 | len(content)) + content
    return data[:start] + packed + data[sound:]


def _with(block: bytes, said: Provenance) -> bytes:
    """A comment block with the provenance behind what it said before."""
    vendor, words = _comments(block)
    mine = {"DIGITALSOURCETYPE": said.uri, "SOFTWARE": said.tool, "COMMENT": said.line}
    mine |= {} if said.seed is None else {"SEED": str(said.seed)}
    words += [f"{name}={value}".encode() for name, value in mine.items()]
    packed = b"".join(struct.pack("<I", len(word)) + word for word in words)
    return struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(words)) + packed


def _blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and content of each metadata block."""
    at, last = begin(data) + len(MAGIC), False
    while not last and at + 4 <= len(data):
        end = at + 4 + int.from_bytes(data[at + 1 : at + 4], "big")
        last = bool(data[at] & 0x80) or end > len(data)
        yield data[at] & 0x7F, data[at + 4 : end]
        at = end


def _comments(block: bytes) -> tuple[bytes, list[bytes]]:
    """Vendor and comments, as far as the block is whole."""
    vendor, at = _word(block, 0)
    words, at = list[bytes](), at + 4  # their number: the end of the block says it too
    while at + 4 <= len(block):
        word, at = _word(block, at)
        words.append(word)
    return vendor, words


def _word(block: bytes, at: int) -> tuple[bytes, int]:
    end = at + 4 + int.from_bytes(block[at : at + 4], "little")
    return block[at + 4 : end], end
