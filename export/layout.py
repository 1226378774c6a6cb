"""Boards feed channels last; networks are trained channels first."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class ChannelsLast(nn.Module):
    """A trained network behind the input layout of the boards."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.eval()

    def forward(self, input: Tensor) -> Tensor:
        """(B, H, W, C) float32 -> (B, n_outputs) float32."""
        answer: Tensor = self.network(input.permute(0, 3, 1, 2))
        return answer


def run_torch(network: ChannelsLast, clips: NDArray[np.float32]) -> NDArray[np.float32]:
    """Answers of the trained network, the reference of every exported file.

    clips (B, H, W, C) float32 as the front end makes them -> (B, n_outputs) float32.
    """
    with torch.inference_mode():
        parts = [network(torch.from_numpy(clips[i : i + 32])) for i in range(0, len(clips), 32)]
    return torch.cat(parts).numpy()
