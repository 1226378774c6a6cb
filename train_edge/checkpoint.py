"""The state of a training, to one safetensors file and back; nothing is ever pickled.

Random numbers need no state: batch and dropout of step s follow from (seed, s) alone.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from device.files import write_atomic
from generate.weights import check_moments, fill, read_facts, read_tensors
from train_edge.options import Options
from train_edge.run import CHECKPOINT, MODEL, SIZES

MOMENTS = ("exp_avg", "exp_avg_sq")
KEY = "collodi.checkpoint"
VERSION = 1


@dataclass
class State:
    """All that changes during training."""

    module: nn.Module
    """Weights as the optimizer sees them."""
    average: dict[str, Tensor]
    """Exponential average of weights and BatchNorm statistics."""
    optimizer: torch.optim.AdamW
    """With its moments."""
    step: int = 0
    """Steps done."""
    loss_sum: float = 0.0
    """Sum of the losses since the last row of stats.jsonl."""
    loss_count: int = 0
    """How many they are."""


def begin(module: nn.Module, options: Options) -> State:
    """State before the first step."""
    optimizer = torch.optim.AdamW(
        module.parameters(), options.learning_rate, weight_decay=options.weight_decay
    )
    average = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
    return State(module, average, optimizer)


def save(state: State, folder: Path) -> None:
    """Write model.safetensors and checkpoint.safetensors, each whole or not at all."""
    tensors = {f"average.{name}": tensor for name, tensor in state.average.items()}
    tensors |= {f"weights.{name}": tensor for name, tensor in state.module.state_dict().items()}
    for name, parameter in state.module.named_parameters():
        for moment in MOMENTS:
            if parameter in state.optimizer.state:
                tensors[f"{moment}.{name}"] = state.optimizer.state[parameter][moment]
    facts: dict[str, float] = {"version": VERSION, "step": state.step}
    facts |= {"loss_sum": state.loss_sum, "loss_count": state.loss_count}
    write_atomic(folder / CHECKPOINT, _packed(tensors, {KEY: json.dumps(facts)}))
    write_atomic(folder / MODEL, _packed(state.average, {}))


def load(state: State, folder: Path) -> None:
    """Put a saved state into `state`; ValueError where there is none or it does not fit."""
    path = folder / CHECKPOINT
    tensors, metadata = read_tensors(path, "nothing to resume; start a new run")
    facts = read_facts(metadata, KEY, ("version", "step", "loss_count", "loss_sum"), path)
    if facts["version"] != VERSION:
        raise ValueError(f"{path}: version {facts['version']}, this kit reads {VERSION}")
    if min(facts["step"], facts["loss_count"]) < 0:
        raise ValueError(f"{path}: step {facts['step']:g}, loss_count {facts['loss_count']:g}")
    average = _below("average", tensors)
    fill(copy.deepcopy(state.module), average, path, SIZES)
    fill(state.module, _below("weights", tensors), path, SIZES)
    state.average = average
    state.step, state.loss_count = int(facts["step"]), int(facts["loss_count"])
    state.loss_sum = facts["loss_sum"]
    for name, parameter in state.module.named_parameters():
        moments = {m: tensors[f"{m}.{name}"] for m in MOMENTS if f"{m}.{name}" in tensors}
        if moments:
            check_moments(moments, MOMENTS, parameter, f"{path}: moments of {name}")
            kept = {m: torch.empty_like(parameter).copy_(moments[m]).detach() for m in MOMENTS}
            kept["step"] = torch.tensor(float(state.step))
            state.optimizer.state[parameter] = kept


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    start = prefix + "."
    return {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}


def _packed(tensors: dict[str, Tensor], metadata: dict[str, str]) -> bytes:
    plain = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    return safetensors.torch.save(plain, metadata)
