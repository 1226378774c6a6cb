"""The networks that hear, by name: log-mel (B, 1, L, mel) -> (B, C) logits."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from train_edge.models.bcresnet import BCResNet
from train_edge.models.dscnn import DSCNN
from train_edge.options import Options

NETWORKS: dict[str, Callable[[int, float], nn.Module]] = {"dscnn": DSCNN, "bcresnet": BCResNet}


def build(options: Options, labels: tuple[str, ...]) -> nn.Module:
    """The untrained network of a task of sound."""
    return NETWORKS[options.network](len(labels), options.dropout)
