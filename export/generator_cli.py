"""`collodi export GENERATOR --out DIR`: the synthesis of a neural generator as ONNX files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from export.staging import staged
from generate.gan.packaged import find, names
from generate.gan.store import CARD

NOTE, WS = "generator.json", "ws.npy"
SAMPLES = 16


def is_generator(path: Path) -> bool:
    """Whether a path is a generator's folder, or the name of one that comes with the kit."""
    return (path / CARD).is_file() or (not path.exists() and str(path) in names())


def export_files(model: Path, out: Path, targets: Sequence[str], force: bool) -> None:
    """Write generator.TARGET.onnx, generator.json and ws.npy, say how each file answers.

    ws.npy: (16, n_ws, w_dim) float32, the samples 0 to 15 of seed 0 at truncation 0.7, to try the
    files with. ValueError for an unknown target or where `out` is there, ExportError where a file
    answers too differently; then nothing is written.
    """
    import numpy as np

    from export.generator import export_generator
    from generate.gan.edits import draw_w
    from generate.gan.store import load_average

    generator = load_average(find(model))
    w = draw_w(generator, 0, SAMPLES, 0.7).cpu().numpy()
    with staged(out, force, NOTE) as folder:
        facts = export_generator(generator, folder, targets)
        np.save(folder / WS, np.repeat(w[:, None], generator.sizes.n_ws, 1).astype(np.float32))
    for entry in facts["files"].values():
        error = f"{entry['sqnr_db']:.0f} dB, {entry['colour_error_255']:.2f}/255 of a colour off"
        print(f"{entry['path']:<26} {entry['bytes']:>10,} bytes  {error}")
    print(f"{out}: synthesis of {model.name}, and {WS} to try it with")
