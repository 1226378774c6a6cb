"""The runtimes give the same answers, and refuse a file that is not what the manifest says."""

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.backends import RUNTIMES, backend, backend_for, open_model, why_not
from device.backends.model import to_real, to_stored
from device.bundle import Bundle, Tensor, read_bundle

TINY = runpy.run_path(str(Path(__file__).with_name("make_tiny_bundle.py")))
OUT_SCALE = TINY["OUT_SCALE"]


def need(*names: str) -> None:
    for name in names:
        pytest.importorskip(name, reason=f"{name} is not installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need("onnx", "onnxruntime", "ai_edge_litert", "flatbuffers")
    place = tmp_path_factory.mktemp("tiny")
    TINY["make_tiny_bundle"](place)
    return place


@pytest.fixture(scope="module")
def bundle(folder: Path) -> Bundle:
    return read_bundle(folder)


def clips(count: int) -> Any:
    """Inputs whose answers stay inside the int8 output range."""
    return np.random.default_rng(3).uniform(-1, 1, (count, 50, 40, 1)).astype(np.float32)


@pytest.mark.parametrize("runtime", ["litert", "tflm"])
def test_int8_answers_are_the_float_ones_up_to_rounding(
    folder: Path, bundle: Bundle, runtime: str
) -> None:
    if why_not(runtime):
        pytest.skip(str(why_not(runtime)))
    inputs = [clips(5)]
    expected = open_model(folder, bundle.file("onnx")).run(inputs)[0]
    found = open_model(folder, bundle.file("tflite-int8"), runtime=runtime).run(inputs)[0]
    assert found.shape == expected.shape == (5, 3) and found.dtype == np.float32
    assert np.abs(found - expected).max() < 3 * OUT_SCALE


def test_the_two_tflite_interpreters_agree_exactly(folder: Path, bundle: Bundle) -> None:
    need("tflite_micro")
    entry = bundle.file("tflite-int8")
    litert, tflm = (open_model(folder, entry, runtime=name) for name in ("litert", "tflm"))
    assert np.array_equal(litert.run([clips(4)])[0], tflm.run([clips(4)])[0])
    assert (tflm.arena_bytes() or 0) > 2000 and litert.arena_bytes() is None


def test_a_batch_equals_its_items(folder: Path, bundle: Bundle) -> None:
    for name in ("onnx", "tflite-int8"):
        model = open_model(folder, bundle.file(name))
        one = np.concatenate([model.run([x[None]])[0] for x in clips(3)])
        assert np.allclose(model.run([clips(3)])[0], one, atol=1e-5)


@pytest.mark.parametrize(
    "inputs", [[], [np.zeros((1, 40, 50, 1))], [np.zeros((50, 40))], [np.zeros((0, 50, 40, 1))]]
)
def test_wrong_inputs_are_refused(folder: Path, bundle: Bundle, inputs: list[Any]) -> None:
    for name in ("onnx", "tflite-int8"):
        with pytest.raises(ValueError, match="the model takes"):
            open_model(folder, bundle.file(name)).run(inputs)


CHANGES = [
    {"shape": (1, 40, 50, 1)}, {"shape": (1, 50, 40)}, {"dtype": "uint8"}, {"scale": 0.02},
    {"zero_point": 1},
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("runtime", ["litert", "tflm"])
def test_a_manifest_that_disagrees_with_the_file_is_refused(
    folder: Path, bundle: Bundle, runtime: str, change: dict[str, Any]
) -> None:
    if why_not(runtime):
        pytest.skip(str(why_not(runtime)))
    entry = bundle.file("tflite-int8")
    wrong = replace(entry, inputs=(replace(entry.inputs[0], **change),))
    with pytest.raises(ValueError, match="the manifest says"):
        open_model(folder, wrong, runtime=runtime)


@pytest.mark.parametrize(
    ("target", "path"), [("onnx", "tiny.onnx"), ("tflite-int8", "tiny.tflite")]
)
@pytest.mark.parametrize("data", [b"", b"garbage" * 50])
def test_a_file_that_is_no_model_is_one_line(
    bundle: Bundle, tmp_path: Path, target: str, path: str, data: bytes
) -> None:
    (tmp_path / path).write_bytes(data)
    with pytest.raises(ValueError, match="cannot load it") as caught:
        open_model(tmp_path, bundle.file(target))
    assert "\n" not in str(caught.value)


def test_targets_without_a_runtime_say_why() -> None:
    with pytest.raises(ValueError, match="compiler"):
        backend_for("c")
    with pytest.raises(ValueError, match="nothing here runs a 'tensorrt' file"):
        backend_for("tensorrt")
    with pytest.raises(ValueError, match="no target 'onx'"):
        backend_for("onx")
    with pytest.raises(ValueError, match="no runtime 'ort'"):
        backend("ort")


def test_every_target_of_a_bundle_is_known() -> None:
    from typing import get_args

    from device.bundle import Target

    assert set(RUNTIMES) == set(get_args(Target))


@given(st.floats(-300, 300, width=32), st.floats(1e-3, 10), st.integers(-128, 127))
def test_quantizing_is_within_half_a_step_or_saturated(x: float, scale: float, zero: int) -> None:
    tensor = Tensor("x", (1,), "int8", "", "", scale, zero)
    stored = to_stored(np.array([x], np.float32), tensor)
    low, high = scale * (-128 - zero), scale * (127 - zero)
    back = float(to_real(stored, tensor)[0])
    assert stored.dtype == np.int8
    assert abs(back - min(max(x, low), high)) <= scale * 0.501 + abs(x) * 1e-5
