"""How fast one core makes labelled frames and whole talking clips.

Figures: fps_128 and fps_256 (frames a second, pose to encoded frame and labels, child set-up not
counted), setup_s (median set-up of a child and its skin), clips_per_hour (whole 256 px talking
clips: voice, child, frames, labels, files). Everything runs on one core.

    python benchmarks/bench_generate.py --json benchmarks/results/bench_generate.json
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

from common import finish

from generate.clip import labels_to_bytes
from generate.make import make_clip
from generate.media import frames_to_mp4
from generate.motion.player import play
from generate.picture import build_child, render_clip
from generate.presets import Talk
from generate.sample import sample_person, sample_view, stream
from generate.shards import clip_members

SEED = 7
RATE_HZ = 25.0


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds and result of one call."""
    begun = time.perf_counter()
    result = work()
    return time.perf_counter() - begun, result


def frames_row(child: int, size_px: int, n_frames: int) -> dict[str, Any]:
    """One child: set-up, then one clip of `n_frames` rendered, labelled and encoded."""
    person = sample_person(SEED, child)
    setup_s, (built, look, _) = timed(lambda: build_child(person, size_px))
    view = sample_view(stream(SEED, child, "view"), size_px)
    motion = play(None, n_frames, RATE_HZ, stream(SEED, child, "motion"), "happy", 0.5)

    def make() -> None:
        frames, labels, _ = render_clip(built, look, view, motion)
        frames_to_mp4(frames, RATE_HZ)
        labels_to_bytes(labels)

    seconds, _ = timed(make)
    row = {"kind": f"frames_{size_px}", "child": child, "hair": person.hair_style}
    return row | {"setup_s": setup_s, "frames": n_frames, "seconds": seconds}


def clip_row(number: int) -> dict[str, Any]:
    """One whole talking clip."""
    options = Talk(seed=SEED, size_px=256)
    seconds, members = timed(lambda: clip_members(make_clip(options, number)))
    return {
        "kind": "clip",
        "clip": number,
        "seconds": seconds,
        "bytes": sum(map(len, members.values())),
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--children", type=int, default=12)
    parser.add_argument("--clips", type=int, default=6)
    args = parser.parse_args()
    for size_px in (128, 256):
        frames_row(0, size_px, 2)  # compiles
    rows = [frames_row(100 + i, size, 50) for size in (128, 256) for i in range(args.children)]
    make_clip(Talk(seed=SEED, size_px=256), 0)
    rows += [clip_row(i) for i in range(1, args.clips + 1)]

    def total(kind: str, key: str) -> float:
        return float(sum(row[key] for row in rows if row["kind"] == kind))

    figures = {
        "fps_128": total("frames_128", "frames") / total("frames_128", "seconds"),
        "fps_256": total("frames_256", "frames") / total("frames_256", "seconds"),
        "setup_s": median(row["setup_s"] for row in rows if row["kind"] == "frames_128"),
        "clips_per_hour": 3600 * args.clips / total("clip", "seconds"),
    }
    finish(rows, figures, args.json)


if __name__ == "__main__":
    main()
