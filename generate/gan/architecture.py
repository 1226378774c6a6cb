"""Sizes of a StyleGAN2, as data: channels of each resolution, mapping, presets."""

from __future__ import annotations

import math
from dataclasses import dataclass

from device.strict import nearest

SIZES_PX = (16, 32, 64, 128, 256, 512, 1024)
"""Image sides that the kit trains; an imported model may have any power of two from 8 on."""
MOST = {"channel_base": 1 << 17, "channel_max": 2048, "z_dim": 4096, "w_dim": 4096,
        "mapping_layers": 16, "c_dim": 4096, "group": 4096}  # fmt: skip
"""Far beyond every published network; a file that says more is no network's."""


@dataclass(frozen=True)
class Architecture:
    """One generator and its discriminator (Karras et al. 2020, configuration F by default)."""

    size_px: int
    """Image side, a power of two from 8 to 1024."""
    channel_base: int = 32768
    """Channels at a resolution are this over its side, at most `channel_max`."""
    channel_max: int = 512
    """Most channels of any resolution."""
    z_dim: int = 512
    """Length of the latent z."""
    w_dim: int = 512
    """Length of the intermediate latent w."""
    mapping_layers: int = 8
    """Fully connected layers between z and w."""
    c_dim: int = 0
    """Length of a condition; 0 is unconditional."""
    group: int = 4
    """Most samples of one group in the discriminator's minibatch standard deviation."""

    def __post_init__(self) -> None:
        """Refuse sizes that no network has."""
        side = self.size_px
        if not 8 <= side <= 1024 or side & (side - 1):
            raise ValueError(f"size_px {side}: want a power of two from 8 to 1024")
        for name in ("channel_base", "channel_max", "z_dim", "w_dim", "mapping_layers", "group"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} {getattr(self, name)}: at least 1")
        if self.c_dim < 0:
            raise ValueError(f"c_dim {self.c_dim}: at least 0")
        for name, most in MOST.items():
            if getattr(self, name) > most:
                raise ValueError(f"{name} {getattr(self, name)}: at most {most}")

    @property
    def resolutions(self) -> tuple[int, ...]:
        """4, 8, ... `size_px`."""
        return tuple(2**power for power in range(2, int(math.log2(self.size_px)) + 1))

    @property
    def n_ws(self) -> int:
        """Rows of w that the synthesis takes, 18 at 1024 px."""
        return 2 * len(self.resolutions)

    def channels(self, resolution: int) -> int:
        """Channels of the features at a resolution."""
        return max(min(self.channel_base // resolution, self.channel_max), 1)


PRESETS = {
    "16": Architecture(16, 512, 32, 32, 32, 2),
    "32": Architecture(32, 1024, 64, 64, 64, 2),
    "64": Architecture(64, 4096, 192, 256, 256, 4),
    "64-narrow": Architecture(64, 1024, 128, 128, 128, 2),
    "128": Architecture(128, 16384, 512, mapping_layers=8),
    "256": Architecture(256, 16384, 512, mapping_layers=8),
    "512": Architecture(512),
    "1024": Architecture(1024),
    "ffhq1024": Architecture(1024),
    "ffhq256": Architecture(256),
}
"""By name. `ffhqN` are the published tables; 256 and below have half of their wide layers or less,
16 and 32 are for tests and first looks, 64-narrow for a training on a CPU."""


def architecture_of(name: str) -> Architecture:
    """A preset by name; ValueError names the nearest."""
    if name not in PRESETS:
        hint = nearest(name, PRESETS) or f"; have {' '.join(PRESETS)}"
        raise ValueError(f"no generator preset '{name}'{hint}")
    return PRESETS[name]
