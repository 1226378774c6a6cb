"""Where a file keeps its provenance: JPEG, PNG, MP4, FLAC, WAV, glb; nothing is coded anew.

XMP goes where ISO 16684-3 puts it: APP1 of JPEG, iTXt of PNG, a uuid box of MP4, chunk _PMX of WAV.
WAV says the line in its INFO list too, for readers without XMP. FLAC has no place for XMP, see
provenance_flac.py; a .glb carries KHR_xmp_json_ld, written by motion/head_glb.py.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from generate import provenance_flac as flac
from generate.provenance import Provenance, from_words, from_xmp, to_xmp

JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
PNG_XMP = b"XML:com.adobe.xmp\0\0\0\0\0"
MP4_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
KINDS = ("jpeg", "png", "mp4", "flac", "wav", "glb")


class Part(NamedTuple):
    """A segment, chunk or box: what it is, where it begins, its content, where it ends."""

    kind: bytes
    begin: int
    content: int
    end: int


def kind_of(data: bytes) -> str:
    """One of KINDS by the first bytes; "" for anything else."""
    if data[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if data[:8] == PNG_MAGIC:
        return "png"
    if data[4:8] == b"ftyp":
        return "mp4"
    if data[flac.begin(data) :][:4] == flac.MAGIC:
        return "flac"
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    return "glb" if data[:4] == b"glTF" else ""


def stamped(data: bytes, said: Provenance) -> bytes:
    """The file with its provenance in it.

    ValueError for a kind that is not known, a file that has an XMP packet, and one cut short.
    """
    kind = kind_of(data)
    if kind == "flac" and flac.read(data) is None:
        return flac.stamped(data, said)
    if kind not in _WRITERS:
        raise ValueError(f"want one of {', '.join(_WRITERS)}, flac that says nothing yet")
    if _PACKETS[kind](data) is not None:
        raise ValueError("has an XMP packet already: it stays as it is")
    return bytes(_WRITERS[kind](data, said))


def read(data: bytes) -> Provenance | None:
    """What a file says; None where it says nothing. Never fails: a broken file says nothing."""
    kind = kind_of(data)
    if kind == "flac":
        return flac.read(data)
    if kind == "glb":
        return _from_glb(data)
    packet = _PACKETS[kind](data) if kind else None
    return None if packet is None else from_xmp(packet)


def _jpeg(data: bytes, said: Provenance) -> bytes:
    packet = JPEG_XMP + to_xmp(said)
    at = 2
    for part in _segments(data):  # JFIF and Exif want to be first
        if part.kind == b"\xe0" or data[part.content :][:6] == b"Exif\0\0":
            at = part.end
    return data[:at] + b"\xff\xe1" + struct.pack(">H", len(packet) + 2) + packet + data[at:]


def _jpeg_packet(data: bytes) -> bytes | None:
    for part in _segments(data):
        if part.kind == b"\xe1" and data[part.content :][: len(JPEG_XMP)] == JPEG_XMP:
            return data[part.content + len(JPEG_XMP) : part.end]
    return None


def _segments(data: bytes) -> Iterator[Part]:
    """Segments before the first scan of the picture."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        if data[at + 1] == 0xFF:  # fill bytes may stand before a marker
            at += 1
            continue
        end = at + 2 + max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
        yield Part(data[at + 1 : at + 2], at, at + 4, end)
        at = end


def _png(data: bytes, said: Provenance) -> bytes:
    body = b"iTXt" + PNG_XMP + to_xmp(said)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    at = next((part.end for part in _png_chunks(data)), len(data))  # behind IHDR
    return data[:at] + chunk + data[at:]


def _png_packet(data: bytes) -> bytes | None:
    for part in _png_chunks(data):
        if part.kind == b"iTXt" and data[part.content :][: len(PNG_XMP)] == PNG_XMP:
            return data[part.content + len(PNG_XMP) : part.end - 4]
    return None


def _png_chunks(data: bytes) -> Iterator[Part]:
    at = len(PNG_MAGIC)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        yield Part(data[at + 4 : at + 8], at, at + 8, end)
        at = end


def _mp4(data: bytes, said: Provenance) -> bytes:
    body = b"uuid" + MP4_XMP + to_xmp(said)  # at the end: offsets of the frames stay true
    return data + struct.pack(">I", len(body) + 4) + body


def _mp4_packet(data: bytes) -> bytes | None:
    for part in _boxes(data):
        if part.kind == b"uuid" and data[part.content :][:16] == MP4_XMP:
            return data[part.content + 16 : part.end]
    return None


def _boxes(data: bytes) -> Iterator[Part]:
    at = 0
    while at + 8 <= len(data):
        size, head = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        end = len(data) if size == 0 else at + max(size, head)
        yield Part(data[at + 4 : at + 8], at, at + head, end)
        at = end


def _wav(data: bytes, said: Provenance) -> bytes:
    words = {b"ICMT": said.line, b"ISFT": said.tool}
    info = b"".join(_chunk(kind, text.encode() + b"\0") for kind, text in words.items())
    data += b"\0" * (len(data) % 2) + _chunk(b"LIST", b"INFO" + info)
    data += _chunk(b"_PMX", to_xmp(said))
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


def _wav_packet(data: bytes) -> bytes | None:
    for part in _riff_chunks(data):
        if part.kind == b"_PMX":
            return data[part.content : part.end]
    return None


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _riff_chunks(data: bytes) -> Iterator[Part]:
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        yield Part(data[at : at + 4], at, at + 8, at + 8 + size)
        at += 8 + size + size % 2


def _from_glb(data: bytes) -> Provenance | None:
    """What the packet of `asset` says, as glTF's KHR_xmp_json_ld has it."""
    try:
        body: Any = json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
        number = body["asset"]["extensions"]["KHR_xmp_json_ld"]["packet"]
        packet = body["extensions"]["KHR_xmp_json_ld"]["packets"][number]
        uri, tool = packet["Iptc4xmpExt:DigitalSourceType"], packet.get("xmp:CreatorTool", "")
        seed = packet.get("collodi:seed", "")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return from_words(str(uri), str(tool), str(seed))


_WRITERS = {"jpeg": _jpeg, "png": _png, "mp4": _mp4, "wav": _wav}
_PACKETS = {"jpeg": _jpeg_packet, "png": _png_packet, "mp4": _mp4_packet, "wav": _wav_packet}
