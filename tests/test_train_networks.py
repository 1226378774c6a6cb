"""Networks that hear: both fit a microcontroller, keep their axes, and learn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tflite_micro.python.tflite_micro import runtime
from torch import nn

from export.equalize import equalized
from export.layout import ChannelsLast
from export.to_tflite import tflite_ops, to_tflite
from train_edge.networks import NETWORKS, build
from train_edge.presets import preset

LABELS = tuple("abcdefghijkl")
MOST_BYTES, MOST_ARENA = 60_000, 40_000


def clips(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (count, 50, 40, 1), a bar at one of twelve heights in noise, and which."""
    rng = np.random.default_rng(seed)
    which = rng.integers(0, 12, count)
    made = rng.normal(-1, 0.3, (count, 50, 40))
    for one, number in zip(made, which, strict=True):
        one[15:35, 3 * number : 3 * number + 4] += 2
    return np.clip(made, -2, 2).astype(np.float32)[..., None], which


@pytest.mark.parametrize("name", NETWORKS)
def test_a_batch_equals_its_items_and_every_option_builds(name: str) -> None:
    options = replace(preset("kws"), network=name)  # type: ignore[arg-type]
    torch.manual_seed(0)
    network = build(options, LABELS).eval()
    inputs = torch.from_numpy(clips(3, 0)[0]).permute(0, 3, 1, 2)
    with torch.no_grad():
        whole, parts = network(inputs), torch.cat([network(one[None]) for one in inputs])
    assert whole.shape == (3, 12)
    assert torch.allclose(whole, parts, atol=1e-5)


def test_broadcast_residuals_learn_and_fit_a_microcontroller(tmp_path: Path) -> None:
    """int8 file and arena within the limits, and int8 answers that are the float ones."""
    torch.manual_seed(0)
    network = NETWORKS["bcresnet"](12, 0.0)
    optimizer = torch.optim.Adam(network.parameters(), 4e-3)
    for step in range(30):
        inputs, which = clips(24, step)
        logits = network(torch.from_numpy(inputs).permute(0, 3, 1, 2))
        loss = nn.functional.cross_entropy(logits, torch.from_numpy(which))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert float(loss.detach()) < 1.2  # chance is 2.5
    network.eval()
    ready = ChannelsLast(equalized(network, clips(32, 99)[0]))
    path = tmp_path / "model.tflite"
    to_tflite(ready, "kws", clips(32, 99)[0], path)
    micro = runtime.Interpreter.from_bytes(path.read_bytes(), arena_size=MOST_ARENA)
    micro.invoke()  # fails where the arena is too small
    assert path.stat().st_size <= MOST_BYTES
    assert set(tflite_ops(path)) >= {"ADD", "CONV_2D", "DEPTHWISE_CONV_2D"}
