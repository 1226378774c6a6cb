"""Kernels turned into GLSL compute what Python computes; what has no GLSL is refused by line."""

from __future__ import annotations

import inspect
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from generate.people import poser
from generate.people.child import STILL
from generate.picture import build_child
from generate.render import geometry
from generate.render import view as view_module
from generate.render.gl_driver import probe
from generate.render.gl_engine import GlArray, _Call
from generate.render.glsl import kernel_source
from generate.render.glsl_values import Array
from generate.render.noise import hash_unit, value_noise
from generate.render.numba_engine import Engine
from generate.render.raster import _hair_is_cut, _lash_is_cut
from generate.render.shade_math import (
    azimuth,
    bled,
    fresnel,
    ggx,
    irradiance,
    mix,
    smoothstep,
    unit,
    wrapped,
)
from generate.render.view import Renderer, scene
from generate.sample import sample_person, sample_view, stream


def why_missing() -> str:
    try:
        probe()
    except ValueError as error:
        return str(error)
    return ""


needs_driver = pytest.mark.skipif(bool(why_missing()), reason=why_missing() or "driver found")
RNG = np.random.default_rng(5)
X = RNG.uniform(-3, 3, (200, 4)).astype(np.float32)
HARMONICS = RNG.normal(0, 0.3, (9, 3)).astype(np.float32)
TABLE = (0.5, 2.0, -1.0)


def of_one(x, table, out):
    for k in range(x.shape[0]):
        out[k, 0] = hash_unit(int(x[k, 0] * 1e5) * 8 - 3)
        out[k, 1] = azimuth(x[k, 0], x[k, 1])
        out[k, 2] = bled(x[k, 0], 0.4)
        out[k, 3] = fresnel(0.04, x[k, 0])
        out[k, 4] = ggx(x[k, 1], 0.3)
        out[k, 5] = wrapped(x[k, 2], 0.2)
        out[k, 6] = table[2, 1] * smoothstep(-1.0, 2.0, x[k, 0])


def of_many(x, table, out):
    for k in range(x.shape[0]):
        a, b, c = unit(x[k, 0], x[k, 1], x[k, 2])
        out[k, 0] = value_noise(x[k, 0], x[k, 1], x[k, 2])
        out[k, 1], out[k, 2] = b, a
        out[k, 3] = irradiance(table, 1, a, b, c)
        out[k, 4] = mix(a, b, x[k, 3])
        out[k, 5] = _hair_is_cut(x[k, 0] / 3.0, abs(x[k, 1]) / 3.0, abs(x[k, 2]))
        out[k, 6] = _lash_is_cut(abs(x[k, 0]) / 3.0, 0.05 + abs(x[k, 1]) / 4.0, 0.0)


def of_language(x, _, out):
    kept = np.zeros(3, np.float32)
    for k in range(x.shape[0]):
        if x[k, 0] > 2.5:
            out[k, 0] = -7.0
            continue
        a, b = x[k, 0], x[k, 1]
        a, b = b, a
        total = 0
        for i in range(5):
            if i == 3:
                break
            total += i * (a > b)
        while total < 2.5:
            total += 0.7
        whole = math.floor(x[k, 2] * 4.0)
        for c in range(3):
            kept[c] = TABLE[c] * b
        out[k, 0], out[k, 1] = total, whole % 3
        out[k, 2], out[k, 3] = whole // 3, kept[2] if -1 < a < 1 else abs(kept[0]) ** 0.5
        out[k, 4], out[k, 5] = (x[k, 3] - 1.0) ** 2, min(a, b, 0.25)
        out[k, 6] = not (a > 0 or b > 0)


@needs_driver
@pytest.mark.parametrize("kernel", [of_one, of_many, of_language])
def test_glsl_computes_what_python_computes(kernel) -> None:
    from generate.render.gl_engine import GlEngine

    expected = np.zeros((len(X), 7), np.float32)
    kernel(X, HARMONICS, expected)
    engine = GlEngine()
    out = engine.upload(np.zeros_like(expected))
    engine.run(kernel, X, HARMONICS, out)
    got = engine.fetch(out)
    wrong = np.abs(got - expected) > 2e-4 * (1 + np.abs(expected))
    # A yes or no may flip where rounding decides; nothing else may.
    assert wrong.mean(0).max() <= (0.01 if kernel is of_many else 0)
    assert np.ptp(expected, axis=0).min() > 0


def raises(x, out):
    for k in range(x.shape[0]):
        with open("x"):
            out[k] = 1.0


def calls(x, out):
    for k in range(x.shape[0]):
        out[k] = sorted(x)


def slices(x, out):
    for k in range(x.shape[0]):
        out[k] = x[k:]


@pytest.mark.parametrize(
    ("kernel", "what"), [(raises, "with open"), (calls, "sorted"), (slices, "k:")]
)
def test_what_has_no_glsl_is_refused_by_file_and_line(kernel, what) -> None:
    x = Array("b0[{0}]", "float", ("P[2]",))
    with pytest.raises(ValueError) as error:
        kernel_source(kernel, (x, x))
    line = kernel.__code__.co_firstlineno + (3 if kernel is raises else 2)
    assert what in str(error.value)
    assert f"{__file__}:{line - (kernel is raises)}: " in str(error.value)
    assert "\n" not in str(error.value)


class Translating(Engine):
    """Draws on the CPU and turns every kernel that it is asked to run into GLSL."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}

    def run(self, kernel, *args) -> None:
        call = _Call(_Uploads())
        names = kernel.py_func.__code__.co_varnames
        values = tuple(call.value(n, a) for n, a in zip(names, args, strict=False))
        self.sources[kernel.py_func.__name__] = kernel_source(kernel, values)
        super().run(kernel, *args)


class _Uploads:
    def upload(self, array):
        return GlArray(None, array.shape, array.dtype)

    kept = upload


def test_every_kernel_of_a_view_has_glsl() -> None:
    person = replace(sample_person(1, 0), glasses="round", hair_style="long")
    view = sample_view(stream(1, 0, "view"), 64)
    child, look, _ = build_child(person, 64)
    engine = Translating()
    renderer = Renderer(64, engine)
    renderer.frame(child, look, renderer.pose(child, *STILL), scene(view, child))
    child, _, _ = build_child(person, 64, "upper")
    renderer.pose(child, *STILL)
    text = "".join(map(inspect.getsource, (view_module, geometry, poser)))
    asked = set(re.findall(r"\brun\(\s*(?:\*\()?(\w+),", text)) - {"self"}
    assert asked == set(engine.sources)
    assert all("void main()" in source for source in engine.sources.values())
