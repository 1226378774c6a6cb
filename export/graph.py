"""An ONNX graph written node by node: names are numbered, constants are stored once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

OPSET, IR_VERSION = 20, 10


class Graph:
    """Nodes and constants of one model; `dtype` is that of the constants unless said otherwise."""

    def __init__(self, dtype: str = "float32") -> None:
        self.dtype = dtype
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(
        self, array: NDArray[Any] | np.generic | float | Sequence[int], dtype: str = ""
    ) -> str:
        """The name of a new constant; whole numbers (shapes, axes) stay int64."""
        from onnx import numpy_helper

        values = np.asarray(array)
        if values.dtype.kind == "f":
            values = values.astype(dtype or self.dtype)
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(values.copy("C"), name))
        return name

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Append a node of one output; the name of that output, `output` where given."""
        from onnx import helper

        name = f"{kind.lower()}_{len(self._nodes)}"
        made = helper.make_node(kind, list(inputs), [output or name], name, **attributes)
        self._nodes.append(made)
        return output or name

    def save(
        self,
        path: Path,
        inputs: Mapping[str, Sequence[int | str]],
        outputs: Mapping[str, Sequence[int | str]],
    ) -> None:
        """Check the model and write it; inputs and outputs are float32, text axes are free."""
        import onnx
        from onnx import TensorProto, helper

        def infos(named: Mapping[str, Sequence[int | str]]) -> list[Any]:
            value = helper.make_tensor_value_info
            return [value(name, TensorProto.FLOAT, shape) for name, shape in named.items()]

        graph = helper.make_graph(
            self._nodes, path.stem, infos(inputs), infos(outputs), self._constants
        )
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        model.producer_name = "collodi"
        onnx.checker.check_model(model, full_check=True)
        path.write_bytes(model.SerializeToString(deterministic=True))
