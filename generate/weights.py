"""Weights in safetensors files: read, checked, put into a network; never a pickle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import safetensors
from torch import Tensor, nn

from device.strict import loads

Facts = dict[str, float]
UNREADABLE = (ValueError, TypeError, KeyError, RuntimeError, OverflowError, MemoryError)
"""What safetensors raises beside its own errors on damaged headers (found by mutation)."""


def read_tensors(path: Path, absent: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a file; ValueError where it is broken, or missing: `absent` says what
    that means."""
    if not path.is_file():
        raise ValueError(f"{path.parent}: no {path.name}; {absent}")
    try:
        with safetensors.safe_open(path, "pt") as file:  # type: ignore[no-untyped-call]
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, dict(file.metadata() or {})
    except (safetensors.SafetensorError, OSError, *UNREADABLE) as error:
        said = " ".join(str(error).split())
        raise ValueError(f"{path}: not a whole safetensors file ({said:.200})") from None


def read_facts(metadata: Mapping[str, str], key: str, names: Iterable[str], path: Path) -> Facts:
    """Numbers by name from a file's metadata; ValueError where one of `names` is missing or is
    none, or the metadata is of no version.
    """
    facts = loads(metadata.get(key, "{}").encode("utf-8", "replace"), f"{path}: {key}")
    for name in names:
        value = facts.get(name) if isinstance(facts, dict) else None
        if type(value) not in (int, float) or not abs(value) < 1 << 53:  # type: ignore[arg-type]
            raise ValueError(f"{path}: {key} has no number {name!r}")
    return dict(facts)


def fill(module: nn.Module, tensors: Mapping[str, Tensor], path: Path, sizes: str) -> None:
    """Copy weights into a module; ValueError where names, shapes or values are not right.

    path: where they are from; sizes: what the module was built by.
    """
    own = module.state_dict()
    for name, tensor in tensors.items():
        if name in own and own[name].dtype.is_floating_point != tensor.is_floating_point():
            raise ValueError(f"{path}: {name} is {tensor.dtype}, which does not fit {sizes}")
    try:
        module.load_state_dict(dict(tensors))
    except RuntimeError as error:
        said = " ".join(str(error).split())
        raise ValueError(f"{path}: does not fit {sizes} ({said:.200})") from error
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise ValueError(f"{path}: {name} has values that are not finite")


def check_moments(
    moments: Mapping[str, Tensor], names: Iterable[str], parameter: Tensor, where: str
) -> None:
    """Raise ValueError where an optimizer's moments are not all there, of the parameter's shape."""
    for name in names:
        found = moments.get(name)
        if found is None or found.shape != parameter.shape or not found.is_floating_point():
            raise ValueError(f"{where}: {name} is missing or of another shape")
