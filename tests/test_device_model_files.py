"""Model files from anywhere: looked into first, and run where a runtime can only end itself."""

import contextlib
import os
import re
import runpy
import signal
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from device.backends.apart import Apart, open_apart
from device.bundle import Bundle, ModelFile, describe, read_bundle
from device.main import main
from device.measure import Process
from device.model_files import check_model
from device.report import read_report
from device.tflite_file import check_tflite
from device.worker import Ask, Job, Loaded

for library in ("onnxruntime", "ai_edge_litert", "flatbuffers"):
    pytest.importorskip(library)

ROOT = Path(__file__).parent.parent
TINY = runpy.run_path(str(ROOT / "tests" / "make_tiny_bundle.py"))
CLIP = np.zeros(TINY["SHAPE"], np.float32)


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[Path, Bundle]:
    folder = tmp_path / "tiny"
    return folder, TINY["make_tiny_bundle"](folder, ("onnx", "tflite-int8"))


def changed(folder: Path, name: str, data: bytes) -> ModelFile:
    """Put another file under a name of the tiny bundle, with its right hash."""
    (folder / name).write_bytes(data)
    text = (folder / "manifest.json").read_text()
    entry = next(each for each in read_bundle(folder, check_files=False).files if each.path == name)
    text = text.replace(entry.sha256, describe(folder, name)[0])
    (folder / "manifest.json").write_text(
        re.sub(rf'"bytes": {entry.bytes}\b', f'"bytes": {len(data)}', text)
    )
    return read_bundle(folder).file(name)


def rewritten(folder: Path, change: Callable[[Any], object]) -> ModelFile:
    model = onnx.load(folder / "tiny.onnx")
    change(model)
    return changed(folder, "tiny.onnx", model.SerializeToString())


def test_files_of_the_kit_are_let_through_and_answer_as_in_this_process(
    tiny: tuple[Path, Bundle],
) -> None:
    from device.backends import open_model

    for path in (ROOT / "device" / "zoo" / "bundles").glob("*/model*"):
        check_model(path, {".onnx": "onnx", ".tflite": "tflite-int8"}.get(path.suffix, "c"))
    folder, bundle = tiny
    clips = np.random.default_rng(0).normal(size=(5, *CLIP.shape[1:])).astype(np.float32)
    for entry in bundle.files:
        apart, here = open_apart(folder, entry), open_model(folder, entry)
        assert (apart.runtime, apart.inputs, apart.outputs) == (
            here.runtime, here.inputs, here.outputs)  # fmt: skip
        for count in (5, 1):
            assert np.array_equal(apart.run([clips[:count]])[0], here.run([clips[:count]])[0])
        with pytest.raises(ValueError, match=r"has shape \(1, 2\)"):
            apart.run([np.zeros((1, 2), np.float32)])
        assert apart.run([clips])[0].shape == (5, 3)  # it lives on


def outside(model: Any, where: str) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=where)


def in_a_graph(model: Any) -> None:
    inner = helper.make_graph([], "inner", [], [])
    inner.initializer.add(dims=[4], data_type=1).external_data.add(key="location", value="a")
    model.graph.node.append(helper.make_node("If", ["input"], ["x"], then_branch=inner))


def huge(model: Any, *dims: int) -> None:
    model.graph.initializer.add(name="huge", data_type=1, dims=dims, raw_data=b"\0" * 4)


def deep(model: Any) -> None:
    for _ in range(25):
        inner = helper.make_graph([], "g", [], [])
        inner.CopyFrom(model.graph)
        model.graph.Clear()
        model.graph.node.append(helper.make_node("If", ["c"], ["x"], then_branch=inner))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda m: outside(m, "../secret.bin"), "lie in another file"),
        (lambda m: outside(m, "/etc/passwd"), "lie in another file"),
        (lambda m: outside(m, "manifest.json"), "lie in another file"),
        (in_a_graph, "lie in another file"),
        (lambda m: huge(m, 1 << 40), "a tensor of 1099511627776 numbers, of which 4 bytes"),
        (lambda m: huge(m, 1 << 32, 1 << 32, 1 << 32), "a tensor of 4611686018427387904 numbers"),
        (lambda m: huge(m, -1), "a tensor of"),
        (lambda m: m.graph.node.append(helper.make_node("EPContext", [], ["x"])), "EPContext"),
        (lambda m: m.ClearField("graph"), "one graph"),
        (deep, "graphs inside graphs"),
    ],
)
def test_an_onnx_file_that_asks_for_more_than_itself_is_refused_before_its_runtime(
    tiny: tuple[Path, Bundle], change: Callable[[Any], object], word: str
) -> None:
    folder, _ = tiny
    (folder.parent / "secret.bin").write_bytes(bytes(1 << 16))
    entry = rewritten(folder, change)
    with pytest.raises(ValueError, match=word) as caught:
        check_model(folder / "tiny.onnx", "onnx")
    assert "\n" not in str(caught.value) and "tiny.onnx" in str(caught.value)
    with pytest.raises(ValueError, match=word):
        open_apart(folder, entry)
    job = Job(str(folder), "tiny.onnx", "onnxruntime", 1)
    with Process(job) as process, pytest.raises(RuntimeError, match=word):
        process.ask(Ask("load"), Loaded)


def test_a_file_of_another_format_under_the_name_of_a_model_is_refused(
    tiny: tuple[Path, Bundle],
) -> None:
    folder, _ = tiny
    tflite = (folder / "tiny.tflite").read_bytes()
    ort = b"\x18\0\0\0ORTM" + tflite[8:]
    for data in (tflite, ort, b"", b"\x08\x09", b"\x3a\x00\x3a\x00", bytes(100)):
        (folder / "tiny.onnx").write_bytes(data)
        with pytest.raises(ValueError, match=r"tiny\.onnx: (not an ONNX|0 bytes)"):
            check_model(folder / "tiny.onnx", "onnx")
    (folder / "tiny.tflite").write_bytes(ort)
    with pytest.raises(ValueError, match="not a TFLite model"):
        check_model(folder / "tiny.tflite", "tflite-int8")


def in_tflite(data: bytes, change: Callable[[Any], object]) -> bytes:
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    change(model)
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def setting(what: str, value: Any) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        graph = model.subgraphs[0]
        at = {"tensor": graph.tensors[1], "operator": graph.operators[0], "graph": graph,
              "scales": graph.tensors[1].quantization, "model": model}  # fmt: skip
        holder, name = what.split(".")
        setattr(at[holder], name, value)

    return change


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (setting("tensor.shape", [1 << 20, 1 << 20]), "takes over 1073741824 bytes"),
        (setting("tensor.shape", [2**31 - 1] * 8), "takes over 1073741824 bytes"),
        (setting("tensor.shape", [3, -5]), "-5 elements along an axis"),
        (setting("tensor.shape", [3, 2001]), "needs 6003 bytes and has 6000"),
        (setting("tensor.buffer", 9), "buffer 9 of 3"),
        (setting("operator.inputs", [0, 1, 7]), "tensor 7 of 4"),
        (setting("operator.outputs", [-1]), "tensor -1 of 4"),
        (setting("operator.opcodeIndex", 3), "an operator of a kind that is not listed"),
        (setting("graph.outputs", [4]), "tensor 4 of 4"),
        (setting("scales.scale", [1.0, 2.0]), "2 scales do not fit"),
        (setting("scales.zeroPoint", [1, 2, 3]), "3 zero points for 1 scales"),
        (setting("model.operatorCodes", []), "has no operator codes"),
    ],
)
def test_a_tflite_file_whose_parts_do_not_fit_is_refused_before_its_runtime(
    tiny: tuple[Path, Bundle], change: Callable[[Any], object], word: str
) -> None:
    folder, _ = tiny
    data = in_tflite((folder / "tiny.tflite").read_bytes(), change)
    entry = changed(folder, "tiny.tflite", data)
    with pytest.raises(ValueError, match=word) as caught:
        check_model(folder / "tiny.tflite", "tflite-int8")
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match=word):
        open_apart(folder, entry, "tflm")


def test_offsets_lead_nowhere_outside_of_the_file(tiny: tuple[Path, Bundle]) -> None:
    data = (tiny[0] / "tiny.tflite").read_bytes()
    for at in range(0, len(data) - 3, 4):
        if at > 200 and at < len(data) - 1500:
            continue  # weights
        for value in (0x7FFFFFFF, -0x80000000, len(data) - 2):
            with contextlib.suppress(ValueError):
                check_tflite(data[:at] + struct.pack("<i", value) + data[at + 4 :], "a file")


def test_memory_that_a_runtime_wants_and_does_not_get_is_one_line(
    tiny: tuple[Path, Bundle],
) -> None:
    """A few bytes of a sound file ask for 64 GiB when it runs."""
    folder, _ = tiny

    def greedy(model: Any) -> None:
        shape = numpy_helper.from_array(np.array([1 << 34], np.int64), "shape")
        model.graph.initializer.append(shape)
        model.graph.node.extend([
            helper.make_node("ReduceSum", ["logits_"], ["one"], keepdims=0),
            helper.make_node("Expand", ["one", "shape"], ["many"]),
            helper.make_node("ReduceSum", ["many"], ["sum"], keepdims=0),
            helper.make_node("Add", ["sum", "logits_"], ["logits"]),
        ])  # fmt: skip
        model.graph.node[1].output[0] = "logits_"

    entry = rewritten(folder, greedy)
    model = open_apart(folder, entry)
    with pytest.raises(ValueError, match=r"(?i)memory|bad_alloc|alloc") as caught:
        model.run([CLIP])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "word"), [([0, 0], "2 answers to 1 inputs"), ([], "0 answers to 1 inputs")]
)
def test_another_number_of_answers_than_inputs_is_refused(
    tiny: tuple[Path, Bundle], rows: list[int], word: str
) -> None:
    """Scores of one clip would be taken for those of the next."""
    folder, _ = tiny

    def several(model: Any) -> None:
        numbers = numpy_helper.from_array(np.array(rows, np.int64), "rows")
        model.graph.initializer.append(numbers)
        model.graph.node.append(helper.make_node("Gather", ["logits_", "rows"], ["logits"]))
        model.graph.node[1].output[0] = "logits_"
        model.graph.output[0].type.tensor_type.shape.dim[0].dim_param = "M"

    with pytest.raises(ValueError, match=word):
        open_apart(folder, rewritten(folder, several)).run([CLIP])


def test_a_runtime_that_dies_is_one_line_and_no_answer(tiny: tuple[Path, Bundle]) -> None:
    folder, bundle = tiny
    model = open_apart(folder, bundle.file("onnx"))
    assert model.run([CLIP])[0].shape == (1, 3)
    os.kill(pid_of(model), signal.SIGSEGV)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"tiny\.onnx: the runtime crashed: SIGSEGV$"):
            model.run([CLIP])


def test_its_process_ends_with_the_model(tiny: tuple[Path, Bundle]) -> None:
    folder, bundle = tiny
    model = open_apart(folder, bundle.file("onnx"))
    child = pid_of(model)
    del model
    assert not Path(f"/proc/{child}").exists()


def pid_of(model: Apart) -> int:
    process = model._child._child
    assert process is not None
    return process.pid


CRASHES = sorted((ROOT / "tests" / "data" / "corpus").glob("*/crash-*"))


@pytest.mark.parametrize("path", CRASHES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_files_that_ended_a_runtime_are_a_line_of_every_command(
    tiny: tuple[Path, Bundle], path: Path
) -> None:
    """Kept from benchmarks/fuzz_models.py; a later runtime may refuse them itself."""
    folder, _ = tiny
    runtime = path.parent.name
    pytest.importorskip({"tflm": "tflite_micro", "litert": "ai_edge_litert"}[runtime])
    entry = changed(folder, "tiny.tflite", path.read_bytes())
    with pytest.raises(ValueError, match=r".+") as caught:
        open_apart(folder, entry, runtime).run([CLIP])
    assert "\n" not in str(caught.value) and "tiny.tflite" in str(caught.value)
    job = Job(str(folder), "tiny.tflite", runtime, 1)
    with Process(job) as process, pytest.raises(RuntimeError) as told:
        process.ask(Ask("load"), Loaded)
    assert "\n" not in str(told.value)


def test_a_file_that_ends_its_runtime_has_no_latency(
    tiny: tuple[Path, Bundle], tmp_path: Path
) -> None:
    pytest.importorskip("tflite_micro")
    folder, _ = tiny
    changed(folder, "tiny.tflite", CRASHES[-1].read_bytes())
    words = [str(folder), "--file", "tiny.tflite", "--work", "model", "--runs", "2"]
    out = tmp_path / "report.json"
    status = main(["bench", *words, "--seconds", "0.1", "--json", str(out)])
    rows = {run.runtime.split()[0]: run for run in read_report(out).runs}
    assert status == 1
    assert rows["tflm"].status == "failed" and not rows["tflm"].latency_ns
    assert rows["tflm"].reason == "the runtime crashed: SIGSEGV"
