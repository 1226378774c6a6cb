"""How fast one core renders stills as they are written into shards, and what a worker costs.

Each still has its own view, light, place and pose; labels, JPEG and packing are counted, the
child's set-up is not. Figures: fps_128_short, fps_256_short, fps_128_long, fps_256_long (stills a
second), setup_s (median of a child and its skin), rss_mib (peak memory of a worker), two_workers
(stills a second of two processes over those of one), vs_mitsuba (null where it was not measured).

With --gl the GL view alone: names the driver and gives gpu_fps_* (frames a second of clips: posed,
drawn, labelled, developed) and gpu_stills_fps_* (stills as above). Figures of a driver that draws
on the CPU are called gl_on_cpu_* instead.

    python benchmarks/bench_render.py --json benchmarks/results/bench_render.json
    python benchmarks/bench_render.py --gl --json benchmarks/results/bench_render_gl.json
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import os
import time
from pathlib import Path
from statistics import median
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["NUMBA_NUM_THREADS"] = "1"

from common import finish

from generate.make import make_still, still_shot
from generate.picture import build_child
from generate.presets import Stills
from generate.render.choose_view import make_renderer
from generate.render.gl_driver import is_real, probe
from generate.render.view import Renderer, scene
from generate.sample import sample_person
from generate.shards import clip_members

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
SEED = 7
STILLS = 6
"""Stills timed of each child."""
CLIP_FRAMES = 41
CASES = tuple((size, style) for style in ("short", "long") for size in (128, 256))


def options_of(size_px: int, style: str, view: str = "numba") -> Stills:
    """Stills of one size and hair style."""
    fix = (f"hair_style={style}",)
    return Stills(seed=SEED, size_px=size_px, child_stills=STILLS, fix=fix, view=view)


def stills_row(child: int, size_px: int, style: str, view: str = "numba") -> dict[str, Any]:
    """Seconds of each still of one child; the child is built before."""
    options, seconds, size = options_of(size_px, style, view), [], 0
    make_still(options, child * STILLS)
    for number in range(child * STILLS, (child + 1) * STILLS):
        begun = time.perf_counter()
        size += sum(map(len, clip_members(make_still(options, number)).values()))
        seconds.append(time.perf_counter() - begun)
    kind = f"fps_{size_px}_{style}"
    return {"kind": kind, "child": child, "seconds": seconds, "bytes": size}


def setup_row(number: int, size_px: int) -> dict[str, Any]:
    """Set-up of one person as sampled, without any cache of the person."""
    person = sample_person(SEED, number)
    begun = time.perf_counter()
    build_child.__wrapped__(person, size_px)
    seconds = time.perf_counter() - begun
    return {"kind": "setup", "child": number, "hair": person.hair_style, "seconds": seconds}


def _worker(core: int | None, start: Any, out: Any) -> None:
    """Render alone or beside another: (stills a second, peak MiB) into `out`."""
    import resource

    if core is not None:
        os.sched_setaffinity(0, {core})
    stills_row(0, 128, "short")
    start.wait()
    rows = [stills_row(child, 128, "short") for child in range(1, 5)]
    rate = len(rows) * STILLS / sum(sum(row["seconds"]) for row in rows)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    out.put((rate, peak))


def workers_row(count: int) -> dict[str, Any]:
    """Rates and memory of `count` processes that render at the same time."""
    context = multiprocessing.get_context("spawn")
    start, out = context.Barrier(count), context.Queue()
    cores = [CORES[i % len(CORES)] if CORES else None for i in range(count)]
    jobs = [context.Process(target=_worker, args=(core, start, out)) for core in cores]
    for job in jobs:
        job.start()
    results = [out.get(timeout=600) for _ in jobs]
    for job in jobs:
        job.join()
    rates, peaks = zip(*results, strict=True)
    return {"kind": "workers", "count": count, "fps": list(rates), "peak_mib": list(peaks)}


def mitsuba_row(asked: bool, children: int = 4) -> dict[str, Any]:
    """Seconds of the same pictures by numba and, 16 paths a pixel, by Mitsuba; or why there are
    none. Drawing alone is timed; the child's set-up and the first picture of each are not."""
    if not asked:
        return {"kind": "mitsuba", "ratio": None, "reason": "not asked for: want --mitsuba"}
    if importlib.util.find_spec("mitsuba") is None:
        return {"kind": "mitsuba", "ratio": None, "reason": "mitsuba is not installed"}
    from generate.render.mitsuba_view import MitsubaRenderer

    drawers: dict[str, Renderer] = {"numba": Renderer(256), "mitsuba": MitsubaRenderer(256, 16)}
    seconds: dict[str, list[float]] = {name: [] for name in drawers}
    for child in range(children):
        shot = still_shot(options_of(256, ("short", "long")[child % 2]), child * STILLS)
        built, look, _ = build_child(shot.person, 256)
        motion, place = shot.motion, scene(shot.view, built)
        posed = built.pose(motion.arkit[0], motion.head_deg[0], motion.gaze_deg[0])
        for name, drawer in drawers.items():
            if child == 0 or name == "numba":
                drawer.frame(built, look, posed, place)
            begun = time.perf_counter()
            drawer.frame(built, look, posed, place)
            seconds[name].append(time.perf_counter() - begun)
    ratio = sum(seconds["mitsuba"]) / sum(seconds["numba"])
    return {"kind": "mitsuba", "ratio": ratio, **seconds}


def gl_rows(children: int) -> list[dict[str, Any]]:
    """Rows of the GL view over CASES, named after whether its driver draws on a GPU."""
    driver = probe()
    name = "gpu" if is_real(driver) else "gl_on_cpu"
    print(f"driver: {driver}" + ("" if is_real(driver) else " (draws on the CPU: this is no GPU)"))
    rows = []
    for size_px, style in CASES:
        renderer = make_renderer("gl", size_px)
        for child in range(children + 1):
            kind = f"{size_px}_{style}"
            clip = {"kind": f"{name}_fps_{kind}", "seconds": clip_seconds(renderer, child, style)}
            still = stills_row(child, size_px, style, "gl") | {"kind": f"{name}_stills_fps_{kind}"}
            rows += [row | {"driver": driver} for row in (clip, still) if child]  # 0 compiles
    return rows


def clip_seconds(renderer: Renderer, child: int, style: str) -> list[float]:
    """Seconds of each frame of a clip of one child, but the first, which hands the child over."""
    shot = still_shot(options_of(renderer.size_px, style), child * STILLS)
    built, look, _ = build_child(shot.person, renderer.size_px)
    place, seconds, motion = scene(shot.view, built), [], shot.motion
    for frame in range(CLIP_FRAMES):
        begun = time.perf_counter()
        turn = motion.head_deg[0] + (0.5 * frame, 0, 0)
        posed = renderer.pose(built, motion.arkit[0], turn, motion.gaze_deg[0])
        renderer.frame(built, look, posed, place, frame)
        seconds.append(time.perf_counter() - begun)
    return seconds[1:]


def rates_of(rows: list[dict[str, Any]]) -> dict[str, float | None]:
    """Pictures a second of each kind of row."""
    kinds = dict.fromkeys(row["kind"] for row in rows)
    seconds = {kind: [s for row in rows if row["kind"] == kind for s in row["seconds"]]
               for kind in kinds}  # fmt: skip
    return {kind: len(s) / sum(s) for kind, s in seconds.items()}


def figures_of(rows: list[dict[str, Any]]) -> dict[str, float | None]:
    """The figures named above."""
    figures = rates_of([row for row in rows if row["kind"].startswith("fps_")])
    alone, both = (row for row in rows if row["kind"] == "workers")
    figures["setup_s"] = median(row["seconds"] for row in rows if row["kind"] == "setup")
    figures["rss_mib"] = max(*alone["peak_mib"], *both["peak_mib"])
    figures["two_workers"] = sum(both["fps"]) / sum(alone["fps"])
    figures["vs_mitsuba"] = next(row["ratio"] for row in rows if row["kind"] == "mitsuba")
    return figures


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--children", type=int, default=10)
    parser.add_argument("--people", type=int, default=20, help="for setup_s")
    parser.add_argument("--mitsuba", action="store_true", help="compare with Mitsuba too")
    parser.add_argument("--gl", action="store_true", help="the GL view alone, and its driver")
    args = parser.parse_args()
    if args.gl:
        rows = gl_rows(args.children)
        finish(rows, rates_of(rows), args.json)
        return
    if CORES:
        os.sched_setaffinity(0, {CORES[0]})
    for size_px, style in CASES:
        stills_row(0, size_px, style)  # compiles
    rows = [stills_row(i, *case) for i in range(1, args.children + 1) for case in CASES]
    rows += [setup_row(i, 128) for i in range(args.people)]
    rows += [workers_row(count) for count in (1, 2)]
    rows.append(mitsuba_row(args.mitsuba))
    finish(rows, figures_of(rows), args.json)


if __name__ == "__main__":
    main()
