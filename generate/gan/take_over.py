"""A public checkpoint becomes a folder of the kit's own format."""

from __future__ import annotations

from pathlib import Path

from device.files import sha256_of
from generate.gan.foreign import load_foreign
from generate.gan.store import Card, save_average, save_checkpoint, write_card


def take_over(file: Path, out: Path, *, strict: bool = True) -> Card:
    """Read `file` and write the new folder `out`; gan.json is last, so a part is no model.

    ValueError where the file is no StyleGAN2 checkpoint, or where `out` has files in it.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"--out {out}: already there; choose a new folder")
    foreign = load_foreign(file, strict=strict)
    card = Card(
        foreign.sizes, f"imported from {file.name}", sha256_of(file), mismatches=foreign.mismatches
    )
    out.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"{role}.{name}": tensor
        for role, module in foreign.networks.items()
        for name, tensor in module.state_dict().items()
    }
    save_checkpoint(out, tensors, {"images": 0})
    save_average(out, foreign.networks["average"])
    write_card(out, card)
    return card
