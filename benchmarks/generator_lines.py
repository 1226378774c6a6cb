"""How fast each form of the generator is, for people; from the JSON of bench_generator.py."""

from __future__ import annotations

from statistics import median
from typing import Any

FORMS = {
    "eager": "eager (the published form)",
    "module": "eager, as `generate.gan` computes it",
    "compiled": "torch.compile of eager",
    "ort_plain": "ONNX Runtime, exported as it is",
    "ort_fused": "ONNX Runtime, fused float32",
    "ort_int8": "ONNX Runtime, int8",
    "openvino_fused": "OpenVINO, fused float32",
    "openvino_int8": "OpenVINO, int8",
    "kernels": "the kit's kernels, float32",
    "kernels_int8": "the kit's kernels, int8",
}


def generator_lines(body: dict[str, Any]) -> list[str]:
    """The table of docs/generator-export.md and what it comes to; body is that JSON."""
    times = {(row["name"], row["batch"]): row for row in body["rows"] if row["kind"] == "time"}
    batches = sorted({batch for _, batch in times})
    heads = ["form", *(f"batch {batch}, images/s" for batch in batches), "error"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name, form in FORMS.items():
        rows = [times[name, batch] for batch in batches if (name, batch) in times]
        if rows:
            rates = [f"{row['batch'] / median(row['cpu_s']):.2f}" for row in rows]
            lines.append("| " + " | ".join([form, *rates, _error(rows)]) + " |")
    return [*lines, "", *_summary(body)]


def _summary(body: dict[str, Any]) -> list[str]:
    """What the table comes to, against what was asked for."""
    figures = body["figures"]
    (fastest,) = [row for row in body["rows"] if row["kind"] == "fastest"]
    said = [
        f"At batch 1 the fastest float32 form ({FORMS[fastest['name']]}) is "
        f"{figures['fused_vs_eager']:.2f} times as fast as eager (3 asked for).",
        f"The core's matrix-multiply peak was {fastest['peak_gflops']:.0f} GFLOP/s in the same "
        f"run. Of it that form does {100 * figures['peak_fraction']:.0f} % (60 % asked for) in "
        "products that it really computes; transforms, FIRs and epilogues count as nothing.",
    ]
    if "plain_fraction" in figures:
        said.append(f"Counted as the plain convolutions that it stands for, it would be "
                    f"{100 * figures['plain_fraction']:.0f} %.")  # fmt: skip
    said += [
        f"The fastest int8 form is {figures['int8_vs_eager']:.2f} times as fast as eager (5 asked "
        "for).",
        f"The fused ONNX file is {figures['ort_fused_vs_eager']:.2f} times as fast and does "
        f"{100 * figures['ort_peak_fraction']:.0f} % of the peak, of more products.",
    ]
    made = body["stamp"]
    said.append(f"Measured {made['created_utc'][:10]} on one core, {made['host']['cpu_model']}.")
    return said


def generator_sentence(body: dict[str, Any]) -> str:
    """The same in one sentence, for the README."""
    figures = body["figures"]
    return (
        f"At 256 px and one picture, on one core ({body['stamp']['host']['cpu_model']}), the CPU "
        f"kernels make {figures['fused_vs_eager']:.1f} times as many\npictures a second as PyTorch "
        f"with the paper's grouped convolutions, in int8 {figures['int8_vs_eager']:.1f} times, the "
        f"ONNX\nfile {figures['ort_fused_vs_eager']:.1f} times (`python "
        "benchmarks/bench_generator.py`, random weights)."
    )


def _error(rows: list[dict[str, Any]]) -> str:
    """Of int8 against eager in dB and parts of 255, of float32 the largest over the largest."""
    if rows[0]["name"].endswith("int8"):
        known = [row for row in rows if row["sqnr_db"] is not None]
        return ", ".join(f"{row['sqnr_db']:.0f} dB, {row['colour_error_255']:.1f}/255"
                         for row in known)  # fmt: skip
    worst = max(row["relative_error"] for row in rows)
    return f"{worst:.0e}".replace("e-0", "e-") if worst else ""
