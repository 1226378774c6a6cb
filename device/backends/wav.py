"""Sound files with the standard library and numpy: any rate, width and number of channels."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from device import limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[Any]

CROSSINGS = 16
"""Zero crossings of the resampling filter on either side."""
BLOCK = 4096


def read_wav(path: Path, rate_hz: int) -> Floats:
    """Return a PCM wav file as mono sound (N,) float32 in -1..1 at `rate_hz`.

    ValueError where it is no PCM wav file or holds no samples.
    """
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            most = min(path.stat().st_size // (width * channels) + 1, file.getnframes())
            data = file.readframes(most)
    except (wave.Error, EOFError, RuntimeError) as error:  # it seeks by what the file says
        raise ValueError(f"{path}: not a PCM wav file ({error or 'cut short'})") from error
    whole = len(data) // (width * channels) * width * channels
    slowest, fastest = limits.SOUND_RATES_HZ
    if not whole or not slowest <= rate <= fastest:
        wanted = f"want samples at {slowest} to {fastest} Hz"
        raise ValueError(f"{path}: {whole} bytes of sound at {rate} Hz; {wanted}")
    if whole // width > limits.SOUND_SAMPLES:
        raise ValueError(f"{path}: over {limits.SOUND_SAMPLES} samples; listen to a part")
    return resample(_samples(data[:whole], width).reshape(-1, channels).mean(1), rate, rate_hz)


def _samples(data: bytes, width: int) -> Floats:
    """Little-endian PCM of 1 to 4 bytes a sample (1 is unsigned) -> float32 in -1..1."""
    import numpy as np

    raw = np.frombuffer(data, np.uint8).reshape(-1, width)
    if width == 1:
        return (raw[:, 0].astype(np.float32) - 128) / 128
    padded = np.zeros((len(raw), 4), np.uint8)
    padded[:, 4 - width :] = raw
    return (padded.view("<i4")[:, 0] / 2.0**31).astype(np.float32)


def resample(audio: Floats, rate: int, wanted: int) -> Floats:
    """Return sound (N,) at another rate, (N * wanted / rate,) float32: Hann-windowed sinc.

    J. O. Smith, Digital Audio Resampling Home Page: each new sample is a weighted sum of old ones.
    """
    import numpy as np

    if rate == wanted:
        return audio.astype(np.float32)
    cutoff = min(1.0, wanted / rate)
    reach = int(np.ceil(CROSSINGS / cutoff))
    padded = np.pad(audio, reach + 1)
    steps = np.arange(-reach, reach + 2)
    made = []
    for start in range(0, len(audio) * wanted // rate, BLOCK):
        places = np.arange(start, min(start + BLOCK, len(audio) * wanted // rate)) * (rate / wanted)
        low = places.astype(np.int64)
        away = (low - places)[:, None] + steps
        window = 0.5 + 0.5 * np.cos(np.pi * np.clip(away / (reach + 1), -1, 1))
        weight = cutoff * np.sinc(cutoff * away) * window
        made.append((padded[low[:, None] + steps + reach + 1] * weight).sum(1))
    return np.concatenate(made or [np.zeros(0)]).astype(np.float32)


def raw_chunks(file: BinaryIO, samples: int) -> Iterator[Floats]:
    """Yield sound of headerless 16-bit little-endian samples as it comes, e.g. of a microphone."""
    import numpy as np

    while data := file.read(2 * samples):
        yield np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float32) / 32768
