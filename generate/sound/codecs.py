"""What codecs and radio links do to a sound; each keeps its length and its times.

All come with libsndfile. Opus is meant for speech, GSM and G.721 for the telephone (8 kHz), ADPCM
for toys with small chips.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache

import numpy as np
import soxr
from numpy.typing import NDArray

from generate.clip import SAMPLE_RATE_HZ
from generate.options import choose


@dataclass(frozen=True)
class Codec:
    """One format of libsndfile."""

    container: str
    subtype: str
    rate_hz: int
    level: float | None = None
    """Compression, 0 (large) to 1 (small), where the format can choose."""


CODECS: dict[str, Codec] = {
    "mulaw": Codec("WAV", "ULAW", 8000),
    "adpcm": Codec("WAV", "IMA_ADPCM", 16000),
    "gsm": Codec("WAV", "GSM610", 8000),
    "g721": Codec("AU", "G721_32", 8000),
    "opus": Codec("OGG", "OPUS", 16000, 0.95),
    "vorbis": Codec("OGG", "VORBIS", 16000, 1.0),
    "mp3": Codec("MP3", "MPEG_LAYER_III", 16000, 0.95),
}
"""Bits a second: 64, 64, 13, 32, about 25, 50 and 25 thousand."""


@cache
def available() -> tuple[str, ...]:
    """The codecs that this libsndfile has."""
    import soundfile

    return tuple(
        name for name, c in CODECS.items() if soundfile.check_format(c.container, c.subtype)
    )


def through(audio: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    """Sound (N,) at 16 kHz after coding and decoding, (N,); "none" changes nothing.

    Raises ValueError for an unknown codec or one that libsndfile lacks here.
    """
    if name == "none" or not len(audio):
        return audio
    import soundfile

    codec = CODECS[choose(name, ("none", *CODECS), "codec")]
    if name not in available():
        raise ValueError(
            f"codec {name!r} is not in this libsndfile; it has {', '.join(available())}"
        )
    narrow = soxr.resample(audio, SAMPLE_RATE_HZ, codec.rate_hz)
    coded = io.BytesIO()
    soundfile.write(
        coded, np.clip(narrow, -1, 1), codec.rate_hz, format=codec.container,
        subtype=codec.subtype, compression_level=codec.level,
    )  # fmt: skip
    coded.seek(0)
    heard, rate_hz = soundfile.read(coded, dtype="float32")
    heard = soxr.resample(heard, rate_hz, SAMPLE_RATE_HZ)
    return np.asarray(np.pad(heard, (0, max(len(audio) - len(heard), 0)))[: len(audio)], np.float32)
