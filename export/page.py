"""report.html of the quickstart: the common page, with the children and one that talks on top."""

from __future__ import annotations

import base64
import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.clip import SAMPLE_RATE_HZ, Clip
from generate.provenance import ALGORITHMIC, Provenance, of_film
from generate.provenance_files import stamped
from train_edge.page import Page, jpeg_text, write_page


def write_report(path: Path, page: Page, sheet: NDArray[np.uint8], clip: Clip | None) -> None:
    """Write the page with a contact sheet (H, W, 3) RGB and a film with its landmarks, atomically.

    OSError where it cannot be written.
    """
    template = Path(__file__).parent / "templates" / "report.html"
    film = _clip(clip) if clip else None
    write_page(path, page, template, sheet=jpeg_text(sheet, Provenance(ALGORITHMIC)), clip=film)


def _clip(clip: Clip) -> dict[str, Any]:
    facts = clip.facts
    assert clip.frames is not None
    assert clip.audio is not None
    said = f"{facts['age_years']:.0f} years, {facts['emotion']}, {facts['rate_hz']:g} frames/s"
    points = np.round(clip.labels["landmarks_px"].reshape(len(clip.frames), -1), 1)
    return {
        "text": facts["text"],
        "facts": said,
        "mp4": base64.b64encode(
            film_with_sound(clip.frames, clip.audio, facts["rate_hz"], of_film(facts))
        ).decode(),
        "landmarks": json.dumps(points.tolist()),
        "rate_hz": facts["rate_hz"],
        "size_px": clip.frames.shape[1],
    }


def film_with_sound(
    frames: NDArray[np.uint8], audio: NDArray[np.int16], rate_hz: float, said: Provenance
) -> bytes:
    """H.264 + AAC in one MP4 that every browser plays; (T, H, W, 3) RGB and (N,) 16 kHz."""
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as film:
        picture = film.add_stream("h264", rate=Fraction(rate_hz).limit_denominator(1001))
        picture.height, picture.width = frames.shape[1:3]
        picture.pix_fmt = "yuv420p"
        picture.options = {"crf": "18"}
        sound = film.add_stream("aac", rate=SAMPLE_RATE_HZ, layout="mono")
        film.metadata["comment"] = said.line
        for frame in frames:
            film.mux(picture.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        film.mux(picture.encode())
        samples = av.AudioFrame.from_ndarray(audio[None], format="s16", layout="mono")
        samples.sample_rate = SAMPLE_RATE_HZ
        for resampled in av.AudioResampler("fltp", "mono", SAMPLE_RATE_HZ).resample(samples):
            film.mux(sound.encode(resampled))
        film.mux(sound.encode())
    return stamped(out.getvalue(), said)
