"""Properties of hair that hold for every style."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from generate.people.child import Child
from generate.people.hair import detail_of, grow_hair, style_of, thinned
from generate.people.hair_colors import HAIR_COLORS, hair_color
from generate.people.hair_ribbons import FINE_FROM
from generate.people.hair_styles import STYLES
from generate.people.piece import Piece
from generate.render.raster import _hair_is_cut
from generate.spec import Person

BASE = Person(face_seed=3, hair_style="short")
AGES = (0.7, 6.0, 40.0)
HEADS = {age: Child(replace(BASE, age_years=age, hair_style="buzz"), 0.05) for age in AGES}


def grow(style: str, age: float = 6.0, detail: float = 0.3) -> Piece:
    head, person = HEADS[age], replace(BASE, age_years=age, hair_style=style)
    upright = head.neutral
    return grow_hair(person, head.topology, upright.points, upright.normals, detail)


def depth_in_skin(head: Child, points: np.ndarray) -> np.ndarray:
    """How far points lie under the skin, m, negative outside."""
    skin = head.topology.parts["skin"][0]
    scalp = head.topology.aux[skin, 3] > 0.5
    skin_points, normals = head.neutral.points[skin][scalp], head.neutral.normals[skin][scalp]
    gap, near = cKDTree(skin_points).query(points)
    depth = ((skin_points[near] - points) * normals[near]).sum(1)
    return np.where(gap < 0.012, depth, -1.0)


def bend(piece: Piece, turn: slice) -> float:
    """Curvature of locks, rad/m: angle between neighbouring tangents over their distance."""
    tangents, points = piece.canon[turn].astype(float), piece.points[turn].astype(float)
    cosine = (tangents[:-2:2] * tangents[2::2]).sum(1)
    stride = np.linalg.norm(points[2::2] - points[:-2:2], axis=1)
    return float(np.median(np.arccos(np.clip(cosine, -1, 1)) / (stride + 1e-4)))


@pytest.mark.parametrize("age", AGES)
@pytest.mark.parametrize("style", sorted(STYLES))
def test_every_style_grows_at_every_age(style: str, age: float) -> None:
    piece = grow(style, age)
    assert len(piece.tris) > 200
    assert piece.tris.max() < len(piece.points)
    for values in (piece.points, piece.normals, piece.canon, piece.aux):
        assert np.isfinite(values).all()
    assert np.allclose(np.linalg.norm(piece.normals, axis=1), 1, atol=1e-3)
    assert piece.aux[:, [0, 2, 3]].min() >= 0 and piece.aux.max() <= 1
    assert piece.follow.min() >= 0 and piece.follow.max() == 1


@pytest.mark.parametrize("style", sorted(STYLES))
def test_no_tip_is_inside_the_skin_and_roots_follow_the_head(style: str) -> None:
    piece = grow(style)
    tips = piece.points[piece.aux[:, 2] > 0.999]
    if len(tips):
        assert (depth_in_skin(HEADS[6.0], tips) < 0.0015).mean() > 0.99
    if "rope" not in style:
        assert piece.follow[piece.aux[:, 2] < 0.001].min(initial=1.0) > 0.9


def test_long_hair_lies_on_the_shoulders_when_the_head_turns() -> None:
    low = {style: grow(style).follow.min() for style in ("long", "wavy", "shoulder", "cropped")}
    assert low["long"] == low["wavy"] == 0
    assert low["shoulder"] < 0.3
    assert low["cropped"] > 0.8


def test_textures_differ_in_curvature() -> None:
    curl = {
        style: bend(grow(style, detail=1.0), slice(0, 4000))
        for style in ("long", "wavy", "ringlets", "afro")
    }
    order = [curl[style] for style in ("long", "wavy", "ringlets", "afro")]
    assert np.all(np.array(order[1:]) > 1.3 * np.array(order[:-1])), curl
    assert {style.texture for style in STYLES.values()} == {"straight", "wavy", "curly", "coily"}


def test_detail_thins_hair() -> None:
    full, thin = grow("short", detail=1.0), grow("short", detail=0.2)
    assert len(thin.tris) < 0.5 * len(full.tris)
    details = [detail_of(size) for size in (32, 64, 128, 256, 512, 1024)]
    assert details == sorted(details)
    share = {n: thinned(STYLES[n], 0.5).count / STYLES[n].count for n in ("afro", "bob")}
    assert share["afro"] > 0.62
    assert share["bob"] == pytest.approx(0.5, abs=0.01)


def test_infants_have_sparse_fine_hair_whatever_the_style() -> None:
    for name in ("long", "bob", "afro", "box-braids"):
        infant = style_of(replace(BASE, hair_style=name, age_years=0.8))
        grown = style_of(replace(BASE, hair_style=name))
        assert infant.length_mm <= 40 and infant.level_mm == 0 and infant.width_mm < 3
        assert grown == STYLES[name]


@pytest.mark.parametrize("style", ["short", "cropped", "bun"])
def test_hair_at_the_hairline_is_fine(style: str) -> None:
    piece = grow(style, detail=0.5)
    numbers, corners = piece.aux[piece.tris[:, 0], 3], piece.points[piece.tris]
    fine = numbers >= FINE_FROM
    assert 0.02 < fine.mean() < 0.6
    wide = np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1)
    assert np.median(wide[fine]) < 0.8 * np.median(wide[~fine])


def test_ribbons_are_whole_in_the_middle_and_end_hair_by_hair() -> None:
    rng = np.random.default_rng(1)
    across, ribbon = rng.uniform(-1, 1, 3000), rng.uniform(0, 1, 3000)
    open_ = [
        np.mean([_hair_is_cut(a, along, r) for a, r in zip(across, ribbon, strict=True)])
        for along in (0.02, 0.3, 0.6, 0.75, 0.9, 1.0)
    ]
    assert open_[1] == 0
    assert open_[0] > 0.05
    assert np.all(np.diff(open_[1:]) >= 0)
    assert open_[-1] > 0.9


def test_names_are_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match="hair_style 'mohican' is not one of buzz"):
        style_of(replace(BASE, hair_style="mohican"))
    with pytest.raises(ValueError, match="hair_color 'plaid' is not one of black"):
        hair_color(replace(BASE, hair_color="plaid"))


def test_one_colour_has_many_shades_and_names_stay_apart() -> None:
    shades = {
        name: np.array(
            [hair_color(replace(BASE, hair_color=name, face_seed=seed)) for seed in range(60)]
        )
        for name in HAIR_COLORS
    }
    for rgb in shades.values():
        assert rgb.min() > 0 and rgb.max() < 1
        assert rgb.mean(1).std() > 0.08 * rgb.mean()
    order = [np.median(shades[n].mean(1)) for n in ("black", "dark", "brown", "light", "blond")]
    assert order == sorted(order)
    assert np.median(shades["red"][:, 0] / shades["red"][:, 2]) > 5


def test_cornrows_that_come_to_rest_on_a_collar_end_there() -> None:
    from dataclasses import replace

    from generate.people.child import Child
    from generate.sample import sample_person

    person = replace(
        sample_person(0, 0), age_years=3.16, face_seed=2137333894, sex="female", face_shape=0.5,
        ancestry=(0.77, 0.16, 0.07), hair_style="cornrows", garment="shirt", headwear="none",
        held="none",
    )  # fmt: skip
    assert len(Child(person, 0.6).pieces[0].tris) > 100
