"""Pictures of a generator: samples by seed, contact sheets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from device.files import write_atomic
from generate.gan.networks import Generator
from generate.media import frame_to_png
from generate.provenance import TRAINED, Provenance

LATENT_STREAM = 0


def latents(seed: int, first: int, count: int, z_dim: int) -> Tensor:
    """z of samples `first` to `first + count`: (count, z_dim); sample i never depends on count."""
    rows = [
        np.random.default_rng(
            np.random.SeedSequence(seed, spawn_key=(number, LATENT_STREAM))
        ).standard_normal(z_dim, np.float32)
        for number in range(first, first + count)
    ]
    return torch.from_numpy(np.stack(rows))


def to_pictures(images: Tensor) -> NDArray[np.uint8]:
    """(B, 3, H, W) in -1..1 -> (B, H, W, 3) in 0..255, RGB."""
    scaled = (images.detach().float().cpu() * 127.5 + 128).clamp(0, 255)
    return scaled.permute(0, 2, 3, 1).to(torch.uint8).numpy()


def sheet(pictures: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Pictures (B, H, W, 3) in rows of `columns`, the last row filled up with black."""
    count, height, width, _ = pictures.shape
    rows = -(-count // columns)
    filled = np.zeros((rows * columns, height, width, 3), np.uint8)
    filled[:count] = pictures
    grid = filled.reshape(rows, columns, height, width, 3).swapaxes(1, 2)
    return grid.reshape(rows * height, columns * width, 3)


def write_picture(path: Path, picture: NDArray[np.uint8], seed: int) -> None:
    """Write a generator's RGB picture as PNG that says so, whole or not at all."""
    write_atomic(path, frame_to_png(picture, Provenance(TRAINED, seed)))


def check_folder(folder: Path, count: int) -> None:
    """ValueError where `count` pictures would lie among those of another request."""
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"--out {folder}: is a file; want a folder")
    if (folder / f"{count:05d}.png").exists():
        raise ValueError(
            f"--out {folder}: holds more than {count} pictures already; choose another"
        )


def write_all(folder: Path, pictures: NDArray[np.uint8], seed: int) -> None:
    """Write 00000.png and so on, and sheet.png with all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("sheet.png", "values.json"):  # of the pictures before
        (folder / name).unlink(missing_ok=True)
    for number, picture in enumerate(pictures):
        write_picture(folder / f"{number:05d}.png", picture, seed)
    write_picture(folder / "sheet.png", sheet(pictures, min(8, len(pictures))), seed)


@torch.no_grad()
def sample(
    generator: Generator, seed: int, count: int, truncation: float = 0.7, batch: int = 8
) -> NDArray[np.uint8]:
    """Samples 0 to `count` of a seed: (count, H, W, 3), RGB. Conditions are zero."""
    home = generator.mapping.average.device
    made = []
    for first in range(0, count, batch):
        z = latents(seed, first, min(batch, count - first), generator.sizes.z_dim).to(home)
        c = torch.zeros(len(z), generator.sizes.c_dim, device=home)
        made.append(to_pictures(generator(z, c, truncation)))
    return np.concatenate(made)
