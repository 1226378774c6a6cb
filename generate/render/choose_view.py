"""Which view of a spec is drawn: numba on the CPU, gl on a GPU, mitsuba for path-traced stills.

Labels are the same."""

from __future__ import annotations

import sys

from generate.options import choose
from generate.render.gl_driver import is_real, probe
from generate.render.numba_engine import Engine
from generate.render.view import Renderer

VIEWS = ("auto", "numba", "gl", "mitsuba")


def resolve_view(name: str) -> str:
    """One of VIEWS as what will draw: auto is gl where a GPU has a driver, else numba.

    Says on stderr which. Raises ValueError with one line for an unknown view, and for one that is
    asked for by name and cannot draw here.
    """
    choose(name, VIEWS, "view in --view")
    driver = ""
    if name in ("auto", "gl"):
        try:
            driver = probe()
        except (ValueError, OSError):
            if name == "gl":
                raise
    if name == "mitsuba":
        from generate.render.mitsuba_view import check_mitsuba

        check_mitsuba()
    if name == "auto":
        name = "gl" if driver and is_real(driver) else "numba"
    print(f"view: {name}" + (f" ({driver})" if name == "gl" else ""), file=sys.stderr, flush=True)
    return name


def make_renderer(view: str, size_px: int) -> Renderer:
    """What draws pictures of one size; view as `resolve_view` returns it."""
    if view == "gl":
        from generate.render.gl_engine import GlEngine

        return Renderer(size_px, GlEngine())
    if view == "mitsuba":
        from generate.render.mitsuba_view import MitsubaRenderer

        return MitsubaRenderer(size_px)
    return Renderer(size_px, Engine())
