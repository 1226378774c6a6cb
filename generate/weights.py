"""Weights in safetensors files: read, checked, put into a network; never a pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import safetensors
from torch import Tensor, nn


def read_tensors(path: Path, absent: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a file; ValueError where it is broken, or missing: `absent` says what
    that means."""
    if not path.is_file():
        raise ValueError(f"{path.parent}: no {path.name}; {absent}")
    try:
        with safetensors.safe_open(path, "pt") as file:  # type: ignore[no-untyped-call]
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, dict(file.metadata() or {})
    except (safetensors.SafetensorError, OSError) as error:
        raise ValueError(f"{path}: not a whole safetensors file ({error})") from error


def fill(module: nn.Module, tensors: Mapping[str, Tensor], path: Path, sizes: str) -> None:
    """Copy weights into a module; ValueError where names, shapes or values are not right.

    path: where they are from; sizes: what the module was built by.
    """
    try:
        module.load_state_dict(dict(tensors))
    except RuntimeError as error:
        said = " ".join(str(error).split())
        raise ValueError(f"{path}: does not fit {sizes} ({said:.200})") from error
    for name, tensor in tensors.items():
        if not bool(tensor.isfinite().all()):
            raise ValueError(f"{path}: {name} has values that are not finite")
