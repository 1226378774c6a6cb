"""`collodi generate gan MODEL`: faces by age, expression, pose, skin tone, hair and light."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Draw:
    """Draw faces of a neural generator; what is asked for is moved there, the rest is held.

    values.json has what the attribute network measures on each picture: pseudo-labels, not exact.

    Examples: collodi generate gan runs/gan64 --out out/faces --age 6 --expression happy
              collodi generate gan runs/gan64 --out out/faces --ladder age
              collodi generate gan runs/gan64 --out data/gan --as-clips --count 4000 --balanced
    """

    model: Annotated[Path, tyro.conf.Positional]
    """Folder of a generator with edits.json, or the name of one that comes with the kit."""
    out: Path
    """Folder of pictures."""
    attributes: Path | None = None
    """Folder of the attribute network; by default the one in the generator's folder, or
    models/attributes."""
    count: int = 16
    """Pictures, or rows of a ladder."""
    seed: int = 0
    """Another seed is other faces."""
    truncation: float = 0.7
    """0 the average face, 1 the full variety."""
    age: float | None = None
    """Years, 3 to 12."""
    male: float | None = None
    """0 girl, 1 boy."""
    tone: float | None = None
    """Skin, Monk scale 1 to 10."""
    hair: float | None = None
    """Lightness of the hair, 0.1 black to 0.75 white."""
    yaw: float | None = None
    """Degrees, + is the child's own left, -40 to 40."""
    pitch: float | None = None
    """Degrees, + is up, -25 to 25."""
    smile: float | None = None
    """0 to 1."""
    mouth: float | None = None
    """How far the mouth is open, 0 to 1."""
    light: float | None = None
    """-1 from one side, 1 from the other."""
    expression: str = ""
    """neutral, happy or surprised."""
    move: tuple[str, ...] = ()
    """NAME=CHANGE along directions of your own labels, in their units: smile=0.5 age=-2."""
    ladder: str = ""
    """Attribute that rises from left to right over a sheet; or closed0, closed1, ...: directions of
    the closed-form factorisation, the strongest first."""
    rungs: int = 7
    """Columns of a ladder."""
    balanced: bool = False
    """Girls and boys, and light, medium and dark skin, as often."""
    as_clips: bool = False
    """Write a data set for `collodi train face` instead, with pseudo-labels that are marked so."""
    face: str = "toy-face"
    """Bundle whose network tells the labels of clips: a folder, or the name of a packaged one."""
    uncertainty: float = 0.06
    """Clips where that network expects a larger mean error of its landmarks are passed over; over
    the distance of the outer eye corners."""
    shard_clips: int = 100
    """Clips in one shard."""


def draw_faces(options: Draw) -> None:
    """Write pictures, sheet.png and values.json, or ladder-NAME.png."""
    for name, low in (("count", 1), ("seed", 0), ("rungs", 2), ("shard_clips", 1)):
        if getattr(options, name) < low:
            flag = name.replace("_", "-")
            raise ValueError(f"--{flag} {getattr(options, name)}: at least {low}")
    if not 0 <= options.truncation <= 1:
        raise ValueError(f"--truncation {options.truncation:g}: want 0 to 1")
    from device.files import sha256_of, write_atomic
    from generate.gan.attribute_net import WEIGHTS, load
    from generate.gan.attribute_table import ATTRIBUTES
    from generate.gan.draw import balanced_w, closed_ladder, draw, ladder, targets_of
    from generate.gan.edit_store import load_edits
    from generate.gan.edits import draw_w
    from generate.gan.packaged import find, measures_of
    from generate.gan.sheet import write_all
    from generate.gan.store import load_average
    from generate.options import choose

    targets = targets_of({name: getattr(options, name) for name in ATTRIBUTES}, options.expression)
    closed = re.fullmatch(r"closed\d", options.ladder)
    if options.ladder and not closed:
        choose(options.ladder, ATTRIBUTES, "attribute in --ladder")
    if options.ladder and targets:
        asked = ", ".join(targets)
        raise ValueError(f"--ladder {options.ladder} beside {asked}: climb without asking for more")
    model = find(options.model)
    measures = measures_of(model, options.attributes)
    options = replace(options, model=model, attributes=measures)
    if options.as_clips:
        return _clips(options, targets)
    if options.move:
        return _moved(options, bool(targets or options.ladder))
    generator = load_average(options.model)
    known = options.balanced or not closed  # the closed form needs no network that measures
    measure = load(measures)[0] if known else None
    first = (options.seed, options.count, options.truncation)
    if measure and options.balanced:
        w = balanced_w(generator, measure, *first)
    else:
        w = draw_w(generator, *first)
    options.out.mkdir(parents=True, exist_ok=True)
    if closed:
        number = int(options.ladder.removeprefix("closed"))
        return _rungs(options, closed_ladder(generator, w, number, options.rungs))
    assert measure
    moved = targets or options.ladder
    digest = sha256_of(measures / WEIGHTS)
    directions = load_edits(options.model, digest) if moved else None
    if options.ladder:
        assert directions
        sheet = ladder(generator, measure, directions, w, options.ladder, options.rungs)
        return _rungs(options, sheet)
    drawn = draw(generator, measure, directions, w, targets)
    write_all(options.out, drawn.pictures, options.seed)
    values = [dict(zip(ATTRIBUTES, row.round(3).tolist(), strict=True)) for row in drawn.values]
    note = {"pseudo_labels": True, "asked": targets, "measured": values}
    write_atomic(options.out / "values.json", json.dumps(note, indent=1) + "\n")
    print(f"{options.out}: {options.count} pictures, sheet.png and values.json")


def _rungs(options: Draw, sheet: Pixels) -> None:
    from generate.gan.sheet import write_picture

    path = options.out / f"ladder-{options.ladder}.png"
    write_picture(path, sheet, options.seed)
    print(f"{path}: {options.count} faces, {options.rungs} rungs")


def _clips(options: Draw, targets: dict[str, float]) -> None:
    """A data set of clips with pseudo-labels."""
    if options.ladder or options.move:
        raise ValueError("--as-clips: neither --ladder nor --move makes clips")
    if not options.uncertainty > 0:
        raise ValueError(f"--uncertainty {options.uncertainty:g}: more than 0")
    from generate.gan.as_clips import Maker, Request, make_dataset

    request = Request(
        options.count, options.seed, options.truncation, options.balanced, targets,
        options.uncertainty, options.shard_clips,
    )  # fmt: skip
    assert options.attributes
    maker = Maker(request, options.model, options.attributes, options.face)
    passed = make_dataset(maker, options.out)
    if passed is None:
        print(f"{options.out}: already there, {options.count} clips", file=sys.stderr)
        return
    said = ", ".join(f"{count} {fault}" for fault, count in passed.items()) or "none"
    print(f"{options.out}: {options.count} clips with pseudo-labels of {maker.teller.name}; "
          f"passed over: {said}")  # fmt: skip


def _moved(options: Draw, more: bool) -> None:
    """Pictures along directions of a user's labels; nothing measures them."""
    import torch

    from generate.gan.edit_store import load_edits
    from generate.gan.edits import draw_w, pictures_of
    from generate.gan.labels import moves
    from generate.gan.sheet import to_pictures, write_all
    from generate.gan.store import load_average

    if more or options.balanced:
        raise ValueError("--move is by your own labels; nothing else can be asked for with it")
    generator = load_average(options.model)
    step = moves(options.move, load_edits(options.model, ""))
    w = draw_w(generator, options.seed, options.count, options.truncation)
    w = w + torch.from_numpy(step).to(w)
    parts = [to_pictures(pictures_of(generator, part)) for part in torch.split(w, 16)]
    write_all(options.out, np.concatenate(parts), options.seed)
    print(f"{options.out}: {options.count} pictures and sheet.png")
