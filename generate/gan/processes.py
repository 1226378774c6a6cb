"""The processes of one training (torchrun), which together do the work of one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Processes:
    """This process among the others."""

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
        flat = torch.cat([tensor.detach().reshape(-1).float() for tensor in each])
        distributed.all_reduce(flat)
        place = 0
        for tensor in each:
            tensor.detach().copy_(flat[place : place + tensor.numel()].view_as(tensor))
            place += tensor.numel()


@contextmanager
def joined() -> Iterator[Processes]:
    """Join the others where torchrun started us; the only process otherwise."""
    size, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    local, gpu = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.is_available()
    if gpu and local >= torch.cuda.device_count():
        have = torch.cuda.device_count()
        raise ValueError(f"torchrun: process {local} has no GPU, this machine has {have}")
    device = torch.device("cuda", local) if gpu else torch.device("cpu")
    if size == 1:
        yield Processes(device=device)
        return
    distributed.init_process_group("nccl" if gpu else "gloo")
    try:
        yield Processes(rank, size, device)
    finally:
        distributed.destroy_process_group()
