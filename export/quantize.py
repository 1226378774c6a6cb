"""float32 ONNX -> int8 ONNX with QuantizeLinear/DequantizeLinear pairs (QDQ)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.bias import run_onnx, shifted
from export.float_head import keep_float_head, keep_float_sum
from export.quiet import quiet
from export.to_onnx import strip_metadata

METHOD = (
    "static; min-max activations, one scale a tensor; symmetric weights, one scale a channel; "
    "channels equalised"
)


class _Reader:
    """Feeds clips (B, H, W, C) one by one to the calibrator of ONNX Runtime."""

    def __init__(self, clips: NDArray[np.float32]) -> None:
        self._feeds: Iterator[dict[str, Any]] = iter(
            [{"input": clips[i : i + 1]} for i in range(len(clips))]
        )

    def get_next(self) -> dict[str, Any] | None:
        return next(self._feeds, None)


def quantize_onnx(source: Path, target: Path, clips: NDArray[np.float32]) -> None:
    """Write target, the QDQ int8 form of the float32 file source; inputs and outputs stay float32.

    Activations are uint8: on x86 with VNNI that is 2.6 times float32, int8 only 0.84 times.
    Weights use 7 of their 8 bits (reduce_range): x86 without VNNI adds two products in 16 bits,
    which saturate with full-range weights. Measured on such a machine: 18 dB with 8 bits, 38 dB
    with 7; where nothing saturates, the eighth bit would have been worth 3-4 dB. The last additions
    stay float32 (export/float_head.py), and the mean error over the clips goes into the last bias
    (export/bias.py).
    """
    _quantize_for_boards(source, target, clips)
    shift = (run_onnx(source, clips) - run_onnx(target, clips)).mean(axis=0)
    with tempfile.TemporaryDirectory() as folder:
        corrected = Path(folder) / source.name
        if shifted(source, corrected, shift):
            _quantize_for_boards(corrected, target, clips)


def _quantize_for_boards(source: Path, target: Path, clips: NDArray[np.float32]) -> None:
    from onnxruntime.quantization import QuantType

    model = _quantized(source, target, clips, QuantType.QUInt8, reduce_range=True, options={})
    keep_float_head(model)
    keep_float_sum(model)
    _write(model, target)


def quantize_for_tensorrt(source: Path, target: Path, clips: NDArray[np.float32]) -> None:
    """Write the QDQ file that TensorRT takes: int8 everywhere, zero points 0, float32 bias."""
    from onnxruntime.quantization import QuantType

    options = {
        "ActivationSymmetric": True, "WeightSymmetric": True, "QuantizeBias": False,
        "AddQDQPairToWeight": True, "DedicatedQDQPair": False,
    }  # fmt: skip
    _write(_quantized(source, target, clips, QuantType.QInt8, False, options), target)


def _quantized(
    source: Path,
    target: Path,
    clips: NDArray[np.float32],
    activations: Any,
    reduce_range: bool,
    options: dict[str, Any],
) -> Any:
    import onnx
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    with quiet(f"{target.name}: static quantization"):
        quantize_static(
            str(source),
            str(target),
            _Reader(clips),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=reduce_range,
            activation_type=activations,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            extra_options=options,
        )
    return onnx.load(target)


def _write(model: Any, target: Path) -> None:
    import onnx

    strip_metadata(model)
    onnx.checker.check_model(model)
    target.write_bytes(model.SerializeToString(deterministic=True))
