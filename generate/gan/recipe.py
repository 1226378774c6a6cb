"""Options of a training, with the published values as defaults."""

from __future__ import annotations

from dataclasses import dataclass

from generate.gan.architecture import Architecture


@dataclass(frozen=True)
class Recipe:
    """How a generator is trained (Karras et al. 2020 for the losses, 2020b for ADA)."""

    images: int = 200_000
    """Real images shown in all, repeats counted."""
    batch: int = 16
    """Images in a step, over all processes."""
    micro: int = 0
    """Images that one process holds in memory at a time; 0 is `batch` over the processes. With the
    same one, any number of processes gives the same numbers."""
    learning_rate: float = 0.002
    """Adam's step size of both networks."""
    r1_gamma: float = 0.0
    """Weight of the gradient penalty; 0 takes 0.0002 times the pixels of an image over `batch`."""
    r1_interval: int = 16
    """Steps from one gradient penalty to the next."""
    path_weight: float = 2.0
    """Weight of the path-length penalty; 0 leaves it out."""
    path_interval: int = 4
    """Steps from one path-length penalty to the next."""
    mixing: float = 0.9
    """Share of batches whose images mix the styles of two latents."""
    average_images: int = 10_000
    """Images after which a weight's part in the average has halved."""
    average_ramp: float = 0.05
    """That half-life is at most this share of the images so far; 0, and --begin, leave that out."""
    ada_target: float = 0.6
    """Mean sign of the discriminator on real images that augmentation aims at; 0 turns it off."""
    ada_images: int = 500_000
    """Images over which the strength of augmentation can go from 0 to 1."""
    mirror: bool = True
    """Show each image mirrored half of the time."""
    half: bool = True
    """bfloat16 convolutions on a GPU; nothing on a CPU."""
    snapshot_images: int = 10_000
    """Images between two snapshots with a sheet."""
    warm_images: int = 20_000
    """With --begin from a generator without a discriminator: images, of all, that a new one learns
    from alone before the generator changes."""
    seed: int = 0
    """Of weights, latents, order and augmentation."""

    def gamma(self, sizes: Architecture) -> float:
        """The weight of R1 in force."""
        return self.r1_gamma or 0.0002 * sizes.size_px**2 / self.batch

    @property
    def warm_steps(self) -> int:
        """Steps of the discriminator alone, in a recipe that `begun` has settled."""
        return -(-self.warm_images // self.batch)


AT_LEAST: dict[str, float] = {
    "images": 1, "batch": 1, "micro": 0, "r1_gamma": 0, "r1_interval": 1, "path_weight": 0,
    "path_interval": 1, "average_images": 1, "average_ramp": 0, "ada_images": 1,
    "snapshot_images": 1, "warm_images": 0, "seed": 0,
}  # fmt: skip


def check_recipe(recipe: Recipe, processes: int = 1) -> int:
    """Images in a micro-batch; ValueError names the option that cannot be."""
    for name, low in AT_LEAST.items():
        if not getattr(recipe, name) >= low:
            raise ValueError(f"--{_flag(name)} {getattr(recipe, name):g}: at least {low:g}")
    for name in ("mixing", "ada_target"):
        if not 0 <= getattr(recipe, name) <= 1:
            raise ValueError(f"--{_flag(name)} {getattr(recipe, name):g}: want 0 to 1")
    if not 0 < recipe.learning_rate < 1:
        raise ValueError(f"--learning-rate {recipe.learning_rate:g}: want 0 to 1, neither of them")
    if not recipe.micro and recipe.batch % processes:
        raise ValueError(f"--batch {recipe.batch}: {processes} processes do not divide it")
    micro = recipe.micro or recipe.batch // processes
    if recipe.batch % (micro * processes):
        want = f"a multiple of --micro {micro} times {processes} processes"
        raise ValueError(f"--batch {recipe.batch}: want {want}")
    return micro


def _flag(name: str) -> str:
    return name.replace("_", "-")
