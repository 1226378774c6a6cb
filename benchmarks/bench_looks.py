"""What each ingredient of looks and world brings: landmark error on real faces without it.

Each arm makes a data set with one ingredient held plain (`collodi generate stills --fix ...`),
trains the same compact face network with the same recipe on it, and tests on a folder of real
faces; `all` holds nothing, `plain` holds everything. Three seeds an arm: the spread between
seeds is the noise, and a difference within it means nothing. Finished arms are kept: run it
again to go on. Real faces are only tested on.

    python benchmarks/bench_looks.py --real FACES --json benchmarks/results/bench_looks.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import mean
from typing import Any

from common import finish
from table import looks_table

from device.main import main as collodi

PLAIN: dict[str, tuple[str, ...]] = {
    "things": ("glasses=none", "headwear=none", "held=none"),
    "skin": ("freckles=0", "birthmarks=0", "wrinkling=0", "face_paint=none"),
    "hair": ("hair_style=short",),
    "shape": ("face_shape=0",),
    "places": ("light=room", "backdrop=wall"),
    "camera": ("camera=good", "aperture_mm=0", "distortion=0"),
}
"""Ingredients, and the controls that hold each of them plain."""
ARMS: dict[str, tuple[str, ...]] = {
    "all": (),
    **{f"without {name}": fixed for name, fixed in PLAIN.items()},
    "plain": tuple(pair for fixed in PLAIN.values() for pair in fixed),
}


def run(*words: object) -> None:
    """One command of the kit; the benchmark stops where it fails."""
    if collodi([str(word) for word in words]):
        raise SystemExit(f"failed: collodi {' '.join(map(str, words))}")


def measure(arm: str, seed: int, args: argparse.Namespace) -> dict[str, Any]:
    """Data, training and test of one arm with one seed; its row."""
    place = args.out / f"{arm.replace(' ', '-')}-{seed}"
    result = place / "real.json"
    if not result.exists():
        fixed = ("--fix", *ARMS[arm]) if ARMS[arm] else ()
        data, runs = place / "data", place / "runs"
        run("generate", "stills", "--out", data, "--clips", args.clips, "--seed", seed, *fixed)
        run("train", "face", "--data", data, "--out", runs, "--steps", args.steps, "--seed", seed,
            "--threads", 1)  # fmt: skip
        trained = sorted(path for path in runs.iterdir() if (path / "done").exists())[-1]
        run("evaluate", trained, "--data", args.real, "--json", result)
    body = json.loads(result.read_text())
    row = {"arm": arm, "seed": seed, "n": body["n"], "clips": args.clips, "steps": args.steps}
    return row | {name: body[name] for name in ("nme_68", "nme_51", "failure_10")}


def main() -> None:
    """Measure what is missing, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("out/looks"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--clips", type=int, default=1200)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--arms", nargs="*", default=list(ARMS), choices=list(ARMS))
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    arms = [arm for arm in ARMS if arm in args.arms]
    rows = [measure(arm, seed, args) for seed in range(args.seeds) for arm in arms]
    print(looks_table(rows))
    figures = {
        f"nme_{arm.replace(' ', '_')}": mean(row["nme_68"] for row in rows if row["arm"] == arm)
        for arm in arms
    }
    finish(rows, figures, args.json)


if __name__ == "__main__":
    main()
