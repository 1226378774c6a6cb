"""The path-traced view shows the same child with the same labels."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from generate.make import make_clip
from generate.presets import Stills
from generate.render import choose_view, mitsuba_view
from generate.render.mitsuba_view import _refined
from generate.render.shade_fragments import Mesh


def test_mitsuba_that_is_missing_is_refused_in_one_line(monkeypatch) -> None:
    monkeypatch.setattr(mitsuba_view, "find_spec", lambda _: None)
    with pytest.raises(ValueError, match=r"pip install 'collodi\[mitsuba\]'") as error:
        choose_view.resolve_view("mitsuba")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("times", [1, 2, 5])
def test_finer_triangles_cover_the_coarse_one(times) -> None:
    points = np.array([[0, 0, 0], [2, 0, 0], [0, 1, 0]], np.float32)
    normals, aux = np.tile(np.float32([0, 0, 1]), (3, 1)), np.eye(3, 4, dtype=np.float32)
    tris = np.array([[0, 1, 2]], np.int32)
    fine = _refined(
        Mesh(tris, np.zeros(1, np.uint8), np.stack([points, normals, points]), aux), tris, times
    )
    a, b, c = (fine.points[fine.tris[:, k]] for k in range(3))
    areas = np.cross(b - a, c - a)[:, 2] / 2
    assert len(areas) == times**2
    assert np.allclose(areas, 1 / times**2)
    assert np.allclose(fine.aux.sum(1), 1)


@pytest.mark.long
@pytest.mark.skipif(find_spec("mitsuba") is None, reason="mitsuba is not installed")
def test_mitsuba_draws_the_same_child_with_the_same_labels() -> None:
    options = Stills(clips=1, size_px=96, seed=3)
    a, b = (make_clip(replace(options, view=view), 0) for view in ("numba", "mitsuba"))
    assert b.facts["camera"]["view"] == "mitsuba"
    for name in a.labels:
        assert np.array_equal(a.labels[name], b.labels[name]), name
    gap = np.square(a.frames.astype(float) - b.frames).mean()
    assert 15 < 10 * np.log10(255**2 / gap) < 40
