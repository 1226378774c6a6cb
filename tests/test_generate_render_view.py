"""Labels of a view are exact, pictures are reproducible, and everyone is clothed."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from generate.people.child import Child
from generate.people.ids import (
    BACKGROUND,
    CLOTH_PART,
    FACE,
    IRIS,
    LIPS,
    MOUTH,
    SCLERA,
    TONGUE_PART,
    TOOTH,
)
from generate.people.rotation import head_rotation
from generate.people.skin import LUMINANCE, MONK_HEX, Look, look, srgb_to_linear, tone_color
from generate.people.skin_atlas import CHEEK
from generate.people.skin_canvas import ATLAS_HEIGHT, ATLAS_WIDTH, to_texel
from generate.render.camera import head_angles_deg, make_camera
from generate.render.view import Frame, Renderer, scene
from generate.sample import sample_person, sample_view
from generate.spec import ARKIT, Person, View

SIZE = 96
PERSON = Person(
    6.0, "female", (0.2, 0.2, 0.6), 4, 7, "short", "brown", "blue", "tee", (0.3, 0.1, 0.1),
    "stripes", 0.3,
)  # fmt: skip
VIEW = View(SIZE, 0.8, 0.42, (0.03, -0.02), 5, 6, 7)


@lru_cache(maxsize=4)
def built(person: Person) -> tuple[Child, Look]:
    return Child(person), look(person)


def shoot(
    person: Person = PERSON, view: View = VIEW, head=(0, 0, 0), gaze=(0, 0), **actions
) -> Frame:
    child, look_ = built(person)
    arkit = np.zeros(len(ARKIT))
    for name, value in actions.items():
        arkit[ARKIT.index(name)] = value
    posed = child.pose(arkit, head, gaze)
    return Renderer(view.size_px).frame(child, look_, posed, scene(view, child))


def test_landmarks_in_mm_project_to_landmarks_in_px_with_the_stated_focal() -> None:
    focal = scene(VIEW, built(PERSON)[0]).facts()["camera"]["focal_px"]
    for head in ((0, 0, 0), (35, 10, -8)):
        frame = shoot(head=head)
        xyz = frame.landmarks_mm.astype(np.float64)
        px = xyz[:, :2] / xyz[:, 2:] * focal + SIZE / 2
        assert np.abs(px - frame.landmarks_px).max() < 0.01


def test_depth_agrees_with_landmarks_that_are_seen() -> None:
    frame = shoot(view=replace(VIEW, size_px=192))
    at = np.floor(frame.landmarks_px).astype(int)
    gap = frame.depth_mm[at[:, 1], at[:, 0]].astype(float) - frame.landmarks_mm[:, 2]
    inner = [i for i in range(17, 60) if frame.landmarks_visible[i]]
    assert len(inner) > 35
    assert np.median(np.abs(gap[inner])) < 1.5
    assert (frame.depth_mm[frame.parts == BACKGROUND] == 0).all()
    assert (frame.depth_mm[frame.parts != BACKGROUND] > 300).all()


@pytest.mark.parametrize("head", [(0, 0, 0), (30, 0, 0), (-20, 15, 10), (10, -25, -15)])
def test_head_pose_is_the_turn_of_the_head_in_camera_axes(head) -> None:
    assert np.allclose(head_angles_deg(head_rotation(*head)), head, atol=1e-6)
    child = built(PERSON)[0]
    camera = make_camera(VIEW, np.zeros(3), 0.1)
    frame = shoot(head=head)
    upright = np.diag([1.0, -1.0, -1.0])
    turn = upright @ camera.rotation @ child.pose(np.zeros(52), head, (0, 0)).head_transform[:3, :3]
    y, p, r = frame.head_pose_deg
    assert np.allclose(head_rotation(y, p, r), turn, atol=1e-4)


def test_visibility_flips_when_the_head_turns_away() -> None:
    front, left, right = (shoot(head=(yaw, 0, 0)).landmarks_visible for yaw in (0, 70, -70))
    assert front[17:60].mean() > 0.9
    # turned to its own left (image right), the child hides its left eye and left jaw
    assert left[42:48].mean() < 0.5 < left[36:42].mean()
    assert right[36:42].mean() < 0.5 < right[42:48].mean()
    assert left[11:16].sum() == 0 and right[1:6].sum() == 0


def test_landmarks_outside_the_image_are_not_visible() -> None:
    frame = shoot(view=replace(VIEW, offset=(0.45, 0.0)))
    outside = (frame.landmarks_px >= SIZE).any(1)
    assert outside.any() and not frame.landmarks_visible[outside].any()


def test_parts_lie_where_the_landmarks_are() -> None:
    frame = shoot(view=replace(VIEW, size_px=192), jawOpen=0.6)
    px = frame.landmarks_px
    for part, points in ((IRIS, px[36:48]), (LIPS, px[48:60])):
        rows, columns = np.nonzero(frame.parts == part)
        assert len(rows) > 20
        assert points[:, 0].min() - 3 < columns.min() and columns.max() < points[:, 0].max() + 3
        assert points[:, 1].min() - 3 < rows.min() and rows.max() < points[:, 1].max() + 3
    counts = np.bincount(frame.parts.ravel(), minlength=12)
    assert counts[FACE] > 2000
    assert counts[MOUTH] + counts[TOOTH] + counts[TONGUE_PART] > 10


def test_an_open_mouth_is_not_black() -> None:
    child, look_ = built(PERSON)
    view = replace(VIEW, size_px=192, light_seed=1)
    arkit = np.zeros(len(ARKIT))
    arkit[ARKIT.index("jawOpen")] = 0.7
    linear, parts, _ = Renderer(192).draw(
        child, look_, child.pose(arkit, (0, 0, 0), (0, 0)), scene(view, child)
    )
    inside = np.isin(parts, (MOUTH, TOOTH, TONGUE_PART))
    skin = linear[parts == FACE] @ LUMINANCE
    assert np.median(linear[inside] @ LUMINANCE) > 0.06 * np.median(skin)


def test_two_renders_have_the_same_bytes_and_the_sensor_noise_follows_the_frame_number() -> None:
    child, look_ = built(PERSON)
    place, posed = scene(VIEW, child), child.pose(np.zeros(52), (10, 0, 0), (0, 0))
    first = Renderer(SIZE).frame(child, look_, posed, place, 3)
    again = Renderer(SIZE).frame(Child(PERSON), look(PERSON), posed, scene(VIEW, child), 3)
    for name in ("rgb", *Frame.LABELS):
        assert getattr(first, name).tobytes() == getattr(again, name).tobytes()
    other = Renderer(SIZE).frame(child, look_, posed, place, 4)
    assert other.rgb.tobytes() != first.rgb.tobytes()
    assert other.parts.tobytes() == first.parts.tobytes()


def test_everyone_is_clothed_and_everything_is_finite() -> None:
    for number in range(14):
        rng = np.random.default_rng(number)
        person = sample_person(3, number, (1, 60))
        view = replace(sample_view(rng, 64), face_fraction=0.36, offset=(0.0, -0.02))
        child, look_ = Child(person), look(person)
        posed = child.pose(rng.uniform(0, 0.4, 52), rng.normal(0, 12, 3), rng.normal(0, 8, 2))
        renderer, place = Renderer(64), scene(view, child)
        linear, parts, _ = renderer.draw(child, look_, posed, place)
        assert np.isfinite(linear).all() and linear.min() >= 0
        bottom = parts[-6:]
        assert (bottom == CLOTH_PART).mean() > 0.3, number
        assert np.isin(bottom[-1], (BACKGROUND, CLOTH_PART, 9)).all(), number
        frame = renderer.frame(child, look_, posed, place)
        for name in Frame.LABELS:
            assert np.isfinite(getattr(frame, name).astype(float)).all()


def test_monk_tones_darken_and_stay_near_their_swatches() -> None:
    shown = []
    for tone in range(1, 11):
        person = replace(PERSON, skin_tone=tone, freckles=0.0)
        child, look_ = built(PERSON)[0], look(person)
        place = replace(scene(VIEW, child), exposure=1.0)
        linear, parts, _ = Renderer(SIZE).draw(child, look_, child.neutral, place)
        shown.append(float((linear[parts == FACE] @ LUMINANCE).mean()))
        hexes = MONK_HEX[tone - 1][1:]
        swatch = srgb_to_linear(np.array([int(hexes[i : i + 2], 16) for i in (0, 2, 4)]) / 255)
        column, row = np.round(to_texel(np.array(CHEEK))).astype(int)
        atlas = look_.skins[0].atlas
        assert atlas.shape[:2] == (ATLAS_HEIGHT, ATLAS_WIDTH)
        cheek = atlas[row - 8 : row + 8, column - 8 : column + 8, :3].mean((0, 1))
        ratio = float(cheek @ LUMINANCE) / float(swatch @ LUMINANCE)
        assert 0.45 < ratio < 1.9, tone
        assert cheek[0] > cheek[1] > cheek[2]
    luminance = [float(tone_color(tone) @ LUMINANCE) for tone in (1, 2, 4, 5, 6, 7, 8, 9, 10)]
    assert np.all(np.diff(luminance) < 0)
    # tones 2 and 3 are the same lightness by definition of the scale
    assert np.all(np.diff(np.delete(shown, 2)) < 0)


def brightness(frame: Frame, part: int) -> float:
    """Mean linear luminance of a part, 0 to 1."""
    return float((srgb_to_linear(frame.rgb[frame.parts == part] / 255) @ LUMINANCE).mean())


def test_eye_whites_do_not_glow_on_dark_skin() -> None:
    ratios = []
    for tone in (8, 9, 10):
        person = replace(PERSON, skin_tone=tone, ancestry=(1.0, 0.0, 0.0), hair_style="cropped")
        for seed in range(4):
            view = replace(VIEW, size_px=192, light_seed=seed, camera_seed=seed)
            frame = shoot(person, view)
            ratios.append(brightness(frame, SCLERA) / brightness(frame, FACE))
    assert np.median(ratios) < 5
    assert np.median(ratios) > 1.2


def test_pale_skin_keeps_its_detail_in_most_light() -> None:
    burnt = []
    for tone in (1, 2, 3):
        person = replace(PERSON, skin_tone=tone)
        for seed in range(8):
            view = replace(VIEW, light_seed=seed, camera_seed=seed)
            frame = shoot(person, view)
            burnt.append((frame.rgb[frame.parts == FACE].max(1) >= 242).mean())
    assert np.mean(burnt) < 0.025


def test_unknown_colours_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="hair_color 'plaid'"):
        look(replace(PERSON, hair_color="plaid"))
    with pytest.raises(ValueError, match="garment_pattern 'plaid'"):
        look(replace(PERSON, garment_pattern="plaid"))
