"""The processes of one training (torchrun), which together do the work of one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, distributed
from torch.distributed.distributed_c10d import Store
from torch.distributed.rendezvous import rendezvous

CPU = torch.device("cpu")
FAILED = "collodi failed"


class Lost(RuntimeError):
    """Another process of the training ended before its time."""


@dataclass(frozen=True)
class Processes:
    """This process among the others. What talks to them raises Lost where one has ended."""

    rank: int = 0
    """Number of this one; 0 writes the files."""
    size: int = 1
    """How many there are."""
    device: torch.device = CPU
    """Where this one computes."""

    def sum(self, tensors: Iterable[Tensor]) -> None:
        """Add up each tensor over all processes, in place, in one message."""
        if self.size == 1:
            return
        each = list(tensors)
        flat = torch.cat([tensor.detach().reshape(-1) for tensor in each])
        with _together():
            distributed.all_reduce(flat)
        place = 0
        for tensor in each:
            tensor.detach().copy_(flat[place : place + tensor.numel()].view_as(tensor))
            place += tensor.numel()

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process: all must stop after the same step."""
        total = torch.tensor([float(flag)], device=self.device)
        self.sum([total])
        return bool(total.item())

    def share(self, data: bytes | None, source: int = 0) -> bytes:
        """What process `source` has; the others give None."""
        if self.size == 1:
            return data or b""
        length = torch.tensor([len(data or b"")], device=self.device)
        with _together():
            distributed.broadcast(length, source)
            whole = torch.zeros(int(length), dtype=torch.uint8, device=self.device)
            if data is not None:
                whole.copy_(torch.from_numpy(np.frombuffer(bytearray(data), np.uint8)))
            distributed.broadcast(whole, source)
        return whole.cpu().numpy().tobytes()


ALONE = Processes()


@contextmanager
def _together() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # gloo and NCCL have no class of their own for it
        raise Lost(f"another process of this training has ended ({error})") from error


@contextmanager
def joined(gpu: bool = True) -> Iterator[Processes]:
    """Join the others where torchrun started us; the only process otherwise.

    gpu: use one GPU for each process where there are some. Process 0 alone prints. An error ends
    all processes, and the first that fails says so: the others end without a word.
    """
    size, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    device = _device(gpu)
    if size == 1:
        yield Processes(device=device)
        return
    store = next(iter(rendezvous("env://")))[0]
    try:
        with contextlib.ExitStack() as stack:
            if rank:
                nowhere = stack.enter_context(open(os.devnull, "w"))
                stack.enter_context(contextlib.redirect_stdout(nowhere))
                stack.enter_context(contextlib.redirect_stderr(nowhere))
            backend = "nccl" if device.type == "cuda" else "gloo"
            distributed.init_process_group(backend, store=store, rank=rank, world_size=size)
            yield Processes(rank, size, device)
    except BaseException as error:
        if _is_first(store):
            raise
        raise SystemExit(2 if isinstance(error, ValueError) else 1) from error
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


def _is_first(store: Store) -> bool:
    """Whether this process is the first that failed."""
    try:
        return int(store.add(FAILED, 1)) == 1
    except RuntimeError:  # whoever kept the store is gone
        return True


def _device(gpu: bool) -> torch.device:
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if not gpu or not torch.cuda.is_available():
        return CPU
    if local >= torch.cuda.device_count():
        have = torch.cuda.device_count()
        raise ValueError(f"torchrun: process {local} has no GPU, this machine has {have}")
    return torch.device("cuda", local)
