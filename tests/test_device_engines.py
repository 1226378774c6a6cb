"""Kept engines are never those of another model or machine; the calls, held to a stand-in."""

import sys
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from device.engines import ENGINE, FACTS, Facts, keep, kept, key, timing

HERE = Facts("ab" * 32, "10.3.0.26", "driver 12060, runtime 12060", "Orin (8.7)", "15W", "typed")
CHANGES = [
    {"model_sha256": "cd" * 32}, {"tensorrt": "10.3.0.30"}, {"cuda": "driver 12020, runtime 12060"},
    {"gpu": "Orin (8.9)"}, {"power_mode": "MAXN"}, {"power_mode": None}, {"recipe": "weak"},
]  # fmt: skip


def test_an_engine_is_found_again_by_exactly_its_facts(tmp_path: Path) -> None:
    assert kept(tmp_path, HERE) is None
    keep(tmp_path, HERE, b"engine")
    assert kept(tmp_path, HERE) == b"engine"
    keep(tmp_path, HERE, b"a newer one")
    assert kept(tmp_path, HERE) == b"a newer one" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("change", CHANGES)
def test_any_other_fact_is_another_engine(tmp_path: Path, change: dict[str, Any]) -> None:
    """Also where someone moves a folder to the name that is looked for."""
    keep(tmp_path, HERE, b"engine")
    other = replace(HERE, **change)
    assert kept(tmp_path, other) is None and timing(tmp_path, other) != timing(tmp_path, HERE)
    (tmp_path / key(HERE)).rename(tmp_path / key(other))
    assert kept(tmp_path, other) is None


def test_every_fact_is_in_the_changes_above() -> None:
    varied = {name for change in CHANGES for name in change}
    assert varied | {"engine_sha256", "format", "version"} == {f.name for f in fields(Facts)}


@pytest.mark.parametrize("damage", ["engine", "facts", "gone", "version", "half written"])
def test_a_damaged_engine_is_none(tmp_path: Path, damage: str) -> None:
    keep(tmp_path, HERE, b"engine")
    place = tmp_path / key(HERE)
    text = (place / FACTS).read_text()
    if damage == "engine":
        (place / ENGINE).write_bytes(b"engin3")
    elif damage == "facts":
        (place / FACTS).write_text(text[:-20])
    elif damage == "gone":
        (place / ENGINE).unlink()
    elif damage == "version":
        (place / FACTS).write_text(text.replace('"version": 1', '"version": 2'))
    else:
        (place / FACTS).unlink()
    assert kept(tmp_path, HERE) is None


np = pytest.importorskip("numpy")
from device.backends import NotHere, trt  # noqa: E402
from device.bundle import ModelFile, Tensor  # noqa: E402

GIVEN = Tensor("input", (-1, 2), "float32", "", "")
MADE = Tensor("output", (-1, 3), "float32", "", "")


class Gpu:
    """CUDA's calls on ordinary memory; `execute` writes what the engine would."""

    stream = 7
    name = "Orin (8.7)"

    def __init__(self) -> None:
        self.memory: dict[int, Any] = {}

    def gpu(self) -> str:
        return self.name

    def versions(self) -> str:
        return "driver 1, runtime 1"

    def allocate(self, size: int) -> int:
        self.memory[len(self.memory) + 1] = np.zeros(size, np.uint8)
        return len(self.memory)

    def send(self, array: Any, address: int) -> None:
        self.memory[address][:] = np.frombuffer(array.tobytes(), np.uint8)

    def fetch(self, array: Any, address: int) -> None:
        array[...] = self.memory[address].view(array.dtype).reshape(array.shape)

    def wait(self) -> None:
        pass


class Engine:
    """input (1, 2) -> output (1, 3): x0, x1, x0 + x1."""

    num_io_tensors = 2

    def __init__(self, gpu: Gpu) -> None:
        self.shapes = {"input": (-1, 2), "output": (-1, 3)}
        self.gpu, self.addresses, self.fixed = gpu, {}, {}

    def get_tensor_name(self, number: int) -> str:
        return list(self.shapes)[number]

    def get_tensor_mode(self, name: str) -> str:
        return name

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self.shapes[name]

    def get_tensor_dtype(self, _name: str) -> str:
        return "float"

    def create_execution_context(self) -> "Engine":
        return self

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> None:
        self.fixed[name] = shape

    def set_tensor_address(self, name: str, address: int) -> None:
        self.addresses[name] = address

    def execute_async_v3(self, stream: int) -> bool:
        assert stream == 7 and self.fixed == {"input": (1, 2)}
        x = self.gpu.memory[self.addresses["input"]].view(np.float32)
        y = self.gpu.memory[self.addresses["output"]].view(np.float32)
        y[:] = [x[0], x[1], x[0] + x[1]]
        return True


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A stand-in for TensorRT and CUDA; the list grows with each build."""
    log: list[Any] = []
    gpu = Gpu()
    timings = SimpleNamespace(serialize=lambda: b"timings")
    config = SimpleNamespace(
        add_optimization_profile=lambda _: None, create_timing_cache=lambda data: data,
        set_timing_cache=lambda data, ignore: log.append((data, ignore)),
        get_timing_cache=lambda: timings,
    )  # fmt: skip
    network = SimpleNamespace(
        num_inputs=1, get_input=lambda _: SimpleNamespace(name="input", shape=(-1, 2))
    )
    builder = SimpleNamespace(
        create_network=lambda _: network, create_builder_config=lambda: config,
        create_optimization_profile=lambda: SimpleNamespace(set_shape=lambda *_: None),
        build_serialized_network=lambda *_: log.append("built") or b"plan",
    )  # fmt: skip
    fake = SimpleNamespace(
        __version__="10.3.0", Builder=lambda _: builder, nptype=lambda _: np.float32,
        Logger=type("Logger", (), {"ERROR": 1, "__init__": lambda _s, _l: None}),
        NetworkDefinitionCreationFlag=SimpleNamespace(STRONGLY_TYPED=1),
        OnnxParser=lambda *_: SimpleNamespace(parse=bool, get_error=lambda _: "node 3 is odd"),
        TensorIOMode=SimpleNamespace(INPUT="input"),
        Runtime=lambda _: SimpleNamespace(
            deserialize_cuda_engine=lambda plan: Engine(gpu) if plan == b"plan" else None
        ),
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "tensorrt", fake)
    monkeypatch.setattr("device.backends.trt.Cuda", lambda: gpu)
    monkeypatch.delenv(trt.FOLDER, raising=False)
    return log


def entry(path: Path, data: bytes = b"onnx", target: Any = "onnx") -> ModelFile:
    path.write_bytes(data)
    return ModelFile(path.name, "0" * 64, len(data), target, "", (GIVEN,), (MADE,))


def test_an_engine_is_built_once_and_again_for_a_change(
    tmp_path: Path, built: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(trt.FOLDER, str(tmp_path / "engines"))
    path = tmp_path / "a.onnx"
    for _ in range(2):
        model = trt.open(path, entry(path))
    assert built == [(b"", False), "built"]
    answer = model.run([np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)])[0]
    np.testing.assert_array_equal(answer, [[1, 2, 3], [3, 4, 7]])
    trt.open(path, entry(path, b"another model"))
    monkeypatch.setattr(Gpu, "name", "Thor (10.1)")
    trt.open(path, entry(path, b"another model"))
    assert built.count("built") == 3


def test_without_a_folder_each_start_builds(tmp_path: Path, built: list[Any]) -> None:
    path = tmp_path / "a.onnx"
    trt.open(path, entry(path))
    trt.open(path, entry(path))
    assert built == ["built", "built"] and [p.name for p in tmp_path.iterdir()] == ["a.onnx"]


def test_an_engine_of_another_machine_is_not_run(tmp_path: Path, built: list[Any]) -> None:
    path = tmp_path / "model.plan"
    assert trt.open(path, entry(path, b"plan", "tensorrt")).runtime == "tensorrt 10.3.0"
    with pytest.raises(NotHere, match="built for another TensorRT or GPU"):
        trt.open(path, entry(path, b"old plan", "tensorrt"))
    assert built == []


def test_what_the_parser_refuses_is_named(tmp_path: Path, built: list[Any]) -> None:
    path = tmp_path / "a.onnx"
    with pytest.raises(ValueError, match=r"a\.onnx.*node 3 is odd"):
        trt.open(path, entry(path, b""))
    assert built == []


def test_no_tensorrt_and_no_gpu_are_not_failures(
    tmp_path: Path, built: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_gpu() -> None:
        raise RuntimeError("CUDA: cudaStreamCreate failed with error 100")

    path = tmp_path / "a.onnx"
    monkeypatch.setattr("device.backends.trt.Cuda", no_gpu)
    with pytest.raises(NotHere, match="no GPU"):
        trt.open(path, entry(path))
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(NotHere, match="does not start here"):
        trt.open(path, entry(path))
    assert built == []
