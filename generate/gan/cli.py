"""`collodi gan import|sample`: a neural generator of faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from generate.options import choose, parse

HELP = """usage: collodi gan COMMAND [options]

  import   take over the weights of a public StyleGAN2 checkpoint (.pkl, .pt)
  sample   draw pictures and a sheet

examples:
  collodi gan import ffhq.pkl --out models/ffhq
  collodi gan sample models/ffhq --out out/faces --count 16 --seed 1

Nothing in a checkpoint is run. Licences of public weights are yours to read."""


@dataclass(frozen=True)
class Import:
    """Take over the weights of a public StyleGAN2 checkpoint; nothing in the file is run.

    Example: collodi gan import ffhq.pkl --out models/ffhq
    """

    file: Annotated[Path, tyro.conf.Positional]
    """`.pkl` of the official PyTorch release, or `.pt` with g_ema."""
    out: Path
    """A new folder."""
    loose: bool = False
    """Load what fits where names or shapes differ; every difference is listed."""


@dataclass(frozen=True)
class Sample:
    """Draw pictures of a generator, and a contact sheet.

    Example: collodi gan sample models/ffhq --out out/faces --count 16 --seed 1
    """

    model: Annotated[Path, tyro.conf.Positional]
    """Folder of a generator."""
    out: Path
    """Folder of pictures."""
    count: int = 16
    """Pictures."""
    seed: int = 0
    """Sample i of a seed is the same however many are drawn."""
    truncation: float = 0.7
    """0 the average face, 1 the full variety."""


def main(argv: Sequence[str]) -> int:
    """Run the command line; ValueError where it was used wrongly."""
    if not argv or argv[0] in ("-h", "--help"):
        print(HELP)
        return 0
    kind, run = COMMANDS[choose(argv[0], COMMANDS, "command of collodi gan")]
    run(parse(kind, argv[1:], f"collodi gan {argv[0]}", kind.__doc__))
    return 0


def _import(options: Import) -> None:
    from generate.gan.take_over import take_over

    card = take_over(options.file, options.out, strict=not options.loose)
    for line in card.mismatches:
        print(f"differs: {line}")
    print(f"{options.out}: {card.sizes.size_px} px, {len(card.mismatches)} differences")


def _sample(options: Sample) -> None:
    if options.count < 1:
        raise ValueError(f"--count {options.count}: at least 1")
    if not 0 <= options.truncation <= 1:
        raise ValueError(f"--truncation {options.truncation:g}: want 0 to 1")
    from generate.gan.sheet import sample, sheet, write_picture
    from generate.gan.store import load_average

    pictures = sample(load_average(options.model), options.seed, options.count, options.truncation)
    options.out.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures):
        write_picture(options.out / f"{number:05d}.png", picture)
    write_picture(options.out / "sheet.png", sheet(pictures, min(8, options.count)))
    print(f"{options.out}: {options.count} pictures and sheet.png")


COMMANDS: dict[str, tuple[type[Any], Callable[[Any], None]]] = {
    "import": (Import, _import),
    "sample": (Sample, _sample),
}
