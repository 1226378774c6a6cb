"""Rewrite a TFLite file so that TFLite Micro can read it.

The quantizer may store weights behind the flatbuffer (`Buffer.offset`). TFLite Micro does not
know that place and answers constant garbage without an error. Here every weight goes back inside,
names of the converter go, and inputs and outputs get the names of the bundle.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FILE_IDENTIFIER = b"TFL3"
ALIGNMENT = 16
"""Bytes; what the TFLite schema asks for weights (`force_align`)."""
KEPT_METADATA = b"min_runtime_version"


def repack(source: bytes, target: Path) -> None:
    """Write the TFLite model `source` with all weights inside the flatbuffer, aligned."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(source, 0))
    _inline_weights(model, source)
    _drop_unused(model)
    for graph in model.subgraphs:
        _rename(graph)
    _name_signatures(model)
    model.description = b"Collodi"
    target.write_bytes(_pack(model, len(source)))


def _inline_weights(model: Any, source: bytes) -> None:
    for buffer in model.buffers:
        if buffer.offset:
            buffer.data = np.frombuffer(source, np.uint8, buffer.size, buffer.offset).copy()
            buffer.offset = buffer.size = 0


def _drop_unused(model: Any) -> None:
    """Keep one metadata entry and empty the buffers that nothing refers to."""
    model.metadata = [entry for entry in model.metadata or [] if entry.name == KEPT_METADATA]
    used = {entry.buffer for entry in model.metadata}
    used |= {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    for number, buffer in enumerate(model.buffers):
        if number not in used:
            buffer.data = None


def _rename(graph: Any) -> None:
    """Name the input `input`, the output `output`, the rest t0, t1, ... in file order."""
    graph.name = b"main"
    for number, tensor in enumerate(graph.tensors):
        tensor.name = f"t{number}".encode()
    for name, indices in (("input", graph.inputs), ("output", graph.outputs)):
        for place, index in enumerate(indices):
            graph.tensors[index].name = f"{name}{place or ''}".encode()


def _name_signatures(model: Any) -> None:
    for signature in model.signatureDefs or []:
        graph = model.subgraphs[signature.subgraphIndex]
        for entry in [*signature.inputs, *signature.outputs]:
            entry.name = graph.tensors[entry.tensorIndex].name


def _pack(model: Any, size: int) -> bytes:
    import flatbuffers

    class AlignedBuilder(flatbuffers.Builder):
        """The Python object API forgets the alignment of byte vectors; this one keeps it."""

        def StartVector(self, elemSize: int, numElems: int, alignment: int) -> Any:
            wanted = ALIGNMENT if elemSize == 1 else alignment
            return super().StartVector(elemSize, numElems, wanted)

    builder = AlignedBuilder(size)
    builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())
