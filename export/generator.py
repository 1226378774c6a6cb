"""A trained generator -> files: ONNX in float32, float16 and int8, each checked against eager.

    from export.generator import export_generator
    facts = export_generator(generator, Path("out/generator"))

Why the files answer as the network does, and what is fast where: docs/generator-export.md.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from device.files import sha256_of, write_atomic
from device.stamp import make_stamp
from export.errors import ExportError
from export.generator_graph import Form, Range8, write_graph
from export.generator_int8 import (
    ENOUGH_COLOUR,
    ENOUGH_DB,
    chosen_ranges,
    good_enough,
    image_distance,
    measured_ranges,
)
from export.parity import relative_error
from export.to_tensorrt import broken_rules
from generate.gan.layers import ModulatedConv, activate, modulated_reference, upsample
from generate.gan.networks import Generator, SynthesisLayer

Floats = NDArray[np.float32]
TARGETS = ("float32", "float16", "int8", "tensorrt")
"""tensorrt: the int8 file by TensorRT's rules, for a strongly typed network."""
LARGEST_ERROR = {"float32": 1e-4, "float16": 2e-2}
"""Largest error over the largest value of the images."""
IMAGES = 8
"""Latents that set the ranges; as many others check the files."""


class Eager(nn.Module):
    """The synthesis as the paper says it: weights of its own for each sample, grouped convolution,
    the FIR apart. What files and kernels are compared with, in answers and in time."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.net = generator.synthesis

    def forward(self, ws: Tensor) -> Tensor:
        """ws (B, n_ws, w_dim) -> images (B, 3, H, W), with the networks' own noise."""
        x = self.net.const.expand(ws.shape[0], -1, -1, -1)
        image: Tensor | None = None
        for index, module in enumerate(self.net.layers):
            layer = cast(SynthesisLayer, module)
            x = _modulated(layer.conv, x, ws[:, index]) + layer.noise * layer.noise_strength
            x = activate(x + layer.conv.bias.view(1, -1, 1, 1))
            if not layer.conv.up:
                head = cast(ModulatedConv, self.net.to_rgb[index // 2])
                rgb = _modulated(head, x, ws[:, index + 1]) + head.bias.view(1, -1, 1, 1)
                image = rgb if image is None else upsample(image) + rgb
        assert image is not None
        return image


def _modulated(conv: ModulatedConv, x: Tensor, w: Tensor) -> Tensor:
    return modulated_reference(x, conv.effective(), conv.style(w), up=conv.up)


def export_generator(
    generator: Generator, folder: Path, targets: Sequence[str] = TARGETS, seed: int = 0
) -> dict[str, Any]:
    """Write generator.TARGET.onnx for each target and generator.json; return what the latter says.

    Every file takes ws (B, n_ws, w_dim) float32, any B, to image (B, 3, H, W) float32. Raises
    ValueError for a target that is none, ExportError where a file answers too differently; then
    nothing of it is written.
    """
    for target in targets:
        if target not in TARGETS:
            raise ValueError(f"no target '{target}' of a generator; have {', '.join(TARGETS)}")
    ws = _latents(generator, 2 * IMAGES, seed)
    with torch.no_grad():
        wanted = Eager(generator)(ws[IMAGES:]).numpy()
    forms = _forms(generator, targets, ws, wanted)
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        target: _checked(generator, folder, target, form, ws[IMAGES:].numpy(), wanted)
        for target, form in forms.items()
    }
    facts = {
        "architecture": asdict(generator.sizes),
        "input": {"name": "ws", "shape": ["batch", generator.sizes.n_ws, generator.sizes.w_dim]},
        "seed": seed,
        "files": files,
        "stamp": asdict(make_stamp()),
    }
    write_atomic(folder / "generator.json", json.dumps(facts, indent=1) + "\n")
    return facts


def run_file(path: Path, ws: Floats, threads: int = 1) -> Floats:
    """Images of an ONNX file in ONNX Runtime, one latent at a time."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    images = [session.run(None, {"ws": ws[i : i + 1]})[0] for i in range(len(ws))]
    return np.concatenate(images)


def _latents(generator: Generator, count: int, seed: int) -> Tensor:
    """ws (count, n_ws, w_dim) of random latents; ValueError for a network with a condition."""
    if generator.sizes.c_dim:
        raise ValueError("a generator with a condition cannot be exported: its classes are unknown")
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    z = rng.standard_normal((count, generator.sizes.z_dim)).astype(np.float32)
    with torch.no_grad():
        return generator.ws(torch.from_numpy(z)).contiguous()


def _forms(
    generator: Generator, targets: Sequence[str], ws: Tensor, wanted: Floats
) -> dict[str, Form]:
    forms = {"float32": Form(), "float16": Form(dtype="float16")}
    if {"int8", "tensorrt"} & set(targets):
        ranges = measured_ranges(generator, ws[:IMAGES])
        for name, form in (("int8", Form()), ("tensorrt", Form(signed=True))):
            if name in targets:
                kept = _chosen(generator, form, ranges, ws[IMAGES:].numpy(), wanted)
                forms[name] = replace(form, ranges=kept)
    return {target: forms[target] for target in targets}


def _chosen(
    generator: Generator, form: Form, ranges: dict[int, Range8], ws: Floats, wanted: Floats
) -> dict[int, Range8]:
    """Convolutions that may be int8 together."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trial.onnx"

        def answers(tried: dict[int, Range8]) -> Floats:
            write_graph(generator, path, replace(form, ranges=tried))
            return run_file(path, ws)

        return chosen_ranges(ranges, wanted, answers)


def _checked(
    generator: Generator, folder: Path, target: str, form: Form, ws: Floats, wanted: Floats
) -> dict[str, Any]:
    """Write one file under a temporary name, compare, and give it its own name."""
    path = folder / f"generator.{target}.onnx"
    part = path.with_suffix(".part")
    try:
        write_graph(generator, part, form)
        found = _distance(target, form, part, ws, wanted)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    size = path.stat().st_size
    return {"path": path.name, "sha256": sha256_of(path), "bytes": size, **found}


def _distance(target: str, form: Form, path: Path, ws: Floats, wanted: Floats) -> dict[str, Any]:
    answer = run_file(path, ws)
    error = relative_error(wanted, answer)
    db, colour = image_distance(wanted, answer)
    found = {"relative_error": error, "sqnr_db": db, "colour_error_255": colour}
    if target in LARGEST_ERROR:
        if error > LARGEST_ERROR[target]:
            limit = LARGEST_ERROR[target]
            raise ExportError(f"{target} generator: relative error {error:.2g}, over {limit:g}")
        return found
    if not form.ranges or not good_enough(db, colour):
        raise ExportError(
            f"{target} generator: {db:.1f} dB and a colour error of {colour:.1f}/255 with "
            f"{len(form.ranges)} convolutions; wants {ENOUGH_DB:g} dB and {ENOUGH_COLOUR:g}/255"
        )
    if target == "tensorrt" and (broken := broken_rules(path)):
        raise ExportError(f"{target} generator: {broken[0]}")
    return found | {"int8_layers": sorted(form.ranges)}
