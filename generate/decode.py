"""Pictures, sounds and films from outside: sizes are checked in their headers, then decoded.

Each comes from bytes, of a few formats only (every further decoder is one more way to crash), and
is refused by device/limits.py before room is made for it.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device import limits
from generate.provenance_flac import begin as flac_begin

SOUNDS = (b"RIFF", b"RIFX", b"RF64", b"fLaC")
"""How wav and flac files begin."""
CODINGS = ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
"""Of the sounds in them; the others are telephone codecs of old."""
BOXES = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
"""Those of an mp4 that lead to its tables."""
TABLES = {b"stsz": 8, b"stts": 4, b"ctts": 4, b"stsc": 4, b"stco": 4, b"co64": 4, b"stss": 4}
"""Where in a table its count stands."""


def decode_picture(data: bytes, where: str) -> NDArray[np.uint8]:
    """Return a JPEG, PNG, WebP or BMP as (H, W, 3) RGB; grey and 16 bit are converted, alpha is
    dropped. ValueError, naming `where`, for other files and over limits.PICTURE_PX.
    """
    import cv2

    size = picture_size(data)
    if size is None:
        raise ValueError(f"{where}: not a picture that can be read (JPEG, PNG, WebP or BMP)")
    if not 0 < size[0] * size[1] <= limits.PICTURE_PX:
        most = f"{limits.PICTURE_PX >> 20} megapixels are the most"
        raise ValueError(f"{where}: claims {size[0]} x {size[1]} px; {most}")
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        picture = None
    if picture is None:
        raise ValueError(f"{where}: a damaged picture that cannot be read")
    return np.ascontiguousarray(picture[:, :, ::-1], dtype=np.uint8)


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Return (width, height) that a picture's header claims; None where it is no such header."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR":
        return _unpacked(">II", data, 16) if _has_chunks(data) else None
    if data[:2] == b"BM":
        size = _unpacked("<ii" if data[14:15] != b"\x0c" else "<HH", data, 18)
        return size and (abs(size[0]), abs(size[1]))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp_size(data)
    return _jpeg_size(data) if data[:2] == b"\xff\xd8" else None


def _unpacked(form: str, data: bytes, start: int) -> tuple[int, int] | None:
    piece = data[start : start + struct.calcsize(form)]
    return struct.unpack(form, piece) if len(piece) == struct.calcsize(form) else None  # type: ignore[return-value]


def _has_chunks(png: bytes) -> bool:
    """Whether no chunk claims more bytes than follow: OpenCV makes room for what one claims."""
    at = 8
    while at + 8 <= len(png) and png[at + 4 : at + 8] != b"IEND":
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    return at + 8 <= len(png)


def _webp_size(data: bytes) -> tuple[int, int] | None:
    if len(data) < 30:
        return None
    if data[12:16] == b"VP8X":
        sides = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return next(sides), next(sides)
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    size = _unpacked("<HH", data, 26) if data[12:16] == b"VP8 " else None
    return size and (size[0] & 0x3FFF, size[1] & 0x3FFF)


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Walk the segments to the frame header (ITU-T T.81, B.1.1.2)."""
    at = 2
    while (at := data.find(b"\xff", at)) >= 0 and at + 9 <= len(data):
        code = data[at + 1]
        if code in (0x00, 0xFF):
            at += 1 if code else 2
        elif code == 0x01 or 0xD0 <= code <= 0xD8:
            at += 2
        elif 0xC0 <= code <= 0xCF and code not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def decode_sound(source: bytes | Path, where: str, dtype: str) -> tuple[NDArray[Any], int]:
    """Return a wav or flac as (samples (N, channels) of `dtype`, rate in Hz).

    ValueError, naming `where`, for other files and over limits.SOUND_SAMPLES and SOUND_RATES_HZ.
    """
    with _sound(source, where) as sound:
        return sound.read(dtype=dtype, always_2d=True), int(sound.samplerate)


def sound_seconds(path: Path) -> float:
    """Return how long a wav or flac lasts by its header; ValueError as of `decode_sound`."""
    with _sound(path, str(path)) as sound:
        return float(sound.frames / sound.samplerate)


@contextmanager
def _sound(source: bytes | Path, where: str) -> Iterator[Any]:
    """A soundfile.SoundFile whose header was checked; its errors become a ValueError."""
    import soundfile

    with open(source, "rb") if isinstance(source, Path) else io.BytesIO(source) as file:
        file.seek(flac_begin(file.read(10)))
        if file.read(4) not in SOUNDS:
            raise ValueError(f"{where}: not a sound file of wav or flac")
        file.seek(0)
        try:
            with soundfile.SoundFile(file) as sound:
                _check_sound(sound, where)
                yield sound
        except (soundfile.SoundFileError, RuntimeError, TypeError, MemoryError) as error:
            said = getattr(error, "error_string", None) or type(error).__name__
            raise ValueError(f"{where}: not a sound file that can be read ({said})") from None


def _check_sound(sound: Any, where: str) -> None:
    low, high = limits.SOUND_RATES_HZ
    if sound.subtype not in CODINGS:
        raise ValueError(f"{where}: samples as {sound.subtype}; want PCM or float")
    if not low <= sound.samplerate <= high:
        raise ValueError(f"{where}: claims {sound.samplerate} Hz; want {low} to {high}")
    if not 0 <= sound.frames * sound.channels <= limits.SOUND_SAMPLES:
        claim = f"claims {sound.frames} samples of {sound.channels} channels"
        raise ValueError(f"{where}: {claim}; {limits.SOUND_SAMPLES} are the most")


def decode_film(data: bytes, where: str) -> NDArray[np.uint8]:
    """Return the frames of an H.264 mp4 as (T, H, W, 3) RGB.

    ValueError, naming `where`, for other files and over limits.FILM_BYTES. The format is not
    guessed: a play list would name other files, which a guessing reader opens.
    """
    import av

    _check_tables(data, where)
    try:
        with av.open(io.BytesIO(data), format="mp4", metadata_errors="ignore") as container:
            return np.stack(list(_frames(container, where)))
    except av.error.FFmpegError as error:
        raise ValueError(f"{where}: video cannot be decoded ({error.strerror})") from None
    except (IndexError, TypeError, MemoryError) as error:
        raise ValueError(f"{where}: video cannot be decoded ({error})") from None


def _frames(container: Any, where: str) -> Iterator[NDArray[np.uint8]]:
    stream = container.streams.video[0]
    codec = stream.codec_context
    if codec is None or codec.name != "h264":
        raise ValueError(f"{where}: no H.264 video")
    codec.options = {"max_pixels": str(limits.PICTURE_PX)}
    left = limits.FILM_BYTES
    for frame in container.decode(stream):
        left -= frame.width * frame.height * 3
        if left < 0:
            raise ValueError(f"{where}: over {limits.FILM_BYTES} bytes of frames")
        yield frame.to_ndarray(format="rgb24")


def _check_tables(data: bytes, where: str) -> None:
    """Refuse tables that claim more samples than there are bytes: a reader makes room for them."""
    for kind, start, end in _boxes(data, 0, len(data)):
        count = _counted(data[start:end], kind) if kind in TABLES else 0
        if kind in (b"moof", b"sidx") or count > len(data):
            raise ValueError(f"{where}: video claims more frames than it has bytes, or none")


def _counted(table: bytes, kind: bytes) -> int:
    """Samples that a table claims; those of `stts` and `ctts` are counted in runs."""
    count = int.from_bytes(table[TABLES[kind] : TABLES[kind] + 4], "big")
    if kind not in (b"stts", b"ctts"):
        return count
    runs = [table[at : at + 4] for at in range(8, min(len(table), 8 + 8 * count), 8)]
    return max(count, sum(int.from_bytes(run, "big") for run in runs))


def _boxes(data: bytes, at: int, end: int, depth: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, start, end) of the boxes of an mp4 that lead to tables (ISO/IEC 14496-12)."""
    while at + 8 <= end:
        size, kind, start = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], at + 8
        if size == 1:
            size, start = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        stop = end if size == 0 else min(at + size, end)
        yield kind, start, stop
        if kind in BOXES and depth < len(BOXES):
            yield from _boxes(data, start, stop, depth + 1)
        at = max(stop, start)
