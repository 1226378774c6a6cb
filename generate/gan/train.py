"""Training of a generator: one loop for one process or many, to the same numbers.

A step's batch is cut into micro-batches, numbered over all processes; micro-batch m of step s is a
pure function of (seed, s, m) and the weights, and gradients are added up over all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from generate.gan.ada import augment, next_p
from generate.gan.losses import fake_loss, path_lengths, r1, real_loss
from generate.gan.pictures import Pictures
from generate.gan.recipe import Recipe
from generate.gan.state import State
from generate.processes import Processes

REALS, GENERATOR, PATH, FAKES, PENALTY = 1, 2, 3, 4, 5
"""Streams of random numbers within a micro-batch."""
PATH_SHRINK = 2
"""Path lengths are measured on a batch smaller by this (Karras et al. 2020, appendix B)."""
PATH_DECAY, W_DECAY, ADA_INTERVAL = 0.01, 0.995, 4


@dataclass(frozen=True)
class Trainer:
    """What stays the same over a training."""

    recipe: Recipe
    state: State
    pictures: Pictures
    processes: Processes
    micro: int
    """Images in a micro-batch."""

    @property
    def micros(self) -> range:
        """Numbers of the micro-batches of this process."""
        count = self.recipe.batch // self.micro
        return range(self.processes.rank, count, self.processes.size)

    def step(self) -> dict[str, float]:
        """One step of both networks, at first of a new discriminator alone; returns its figures.

        ValueError where a loss is not finite.
        """
        state, recipe = self.state, self.recipe
        share = self.micro / recipe.batch
        both = state.step >= recipe.warm_steps
        figures = self._generator_phases(share) if both else {}
        figures |= self._phase("discriminator", lambda m: self._discriminator(m, share))
        if state.step % recipe.r1_interval == 0:
            figures |= self._phase("discriminator", lambda m: self._penalty(m, share))
        if both:
            self._average()
        self._adapt(figures["sign"])
        state.step += 1
        for name, value in figures.items():
            if not math.isfinite(value):
                raise ValueError(f"{name} is {value} at step {state.step}: lower --learning-rate")
        return figures | {"p": state.p}

    def _generator_phases(self, share: float) -> dict[str, float]:
        state, recipe = self.state, self.recipe
        figures = self._phase("generator", lambda m: self._generator(m, share))
        if recipe.path_weight and state.step % recipe.path_interval == 0:
            figures |= self._phase("generator", lambda m: self._path(m, share))
            state.path_mean += PATH_DECAY * (figures["path"] - state.path_mean)
        return figures

    def _phase(self, role: str, one: Callable[[int], dict[str, Tensor]]) -> dict[str, float]:
        """Gradients of all micro-batches, then one step of the optimizer of `role`."""
        state = self.state
        for name in ("generator", "discriminator"):
            state.networks()[name].requires_grad_(name == role)
        optimizer = state.optimizers[role]
        optimizer.zero_grad()
        sums = dict[str, Tensor]()
        for number in self.micros:
            for name, value in one(number).items():
                sums[name] = sums[name] + value.detach() if name in sums else value.detach()
        parameters = [p for p in state.networks()[role].parameters() if p.grad is not None]
        self.processes.sum([p.grad for p in parameters if p.grad is not None] + [*sums.values()])
        if "w" in sums:
            state.generator.mapping.average.lerp_(sums.pop("w"), 1 - W_DECAY)
        optimizer.step()
        return {name: float(value) for name, value in sums.items()}

    def _generator(self, micro: int, share: float) -> dict[str, Tensor]:
        rng = self._rng(micro, GENERATOR)
        with self._half():
            ws = self._styles(rng, self.micro)
            loss = real_loss(self._judge(self._draw(rng, ws), rng))
        (loss.float() * share).backward()  # type: ignore[no-untyped-call]
        return {"loss_generator": loss * share, "w": ws[:, 0].detach().float().mean(0) * share}

    def _path(self, micro: int, share: float) -> dict[str, Tensor]:
        recipe, rng = self.recipe, self._rng(micro, PATH)
        with self._half():
            ws = self._styles(rng, max(self.micro // PATH_SHRINK, 1))
            images = self._draw(rng, ws).float()
            noise = torch.randn(images.shape, generator=self._seeded(rng), device=images.device)
            lengths = path_lengths(images, ws, noise)
        loss = (lengths - self.state.path_mean).square().mean() * recipe.path_weight
        (loss * recipe.path_interval * share).backward()  # type: ignore[no-untyped-call]
        return {"path": lengths.mean() * share}

    def _discriminator(self, micro: int, share: float) -> dict[str, Tensor]:
        rng = self._rng(micro, FAKES)
        with self._half():
            with torch.no_grad():
                images = self._draw(rng, self._styles(rng, self.micro))
            loss_fake = fake_loss(self._judge(images, rng))
            logits = self._judge(self._reals(micro), rng)
            loss = loss_fake + real_loss(logits)
        (loss.float() * share).backward()  # type: ignore[no-untyped-call]
        return {"loss_discriminator": loss * share, "sign": logits.sign().float().mean() * share}

    def _penalty(self, micro: int, share: float) -> dict[str, Tensor]:
        recipe, rng = self.recipe, self._rng(micro, PENALTY)
        # On augmented pictures: the warp's own gradient has no second derivative in torch.
        images = augment(self._reals(micro), self.state.p, rng).detach().requires_grad_()
        with self._half():
            penalty = r1(images, self.state.discriminator(images, self._condition(len(images))))
        loss = penalty.float() * recipe.gamma(self.state.generator.sizes) * recipe.r1_interval
        (loss * share).backward()  # type: ignore[no-untyped-call]
        return {"r1": penalty * share}

    def _styles(self, rng: np.random.Generator, count: int) -> Tensor:
        """Rows of w, from two latents where styles are mixed: (count, n_ws, w_dim)."""
        generator = self.state.generator
        sizes = generator.sizes
        z = rng.standard_normal((2, count, sizes.z_dim), np.float32)
        first, second = torch.from_numpy(z).to(self.processes.device)
        mixed, cut = rng.random() < self.recipe.mixing, int(rng.integers(1, sizes.n_ws))
        ws = generator.ws(first, self._condition(count))
        if not mixed:
            return ws
        other = generator.ws(second, self._condition(count))
        return torch.cat([ws[:, :cut], other[:, cut:]], 1)

    def _draw(self, rng: np.random.Generator, ws: Tensor) -> Tensor:
        images: Tensor = self.state.generator.synthesis(ws, "random", self._seeded(rng))
        return images

    def _judge(self, images: Tensor, rng: np.random.Generator) -> Tensor:
        shown = augment(images.float(), self.state.p, rng)
        logits: Tensor = self.state.discriminator(shown, self._condition(len(shown)))
        return logits.float()

    def _reals(self, micro: int) -> Tensor:
        drawn = self.pictures.draw(self._rng(micro, REALS), self.micro, self.recipe.mirror)
        return torch.from_numpy(drawn).to(self.processes.device)

    def _condition(self, count: int) -> Tensor:
        c_dim = self.state.generator.sizes.c_dim
        return torch.zeros(count, c_dim, device=self.processes.device)

    def _rng(self, micro: int, stream: int) -> np.random.Generator:
        key = (self.state.step, micro, stream)
        return np.random.default_rng(np.random.SeedSequence(self.recipe.seed, spawn_key=key))

    def _seeded(self, rng: np.random.Generator) -> torch.Generator:
        seed = int(rng.integers(2**62))
        return torch.Generator(self.processes.device).manual_seed(seed)

    @contextmanager
    def _half(self) -> Iterator[None]:
        """bfloat16 where there is a GPU and it is wanted; bfloat16 needs no loss scaling."""
        device = self.processes.device.type
        with torch.autocast(device, torch.bfloat16, enabled=self.recipe.half and device == "cuda"):
            yield

    def _average(self) -> None:
        """Move the averaged generator; its half-life grows with the images at first."""
        recipe, state = self.recipe, self.state
        images = (state.step + 1) * recipe.batch
        half_life = float(recipe.average_images)
        if recipe.average_ramp:
            half_life = min(half_life, images * recipe.average_ramp)
        keep = 0.5 ** (recipe.batch / max(half_life, 1e-8))
        with torch.no_grad():
            slow, fast = state.average, state.generator
            for kept, now in zip(slow.parameters(), fast.parameters(), strict=True):
                kept.lerp_(now, 1 - keep)
            for mean, mean_now in zip(slow.buffers(), fast.buffers(), strict=True):
                mean.copy_(mean_now)

    def _adapt(self, sign: float) -> None:
        recipe, state = self.recipe, self.state
        if not recipe.ada_target:
            return
        state.sign_sum, state.sign_count = state.sign_sum + sign, state.sign_count + 1
        if (state.step + 1) % ADA_INTERVAL == 0:
            images = ADA_INTERVAL * recipe.batch
            mean = state.sign_sum / state.sign_count
            state.p = next_p(state.p, mean, recipe.ada_target, images, recipe.ada_images)
            state.sign_sum, state.sign_count = 0.0, 0.0
