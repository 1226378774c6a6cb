"""int8 TFLite -> a .h and a .c for a TFLite Micro project, the same bytes each time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from device.bundle import ModelFile

BYTES_PER_LINE = 12
ALIGNMENT = 16

RESOLVER_CALLS = {
    "ADD": "AddAdd", "AVERAGE_POOL_2D": "AddAveragePool2D", "CONCATENATION": "AddConcatenation",
    "CONV_2D": "AddConv2D", "DEPTHWISE_CONV_2D": "AddDepthwiseConv2D",
    "DEQUANTIZE": "AddDequantize", "FULLY_CONNECTED": "AddFullyConnected",
    "LOGISTIC": "AddLogistic", "MAX_POOL_2D": "AddMaxPool2D", "MEAN": "AddMean", "MUL": "AddMul",
    "PAD": "AddPad", "PADV2": "AddPadV2", "QUANTIZE": "AddQuantize", "RELU": "AddRelu",
    "RELU6": "AddRelu6", "RESHAPE": "AddReshape",
    "RESIZE_NEAREST_NEIGHBOR": "AddResizeNearestNeighbor", "SLICE": "AddSlice",
    "SOFTMAX": "AddSoftmax",
    "SUB": "AddSub", "SUM": "AddSum", "TANH": "AddTanh", "TRANSPOSE": "AddTranspose",
}  # fmt: skip
"""TFLite operator to the method of tflite::MicroMutableOpResolver that adds it."""


def to_c(
    source: Path, entry: ModelFile, labels: Sequence[str], folder: Path, name: str
) -> list[Path]:
    """Write NAME.h and NAME.c for the TFLite file `source`; returns both paths, .c first.

    entry describes the file: tensors with scale and zero point, operators, arena. name becomes
    the prefix of every symbol; ValueError where it is no C name or an operator is unknown here.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(f"'{name}' is no C name; use lower-case letters, digits and '_'")
    header, body = folder / f"{name}.h", folder / f"{name}.c"
    data = source.read_bytes()
    header.write_text(_header(name, entry, labels, len(data)), encoding="utf-8", newline="\n")
    body.write_text(_body(name, data, labels), encoding="utf-8", newline="\n")
    return [body, header]


def c_name(text: str) -> str:
    """Turn a bundle name into the prefix of C symbols: lower case, digits, `_`."""
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return plain if plain[:1].isalpha() else f"model_{plain}"


def read_array(body: str) -> bytes:
    """Bytes of the model array in the text of a .c file that `to_c` wrote."""
    inside = body.split("_data[] = {", 1)[1].split("}", 1)[0]
    return bytes(int(item, 16) for item in re.findall(r"0x[0-9a-f]{2}", inside))


def _header(name: str, entry: ModelFile, labels: Sequence[str], size: int) -> str:
    upper = name.upper()
    lines = [
        "/* Made by Collodi; do not edit. See MODEL_CARD.md. */",
        f"#ifndef {upper}_H",
        f"#define {upper}_H",
        "",
        "/* Working memory of TFLite Micro, measured on a 64-bit machine: enough for 32 bits. */",
        f"#define {upper}_ARENA_BYTES {_arena(entry)}",
        *_tensor_lines(upper, entry),
        f"#define {upper}_LABELS {len(labels)}",
        "",
        "/* Operators, for tflite::MicroMutableOpResolver<N> (C++). */",
        *_op_lines(upper, entry.ops or ()),
        "",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        f"extern const unsigned char {name}_data[];",
        f"extern const unsigned int {name}_size; /* {size} bytes */",
        f"extern const char *const {name}_labels[{upper}_LABELS];",
        "#ifdef __cplusplus",
        "}",
        "#endif",
        "",
        f"#endif /* {upper}_H */",
    ]
    return "\n".join(lines) + "\n"


def _arena(entry: ModelFile) -> int:
    """Measured arena with room to align it, in whole KiB."""
    return ((entry.arena_bytes or 0) + ALIGNMENT) // 1024 * 1024 + 1024


def _tensor_lines(upper: str, entry: ModelFile) -> list[str]:
    lines = ["", "/* real = SCALE * (int8 - ZERO_POINT) */"]
    for word, tensor in (("INPUT", entry.inputs[0]), ("OUTPUT", entry.outputs[0])):
        shape = " x ".join(str(length) for length in tensor.shape)
        count = 1
        for length in tensor.shape:
            count *= length
        lines += [
            f"/* {word.lower()}: {tensor.dtype} {shape} ({tensor.axes}), {tensor.unit} */",
            f"#define {upper}_{word}_SIZE {count}",
            f"#define {upper}_{word}_SCALE {tensor.scale or 0.0:.9e}f",
            f"#define {upper}_{word}_ZERO_POINT ({tensor.zero_point or 0})",
        ]
    return lines


def _op_lines(upper: str, ops: Sequence[str]) -> list[str]:
    unknown = [op for op in ops if op not in RESOLVER_CALLS]
    if unknown:
        raise ValueError(f"no TFLite Micro resolver call is known for {', '.join(unknown)}")
    calls = " ".join(f"(resolver).{RESOLVER_CALLS[op]}();" for op in ops)
    return [
        f"#define {upper}_OPS {len(ops)} /* {' '.join(ops)} */",
        f"#define {upper}_ADD_OPS(resolver) do {{ {calls} }} while (0)",
    ]


def _body(name: str, data: bytes, labels: Sequence[str]) -> str:
    rows = [
        "  " + " ".join(f"0x{byte:02x}," for byte in data[i : i + BYTES_PER_LINE])
        for i in range(0, len(data), BYTES_PER_LINE)
    ]
    lines = [
        "/* Made by Collodi; do not edit. */",
        f'#include "{name}.h"',
        "",
        "#if defined(__GNUC__) || defined(__clang__)",
        "__attribute__((aligned(16)))",
        "#endif",
        f"const unsigned char {name}_data[] = {{",
        *rows,
        "};",
        f"const unsigned int {name}_size = sizeof({name}_data);",
        f"const char *const {name}_labels[{name.upper()}_LABELS] = {{",
        *(f"  {_c_string(label)}," for label in labels),
        "};",
    ]
    return "\n".join(lines) + "\n"


def _c_string(text: str) -> str:
    """Escape to a C string; bytes beyond ASCII as three octal digits."""
    plain = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}"
        for byte in text.encode()
    )
    return f'"{plain}"'
