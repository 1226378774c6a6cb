"""TensorRT, on the board itself: an engine built from an ONNX file here, or one made elsewhere.

NOT RUN in this kit's own tests: no machine of ours had a GPU. They hold the calls to a stand-in.
An engine that is built is kept in the folder COLLODI_ENGINES names (device/engines.py); without it
each start builds anew, which takes seconds on an Orin and minutes on a Nano. One run copies the
inputs to the GPU and the outputs back.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.backends import NotHere
from device.backends.cuda import Cuda
from device.backends.model import Model, checked
from device.bundle import ModelFile, Tensor
from device.engines import Facts, keep, kept, timing
from device.files import sha256_of, write_atomic
from device.probes.linux import power_mode

if TYPE_CHECKING:
    from device.backends.model import Array

FOLDER = "COLLODI_ENGINES"
"""Environment variable: where engines are kept from run to run."""
RECIPE = "strongly typed, batch 1"


class TrtModel(Model):
    """An engine with its context and its buffers on the GPU."""

    def __init__(self, tensorrt: Any, engine: Any, cuda: Cuda, entry: ModelFile) -> None:
        names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
        given = [n for n in names if engine.get_tensor_mode(n) == tensorrt.TensorIOMode.INPUT]
        made = [name for name in names if name not in given]
        super().__init__(
            f"tensorrt {tensorrt.__version__}",
            tuple(_tensor(tensorrt, engine, name) for name in given),
            tuple(_tensor(tensorrt, engine, name) for name in made),
        )
        checked(self, Path(entry.path), entry)
        self._engine, self._cuda = engine, cuda  # the context needs the engine to live
        self._context = engine.create_execution_context()
        self._given = [self._bound(tensor) for tensor in self.inputs]
        self._made = [self._bound(tensor) for tensor in self.outputs]

    def invoke(self, stored: list[Array]) -> list[Array]:
        """Copy to the GPU, run once, copy back, wait."""
        for number, array in enumerate(stored):
            self._cuda.send(array, self._given[number][0])
        if not self._context.execute_async_v3(self._cuda.stream):
            raise RuntimeError("TensorRT did not run the engine")
        for address, array in self._made:
            self._cuda.fetch(array, address)
        self._cuda.wait()
        return [array.copy() for _, array in self._made]

    def _bound(self, tensor: Tensor) -> tuple[int, Array]:
        """Return the address on the GPU, and an array of the tensor's size."""
        import numpy as np

        if tensor in self.inputs:
            self._context.set_input_shape(tensor.name, tensor.shape)
        array = np.zeros(tensor.shape, tensor.dtype)
        address = self._cuda.allocate(array.nbytes)
        self._context.set_tensor_address(tensor.name, address)
        return address, array


def open(path: Path, entry: ModelFile, threads: int = 1, variant: str = "") -> Model:
    """Build and load the engine of an ONNX file, or load an engine; ValueError where that fails.

    NotHere where TensorRT's libraries, CUDA or a GPU are not on this machine.
    """
    del threads, variant  # the GPU has its own
    tensorrt = _tensorrt()
    try:
        cuda = Cuda()
        facts = facts_of(tensorrt, cuda, path)
    except RuntimeError as error:
        raise NotHere(f"no GPU that CUDA can use: {error}") from error
    plan = path.read_bytes() if entry.target == "tensorrt" else _engine(tensorrt, path, facts)
    runtime = tensorrt.Runtime(tensorrt.Logger(tensorrt.Logger.ERROR))
    engine = runtime.deserialize_cuda_engine(plan)
    if engine is None:
        raise NotHere(
            f"{entry.path} was built for another TensorRT or GPU than {facts.tensorrt} on "
            f"{facts.gpu}: export it on such a machine, or bench the ONNX file with --tensorrt"
        )
    return TrtModel(tensorrt, engine, cuda, entry)


def facts_of(tensorrt: Any, cuda: Cuda, path: Path) -> Facts:
    """Return all that an engine of this file depends on here and now."""
    return Facts(
        sha256_of(path),
        str(tensorrt.__version__),
        cuda.versions(),
        cuda.gpu(),
        power_mode(),
        RECIPE,
    )


def _engine(tensorrt: Any, path: Path, facts: Facts) -> bytes:
    """Return the kept engine of these facts, or build one and keep it."""
    folder = Path(os.environ[FOLDER]) if os.environ.get(FOLDER) else None
    if folder is not None and (found := kept(folder, facts)) is not None:
        return found
    made = build(tensorrt, path, None if folder is None else timing(folder, facts))
    if folder is not None:
        keep(folder, facts, made)
    return made


def build(
    tensorrt: Any,
    onnx: Path,
    timings: Path | None = None,
    batches: tuple[int, int, int] = (1, 1, 1),
) -> bytes:
    """Return a strongly typed engine; ValueError names what the parser refuses.

    timings: file of the builder's timing cache, read where it is there, and written. batches:
    least, usual and most, of inputs whose first axis is free.
    """
    logger = tensorrt.Logger(tensorrt.Logger.ERROR)
    builder = tensorrt.Builder(logger)
    typed = 1 << int(tensorrt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    network = builder.create_network(typed)
    parser = tensorrt.OnnxParser(network, logger)
    if not parser.parse(onnx.read_bytes()):
        raise ValueError(f"{onnx.name}: TensorRT cannot read it: {parser.get_error(0)}")
    config = builder.create_builder_config()
    _set_batches(builder, network, config, batches)
    if timings is not None:
        known = timings.read_bytes() if timings.is_file() else b""
        config.set_timing_cache(config.create_timing_cache(known), False)
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        raise ValueError(f"{onnx.name}: TensorRT built no engine")
    if timings is not None:
        timings.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(timings, bytes(config.get_timing_cache().serialize()))
    return bytes(engine)


def _set_batches(builder: Any, network: Any, config: Any, batches: tuple[int, int, int]) -> None:
    given = [network.get_input(number) for number in range(network.num_inputs)]
    free = [tensor for tensor in given if tensor.shape[0] == -1]
    if not free:
        return
    profile = builder.create_optimization_profile()
    for tensor in free:
        profile.set_shape(tensor.name, *((batch, *tensor.shape[1:]) for batch in batches))
    config.add_optimization_profile(profile)


def _tensorrt() -> Any:
    try:
        import tensorrt

        tensorrt.Builder(tensorrt.Logger(tensorrt.Logger.ERROR))
    except Exception as error:  # no wheel, a wheel without libraries, no driver: all the same
        line = " ".join(str(error).split()) or type(error).__name__
        raise NotHere(f"TensorRT does not start here: {line:.200}") from error
    return tensorrt


def _tensor(tensorrt: Any, engine: Any, name: str) -> Tensor:
    """Return a tensor of the engine as it is run: a free batch axis is 1."""
    import numpy as np

    shape = tuple(max(int(size), 1) for size in engine.get_tensor_shape(name))
    dtype: Any = np.dtype(tensorrt.nptype(engine.get_tensor_dtype(name))).name
    return Tensor(name, shape, dtype, "", "")
