"""A process's part of a batch, from which the network learns as from the whole.

The loss is that of the whole batch, of the answers of all processes, so it need not be a mean over
samples. BatchNorm takes its statistics over all processes, and dropout draws the mask of the whole
batch and keeps its own rows. So any number of processes learns the same but for rounding.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from generate.processes import ALONE, Processes


class Part:
    """The rows of a batch that this process computes."""

    def __init__(self, processes: Processes = ALONE) -> None:
        self.processes, self.total = processes, 0

    @property
    def rows(self) -> slice:
        """Which rows of the `total` are ours; parts differ by one row at most."""
        rank, size = self.processes.rank, self.processes.size
        return slice(self.total * rank // size, self.total * (rank + 1) // size)

    def prepare(self, module: nn.Module) -> None:
        """Let the BatchNorm and dropout of a network see the whole batch; weights keep their names.

        TypeError where it has layers that this module does not know.
        """
        if self.processes.size == 1:
            return
        for layer in module.modules():
            if isinstance(layer, _BatchNorm):
                layer.__class__ = WholeBatchNorm
            elif isinstance(layer, nn.Dropout):
                layer.__class__ = WholeDropout
            elif isinstance(layer, _DropoutNd):
                raise TypeError(f"{type(layer).__name__} cannot be cut over processes yet")
            if isinstance(layer, WholeBatchNorm | WholeDropout):
                layer.part = self

    def answers(self, module: nn.Module, inputs: Tensor) -> Tensor:
        """Outputs (B, ...) of the whole batch (B, C, H, W); gradients flow into our rows."""
        self.total = len(inputs)
        own = inputs[self.rows].contiguous(memory_format=torch.channels_last)
        outputs: Tensor = module(own)
        if self.processes.size == 1:
            return outputs
        gathered: Tensor = _Gather.apply(outputs, self)  # type: ignore[no-untyped-call]
        return gathered

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Add up the gradients of all parts: that of the whole batch's loss."""
        self.processes.sum([p.grad for p in parameters if p.grad is not None])


class WholeBatchNorm(_BatchNorm):
    """BatchNorm with the mean and variance of the whole batch."""

    part: Part

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, ...) -> the same shape."""
        if not self.training:
            return super().forward(x)
        assert self.running_mean is not None and self.running_var is not None
        assert self.momentum is not None and self.num_batches_tracked is not None
        axes = [axis for axis in range(x.ndim) if axis != 1]
        var, mean = torch.var_mean(x.detach(), axes, correction=0)
        mean, square = mean.double(), var.double() + mean.double().square()
        n = x.numel() / x.shape[1]
        sums = torch.stack([n * mean, n * square, torch.full_like(mean, n)])
        self.part.processes.sum([sums])
        n = float(sums[2, 0])
        mean = sums[0] / n
        var = sums[1] / n - mean.square()
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean.to(x.dtype), self.momentum)
            self.running_var.lerp_((var * n / (n - 1)).to(x.dtype), self.momentum)
        mean, var = mean.to(x.dtype), var.to(x.dtype)
        normed: Tensor = _Normalize.apply(  # type: ignore[no-untyped-call]
            x, mean, var, n, self.weight, self.bias, self.eps, self.part.processes
        )
        return normed

    def _check_input_dim(self, input: Tensor) -> None:
        """Any number of axes."""


class WholeDropout(nn.Dropout):
    """Dropout whose mask is our rows of the mask that one process would have drawn."""

    part: Part

    def forward(self, x: Tensor) -> Tensor:
        """(B, ...) -> the same shape."""
        if not self.training or not self.p:
            return x
        last = x.is_contiguous(memory_format=torch.channels_last) if x.ndim == 4 else False
        format_ = torch.channels_last if last else torch.contiguous_format
        ones = x.new_ones(self.part.total, *x.shape[1:]).contiguous(memory_format=format_)
        return x * functional.dropout(ones, self.p)[self.part.rows]


class _Gather(Function):
    """Our rows to the rows of all."""

    @staticmethod
    def forward(ctx: Any, own: Tensor, part: Part) -> Tensor:
        ctx.rows = part.rows
        whole = own.new_zeros(part.total, *own.shape[1:])
        whole[part.rows] = own
        part.processes.sum([whole])
        return whole

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return grads[0][ctx.rows], None


class _Normalize(Function):
    """BatchNorm with given statistics, differentiated as statistics of all processes' samples.

    Ioffe & Szegedy 2015, section 3, with its sums taken over the processes.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, mean: Tensor, var: Tensor, n: float, weight: Tensor, bias: Tensor,
        eps: float, processes: Processes,
    ) -> Tensor:  # fmt: skip
        ctx.save_for_backward(x, mean, (var + eps).rsqrt(), weight)
        ctx.n, ctx.processes = n, processes
        return functional.batch_norm(x, mean, var, weight, bias, eps=eps)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (x, mean, scale, weight), grad = ctx.saved_tensors, grads[0]
        shape = [1, -1] + [1] * (x.ndim - 2)
        axes = [axis for axis in range(x.ndim) if axis != 1]
        normed = (x - mean.view(shape)) * scale.view(shape)
        own = torch.stack([grad.sum(axes), (grad * normed).sum(axes)])
        both = own.clone()
        ctx.processes.sum([both])
        of_mean, of_var = (part.view(shape) / ctx.n for part in both)
        of_x = (grad - of_mean - normed * of_var) * (weight * scale).view(shape)
        return of_x, None, None, None, own[1], own[0], None, None
