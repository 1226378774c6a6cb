"""Faces differ, grow and lean to one sex as people's do; each control changes only its own."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from generate.people.asset import load_asset, load_topology
from generate.people.head import Head
from generate.people.identity import local_amounts, traits
from generate.people.identity_tables import AGES, ANCESTRY, FACE_SHAPE, MALE, MIXES
from generate.spec import Person

BASE = Person()
SEEDS = range(8)


@cache
def marks(**changes) -> NDArray[np.float64]:
    """Landmarks (68, 3) in mm of the relaxed face, upright."""
    topology = load_topology("tee")
    head = Head(replace(BASE, **changes), topology)
    return topology.landmarks.at(head.render_points(head.rest)).astype(np.float64) * 1000


def scaled(points: NDArray[np.float64]) -> NDArray[np.float64]:
    points = points - points.mean(0)
    return points / np.linalg.norm(points)


def wideness(points: NDArray[np.float64]) -> float:
    """Width at the cheekbones over the height from the bridge to the chin."""
    return float((points[15, 0] - points[1, 0]) / (points[27, 1] - points[8, 1]))


def test_tables_name_what_the_asset_has():
    names = {n[2:] if n[:2] in ("l-", "r-") else n for n in load_asset().local_names}
    for amounts in (*MIXES.values(), *(shift for _, shift in AGES), MALE, FACE_SHAPE):
        assert set(amounts) <= names
    for means in ANCESTRY:
        assert set(means) <= set(MIXES)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("age", [1.0, 6.0, 30.0])
def test_face_shape_widens_steadily(seed, age):
    shapes = np.linspace(-1, 1, 5)
    ratios = [wideness(marks(face_seed=seed, age_years=age, face_shape=s)) for s in shapes]
    assert np.diff(ratios).min() > 0.01
    assert ratios[-1] / ratios[0] > 1.15


def test_face_shape_leaves_the_rest_of_the_identity():
    asset = load_asset()
    plain, wide = (local_amounts(asset, replace(BASE, face_shape=s)) for s in (0.0, 0.5))
    bare = [n[2:] if n[:2] in ("l-", "r-") else n for n in asset.local_names]
    for name, before, after in zip(bare, plain, wide, strict=True):
        assert after == pytest.approx(before + 0.5 * FACE_SHAPE.get(name, 0.0), abs=1e-9)


def test_one_person_at_two_ages_is_nearer_than_two_people_of_one_age():
    young = [scaled(marks(face_seed=seed, age_years=5.0)) for seed in SEEDS]
    older = [scaled(marks(face_seed=seed, age_years=10.0)) for seed in SEEDS]
    grown = np.mean(older, 0) - np.mean(young, 0)
    same = [np.linalg.norm(a + grown - b) for a, b in zip(young, older, strict=True)]
    others = [np.linalg.norm(young[i] - young[j]) for i in SEEDS for j in SEEDS if i < j]
    assert max(same) < 0.6 * np.median(others)
    assert max(same) < min(others)


def test_traits_do_not_depend_on_age_or_sex():
    for change in ({"age_years": 40.0}, {"sex": "male"}, {"face_shape": 1.0}):
        assert traits(replace(BASE, **change)) == traits(BASE)
    assert traits(replace(BASE, face_seed=2)) != traits(BASE)


@pytest.mark.parametrize(("age", "least_mm"), [(1.0, 1.0), (4.0, 1.0), (10.0, 1.2), (30.0, 1.3)])
def test_people_of_one_age_differ(age, least_mm):
    """Spread of the inner landmarks about the mean face, after position and size are taken out;
    one sex, one ancestry."""
    faces = [marks(face_seed=seed, age_years=age)[17:] for seed in SEEDS]
    size = np.mean([np.linalg.norm(face - face.mean(0)) for face in faces])
    aligned = np.array([scaled(face) for face in faces]) * size
    spread = np.sqrt(((aligned - aligned.mean(0)) ** 2).sum(2).mean())
    assert least_mm < spread < 3 * least_mm


def test_sexes_differ_in_adults_and_hardly_in_small_children():
    def difference(age: float) -> float:
        pairs = [
            [scaled(marks(face_seed=seed, age_years=age, sex=sex)) for sex in ("male", "female")]
            for seed in (1, 2, 3)
        ]
        return float(np.mean([np.linalg.norm(a - b) for a, b in pairs]))

    assert difference(30.0) > 3 * difference(4.0)


def test_infants_have_large_low_eyes_and_short_noses():
    def shares(age: float) -> tuple[float, float]:
        faces = [marks(face_seed=seed, age_years=age) for seed in SEEDS]
        eye = np.mean([f[45, 0] - f[42, 0] for f in faces]) / np.mean(
            [f[15, 0] - f[1, 0] for f in faces]
        )
        nose = np.mean([(f[27, 1] - f[33, 1]) / (f[27, 1] - f[8, 1]) for f in faces])
        return float(eye), float(nose)

    infant, adult = shares(1.0), shares(30.0)
    assert infant[0] > 1.1 * adult[0]
    assert infant[1] < 0.97 * adult[1]


def test_sides_differ_a_little():
    asset = load_asset()
    amounts = dict(zip(asset.local_names, local_amounts(asset, BASE), strict=True))
    sides = [amounts[f"l-{n[2:]}"] - amounts[n] for n in amounts if n.startswith("r-")]
    assert 0 < np.abs(sides).max() < 0.15
