"""The contract of one clip: its label table, and how it becomes files and comes back.

A clip is one synthetic child over T frames. T = 1 is a still; T = 0 is sound alone. All labels
are exact because the scene is known. Behind a picture of a neural generator there is no scene:
networks tell what they can (pseudo-labels), the fact `pseudo` says which, and other labels are not
there. Axes: T frame, H row, W column, P phoneme, N audio sample.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.backends.arrays import read_npz
from device.strict import loads

FORMAT = "collodi.clip"
VERSION = 5
_READS = (2, 3, 4, VERSION)
"""Clips of version 2 are all dry: their fact `scene` is empty; those before 4 have no score, those
before 5 are all exact."""
SAMPLE_RATE_HZ = 16000
PARTS = (
    *("background", "skin", "brow", "lips", "mouth", "sclera", "iris"),
    *("teeth", "tongue", "hair", "cloth", "neck"),
    *("glasses", "headwear", "thing", "hand"),
)


@dataclass(frozen=True)
class Label:
    """One array of `KEY.labels.npz`."""

    axes: str
    shape: tuple[str | int, ...]
    """Axis letters are free sizes, numbers are fixed."""
    dtype: str
    """numpy kind and size; U stands for text of any length."""
    unit: str
    range: str
    frame: str
    """Coordinate frame; empty where none applies."""
    pseudo: str = ""
    """Values of a face network (face_outputs.py) that tell it where no scene stands behind the
    picture; empty where nothing does, and such a clip is without it."""


_IMAGE = "image, x right, y down, pixel centres at +0.5"
_CAMERA = "camera, x right, y down, z forward"
LABELS: dict[str, Label] = {
    "landmarks_px": Label(
        "frame, iBUG-68 point, xy",
        ("T", 68, 2),
        "f4",
        "px",
        "any",
        _IMAGE,
        "points; the jaw on the outline",
    ),
    "landmarks_visible": Label("frame, point", ("T", 68), "u1", "1", "0 hidden, 1 seen", ""),
    "contour_px": Label(
        "frame, jaw point 0-16 slid to the visible outline, xy",
        *(("T", 17, 2), "f4", "px", "any", _IMAGE, "points"),
    ),
    "landmarks_mm": Label("frame, point, xyz", ("T", 68, 3), "f4", "mm", "any", _CAMERA),
    "head_pose_deg": Label(
        "frame, yaw pitch roll",
        ("T", 3),
        "f4",
        "deg",
        "-180 to 180",
        "camera; + is the child's own left, up, clockwise in the image",
        "pose",
    ),
    "head_position_mm": Label("frame, xyz between the eyes", ("T", 3), "f4", "mm", "any", _CAMERA),
    "gaze_deg": Label(
        "frame, yaw pitch", ("T", 2), "f4", "deg", "-90 to 90", "as head_pose_deg", "gaze"
    ),
    "arkit": Label(
        "frame, blendshape", ("T", 52), "f4", "1", "0 to 1", "", "code; NaN for the others"
    ),
    "face_box_px": Label(
        "frame, x0 y0 x1 y1 of the 68 points", ("T", 4), "f4", "px", "any", _IMAGE, "points"
    ),
    "openness": Label(
        "frame, left eye, right eye, mouth; not in exact clips, whose landmarks_mm say it",
        *(("T", 3), "f4", "1", "from 0", "", "open"),
    ),
    "landmarks_error_px": Label(
        "frame, point; error to expect along one axis; not in exact clips",
        *(("T", 68), "f4", "px", "from 0", _IMAGE, "spread"),
    ),
    "parts": Label("frame, row, column", ("T", "H", "W"), "u1", "id in PARTS", "0 to 15", _IMAGE),
    "depth_mm": Label(
        "frame, row, column, distance along z",
        ("T", "H", "W"),
        "f2",
        "mm",
        "0 where background",
        _CAMERA,
    ),
    "normals": Label(
        "frame, row, column, xyz of the surface's normal",
        ("T", "H", "W", 3),
        "i1",
        "1/127",
        "-127 to 127, towards the camera; 0 where background",
        _CAMERA,
    ),
    "albedo": Label(
        "frame, row, column, RGB without light",
        ("T", "H", "W", 3),
        "u1",
        "sRGB",
        "0 to 255; 0 where background",
        _IMAGE,
    ),
    "flow_px": Label(
        "frame, row, column, xy that the surface point moves until the next frame",
        ("T", "H", "W", 2),
        "f2",
        "px",
        "0 where background and in the last frame",
        _IMAGE,
    ),
    "dense_px": Label(
        "frame, point of people/dense.py, xy", ("T", "D", 2), "f4", "px", "any", _IMAGE
    ),
    "dense_mm": Label("frame, point, xyz", ("T", "D", 3), "f4", "mm", "any", _CAMERA),
    "dense_visible": Label("frame, point", ("T", "D"), "u1", "1", "0 hidden, 1 seen", ""),
    "joints_px": Label(
        "frame, joint of people/body.JOINTS, xy (framing upper)",
        *(("T", "J", 2), "f4", "px", "any", _IMAGE),
    ),
    "joints_mm": Label("frame, joint, xyz", ("T", "J", 3), "f4", "mm", "any", _CAMERA),
    "speaking": Label("frame", ("T",), "u1", "1", "0 silent, 1 speaking", ""),
    "phoneme": Label("phoneme", ("P",), "U", "espeak IPA", "", ""),
    "phoneme_s": Label("phoneme, start end", ("P", 2), "f4", "s", "0 to duration", "sound"),
    "word": Label("word", ("Q",), "U", "text", "", ""),
    "word_s": Label("word, start end", ("Q", 2), "f4", "s", "0 to duration", "sound"),
    "score": Label("line of motion/score_text.py", ("S",), "U", "text", "", "sound"),
}
IMAGE_LABELS = (
    *("landmarks_px", "landmarks_visible", "contour_px", "landmarks_mm", "head_pose_deg"),
    *("head_position_mm", "gaze_deg", "arkit", "face_box_px", "parts", "speaking"),
)
PLACE_LABELS = ("parts",)
"""Of a picture that nobody is in."""
SOUND_LABELS = ("phoneme", "phoneme_s", "word", "word_s")
PSEUDO_LABELS = tuple(name for name, label in LABELS.items() if label.pseudo)
"""All that a picture of a neural generator has, and it has all of them."""
PSEUDO_ONLY = ("openness", "landmarks_error_px")
PARTLY_TOLD = ("arkit",)
"""Pseudo-labels with NaN where nothing is told."""

FACTS: dict[str, str] = {
    "key": "name of the clip, the same in every member of the shard",
    "text": "what is said, empty when nothing is",
    "keyword": "class of the clip for keyword spotting, empty when none",
    "emotion": "one of spec.EMOTIONS; empty where a pseudo-label is not sure",
    "emotion_intensity": "0 to 1; null where nobody can tell",
    "age_years": "years",
    "sex": "female or male, of the rendered body and the voice norms; empty where not known",
    "ancestry": "shares of african, asian, european (MakeHuman's axes), sum 1; or empty",
    "skin_tone": "Monk scale 1 to 10; 0 where nobody is seen",
    "hair_style": "name; empty when there is no picture",
    "look": "the other controls of the person (spec.Person); empty where nobody is seen",
    "control": "NAME=VALUE that a ladder varies; empty elsewhere",
    "voice": "engine, voice, f0_hz, formant_scale; empty when silent",
    "scene": "room, noise, microphone, codec (sound/scene.py); empty where the sound is dry",
    "camera": "size_px, focal_px, distance_m, view, controls of spec.View; empty without a picture",
    "light": "seed and key direction; empty when there is no picture",
    "rate_hz": "frames a second; 0 for stills and sound",
    "n_frames": "T",
    "n_samples": "N at 16 kHz",
    "provenance": "synthetic (always true), kit, version, seed",
    "pseudo": "who told labels and facts of a picture without a scene; empty where all are exact",
}

FACT_KINDS: dict[type, tuple[str, ...]] = {
    dict: ("look", "voice", "scene", "camera", "light", "provenance", "pseudo"),
    list: ("ancestry",),
    int: ("skin_tone", "n_frames", "n_samples"),
    float: ("emotion_intensity", "age_years", "rate_hz"),
}
"""What is no text: tables, lists, counts and numbers."""


@dataclass(frozen=True)
class Clip:
    """One synthetic child: what the camera and the microphone got, and the exact truth."""

    key: str
    facts: dict[str, Any]
    """Keys and meaning in FACTS."""
    labels: dict[str, NDArray[Any]] = field(default_factory=dict)
    """Arrays as in LABELS."""
    frames: NDArray[np.uint8] | None = None
    """(T, H, W, 3) RGB."""
    audio: NDArray[np.int16] | None = None
    """(N,) mono, 16 kHz."""


def check(clip: Clip) -> None:
    """Raise ValueError where a clip does not match LABELS and FACTS."""
    _same_keys(clip.facts, FACTS, clip.key, "fact")
    if clip.facts["provenance"].get("synthetic") is not True:
        raise ValueError(f"clip {clip.key}: provenance does not say synthetic = true")
    sizes: dict[str, int] = {"T": int(clip.facts["n_frames"])}
    for name, array in clip.labels.items():
        if name not in LABELS:
            raise ValueError(f"clip {clip.key}: unknown label {name!r}, known: {', '.join(LABELS)}")
        _check_label(clip.key, name, array, sizes)
    _check_told(clip, bool(clip.facts["pseudo"]))
    _check_all(clip, f"clip {clip.key}")


def _check_all(clip: Clip, where: str) -> None:
    """Nothing is missing that a clip of this kind has."""
    pseudo, sizes = bool(clip.facts["pseudo"]), {"T": int(clip.facts["n_frames"])}
    of_scene = IMAGE_LABELS if clip.facts["skin_tone"] else PLACE_LABELS
    shown = PSEUDO_LABELS if pseudo else of_scene
    wanted = (shown if sizes["T"] else ()) + (SOUND_LABELS if clip.facts["n_samples"] else ())
    missing = sorted(set(wanted) - set(clip.labels))
    if missing:
        raise ValueError(f"{where}: label {missing[0]!r} is missing")


def check_read(clip: Clip, where: str, labels: bool) -> None:
    """Raise ValueError where what was read of a clip is not what its facts and LABELS say.

    labels: whether they were read.
    """
    if labels:
        _check_all(clip, where)
    sizes: dict[str, int] = {"T": int(clip.facts["n_frames"])}
    for name, array in clip.labels.items():
        if name in LABELS:  # an older kit may have had others
            _check_label(where, name, array, sizes)
    if clip.frames is not None and len(clip.frames) != sizes["T"]:
        raise ValueError(f"{where}: {len(clip.frames)} frames, its facts say {sizes['T']}")
    if clip.audio is not None and len(clip.audio) != clip.facts["n_samples"]:
        said = clip.facts["n_samples"]
        raise ValueError(f"{where}: {len(clip.audio)} samples, its facts say {said}")


def _check_told(clip: Clip, pseudo: bool) -> None:
    """Nothing but pseudo-labels where no scene is known, and none where it is."""
    for name, array in clip.labels.items():
        if pseudo and name not in PSEUDO_LABELS:
            raise ValueError(f"clip {clip.key}: no network tells {name}: its labels are not exact")
        if not pseudo and name in PSEUDO_ONLY:
            raise ValueError(f"clip {clip.key}: {name} is a pseudo-label, the labels are exact")
        partly = pseudo and name in PARTLY_TOLD
        if array.dtype.kind == "f" and not (np.isfinite(array) | (partly & np.isnan(array))).all():
            raise ValueError(f"clip {clip.key}: label {name} has values that are not finite")


def _same_keys(got: Mapping[str, Any], known: Mapping[str, Any], key: str, what: str) -> None:
    for name in got:
        if name not in known:
            raise ValueError(f"clip {key}: unknown {what} {name!r}, known: {', '.join(known)}")
    for name in known:
        if name not in got:
            raise ValueError(f"clip {key}: {what} {name!r} is missing")


def _check_label(key: str, name: str, array: NDArray[Any], sizes: dict[str, int]) -> None:
    want = LABELS[name]
    kind = "U" if array.dtype.kind == "U" else array.dtype.str[1:]
    if kind != want.dtype:
        raise ValueError(f"clip {key}: label {name} is {array.dtype}, not {want.dtype}")
    if array.ndim != len(want.shape):
        raise ValueError(f"clip {key}: label {name} has shape {array.shape}, not {want.shape}")
    for got, axis in zip(array.shape, want.shape, strict=True):
        expected = axis if isinstance(axis, int) else sizes.setdefault(axis, got)
        if got != expected:
            raise ValueError(f"clip {key}: label {name} has shape {array.shape}, not {want.shape}")


def labels_to_bytes(labels: Mapping[str, NDArray[Any]]) -> bytes:
    """Pack label arrays as a deflated npz whose bytes depend on the arrays alone."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for name in sorted(labels):
            buffer = io.BytesIO()
            np.lib.format.write_array(
                buffer, np.ascontiguousarray(labels[name]), allow_pickle=False
            )
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue(), zipfile.ZIP_DEFLATED
            )
    return out.getvalue()


def labels_from_bytes(data: bytes, where: str) -> dict[str, NDArray[Any]]:
    """Read what `labels_to_bytes` wrote; `where` names the clip in errors."""
    return read_npz(data, f"{where}: labels")


def facts_to_bytes(facts: Mapping[str, Any]) -> bytes:
    """JSON with format and version, sorted keys."""
    body = {"format": FORMAT, "version": VERSION, **facts}
    return (json.dumps(body, sort_keys=True, allow_nan=False) + "\n").encode()


def facts_from_bytes(data: bytes, where: str) -> dict[str, Any]:
    """Read what `facts_to_bytes` wrote, refusing other formats, versions and unknown keys."""
    body = loads(data, where)
    if not isinstance(body, dict) or body.pop("format", None) != FORMAT:
        raise ValueError(f"{where}: not a {FORMAT} file")
    version = body.pop("version", None)
    if version not in _READS:
        raise ValueError(f"{where}: version {version}, this kit reads {VERSION}")
    if version == 2:
        body.setdefault("scene", {})
    if version < 5:
        body.setdefault("pseudo", {})
    _same_keys(body, FACTS, where, "fact")
    for name, value in body.items():
        check_fact(where, name, value)
    return body


def check_fact(where: str, name: str, value: Any) -> None:
    """Raise ValueError where a fact is not the text, table, list or number that FACTS means."""
    wanted = next((kind for kind, names in FACT_KINDS.items() if name in names), str)
    if wanted is int:
        right = type(value) is int and 0 <= value < 1 << 63
    elif wanted is float:
        right = type(value) in (int, float) and abs(value) < 1 << 63
        right |= value is None and name == "emotion_intensity"
    else:
        right = isinstance(value, wanted)
    if not right:
        raise ValueError(f"{where}: fact {name!r} is {value!r:.60}, which it cannot be")
