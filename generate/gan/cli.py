"""`collodi gan COMMAND`: a neural generator of faces; `collodi generate gan` is its `draw`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro

from generate.gan.draw_cli import Draw, draw_faces
from generate.gan.edit_cli import (
    Attributes,
    FindDirections,
    Score,
    at_least,
    find_directions,
    score_model,
    train_attributes,
)
from generate.gan.recipe import Recipe, check_recipe
from generate.options import choose, parse

HELP = """usage: collodi gan COMMAND [options]

  import      take over the weights of a public StyleGAN2 checkpoint (.pkl, .pt)
  train       train on a folder of pictures or a data set, from nothing or from a generator
  sample      draw pictures and a sheet
  attributes  train the network that measures age, pose, smile, tone, light on `stills`
  directions  find and measure the directions that change each attribute
  draw        draw faces that are asked for; the same as `collodi generate gan`
  score       how far a generator's pictures are from others: kit_fid and kit_kid

examples, which work as they are; the first three take seconds to two minutes:
  collodi gan sample toy-children-64 --out out/samples --count 16 --seed 1
  collodi generate gan toy-children-64 --out out/faces --age 6 --yaw 20
  collodi generate gan toy-children-64 --out out/ladder --ladder age --count 4
  collodi generate stills --out data/stills --clips 4000
  collodi gan train --data data/stills --out runs/gan64 --like 64-narrow
  collodi gan train --data data/stills --out runs/more --begin toy-children-64
  collodi gan attributes --data data/stills --out models/attributes
  collodi gan directions runs/gan64 --attributes models/attributes
  collodi gan score toy-children-64 --data data/stills

with files of yours:
  collodi gan import ffhq.pkl --out models/ffhq
  collodi gan train --data photos --out runs/mine --begin models/ffhq --batch 32
  torchrun --nproc-per-node 8 $(which collodi) gan train --data photos --out runs/mine

A folder of pictures may have sub-folders (boys/ girls/, age bands); each is shown as often.
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
class Train:
    """Train a generator; the same command goes on where it was interrupted.

    Examples: collodi gan train --data data/stills --out runs/gan64 --like 64-narrow
              collodi gan train --data photos --out runs/mine --begin toy-children-64
    """

    data: Path
    """Folder of pictures, sub-folders are classes; or a data set of `stills`."""
    out: Path
    """Folder of the run."""
    like: str = "64"
    """Sizes of the networks: 16 32 64 64-narrow 128 256 512 1024 ffhq256 ffhq1024."""
    begin: Path | None = None
    """Generator to fine-tune, imported, trained or packaged (its name); its sizes are taken."""
    crop: bool = False
    """Take the middle square of pictures that are not square."""
    skip_bad: bool = False
    """Leave out pictures that are broken, grey, tiny or not square."""
    recipe: Annotated[Recipe, tyro.conf.arg(name="")] = field(default_factory=Recipe)
    """How it is trained."""


@dataclass(frozen=True)
class Sample:
    """Draw pictures of a generator, and a contact sheet.

    Example: collodi gan sample toy-children-64 --out out/samples --count 16 --seed 1
    """

    model: Annotated[Path, tyro.conf.Positional]
    """Folder of a generator, or the name of one that comes with the kit."""
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
    name = "generate gan" if kind is Draw else f"gan {argv[0]}"
    run(parse(kind, argv[1:], f"collodi {name}", kind.__doc__))
    return 0


def _import(options: Import) -> None:
    from generate.gan.take_over import take_over

    card = take_over(options.file, options.out, strict=not options.loose)
    for line in card.mismatches:
        print(f"differs: {line}")
    print(f"{options.out}: {card.sizes.size_px} px, {len(card.mismatches)} differences")


def _train(options: Train) -> None:
    from generate.gan.begun import begun
    from generate.gan.packaged import find
    from generate.gan.pictures import load_pictures
    from generate.gan.runs import run, sizes_for
    from generate.processes import joined

    check_recipe(options.recipe)
    start = find(options.begin) if options.begin else None
    sizes = sizes_for(options.like, start)
    begun(options.recipe, start)  # what is wrong is said before pictures are read
    pictures = load_pictures(
        options.data, sizes.size_px, crop=options.crop, skip_bad=options.skip_bad
    )
    with joined() as processes, _enough_memory():
        run(options.out, sizes, options.recipe, pictures, str(options.data), processes, start)
    if processes.rank == 0:
        print(f"{options.out}: {options.recipe.images} images shown, {len(pictures.names)} classes")


@contextmanager
def _enough_memory() -> Iterator[None]:
    """ValueError says what to lower where torch gets no more memory."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        said = str(error)
        if not (isinstance(error, MemoryError) or ("memory" in said and "alloc" in said)):
            raise
        want = "lower --micro (or --batch), or take a smaller --like"
        raise ValueError(f"too little memory for this training: {want}") from None


def _sample(options: Sample) -> None:
    at_least(options, count=1, seed=0)
    if not 0 <= options.truncation <= 1:
        raise ValueError(f"--truncation {options.truncation:g}: want 0 to 1")
    from generate.gan.packaged import find
    from generate.gan.sheet import check_folder, sample, write_all
    from generate.gan.store import load_average

    check_folder(options.out, options.count)
    generator = load_average(find(options.model))
    pictures = sample(generator, options.seed, options.count, options.truncation)
    write_all(options.out, pictures, options.seed)
    print(f"{options.out}: {options.count} pictures and sheet.png")


COMMANDS: dict[str, tuple[type[Any], Callable[[Any], None]]] = {
    "import": (Import, _import),
    "train": (Train, _train),
    "sample": (Sample, _sample),
    "attributes": (Attributes, train_attributes),
    "directions": (FindDirections, find_directions),
    "draw": (Draw, draw_faces),
    "score": (Score, score_model),
}
