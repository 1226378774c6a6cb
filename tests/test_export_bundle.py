"""A small network goes through the whole export once; then every promise of a bundle is tested."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema
from torch import nn

from device.backends import open_model
from device.backends.frontend import logmel
from device.bundle import Accuracy, read_bundle
from device.front_end import LOGMEL
from export import assemble as assembling
from export.assemble import Made, Source, assemble
from export.calibrate import split
from export.errors import ExportError
from export.layout import ChannelsLast, run_torch
from export.parity import relative_error
from export.repack import repack
from export.to_c import read_array
from export.verify import Reference, check
from train_edge.models.dscnn import DSCNN

LABELS = ("one", "two", 'sa"y\\', "silence")
TARGETS = ("onnx", "onnx-int8", "onnx-raw", "tflite-int8", "c")


@dataclass(frozen=True)
class Exported:
    """What the fixture made."""

    source: Source
    folder: Path
    made: Made
    said: str

    @property
    def reference(self) -> Reference:
        """The network's own answers to the held-out half of the inputs."""
        network, parts = ChannelsLast(self.source.network), split(self.source.inputs)
        mean = run_torch(network, parts.clips).mean(0)
        return Reference("kws", parts.held_out, run_torch(network, parts.held_out), mean)

    @property
    def raw_reference(self) -> Reference:
        """The network's own answers to the features of the sounds."""
        heard = self.source.sounds
        assert heard is not None
        answers = run_torch(ChannelsLast(self.source.network), logmel(heard, LOGMEL)[..., None])
        return Reference("kws", heard, answers, answers.mean(0))


def clips(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (count, 50, 40, 1), each one of four smooth patterns under noise, and which."""
    patterns = np.random.default_rng(7).normal(size=(len(LABELS), 10, 8)).repeat(5, 1).repeat(5, 2)
    rng = np.random.default_rng(seed)
    which = rng.integers(0, len(LABELS), count)
    noisy = 0.6 * patterns[which] + rng.normal(size=(count, 50, 40)) * 0.4
    return np.clip(noisy, -2, 2).astype(np.float32)[..., None], which


def sounds(count: int, seed: int) -> np.ndarray:
    """Tones that come and go in noise, (count, 16000), each at its own loudness."""
    rng, t = np.random.default_rng(seed), np.arange(16000) / 16000
    tone = np.sin(2 * np.pi * rng.uniform(100, 6000, (count, 1)) * t)
    gate = np.sin(2 * np.pi * rng.uniform(1, 4, (count, 1)) * t) > 0.3
    loud = 10 ** rng.uniform(-3, 0, (count, 1))
    return (loud * (tone * gate + rng.normal(0, 0.05, (count, 16000)))).astype(np.float32)


def trained() -> nn.Module:
    """A narrow DS-CNN after 60 steps on the patterns."""
    torch.manual_seed(0)
    network = DSCNN(len(LABELS), width=0.3)
    optimizer = torch.optim.Adam(network.parameters(), 5e-3)
    for step in range(60):
        inputs, which = clips(32, step)
        logits = network(torch.from_numpy(inputs).permute(0, 3, 1, 2))
        loss = nn.functional.cross_entropy(logits, torch.from_numpy(which))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Export once, with stderr kept."""
    torch.set_num_threads(1)
    source = Source(
        "tiny-kws", "kws", trained(), LABELS, dict(LOGMEL), clips(256, 999)[0], sounds(32, 5),
        accuracy=Accuracy(synthetic={"n": 40.0, "accuracy": 0.9}),
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    with tempfile.TemporaryFile("w+") as log:
        kept, sys.stderr = sys.stderr, log
        try:
            made = assemble(source, folder, (*TARGETS, "tensorrt"))
        finally:
            sys.stderr = kept
        log.seek(0)
        said = log.read()
    return Exported(source, folder, made, said)


def test_bundle_reads_back_with_every_target_and_its_parity(exported: Exported) -> None:
    bundle = read_bundle(exported.folder)
    assert {entry.target for entry in bundle.files} == set(TARGETS)
    for target in TARGETS:
        parity = bundle.file(target).parity
        assert parity is not None
        assert parity.sqnr_db >= 25
        assert (parity.flips or 0) <= 0.02
    assert bundle.file("onnx").parity.sqnr_db > 90  # type: ignore[union-attr]
    assert bundle.quantization is not None
    assert bundle.quantization.calibration_clips == 64
    assert {tensor.name for tensor in bundle.file("tflite-int8").inputs} == {"input"}


def test_only_our_lines_reach_stderr(exported: Exported) -> None:
    lines = exported.said.splitlines()
    assert len(lines) == len(TARGETS)
    assert all(re.match(r"model\.|tensorrt: ", line) for line in lines)


def test_tensorrt_is_not_claimed_without_its_machine(exported: Exported) -> None:
    assert "not run: needs an NVIDIA machine" in exported.made.not_run["tensorrt"]
    assert "not run: needs an NVIDIA machine" in (exported.folder / "MODEL_CARD.md").read_text()
    assert not list(exported.folder.rglob("*.plan"))


def test_float_onnx_equals_torch(exported: Exported) -> None:
    bundle, reference = exported.made.bundle, exported.reference
    model = open_model(exported.folder, bundle.file("onnx"))
    answer = model.run([reference.inputs])[0]
    assert relative_error(reference.answers, answer) < 1e-5
    graph = onnx.load(exported.folder / "model.onnx").graph
    assert [item.name for item in graph.input] == ["input"]
    assert [item.name for item in graph.output] == ["output"]
    assert "BatchNormalization" not in {node.op_type for node in graph.node}


def test_raw_onnx_is_front_end_and_network(exported: Exported) -> None:
    """Sound in, answer out: as logmel and model.onnx give it, silence and one sample included."""
    bundle = exported.made.bundle
    raw = open_model(exported.folder, bundle.file("onnx-raw"))
    plain = open_model(exported.folder, bundle.file("onnx"))
    heard = np.concatenate([sounds(20, 11), np.zeros((1, 16000), np.float32)])
    heard[-2] *= np.arange(16000) == 15999
    features = np.concatenate([logmel(sound, LOGMEL)[None, ..., None] for sound in heard])
    assert relative_error(plain.run([features])[0], raw.run([heard])[0]) < 1e-5
    entry = bundle.file("onnx-raw")
    assert entry.inputs[0].shape == (1, 16000) and entry.inputs[0].axes == "B N"
    assert entry.parity is not None and entry.parity.sqnr_db > 90
    operators = {node.op_type for node in onnx.load(exported.folder / entry.path).graph.node}
    assert not operators & {"DFT", "STFT", "MelWeightMatrix"}  # several runtimes lack them


def test_raw_onnx_without_sounds_to_test_it_is_refused(exported: Exported, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="onnx-raw"):
        assemble(replace(exported.source, sounds=None), tmp_path / "out", ("onnx-raw",))


def test_litert_and_tflite_micro_agree_within_a_few_steps(exported: Exported) -> None:
    entry = exported.made.bundle.file("tflite-int8")
    inputs = [exported.reference.inputs]
    answers = [
        open_model(exported.folder, entry, 1, runtime).run(inputs)[0]
        for runtime in ("litert", "tflm")
    ]
    steps = np.abs(answers[0] - answers[1]) / entry.outputs[0].scale
    assert steps.max() <= 3.01
    assert np.ptp(answers[1]) > 20 * entry.outputs[0].scale  # garbage would be constant


def test_no_weight_lies_outside_the_flatbuffer(exported: Exported) -> None:
    data = (exported.folder / "model.int8.tflite").read_bytes()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    assert all(not buffer.offset for buffer in model.buffers)
    assert sum(len(buffer.data) for buffer in model.buffers if buffer.data is not None) > 3000


def test_listed_operators_are_those_of_the_file_and_enough(exported: Exported) -> None:
    ops = exported.made.bundle.file("tflite-int8").ops
    assert ops is not None
    assert set(ops) >= {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}
    assert not set(ops) & {"QUANTIZE", "DEQUANTIZE"}  # int8 from border to border
    header = (exported.folder / "c" / "tiny_kws.h").read_text()
    assert f"#define TINY_KWS_OPS {len(ops)} " in header
    assert header.count("(resolver).Add") == len(ops)


def test_arena_of_the_header_is_enough_and_not_lavish(exported: Exported) -> None:
    from tflite_micro.python.tflite_micro import runtime

    header = (exported.folder / "c" / "tiny_kws.h").read_text()
    arena = int(re.search(r"ARENA_BYTES (\d+)", header).group(1))  # type: ignore[union-attr]
    data = (exported.folder / "model.int8.tflite").read_bytes()
    runtime.Interpreter.from_bytes(data, arena_size=arena).invoke()
    with pytest.raises(RuntimeError):
        runtime.Interpreter.from_bytes(data, arena_size=arena - 4096)


def test_c_array_holds_the_bytes_of_the_tflite_file(exported: Exported) -> None:
    body = (exported.folder / "c" / "tiny_kws.c").read_text()
    assert read_array(body) == (exported.folder / "model.int8.tflite").read_bytes()


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_c_compiles_and_holds_model_and_labels(exported: Exported, tmp_path: Path) -> None:
    main = tmp_path / "main.c"
    main.write_text(
        '#include "tiny_kws.h"\n#include <stdio.h>\n#include <stdint.h>\nint main(void) {\n'
        '  printf("%u %.4s %d %d\\n", tiny_kws_size, (const char *)tiny_kws_data + 4,\n'
        "    (int)((uintptr_t)tiny_kws_data % 16), TINY_KWS_INPUT_SIZE);\n"
        "  for (int i = 0; i < TINY_KWS_LABELS; i++) puts(tiny_kws_labels[i]);\n"
        "  return 0; }\n"
    )
    program, c = tmp_path / "main", exported.folder / "c"
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{c}"]
    subprocess.run(["gcc", *flags, main, c / "tiny_kws.c", "-o", program], check=True)
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.split("\n")
    size = (exported.folder / "model.int8.tflite").stat().st_size
    assert lines[0] == f"{size} TFL3 0 2000"
    assert tuple(lines[1:5]) == LABELS


def test_no_file_names_a_place_of_this_machine(exported: Exported) -> None:
    places = [b"site-packages", b"/home/", b"/root", b"/tmp", b"/usr/lib", b'.py", line']
    places += [str(Path.cwd()).encode(), sys.prefix.encode()]
    for path in exported.folder.rglob("*"):
        if path.is_file():
            found = [place for place in places if place in path.read_bytes()]
            assert not found, f"{path.name}: {found}"


def test_two_exports_give_the_same_model_files(exported: Exported, tmp_path: Path) -> None:
    again = assemble(exported.source, tmp_path / "again", TARGETS).bundle
    assert {e.path: e.sha256 for e in again.files} == {
        e.path: e.sha256 for e in exported.made.bundle.files
    }
    assert again.quantization == exported.made.bundle.quantization


def test_card_tells_files_accuracy_and_limits(exported: Exported) -> None:
    text = (exported.folder / "MODEL_CARD.md").read_text()
    for entry in exported.made.bundle.files:
        assert f"`{entry.path}`" in text
    assert "accuracy 90.0 %" in text
    assert "On real people: not measured" in text
    assert "synthetic people only" in text
    code = text.split("```python\n")[1].split("```")[0]
    assert len([line for line in code.splitlines() if line]) <= 10


def test_python_of_the_card_runs(exported: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (exported.folder / "MODEL_CARD.md").read_text()
    code = text.split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(exported.folder)
    names = {"audio": np.random.default_rng(0).normal(size=16000).astype(np.float32) * 0.1}
    exec(code, names)
    assert names["answer"].shape == (4,)


def damaged(exported: Exported, path: str, folder: Path, change: object) -> None:
    """Copy the bundle and change one file."""
    shutil.copytree(exported.folder, folder)
    assert callable(change)
    change(folder / path)


def shrink_a_weight(path: Path) -> None:
    """A float32 weight of an ONNX file becomes 1 % smaller."""
    model = onnx.load(path)
    item = max(model.graph.initializer, key=lambda t: len(t.raw_data))
    array = onnx.numpy_helper.to_array(item).copy()
    item.CopyFrom(onnx.numpy_helper.from_array(array * np.float32(0.99), item.name))
    path.write_bytes(model.SerializeToString())


def double_a_scale(path: Path) -> None:
    """One scale of a QDQ file doubles: an activation in the middle saturates or is read wrong."""
    model = onnx.load(path)
    scale = [t for t in model.graph.initializer if t.name.endswith("_scale") and not t.dims][4]
    array = onnx.numpy_helper.to_array(scale)
    scale.CopyFrom(onnx.numpy_helper.from_array(np.asarray(array / 4, np.float32), scale.name))
    path.write_bytes(model.SerializeToString())


def flip_weights(path: Path) -> None:
    """A hundred int8 weights of a TFLite file change sign."""
    data = bytearray(path.read_bytes())
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(bytes(data), 0))
    largest = max((b.data for b in model.buffers if b.data is not None), key=len)
    start = bytes(data).index(largest.tobytes())
    for place in range(start, start + 100):
        data[place] = (256 - data[place]) % 256
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("target", "change", "figure"),
    [
        ("onnx", shrink_a_weight, "relative error"),
        ("onnx-raw", shrink_a_weight, "relative error"),
        ("onnx-int8", double_a_scale, "SQNR"),
        ("tflite-int8", flip_weights, "SQNR"),
    ],
)
def test_gate_refuses_a_damaged_file_by_name(
    exported: Exported, tmp_path: Path, target: str, change: object, figure: str
) -> None:
    entry = exported.made.bundle.file(target)
    reference = exported.raw_reference if target == "onnx-raw" else exported.reference
    check(exported.folder, entry, reference)  # the whole file passes
    damaged(exported, entry.path, tmp_path / "bad", change)
    with pytest.raises(ExportError, match=rf"{re.escape(entry.path)}.*{figure}"):
        check(tmp_path / "bad", entry, reference)


def test_failed_gate_leaves_nothing(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bad_tflite(_network: object, _task: str, _clips: object, path: Path, _tune: bool) -> None:
        shutil.copyfile(exported.folder / "model.int8.tflite", path)
        flip_weights(path)

    monkeypatch.setattr(assembling, "to_tflite", bad_tflite)
    with pytest.raises(ExportError, match=r"model\.int8\.tflite.*SQNR.*dB"):
        assemble(exported.source, tmp_path / "out", ("tflite-int8",))
    assert not list(tmp_path.iterdir())


def test_repack_brings_outside_weights_inside(exported: Exported, tmp_path: Path) -> None:
    """Move one weight behind the flatbuffer, as the quantizer does, and back."""
    data = (exported.folder / "model.int8.tflite").read_bytes()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    largest = max(range(len(model.buffers)), key=lambda i: len(_data(model.buffers[i])))
    weight = bytes(_data(model.buffers[largest]))
    model.buffers[largest].data = None
    outside = _with_tail(model, largest, weight)
    repack(outside, tmp_path / "in.tflite")
    again = schema.ModelT.InitFromObj(
        schema.Model.GetRootAs((tmp_path / "in.tflite").read_bytes(), 0)
    )
    assert bytes(_data(again.buffers[largest])) == weight
    assert (tmp_path / "in.tflite").read_bytes() == data


def _data(buffer: object) -> bytes:
    data = buffer.data  # type: ignore[attr-defined]
    return b"" if data is None else bytes(data)


def _with_tail(model: object, number: int, weight: bytes) -> bytes:
    """Pack with buffer `number` at the end of the file; its offset must be known to be packed."""
    import flatbuffers

    size, packed = 0, b""
    for _ in range(2):  # the first pass only tells the size
        buffer = model.buffers[number]  # type: ignore[attr-defined]
        buffer.offset, buffer.size = max(size, 2), len(weight)
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")  # type: ignore[attr-defined]
        packed = bytes(builder.Output())
        size = len(packed)
    return packed + weight


def test_manifest_has_no_key_beyond_the_contract(exported: Exported) -> None:
    manifest = json.loads((exported.folder / "manifest.json").read_text())
    manifest["draft"] = True
    shutil.copytree(exported.folder, exported.folder.parent / "odd", dirs_exist_ok=True)
    (exported.folder.parent / "odd" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="draft"):
        read_bundle(exported.folder.parent / "odd")
