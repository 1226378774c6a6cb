"""The GL view draws what the numba view draws; a view that cannot draw is refused in one line."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from generate.make import make_clip
from generate.motion.still import still
from generate.picture import build_child
from generate.presets import Stills
from generate.render import choose_view, gl_driver
from generate.render.choose_view import make_renderer, resolve_view
from generate.render.view import scene
from generate.sample import sample_person, sample_view, stream
from generate.spec import ARKIT

SIZE = 96


def why_missing() -> str:
    try:
        gl_driver.probe()
    except ValueError as error:
        return str(error)
    return ""


needs_driver = pytest.mark.skipif(bool(why_missing()), reason=why_missing() or "driver found")


def psnr(a, b) -> float:
    return float(10 * np.log10(255**2 / max(np.mean((a.astype(float) - b) ** 2), 1e-3)))


LOOKS = (
    "glasses=sunglasses hair_style=pigtails light=dusk",
    "headwear=beanie light=sun",
    "hair_style=curly light=window",
    "hair_style=fade light=lamp",
    "hair_style=long held=none framing=upper face_fraction=0.3",
)


def made(number: int):
    """Child, look and view of LOOKS, and a moment of it with open mouth and bent arms."""
    view = sample_view(stream(3, number, "view"), SIZE)
    person = sample_person(3, number, (2, 60))
    fixed = dict(word.split("=") for word in LOOKS[number].split())
    person = replace(person, **{k: v for k, v in fixed.items() if hasattr(person, k)})
    own = {k: v for k, v in fixed.items() if hasattr(view, k)}
    view = replace(view, **own | {k: float(own[k]) for k in own if k == "face_fraction"})
    motion, _, _ = still(stream(3, number, "motion"))
    child, look, _ = build_child(person, SIZE, view.framing)
    body = None
    if view.framing == "upper":
        body = child.gesture("wave left")
        body[-3:] = 8
    arkit = motion.arkit[0].copy()
    arkit[[ARKIT.index("jawOpen"), ARKIT.index("eyeBlinkLeft")]] = 0.6
    return child, look, view, (arkit, motion.head_deg[0], motion.gaze_deg[0], body)


@pytest.fixture(scope="module")
def gl():
    return make_renderer("gl", SIZE)


@needs_driver
@pytest.mark.parametrize("number", range(len(LOOKS)))
def test_gl_draws_what_numba_draws_over_people_hair_and_lights(gl, number) -> None:
    child, look, view, moment = made(number)
    a, b = (
        r.frame(child, look, r.pose(child, *moment), scene(view, child), extra=("dense", "flow"))
        for r in (make_renderer("numba", SIZE), gl)
    )
    assert psnr(a.rgb, b.rgb) >= 30
    assert np.abs(a.landmarks_px - b.landmarks_px).max() <= 0.5
    assert np.abs(a.contour_px - b.contour_px).max() <= 0.5
    assert np.abs(a.extra["dense_px"] - b.extra["dense_px"]).max() <= 0.5
    assert (a.landmarks_visible != b.landmarks_visible).sum() <= 1
    assert (a.parts != b.parts).mean() <= 0.01
    both = (a.parts > 0) & (b.parts > 0)
    gap = np.abs(a.depth_mm.astype(float) - b.depth_mm)[both]
    assert (gap > 1).mean() <= 0.01
    assert b.extra.keys() == a.extra.keys()


@needs_driver
@pytest.mark.parametrize("number", range(len(LOOKS)))
def test_gl_moves_vertices_where_numba_does(gl, number) -> None:
    from generate.render.gl_engine import GlArray

    child, _, _, moment = made(number)
    a, b = child.pose(*moment), gl.pose(child, *moment)
    fetch = gl.engine.fetch
    assert isinstance(b.points, GlArray)
    assert np.abs(a.points - fetch(b.points)).max() <= 0.05e-3
    assert np.abs(a.landmarks - b.landmarks).max() <= 0.05e-3
    assert np.linalg.norm(a.normals - fetch(b.normals), axis=1).max() <= 0.02
    assert np.abs(a.points - child.neutral.points).max() > 0.01


@needs_driver
def test_a_person_is_handed_over_once(gl, monkeypatch) -> None:
    taken = []
    upload = gl.engine.upload

    def counted(array):
        if isinstance(array, np.ndarray):
            taken.append(4 * array.size)
        return upload(array)

    monkeypatch.setattr(gl.engine, "upload", counted)
    child, look, view, (arkit, *moment) = made(4)
    place, sizes = scene(view, child), []
    for frame in range(3):
        taken.clear()
        gl.frame(child, look, gl.pose(child, arkit * frame / 2, *moment), place)
        sizes.append(sum(taken))
    assert sizes[0] > 2**20
    assert max(sizes[1:]) < 2**14


@needs_driver
def test_a_clip_says_which_view_drew_it() -> None:
    options = Stills(clips=1, size_px=64, seed=4)
    a, b = (make_clip(replace(options, view=view), 0) for view in ("numba", "gl"))
    assert (a.facts["camera"]["view"], b.facts["camera"]["view"]) == ("numba", "gl")
    assert psnr(a.frames, b.frames) >= 30


def test_a_view_without_a_driver_is_refused_in_one_line(monkeypatch, capsys) -> None:
    def none() -> str:
        raise ValueError("--view gl: no driver with OpenGL 4.3 (no display)")

    monkeypatch.setattr(choose_view, "probe", none)
    with pytest.raises(ValueError, match="--view gl: no driver"):
        resolve_view("gl")
    assert resolve_view("auto") == "numba"
    assert capsys.readouterr().err == "view: numba\n"
    with pytest.raises(ValueError, match=r"vulkan.*numba"):
        resolve_view("vulkan")


@pytest.mark.parametrize(
    ("driver", "view"), [("NVIDIA RTX", "gl"), ("llvmpipe (LLVM 15.0.6, 256 bits)", "numba")]
)
def test_auto_takes_a_gpu_and_leaves_software_drivers(monkeypatch, driver, view) -> None:
    monkeypatch.setattr(choose_view, "probe", lambda: driver)
    assert resolve_view("auto") == view


@needs_driver
def test_frames_give_their_buffers_back() -> None:
    person, view = sample_person(3, 1), sample_view(stream(3, 1, "view"), 64)
    child, look, _ = build_child(replace(person, glasses="round"), 64)
    renderer, place = make_renderer("gl", 64), scene(view, child)
    for number in range(16):
        frame = renderer.frame(child, look, child.neutral, place)
        if number == 3:
            before = resident_mib()
            first = frame
    assert resident_mib() - before < 15
    assert np.array_equal(first.rgb, frame.rgb)


def resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
