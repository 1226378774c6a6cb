"""Frames and sound as bytes and back: H.264 MP4, JPEG, PNG, FLAC, WAV; films with sound.

Each writer takes what the file shall say about where it is from; None for pictures that are not the
kit's, such as a page's of real people.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.clip import SAMPLE_RATE_HZ
from generate.decode import decode_film, decode_picture, decode_sound
from generate.provenance import Provenance
from generate.provenance_files import stamped

JPEG_QUALITY = 92
H264_CRF = 20


def frames_to_mp4(
    frames: NDArray[np.uint8], rate_hz: float, said: Provenance | None = None
) -> bytes:
    """Encode (T, H, W, 3) RGB as H.264 4:2:0; sides must be even."""
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("h264", rate=Fraction(rate_hz).limit_denominator(1001))
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1
        stream.options = {"crf": str(H264_CRF), "preset": "veryfast"}
        container.metadata.update(_comment(said))
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return _with(out.getvalue(), said)


def film(
    shots: Iterable[tuple[NDArray[np.uint8], NDArray[np.int16]]], size_px: int, rate_hz: float,
    said: Provenance | None = None,
) -> bytes:  # fmt: skip
    """Encode shots one after another as MP4 with sound: (T, size_px, size_px, 3) RGB each and its
    16 kHz sound (N,), cut or padded to the shot's length so that picture and sound stay together.
    """
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        picture = container.add_stream("h264", rate=Fraction(rate_hz).limit_denominator(1001))
        picture.height = picture.width = size_px
        picture.pix_fmt = "yuv420p"
        picture.thread_count = 1
        picture.options = {"crf": str(H264_CRF), "preset": "veryfast"}
        sound = container.add_stream("aac", rate=SAMPLE_RATE_HZ)
        sound.layout = "mono"
        container.metadata.update(_comment(said))
        shown = heard = 0
        for frames, audio in shots:
            for frame in frames:
                image = av.VideoFrame.from_ndarray(frame, format="rgb24")
                container.mux(picture.encode(image))
            shown += len(frames)
            count = round(shown / rate_hz * SAMPLE_RATE_HZ) - heard
            samples = np.pad(audio[:count], (0, max(count - len(audio), 0)))
            chunk = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
            chunk.sample_rate, chunk.pts = SAMPLE_RATE_HZ, heard
            container.mux(sound.encode(chunk))
            heard += count
        container.mux(picture.encode())
        container.mux(sound.encode())
    return _with(out.getvalue(), said)


def _comment(said: Provenance | None) -> dict[str, str]:
    return {} if said is None else {"comment": said.line}


def _with(data: bytes, said: Provenance | None) -> bytes:
    return data if said is None else stamped(data, said)


def mp4_to_frames(data: bytes, where: str) -> NDArray[np.uint8]:
    """Decode an MP4 to (T, H, W, 3) RGB; ValueError names `where`."""
    return decode_film(data, where)


def frame_to_jpeg(
    frame: NDArray[np.uint8], quality: int = JPEG_QUALITY, said: Provenance | None = None
) -> bytes:
    """Encode one (H, W, 3) RGB frame."""
    import cv2

    done, data = cv2.imencode(".jpg", frame[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"a frame of shape {frame.shape} cannot be written as JPEG")
    return _with(bytes(data), said)


def frame_to_png(frame: NDArray[np.uint8], said: Provenance | None = None) -> bytes:
    """Encode one (H, W, 3) RGB frame losslessly."""
    import cv2

    done, data = cv2.imencode(".png", np.ascontiguousarray(frame[:, :, ::-1]))
    if not done:
        raise ValueError(f"a frame of shape {frame.shape} cannot be written as PNG")
    return _with(bytes(data), said)


def jpeg_to_frame(data: bytes, where: str) -> NDArray[np.uint8]:
    """Decode a picture to (H, W, 3) RGB; ValueError names `where`."""
    return decode_picture(data, where)


def audio_to_flac(audio: NDArray[np.int16], said: Provenance | None = None) -> bytes:
    """Encode (N,) 16 kHz mono 16-bit losslessly."""
    return _sound(audio, SAMPLE_RATE_HZ, "FLAC", said)


def audio_to_wav(audio: NDArray[Any], rate_hz: int, said: Provenance | None = None) -> bytes:
    """Encode (N,) mono int16, or float in -1..1, as 16-bit PCM."""
    return _sound(audio, rate_hz, "WAV", said)


def _sound(audio: NDArray[Any], rate_hz: int, kind: str, said: Provenance | None) -> bytes:
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, audio, rate_hz, format=kind, subtype="PCM_16")
    return _with(out.getvalue(), said)


def flac_to_audio(data: bytes, where: str) -> NDArray[np.int16]:
    """Decode 16 kHz mono FLAC to (N,) int16; ValueError names `where`."""
    audio, rate_hz = decode_sound(data, where, "int16")
    if rate_hz != SAMPLE_RATE_HZ or audio.shape[1] != 1:
        raise ValueError(f"{where}: sound is {rate_hz} Hz, {audio.shape[1]} channels; "
                         "want 16000 Hz mono")  # fmt: skip
    return np.asarray(audio[:, 0], dtype=np.int16)
