"""ARKit curves as CSV, in the layout that face-capture apps such as Live Link Face write.

Header: Timecode, BlendShapeCount, the 52 blendshapes with a capital first letter, then nine
angles: HeadYaw, HeadPitch, HeadRoll, LeftEyeYaw ... RightEyeRoll. What we assume, as the apps
document little: angles are radians; head angles have the signs of `spec.Motion` (yaw > 0 to the
person's own left, pitch > 0 up, roll > 0 clockwise to a viewer), eyes are relative to the head.
Timecode is hours:minutes:seconds:frames, frames with a fraction and counted at the take's rate;
hours:minutes:seconds.fraction, plain seconds and plain frame numbers are read too.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from device.files import write_atomic
from device.limits import read_text
from device.strict import load_json
from device.version import VERSION
from generate.motion.shapes import COLUMN
from generate.motion.timecode import FASTEST_HZ, USUAL_HZ, regular, seconds_of, timecode
from generate.spec import ARKIT, Motion

F64 = NDArray[np.float64]

FORMAT = "collodi.motion"
FORMAT_VERSION = 1
_EYE = ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")
ORDER: tuple[str, ...] = (
    *(f"eye{name}Left" for name in _EYE),
    *(f"eye{name}Right" for name in _EYE),
    *("jawForward", "jawRight", "jawLeft", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker"),
    *("mouthRight", "mouthLeft"),
    *ARKIT[ARKIT.index("mouthSmileLeft") :],
)
"""Blendshapes in the apps' order."""
HEAD = ("HeadYaw", "HeadPitch", "HeadRoll")
EYES = tuple(f"{side}Eye{axis}" for side in ("Left", "Right") for axis in ("Yaw", "Pitch", "Roll"))
COUNT = "BlendShapeCount"
SLACK = 0.01
"""Blendshapes this far outside 0..1 are rounding and are clipped."""
LOOK_DEG = 32.0
"""Gaze at which an eyeLook shape is 1, where a file has no eye angles; as motion/life.py."""


class Capture(NamedTuple):
    """A motion that was read, and what to know of it."""

    motion: Motion
    notes: tuple[str, ...]
    """One line each: columns that were not there or not read, frames that were filled in."""
    synthetic: bool
    """True where PATH.json says so; otherwise it is taken for a real person's capture."""


def write_csv(
    path: Path, motion: Motion, about: dict[str, Any] | None = None, synthetic: bool = True
) -> None:
    """Write a motion, and beside it PATH.json, which says whether it is synthetic, and its rate.

    The CSV has no comments, which the apps' readers would not skip. Curves come back exactly,
    angles to 1e-5 degrees. about: what the motion is, for the JSON (key of the clip, seed).
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["Timecode", COUNT, *(n[0].upper() + n[1:] for n in ORDER), *HEAD, *EYES])
    curves = motion.arkit[:, [COLUMN[name] for name in ORDER]]
    angles = np.radians(_angles(motion))
    for frame in range(len(motion)):
        values = [f"{v:.9g}" for v in (*curves[frame], *angles[frame])]
        lines.writerow([timecode(frame, motion.rate_hz), len(values), *values])
    facts = {"format": FORMAT, "version": FORMAT_VERSION, "synthetic": synthetic}
    facts |= {"kit": f"collodi {VERSION}", "rate_hz": motion.rate_hz, "frames": len(motion)}
    facts |= {"angles": "radians", "about": about or {}}
    write_atomic(companion(path), json.dumps(facts, indent=1, sort_keys=True) + "\n")
    write_atomic(path, text.getvalue())


def companion(path: Path) -> Path:
    """The JSON beside a CSV of ours."""
    return path.with_name(path.name + ".json")


def _angles(motion: Motion) -> F64:
    """(T, 9) degrees: head, left eye, right eye."""
    eye = np.pad(np.asarray(motion.gaze_deg, np.float64), ((0, 0), (0, 1)))
    return np.concatenate([np.asarray(motion.head_deg, np.float64), eye, eye], axis=1)


def read_csv(path: Path, rate_hz: float | None = None) -> Capture:
    """Read a CSV of any column order; a motion at the take's own steady rate.

    rate_hz: the rate at which timecodes count frames, where the file is too short to show it
    (else that of PATH.json, or 60). Eye and head columns may be missing: gaze then follows the
    eyeLook shapes, and the head is still. Rows that are not evenly spaced are interpolated. Raises
    ValueError with file, row and column where a blendshape is missing, a value is no number or
    outside 0 to 1, a row has another length, times do not rise or leave a gap.
    """
    header, rows = _table(path)
    places, notes = _places(path, header)
    for number, row in rows:
        if len(row) != len(header):
            raise ValueError(
                f"{path}, row {number}: {len(row)} values, the header has {len(header)} columns"
            )
    stamps = [(number, row[places["Timecode"]].strip()) for number, row in rows]
    facts = _facts(path)
    known_hz = rate_hz or facts.get("rate_hz")
    times_s, counted = seconds_of(str(path), stamps, known_hz)
    names = [name for name in (*ARKIT, *HEAD, *EYES) if name in places]
    values = _numbers(path, rows, [places[name] for name in names], names)
    place = {name: i for i, name in enumerate(names)}
    _check_range(path, rows, values[:, : len(ARKIT)])
    values, rate, filled = regular(
        str(path), [n for n, _ in rows], times_s, values, known_hz or USUAL_HZ
    )
    notes += counted + filled
    arkit = np.clip(values[:, : len(ARKIT)], 0, 1)
    gaze = _gaze(values, place, arkit)
    head = np.zeros((len(values), 3))
    if all(name in place for name in HEAD):
        head = np.degrees(values[:, [place[name] for name in HEAD]])
    motion = Motion(rate, *(a.astype(np.float32) for a in (arkit, head, gaze)))
    return Capture(motion, tuple(notes), facts.get("synthetic") is True)


def _table(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Header and rows with their line numbers; blank lines are left out."""
    try:
        text = read_text(path)
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ValueError(f"{path}: not a CSV of text ({error})") from error
    if len(rows) < 2:
        raise ValueError(f"{path}: {len(rows)} rows, want a header and at least one row of values")
    return [cell.strip() for cell in rows[0][1]], rows[1:]


def _places(path: Path, header: Sequence[str]) -> tuple[dict[str, int], list[str]]:
    """Column of each name that we read, and notes on the others."""
    known = {name.lower(): name for name in ("Timecode", COUNT, *ARKIT, *HEAD, *EYES)}
    places: dict[str, int] = {}
    unread = []
    for column, cell in enumerate(header):
        name = known.get(_plain(cell))
        if name is None:
            unread.append(cell)
        elif name in places:
            raise ValueError(f"{path}: column {cell!r} is there twice")
        else:
            places[name] = column
    missing = [name for name in ("Timecode", *ORDER) if name not in places]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ValueError(f"{path}: no column {missing[0]!r}{more}; want Timecode and the 52 "
                         "ARKit blendshapes")  # fmt: skip
    notes = [f"columns not read: {', '.join(unread)}"] if unread else []
    if not all(name in places for name in HEAD):
        notes.append("no head angles: the head is still")
    if not any(all(n in places for n in pair) for pair in _EYE_PAIRS):
        notes.append("no eye angles: gaze follows the eyeLook shapes")
    return places, notes


def _plain(cell: str) -> str:
    """A column's name as apps vary it: any case, and _L or _R for the side."""
    low = cell.strip().lower()
    for short, long in (("_l", "left"), ("_r", "right")):
        if low.endswith(short):
            return low[:-2] + long
    return low


def _numbers(
    path: Path, rows: list[tuple[int, list[str]]], columns: list[int], names: list[str]
) -> F64:
    out = np.empty((len(rows), len(columns)))
    for i, (number, row) in enumerate(rows):
        for j, column in enumerate(columns):
            try:
                out[i, j] = float(row[column])
            except ValueError:
                out[i, j] = np.nan
            if not np.isfinite(out[i, j]):
                where = f"{path}, row {number}, column {names[j]}"
                raise ValueError(f"{where}: {row[column].strip()!r} is not a number")
    return out


def _check_range(path: Path, rows: list[tuple[int, list[str]]], curves: F64) -> None:
    bad = np.argwhere((curves < -SLACK) | (curves > 1 + SLACK))
    if len(bad):
        i, j = bad[0]
        raise ValueError(
            f"{path}, row {rows[i][0]}, column {ARKIT[j]}: {curves[i, j]:g} is outside 0 to 1"
        )


def _facts(path: Path) -> dict[str, Any]:
    """What PATH.json says, where there is one of ours."""
    beside = companion(path)
    if not beside.is_file():
        return {}
    facts = load_json(beside)
    if isinstance(facts, dict):
        rate_hz: Any = facts.get("rate_hz")
        known = (facts.get("format"), facts.get("version")) == (FORMAT, FORMAT_VERSION)
        if known and type(rate_hz) in (int, float) and 0 < rate_hz <= FASTEST_HZ:
            return {**facts, "rate_hz": float(rate_hz)}
    raise ValueError(f"{beside}: not a {FORMAT} file of version {FORMAT_VERSION}; delete it")


_EYE_PAIRS = tuple((f"{side}EyeYaw", f"{side}EyePitch") for side in ("Left", "Right"))


def _gaze(values: F64, place: dict[str, int], arkit: F64) -> F64:
    """(T, 2) degrees: mean of the eyes that are there, else from the eyeLook shapes."""
    eyes = [values[:, [place[n] for n in pair]] for pair in _EYE_PAIRS if set(pair) <= set(place)]
    if eyes:
        return np.asarray(np.degrees(np.mean(eyes, axis=0)))

    def look(plus: Sequence[str], minus: Sequence[str]) -> F64:
        sides = [
            arkit[:, [COLUMN[f"eyeLook{n}"] for n in names]].mean(1) for names in (plus, minus)
        ]
        return np.asarray((sides[0] - sides[1]) * LOOK_DEG)

    yaw = look(("OutLeft", "InRight"), ("InLeft", "OutRight"))
    return np.stack([yaw, look(("UpLeft", "UpRight"), ("DownLeft", "DownRight"))], axis=1)
