"""The state of a training: networks, moments, strength of augmentation; to a folder and back.

Random numbers need no state: those of a step follow from (seed, step) alone.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from generate.gan.architecture import Architecture
from generate.gan.discriminator import Discriminator
from generate.gan.networks import Generator
from generate.gan.recipe import Recipe
from generate.gan.store import (
    CHECKPOINT,
    below,
    load_checkpoint,
    put,
    save_average,
    save_checkpoint,
)
from generate.weights import check_moments

MOMENTS = ("exp_avg", "exp_avg_sq")
WEIGHTS_STREAM = 0
ROLES = ("generator", "discriminator", "average")


@dataclass
class State:
    """All that changes during training."""

    generator: Generator
    discriminator: Discriminator
    average: Generator
    """Exponential average of the generator."""
    optimizers: dict[str, torch.optim.Adam]
    """By role."""
    step: int = 0
    """Steps done."""
    p: float = 0.0
    """Strength of augmentation."""
    path_mean: float = 0.0
    """Running mean of the path lengths."""
    sign_sum: float = 0.0
    """Sum of the discriminator's signs on real images since `p` was last set."""
    sign_count: float = 0.0
    """How many they are."""

    def networks(self) -> dict[str, nn.Module]:
        """By role."""
        return {role: getattr(self, role) for role in ROLES}


FACTS = ("step", "p", "path_mean", "sign_sum", "sign_count")


def begin(sizes: Architecture, recipe: Recipe, device: torch.device) -> State:
    """State before the first step; the same weights on every machine."""
    seed = np.random.SeedSequence(recipe.seed, spawn_key=(0, WEIGHTS_STREAM))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(seed.generate_state(1)[0]))
        generator, discriminator = Generator(sizes), Discriminator(sizes)
    average = copy.deepcopy(generator).requires_grad_(False).eval()
    if device.type == "cpu":  # a step of 64-narrow takes 16.8 ms an image instead of 19.6
        for module in (generator, discriminator):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = State(generator.to(device), discriminator.to(device), average.to(device), {})
    path = recipe.path_interval if recipe.path_weight else 0
    state.optimizers = {
        "generator": _adam(state.generator, recipe.learning_rate, path),
        "discriminator": _adam(state.discriminator, recipe.learning_rate, recipe.r1_interval),
    }
    return state


def _adam(module: nn.Module, rate: float, interval: int) -> torch.optim.Adam:
    """Adam for interval + 1 steps in place of interval (Karras et al. 2020, appendix B)."""
    share = interval / (interval + 1) if interval else 1.0
    betas = (0.0, 0.99**share)
    return torch.optim.Adam(module.parameters(), rate * share, betas=betas, eps=1e-8)


def save(state: State, folder: Path) -> None:
    """Write average.safetensors and checkpoint.safetensors."""
    tensors = dict[str, Tensor]()
    for role, module in state.networks().items():
        tensors |= {f"{role}.{name}": tensor for name, tensor in module.state_dict().items()}
    for role, optimizer in state.optimizers.items():
        for name, parameter in state.networks()[role].named_parameters():
            kept = optimizer.state.get(parameter, {})
            for moment in (*MOMENTS, "step"):
                if moment in kept:
                    tensors[f"{moment}.{role}.{name}"] = kept[moment]
    save_checkpoint(folder, tensors, {name: getattr(state, name) for name in FACTS})
    save_average(folder, state.average)


def load(state: State, folder: Path) -> None:
    """Put a saved training into `state`; ValueError where it does not fit."""
    tensors, facts = load_checkpoint(folder, FACTS)
    path = folder / CHECKPOINT
    for role, module in state.networks().items():
        put(module, below(role, tensors), path)
    for name in FACTS:
        setattr(state, name, type(getattr(state, name))(facts[name]))
    for role, optimizer in state.optimizers.items():
        for name, parameter in state.networks()[role].named_parameters():
            if f"step.{role}.{name}" in tensors:
                names = {m: f"{m}.{role}.{name}" for m in MOMENTS}
                found = {m: tensors[key] for m, key in names.items() if key in tensors}
                check_moments(found, MOMENTS, parameter, f"{path}: moments of {role}.{name}")
                kept = {m: found[m].to(parameter) for m in MOMENTS}
                kept["step"] = _step_of(tensors[f"step.{role}.{name}"], path)
                optimizer.state[parameter] = kept


def _step_of(tensor: Tensor, path: Path) -> Tensor:
    """The optimizer's count of steps; ValueError where it is none."""
    value = float(tensor.flatten()[0]) if tensor.numel() == 1 else -1.0
    if not 0 <= value < 1 << 53:
        raise ValueError(f"{path}: an optimizer's step is {value:g}")
    return torch.tensor(value)
