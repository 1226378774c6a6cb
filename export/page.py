"""report.html: one self-contained file that shows what the chain made and how well it works."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.files import write_atomic
from device.stamp import Stamp
from export.tables import Table
from generate.clip import SAMPLE_RATE_HZ, Clip
from generate.media import frame_to_jpeg


@dataclass(frozen=True)
class Section:
    """One heading of the page."""

    title: str
    text: str
    tables: list[Table] = field(default_factory=list)
    charts: list[str] = field(default_factory=list)
    """SVG elements."""
    picture: NDArray[np.uint8] | None = None
    """(H, W, 3) RGB."""


@dataclass(frozen=True)
class Page:
    """Everything the page shows."""

    title: str
    subtitle: str
    cards: list[tuple[str, str]]
    """(value, label) of the headline figures."""
    sheet: NDArray[np.uint8]
    """(H, W, 3) RGB contact sheet."""
    clip: Clip | None
    sections: list[Section]
    commands: list[str]
    stamp: Stamp


def write_page(path: Path, page: Page) -> None:
    """Write the page atomically."""
    import jinja2

    folder = Path(__file__).parent / "templates"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=True, undefined=jinja2.StrictUndefined
    )
    values = {
        "title": page.title,
        "subtitle": page.subtitle,
        "cards": [{"value": value, "label": label} for value, label in page.cards],
        "sheet": _picture(page.sheet),
        "clip": _clip(page.clip) if page.clip else None,
        "sections": [_section(section) for section in page.sections],
        "commands": page.commands,
        "stamp": stamp_line(page.stamp),
    }
    write_atomic(path, environment.get_template("report.html").render(values))


def stamp_line(stamp: Stamp) -> str:
    """Version, commit, time, machine and libraries in one line."""
    host = stamp.host
    libraries = ", ".join(f"{name} {version}" for name, version in stamp.libraries.items())
    return (
        f"Collodi {stamp.kit_version}, commit {stamp.commit or 'none'}, {stamp.created_utc}, "
        f"Python {stamp.python}, {host.cpu_model} ({host.cores} cores, {host.machine}); {libraries}"
    )


def _section(section: Section) -> dict[str, Any]:
    picture = None if section.picture is None else _picture(section.picture)
    return {**section.__dict__, "picture": picture}


def _picture(rgb: NDArray[np.uint8]) -> str:
    return base64.b64encode(frame_to_jpeg(rgb, quality=85)).decode()


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
            film_with_sound(clip.frames, clip.audio, facts["rate_hz"])
        ).decode(),
        "landmarks": json.dumps(points.tolist()),
        "rate_hz": facts["rate_hz"],
        "size_px": clip.frames.shape[1],
    }


def film_with_sound(frames: NDArray[np.uint8], audio: NDArray[np.int16], rate_hz: float) -> bytes:
    """H.264 + AAC in one MP4 that every browser plays; (T, H, W, 3) RGB and (N,) 16 kHz."""
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as film:
        picture = film.add_stream("h264", rate=Fraction(rate_hz).limit_denominator(1001))
        picture.height, picture.width = frames.shape[1:3]
        picture.pix_fmt = "yuv420p"
        picture.options = {"crf": "18"}
        sound = film.add_stream("aac", rate=SAMPLE_RATE_HZ, layout="mono")
        film.metadata["comment"] = "synthetic, made with Collodi"
        for frame in frames:
            film.mux(picture.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        film.mux(picture.encode())
        samples = av.AudioFrame.from_ndarray(audio[None], format="s16", layout="mono")
        samples.sample_rate = SAMPLE_RATE_HZ
        for resampled in av.AudioResampler("fltp", "mono", SAMPLE_RATE_HZ).resample(samples):
            film.mux(sound.encode(resampled))
        film.mux(sound.encode())
    return out.getvalue()
