"""The showreel: half a minute in which people of all ages talk, laugh, sing, feel and gesture.

Each scene is the options of one talking clip, so that `collodi generate talk` with the same options
makes it again, frame for frame. Another seed gives other people the same parts.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.files import write_atomic
from generate.clip import Clip
from generate.make import make_clip
from generate.media import film, frame_to_jpeg
from generate.preset_checks import check_options
from generate.presets import Talk
from generate.progress import Progress
from generate.provenance import ALGORITHMIC, TRAINED_IN_PART, UNTRAINED_VOICES, Provenance

_PLAIN = ("held=none", "headwear=none", "face_paint=none", "camera=good", "light=room")
_UPPER = (*_PLAIN, "framing=upper")


def _scene(
    seed: int, age_years: float, said: str, direction: str = "", emotion: str = "",
    upper: bool = False, song: str = "",
) -> Talk:  # fmt: skip
    """One clip; `said` is what is said, `song` what is sung instead."""
    return Talk(
        clips=1, seed=seed, sentences=(said,) if said else (), direction=direction, song=song,
        emotion=emotion, age_years=(age_years, age_years), fix=_UPPER if upper else _PLAIN,
    )  # fmt: skip


SCENES: tuple[Talk, ...] = (
    _scene(81, 8, "Hello! Come and play with us!", "happily waves with the right hand", upper=True),
    _scene(62, 4, "I painted a purple butterfly!", "excitedly, then giggles"),
    _scene(43, 6, "", "happily", song="twinkle:C4,C4 twinkle:G4,G4 little:A4,A4 star:G4*2"),
    _scene(44, 35, "My favourite vase fell off the table.", "sadly, looking down, then sighs"),
    _scene(65, 8, "No! You never let me win!", "angrily, shaking the head"),
    _scene(66, 5, "What is under my bed?", "gasps, then afraid, glancing left, then glances right"),
    _scene(67, 11, "Yuck, there is a fly in my soup!", "disgusted, rolls eyes"),
    _scene(48, 4, "Wow, what a very big balloon!", "surprised, raises hands", upper=True),
    _scene(69, 9, "My teddy and I are going to bed.", "sleepily, hugging, then yawns", upper=True),
    _scene(70, 30, "Maybe the mouse ate it.", "whispers, tilts the head, then laughs", "happy:0.5"),
)
"""In order."""
SHEET_COLUMNS, CELL_PX, LINE_PX, SHEET_QUALITY = 8, 112, 14, 80


def make_showreel(out: Path, scenes: Sequence[Talk]) -> None:
    """Film scenes, all of one size and rate, into `out`: showreel.mp4, sheet.jpg, a score a scene,
    scenes.txt with their commands. Raises ValueError for options that cannot be."""
    for scene in scenes:
        check_options(scene)
    out.mkdir(parents=True, exist_ok=True)
    rows: list[NDArray[np.uint8]] = []
    trained = any(set(scene.voices) - set(UNTRAINED_VOICES) for scene in scenes)
    said = Provenance(TRAINED_IN_PART if trained else ALGORITHMIC)
    data = film(_shots(scenes, out, rows), scenes[0].size_px, scenes[0].rate_hz, said)
    write_atomic(out / "showreel.mp4", data)
    sheet = frame_to_jpeg(np.vstack(rows), SHEET_QUALITY, Provenance(ALGORITHMIC))
    write_atomic(out / "sheet.jpg", sheet)
    lines = [f"{number:02d}  {command(scene)}\n" for number, scene in enumerate(scenes, 1)]
    write_atomic(out / "scenes.txt", "".join(lines))


def _shots(
    scenes: Sequence[Talk], out: Path, rows: list[NDArray[np.uint8]]
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int16]]]:
    """Frames and sound of each scene; its score is written, its row of the sheet added."""
    progress = Progress(len(scenes), "showreel", "scene")
    for number, scene in enumerate(scenes, 1):
        clip = make_clip(scene, 0)
        assert clip.frames is not None and clip.audio is not None
        text = "\n".join(clip.labels["score"]) + "\n"
        write_atomic(out / f"{number:02d}.score", text)
        rows.append(sheet_row(clip, caption(scene, clip)))
        yield clip.frames, clip.audio
        progress.update(number)
    progress.close()


def sheet_row(clip: Clip, text: str) -> NDArray[np.uint8]:
    """(LINE_PX + CELL_PX, SHEET_COLUMNS * CELL_PX, 3): frames of a scene in even steps."""
    import cv2

    assert clip.frames is not None
    picks = (np.arange(SHEET_COLUMNS) + 0.5) / SHEET_COLUMNS * len(clip.frames)
    side = (CELL_PX, CELL_PX)
    cells = [cv2.resize(clip.frames[int(i)], side, interpolation=cv2.INTER_AREA) for i in picks]
    line = np.full((LINE_PX, SHEET_COLUMNS * CELL_PX, 3), 255, np.uint8)
    cv2.putText(line, text, (3, 11), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (40, 40, 40), 1, cv2.LINE_AA)
    return np.vstack([line, np.hstack(cells)])


def caption(scene: Talk, clip: Clip) -> str:
    """Who acts what, in one line."""
    asked = scene.direction or scene.emotion
    return f'{clip.facts["age_years"]:.0f} years: {asked}: "{clip.facts["text"]}"'


def command(scene: Talk) -> str:
    """The command line that makes a scene as a data set of one clip."""
    words = ["collodi", "generate", "talk", "--out", "DATA"]
    usual = asdict(Talk())
    for name, value in asdict(scene).items():
        if value != usual[name]:
            values = value if isinstance(value, (tuple, list)) else (value,)
            words += [f"--{name.replace('_', '-')}", *map(_text, values)]
    return shlex.join(words)


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
