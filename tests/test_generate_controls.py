"""Each control changes what it names and nothing else, in the spec and in picture and labels."""

from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from device.main import main
from generate.controls import SETTERS, Shot, parse_fixed, set_control, set_controls
from generate.ladder import BESIDE, LADDERS, NAMES, base_shot, rung_shot, rungs
from generate.picture import build_child, gestured, render_clip

SIZE_PX = 64
LABELS = ("landmarks_px", "head_pose_deg", "gaze_deg", "arkit", "parts")
COLOUR_ALONE = (
    *("skin_tone", "hair_color", "eye_color", "freckles", "birthmarks", "wrinkling"),
    *("garment_pattern", "light", "backdrop", "camera", "face_paint"),
)
"""Controls that leave every label as it is."""
KEPT = {
    "hair_style": ("landmarks_px", "head_pose_deg", "gaze_deg", "arkit"),
    "glasses": ("landmarks_px", "head_pose_deg", "gaze_deg", "arkit"),
    "headwear": ("landmarks_px", "head_pose_deg", "gaze_deg", "arkit"),
    "held": ("head_pose_deg", "gaze_deg", "arkit"),
    "garment": ("landmarks_px", "head_pose_deg", "gaze_deg", "arkit"),
    "aperture_mm": ("landmarks_px", "head_pose_deg", "gaze_deg", "arkit", "parts"),
    "distortion": ("head_pose_deg", "gaze_deg", "arkit"),
    "distance_m": ("head_pose_deg", "arkit"),
    "age_years": ("head_pose_deg", "gaze_deg", "arkit"),
    "sex": ("head_pose_deg", "gaze_deg", "arkit"),
    "ancestry": ("head_pose_deg", "gaze_deg", "arkit"),
    "face_shape": ("head_pose_deg", "gaze_deg", "arkit"),
    "emotion": ("head_pose_deg", "gaze_deg"),
    "intensity": ("head_pose_deg", "gaze_deg"),
    "blink": ("head_pose_deg", "gaze_deg"),
    "yaw": ("arkit",),
    "pitch": ("arkit",),
    "roll": ("arkit",),
    "gaze_yaw": ("head_pose_deg",),
    "gaze_pitch": ("head_pose_deg",),
    "framing": ("head_pose_deg", "gaze_deg", "arkit"),
    "gesture": ("landmarks_px", "head_pose_deg", "gaze_deg", "arkit"),
} | dict.fromkeys(COLOUR_ALONE, LABELS)
"""Labels that each control must leave alone."""


@cache
def picture(control: str, value: str) -> tuple[NDArray[np.uint8], dict[str, NDArray[Any]]]:
    shot = rung_shot(3, SIZE_PX, control, value)
    child, look, _ = build_child(shot.person, SIZE_PX, shot.view.framing)
    motion = gestured(child, shot.motion, shot.gesture)
    frames, labels, _ = render_clip(child, look, shot.view, motion)
    return frames, labels


@pytest.mark.parametrize("control", LADDERS)
def test_a_control_changes_the_picture_and_leaves_the_other_labels(control: str) -> None:
    values = rungs(control, 3)
    (first, labels), (last, other) = picture(control, values[0]), picture(control, values[-1])
    assert not np.array_equal(first, last)
    for name in KEPT.get(control, ()):
        assert np.allclose(labels[name], other[name], atol=1e-3), name


@pytest.mark.parametrize("control", [name for name in LADDERS if name != "intensity"])
def test_a_control_sets_one_field_of_the_spec(control: str) -> None:
    base = set_controls(base_shot(3, SIZE_PX), BESIDE.get(control, {}))
    values = rungs(control, 3)
    for value in (values[0], values[-1]):
        moved = set_control(base, control, value)
        changed = {*_differences(base, moved)}
        assert changed <= {control} | _motion_fields(control), changed


def _differences(a: Shot, b: Shot) -> set[str]:
    found = set()
    for part in ("person", "view"):
        one, other = asdict(getattr(a, part)), asdict(getattr(b, part))
        found |= {name for name in one if one[name] != other[name]}
    for name in ("arkit", "head_deg", "gaze_deg"):
        if not np.array_equal(getattr(a.motion, name), getattr(b.motion, name)):
            found.add(name)
    return found


def _motion_fields(control: str) -> set[str]:
    moves = {"yaw": {"head_deg"}, "pitch": {"head_deg"}, "roll": {"head_deg"}}
    moves |= {"gaze_yaw": {"gaze_deg", "arkit"}, "gaze_pitch": {"gaze_deg", "arkit"}}
    return (moves | {"emotion": {"arkit"}, "blink": {"arkit"}}).get(control, set())


def test_every_ladder_climbs_a_control_and_has_rungs() -> None:
    assert set(LADDERS) - {"intensity"} <= set(SETTERS)
    assert all(len(rungs(name, 5)) >= 2 for name in LADDERS)
    assert all(len(set(values)) == len(values) for values in NAMES.values())


def test_controls_set_together_equal_controls_set_in_any_order() -> None:
    base = base_shot(1, SIZE_PX)
    fixed = {"yaw": "20", "blink": "0.5", "emotion": "sad:0.6", "gaze_yaw": "10"}
    one = set_controls(base, fixed)
    other = set_controls(base, dict(reversed(fixed.items())))
    assert not _differences(one, other)
    assert one.emotion == "sad" and one.intensity == 0.6
    assert one.motion.arkit[0, 0] == 0.5  # eyeBlinkLeft holds although the emotion came too


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (["glasses"], "want NAME=VALUE"),
        (["glasses="], "want NAME=VALUE"),
        (["moon=1"], "unknown control 'moon'"),
        (["yaw=1", "yaw=2"], "sets yaw twice"),
    ],
)
def test_what_is_not_a_control_is_refused_in_one_line(pairs: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said) as error:
        parse_fixed(pairs)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("stills --fix hair_style=spiky", "hair_style 'spiky' is not one of"),
        ("stills --fix age_years=0.1", "age_years 0.1 is outside"),
        ("stills --fix skin_tone=11", "skin_tone 11 is outside"),
        ("stills --fix skin_tone=2.5", "skin_tone 2.5: want a whole number"),
        ("stills --fix yaw=abc", "yaw: 'abc' is not a number"),
        ("stills --fix light=disco", "disco"),
        ("stills --fix backdrop=moon", "moon"),
        ("stills --fix camera=eye", "eye"),
        ("stills --fix glasses=monocle", "glasses 'monocle' is not one of"),
        ("stills --fix face_paint=ghost", "ghost"),
        ("stills --fix aperture_mm=90", "aperture_mm 90 is outside"),
        ("stills --fix ancestry=0.9,0.9,0", "sum to 1"),
        ("stills --fix emotion=happy:2", "emotion: 2 is outside 0 to 1"),
        ("talk --fix yaw=10", "a talking child moves by itself"),
        ("stills --labels flow", "a picture alone has none"),
        ("stills --labels smell", "unknown label"),
        ("ladder --controls moon", "unknown control"),
        ("ladder --steps 1", "--steps 1"),
    ],
)
def test_controls_that_cannot_be_stop_before_any_file_is_written(
    arguments: str, said: str, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "set"
    assert main(["generate", *arguments.split(), "--out", str(out)]) == 2
    error = capsys.readouterr().err.strip()
    assert said in error and error.count("\n") == 0
    assert not out.exists()


def test_a_ladder_is_a_data_set_with_a_sheet_for_each_control(tmp_path: Any) -> None:
    from generate.shards import open_dataset

    out = tmp_path / "ladder"
    arguments = ["ladder", "--out", str(out), "--controls", "blink", "skin_tone", "--steps", "3"]
    assert main(["generate", *arguments, "--size-px", "32", "--engine", "loop"]) == 0
    dataset = open_dataset(out)
    said = [dataset.clip(n, ()).facts["control"] for n in range(len(dataset))]
    assert said[:3] == ["blink=0", "blink=0.5", "blink=1"] and len(said) == 13
    assert sorted(p.name for p in (out / "sheets").iterdir()) == ["blink.png", "skin_tone.png"]
    assert main(["inspect", str(out)]) == 0
