"""How fast each form of the generator makes images, and how far each is from the eager network.

Eager is the published form: weights of its own for each sample, grouped convolution, the FIR apart
(export.generator.Eager). One thread; CPU seconds of the process, which wait for nobody, and wall
seconds beside them; all variants take turns, so that a slow moment meets all. Weights are random.
OpenVINO takes part where the extra `openvino` is installed, torch.compile where --compiled asks.

Figures, at batch 1: fused_vs_eager (time of eager over that of the fastest exact float32 form, the
row `fastest` names it), ort_fused_vs_eager, int8_vs_eager (fastest int8), peak_fraction
(multiplications and additions that the fastest float32 form really does in its matrix products,
over this core's peak, the fastest of three libraries' products measured in the same run),
plain_fraction (the same with the products of plain convolutions, of which tiles save most),
ort_peak_fraction, and on a GPU triton_vs_eager, triton_vs_compile (null where there is none).

    python benchmarks/bench_generator.py --json benchmarks/results/bench_generator.json
    python benchmarks/bench_generator.py --preset 64 --rounds 3     a quick look
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import torch
from common import finish

from export.generator import Eager, export_generator
from export.generator_cpu import LEAST_PX, CpuGenerator
from export.generator_cpu_int8 import int8_generator
from export.generator_int8 import image_distance
from export.kernels.products.kernel import multiply, panels_of
from export.parity import relative_error
from export.quiet import quiet
from generate.gan.architecture import PRESETS, Architecture, architecture_of
from generate.gan.networks import Generator

SEED = 5
Call = Callable[[Any], Any]
INT8 = ("ort_int8", "openvino_int8", "kernels_int8")
EXACT = ("ort_fused", "openvino_fused", "kernels")
"""float32 forms that were made for speed."""
TRANSFORMED = {False: 36 / 144, True: 81 / 144}
"""Products that tiles leave over of those of a convolution, and of a doubling."""


def make_generator(sizes: Architecture) -> Generator:
    """Random weights, noise and biases that are not zero."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        generator = Generator(sizes).eval().requires_grad_(False)
        for layer in generator.synthesis.layers:
            layer.noise_strength.fill_(0.1)
            torch.nn.init.normal_(layer.conv.bias, std=0.1)
    return generator


def work(sizes: Architecture, tiles: bool) -> float:
    """Multiplications and additions of the matrix products of one image; FIRs are not counted."""
    total = 0.0
    for side in sizes.resolutions:
        here = sizes.channels(side)
        total += 3 * here * side**2
        total += _products(here, here, side, tiles, False)
        if side > 4:
            total += _products(sizes.channels(side // 2), here, side // 2, tiles, True)
    return 2 * total


def _products(n_in: int, n_out: int, side: int, tiles: bool, up: bool) -> float:
    share = TRANSFORMED[up] if tiles and side >= LEAST_PX else 1
    return 9 * n_in * n_out * side**2 * share


def layer_work(layer: Any) -> float:
    """Multiplications and additions of the products of one layer of CpuGenerator."""
    n_out, n_in = layer.power.shape
    side = len(layer.picture) // (1 + layer.up)
    return 2 * _products(n_in, n_out, side, layer.tiles, layer.up)


def peak_calls() -> dict[str, Callable[[], Any]]:
    """A product of two 1024 x 1024 matrices, 2 GFLOP, by whoever may be the fastest here."""
    ours, out = np.full((1, 1024, 1024), 0.5, np.float32), np.zeros((1, 1024, 1024), np.float32)
    left, panels = torch.from_numpy(ours[0]), panels_of(ours)
    return {
        "torch": lambda: left @ left,
        "numpy": lambda: ours[0] @ ours[0],
        "kernels": lambda: multiply(ours, 1024, panels, out),
    }


def ort_call(path: Path) -> Call:
    """One ONNX file in ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda ws: session.run(None, {"ws": ws})[0]


def openvino_call(path: Path) -> Call:
    """One ONNX file in OpenVINO; ImportError where it is not installed."""
    # It reports each import where openvino-telemetry can be imported, and has a stub where not.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    options = {
        "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32",
    }  # fmt: skip
    request = openvino.Core().compile_model(str(path), "CPU", options).create_infer_request()
    return lambda ws: request.infer({0: ws})[0]


def plain_onnx(eager: Eager, ws: torch.Tensor, path: Path) -> Path:
    """Eager as torch's exporter writes it, for one batch."""
    with quiet(path.name):
        torch.onnx.export(
            eager, (ws,), str(path), dynamo=True, input_names=["ws"], output_names=["image"],
            external_data=False, verbose=False,
        )  # fmt: skip
    return path


def torch_call(module: Callable[[torch.Tensor], torch.Tensor]) -> Call:
    """A torch module that takes and gives numpy."""

    def call(ws: Any) -> Any:
        with torch.inference_mode():
            return module(torch.from_numpy(ws)).numpy()

    return call


def variants(
    generator: Generator, folder: Path, compiled: bool, ws: torch.Tensor
) -> tuple[dict[str, Call], list[dict[str, Any]]]:
    """Calls by name for the batch of ws, and a row with the reason for each that cannot run.

    folder holds what export_generator wrote.
    """
    eager, missing = Eager(generator).eval(), []
    files = {name: folder / f"generator.{name}.onnx" for name in ("float32", "int8")}
    calls = {
        "eager": torch_call(eager),
        "module": torch_call(generator.synthesis),
        "ort_plain": ort_call(plain_onnx(eager, ws, folder / "plain.onnx")),
        "ort_fused": ort_call(files["float32"]),
        "ort_int8": ort_call(files["int8"]),
        "kernels": CpuGenerator(generator),
    }
    try:
        calls["kernels_int8"] = int8_generator(generator)
    except RuntimeError as error:
        missing.append({"kind": "not run", "name": "kernels_int8", "reason": str(error)})
    if compiled:
        calls["compiled"] = torch_call(torch.compile(eager))
    else:
        missing.append({"kind": "not run", "name": "compiled", "reason": "want --compiled"})
    try:
        calls["openvino_fused"] = openvino_call(files["float32"])
        calls["openvino_int8"] = openvino_call(files["int8"])
    except ImportError:
        missing.append(
            {"kind": "not run", "name": "openvino", "reason": "pip install 'collodi[openvino]'"}
        )
    return calls, missing


def timed(calls: dict[str, Call], ws: Any, rounds: int) -> list[dict[str, Any]]:
    """Every variant in turn, `rounds` times; the first call of each is not kept."""
    wanted, rows = calls["eager"](ws), []
    for name, call in calls.items():
        answer = call(ws)
        db, colour = image_distance(wanted, answer) if len(ws) > 1 else (None, None)
        rows.append({
            "kind": "time", "name": name, "batch": len(ws), "cpu_s": [], "wall_s": [],
            "relative_error": relative_error(wanted, answer), "sqnr_db": db,
            "colour_error_255": colour,
        })  # fmt: skip
    products = peak_calls()
    peaks: list[dict[str, Any]] = []
    for name, product in products.items():
        product()
        peaks.append({"kind": "peak", "name": name, "flop": 2 * 1024**3, "cpu_s": []})
    for _ in range(rounds):
        for row in rows:
            cpu_s, wall_s = time.process_time(), time.perf_counter()
            calls[row["name"]](ws)
            row["cpu_s"].append(time.process_time() - cpu_s)
            row["wall_s"].append(time.perf_counter() - wall_s)
        for peak in peaks:
            cpu_s = time.process_time()
            products[peak["name"]]()
            peak["cpu_s"].append(time.process_time() - cpu_s)
    return [*rows, *peaks]


def gpu_rows(generator: Generator, rounds: int) -> list[dict[str, Any]]:
    """float16 at batch 8: eager, compiled, Triton, Triton in a CUDA graph; or why there is none."""
    names = "eager, compiled, triton, CUDA graph on a GPU"
    if not torch.cuda.is_available():
        return [{"kind": "not run", "name": names, "reason": "no NVIDIA GPU"}]
    from export.generator_gpu import GpuGenerator

    generator = generator.cuda()
    eager = Eager(generator)
    ws = generator.ws(torch.randn(8, generator.sizes.z_dim, device="cuda")).contiguous()
    wanted = eager(ws).cpu().numpy()
    half, fused = torch.autocast("cuda", torch.float16), GpuGenerator(generator)
    compiled, graph = torch.compile(eager), torch.cuda.CUDAGraph()
    fused(ws)
    with torch.cuda.graph(graph):
        captured = fused(ws)

    def replay(_ws: torch.Tensor) -> torch.Tensor:
        graph.replay()
        return captured

    rows = []
    with torch.inference_mode(), half:
        for name, call in (
            ("eager", eager), ("compiled", compiled), ("triton", fused), ("graph", replay),
        ):  # fmt: skip
            error = relative_error(wanted, call(ws).float().cpu().numpy())
            rows.append({"kind": "gpu", "name": name, "call": call, "relative_error": error,
                         "device_s": []})  # fmt: skip
        for _ in range(10 * rounds):
            for row in rows:
                row["device_s"].append(_device_seconds(row["call"], ws))
    return [{key: value for key, value in row.items() if key != "call"} for row in rows]


def _device_seconds(call: Call, ws: torch.Tensor) -> float:
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    call(ws)
    end.record()
    torch.cuda.synchronize()
    return 1e-3 * float(begin.elapsed_time(end))


def figures_of(rows: list[dict[str, Any]], sizes: Architecture) -> dict[str, float | None]:
    """The figures named above, from medians."""
    times = {row["name"]: median(row["cpu_s"]) for row in rows
             if row["kind"] == "time" and row["batch"] == 1}  # fmt: skip
    peaks = [row["flop"] / min(row["cpu_s"]) for row in rows if row["kind"] == "peak"]
    gpu = {row["name"]: median(row["device_s"]) for row in rows if row["kind"] == "gpu"}
    exact = {name: times[name] for name in EXACT if name in times}
    fastest = min(exact, key=lambda name: exact[name])
    rows.append({"kind": "fastest", "name": fastest, "peak_gflops": max(peaks) / 1e9})
    doing = work(sizes, fastest == "kernels") / exact[fastest]
    return {
        "fused_vs_eager": times["eager"] / exact[fastest],
        "ort_fused_vs_eager": times["eager"] / times["ort_fused"],
        "int8_vs_eager": times["eager"] / min(times[name] for name in INT8 if name in times),
        "peak_fraction": doing / max(peaks),
        "plain_fraction": work(sizes, False) / exact[fastest] / max(peaks),
        "ort_peak_fraction": work(sizes, False) / times["ort_fused"] / max(peaks),
        "triton_vs_eager": gpu["eager"] / gpu["triton"] if gpu else None,
        "triton_vs_compile": gpu["compiled"] / gpu["triton"] if gpu else None,
    }


def show(rows: list[dict[str, Any]]) -> None:
    """A line for each variant."""
    for row in rows:
        if row["kind"] == "time":
            rate = row["batch"] / median(row["cpu_s"])
            db = "" if row["sqnr_db"] is None else f"  {row['sqnr_db']:5.1f} dB"
            print(f"  batch {row['batch']}  {row['name']:15s} {rate:7.2f} images/s  "
                  f"error {row['relative_error']:.1e}{db}")  # fmt: skip
        elif row["kind"] == "not run":
            print(f"  not run: {row['name']}: {row['reason']}")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--preset", default="256", choices=PRESETS)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--compiled", action="store_true", help="torch.compile too: minutes")
    args = parser.parse_args()
    if args.rounds < 1:
        parser.error(f"--rounds {args.rounds}: at least 1")
    torch.set_num_threads(1)
    sizes = architecture_of(args.preset)
    generator, rows = make_generator(sizes), []
    rng = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        facts = export_generator(generator, folder, ["float32", "int8"])
        rows += [{"kind": "file", "name": key, **value} for key, value in facts["files"].items()]
        for batch in args.batches:
            z = rng.standard_normal((batch, sizes.z_dim)).astype(np.float32)
            ws = generator.ws(torch.from_numpy(z)).contiguous()
            calls, missing = variants(generator, folder, args.compiled, ws)
            rows += missing + timed(calls, ws.numpy(), args.rounds if batch == 1 else 2)
    rows += gpu_rows(generator, args.rounds)
    figures = figures_of(rows, sizes)
    show(rows)
    finish(rows, figures, args.json)


if __name__ == "__main__":
    main()
