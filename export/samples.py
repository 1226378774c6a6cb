"""`collodi samples BUNDLE --data DATA --out FILE`: what a board's answers are held to.

A fast file that answers wrongly looks like a fast file. So `collodi bench --samples` runs these
inputs on the board and compares with the float file's answers, and with how the same file answered
here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from numpy.typing import NDArray

from device.backends import RUNTIMES, why_not
from device.backends.apart import open_apart
from device.backends.scoring import packed, signal_to_noise_db
from device.bundle import MANIFEST, Bundle, ModelFile, read_bundle
from device.files import sha256_of, write_atomic
from device.samples import Samples
from device.zoo.store import find
from generate.options import Place, parse
from train_edge.evaluate import evaluate
from train_edge.predictor import load_model

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Options:
    """Write inputs of a data set and the float file's answers, for `collodi bench --samples`.

    Example: collodi samples bundles/digits --data data/words-test --out digits.npz
    """

    bundle: Annotated[Path, tyro.conf.Positional]
    """Bundle folder, or a name of the zoo."""
    data: Place
    """Data set, or a folder of real recordings as `collodi evaluate` takes it."""
    out: Path
    """File to write, .npz."""
    count: int = 64
    """How many samples, evenly spread over the data."""


def main(argv: Sequence[str]) -> int:
    """Run the command line; ValueError for wrong use."""
    options = parse(Options, argv, "collodi samples", Options.__doc__)
    if options.count < 2:
        raise ValueError(f"--count {options.count}: 2 or more, or there is nothing to tell apart")
    if options.out.suffix != ".npz" or not options.out.resolve().parent.is_dir():
        raise ValueError(f"--out {options.out}: a file .npz in a folder that is there")
    folder = find(options.bundle)
    bundle = read_bundle(folder)
    inputs = inputs_of(folder, options.data, options.count)
    header, answers = answered(folder, bundle, inputs)
    write_atomic(options.out, packed(header, inputs, answers))
    for path, sqnr_db in header.expected.items():
        print(f"{path:<20} " + ("does not run here" if sqnr_db is None else f"{sqnr_db:6.1f} dB"))
    print(f"{options.out}: {len(inputs)} samples of {options.data}")
    return 0


def inputs_of(folder: Path, data: str | Path, count: int) -> Floats:
    """Return at most `count` model inputs (B, ...) as `collodi evaluate` feeds them to a bundle."""
    bundle = read_bundle(folder)
    model = load_model(folder, float_file(bundle).path)
    seen: list[Floats] = []

    def listen(features: Floats) -> Floats:
        seen.append(np.asarray(features, np.float32))
        return model.run(features)

    evaluate(replace(model, run=listen), data)
    inputs = np.concatenate(seen)
    picks = np.linspace(0, len(inputs) - 1, min(count, len(inputs))).astype(int)
    return np.ascontiguousarray(inputs[picks])


def answered(folder: Path, bundle: Bundle, inputs: Floats) -> tuple[Samples, Floats]:
    """Return the header of a sample set for these inputs, and the float file's answers to them."""
    reference = float_file(bundle)
    answers = open_apart(folder, reference).run([inputs])[0]
    files = [entry for entry in bundle.files if _takes(entry, reference)]
    expected = {entry.path: _expected(folder, entry, inputs, answers) for entry in files}
    sha256 = sha256_of(folder / MANIFEST)
    return Samples(bundle.name, sha256, bundle.task, len(inputs), expected), answers


def float_file(bundle: Bundle) -> ModelFile:
    """Return the file whose answers are the reference; ValueError where the bundle has none."""
    for entry in bundle.files:
        if entry.target == "onnx":
            return entry
    raise ValueError(f"bundle '{bundle.name}' has no float file (onnx) to compare with")


def _takes(entry: ModelFile, reference: ModelFile) -> bool:
    """Whether a runtime takes the file, and the file these inputs."""
    return bool(RUNTIMES[entry.target]) and (
        [tensor.shape[1:] for tensor in entry.inputs]
        == [tensor.shape[1:] for tensor in reference.inputs]
    )


def _expected(folder: Path, entry: ModelFile, inputs: Floats, answers: Floats) -> float | None:
    if all(why_not(runtime) for runtime in RUNTIMES[entry.target]):
        return None
    given = open_apart(folder, entry).run([inputs])[0]
    return round(signal_to_noise_db(answers, given), 3)
