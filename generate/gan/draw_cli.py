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
CLOSED = "closed"
"""What the names of closed-form directions begin with."""
TOGETHER = 16


@dataclass(frozen=True)
class Draw:
    """Draw faces of a neural generator; what is asked for is moved there, the rest is held.

    values.json has what the attribute network measures on each picture: pseudo-labels, not exact.

    Examples: collodi generate gan toy-children-64 --out out/faces --age 6 --yaw 20
              collodi generate gan toy-children-64 --out out/ladder --ladder age --count 4
              collodi generate gan toy-children-64 --out data/gan --as-clips --count 4000 --balanced
    """

    model: Annotated[Path, tyro.conf.Positional]
    """Folder of a generator with edits.json, or the name of one that comes with the kit."""
    out: Path
    """Folder of pictures."""
    attributes: Path | None = None
    """Folder of the attribute network; by default the one in the generator's folder, else
    models/attributes, else that of toy-children-64."""
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
    """Girls and boys, and light, medium and dark skin (Monk 1 to 4, 5 to 7, 8 to 10), as often, as
    the attribute network measures them before any edit."""
    as_clips: bool = False
    """Write a data set for `collodi train face` instead, with pseudo-labels that are marked so."""
    face: str = "toy-face"
    """Bundle whose network tells the labels of clips: a folder, or the name of a packaged one."""
    uncertainty: float = 0.06
    """Clips where that network expects a larger mean error of its landmarks are passed over; over
    the distance of the outer eye corners."""
    shard_clips: int = 100
    """Clips in one shard."""
    dry_run: bool = False
    """Only say what would be drawn, with all that it needs looked at."""


def draw_faces(options: Draw) -> None:
    """Write pictures, sheet.png and values.json, or ladder-NAME.png."""
    targets = _checked(options)
    from generate.gan.packaged import find, measures_of

    model = find(options.model)
    measures = measures_of(model, options.attributes)
    options = replace(options, model=model, attributes=measures)
    if options.as_clips:
        _clips(options, targets)
    elif options.move:
        _moved(options)
    elif options.ladder.startswith(CLOSED):
        _closed(options)
    else:
        _measured(options, measures, targets)


def _checked(options: Draw) -> dict[str, float]:
    """What the edits aim at; ValueError where options cannot be, or not together."""
    for name, low in (("count", 1), ("seed", 0), ("rungs", 2), ("shard_clips", 1)):
        if getattr(options, name) < low:
            flag = name.replace("_", "-")
            raise ValueError(f"--{flag} {getattr(options, name)}: at least {low}")
    if not 0 <= options.truncation <= 1:
        raise ValueError(f"--truncation {options.truncation:g}: want 0 to 1")
    from generate.gan.attribute_table import ATTRIBUTES
    from generate.gan.draw import targets_of
    from generate.gan.sheet import check_folder
    from generate.options import choose

    targets = targets_of({name: getattr(options, name) for name in ATTRIBUTES}, options.expression)
    if options.ladder and not re.fullmatch(CLOSED + r"\d", options.ladder):
        choose(options.ladder, ATTRIBUTES, "attribute in --ladder")
    if options.ladder and targets:
        asked = ", ".join(targets)
        raise ValueError(f"--ladder {options.ladder} beside {asked}: climb without asking for more")
    if options.as_clips and (options.ladder or options.move):
        raise ValueError("--as-clips: neither --ladder nor --move makes clips")
    if options.move and (targets or options.ladder or options.balanced):
        raise ValueError("--move is by your own labels; nothing else can be asked for with it")
    if not options.uncertainty > 0:
        raise ValueError(f"--uncertainty {options.uncertainty:g}: more than 0")
    if not options.as_clips:
        check_folder(options.out, 0 if options.ladder else options.count)
    return targets


def _measured(options: Draw, measures: Path, targets: dict[str, float]) -> None:
    """Pictures, or a ladder, that the attribute network measures."""
    import torch

    from device.files import sha256_of, write_atomic
    from generate.gan.attribute_net import WEIGHTS, load
    from generate.gan.attribute_table import ATTRIBUTES
    from generate.gan.draw import Drawn, balanced_w, draw, ladder
    from generate.gan.edit_store import load_edits
    from generate.gan.edits import draw_w
    from generate.gan.sheet import write_all
    from generate.gan.store import load_average
    from generate.progress import Progress

    generator, measure = load_average(options.model), load(measures)[0]
    digest = sha256_of(measures / WEIGHTS)
    directions = load_edits(options.model, digest) if targets or options.ladder else None
    if options.dry_run:
        return _say(options, targets)
    first = (options.seed, options.count, options.truncation)
    w = balanced_w(generator, measure, *first) if options.balanced else draw_w(generator, *first)
    if options.ladder:
        assert directions
        kind = ATTRIBUTES[options.ladder]
        sheet = ladder(generator, measure, directions, w, options.ladder, options.rungs)
        return _rungs(options, sheet, f"{kind.low:g} to {kind.high:g} ({kind.unit})")
    parts, progress = list[Drawn](), Progress(options.count, "draw", "picture")
    for some in torch.split(w, TOGETHER):
        parts.append(draw(generator, measure, directions, some, targets))
        progress.update(min(TOGETHER * len(parts), options.count))
    progress.close()
    write_all(options.out, np.concatenate([part.pictures for part in parts]), options.seed)
    rows = np.concatenate([part.values for part in parts]).round(3).tolist()
    values = [dict(zip(ATTRIBUTES, row, strict=True)) for row in rows]
    note = {"pseudo_labels": True, "asked": targets, "measured": values}
    write_atomic(options.out / "values.json", json.dumps(note, indent=1) + "\n")
    print(f"{options.out}: {options.count} pictures, sheet.png and values.json")


def _closed(options: Draw) -> None:
    """A ladder along the closed form, which needs no network that measures."""
    from generate.gan.draw import closed_ladder
    from generate.gan.edits import draw_w
    from generate.gan.store import load_average

    if options.balanced:
        raise ValueError(f"--ladder {options.ladder}: nothing is measured on it; no --balanced")
    generator = load_average(options.model)
    if options.dry_run:
        return _say(options, {})
    w = draw_w(generator, options.seed, options.count, options.truncation)
    number = int(options.ladder.removeprefix(CLOSED))
    sheet = closed_ladder(generator, w, number, options.rungs)
    _rungs(options, sheet, "from one side to the other")


def _say(options: Draw, targets: dict[str, float]) -> None:
    """What a dry run would have drawn."""
    what = f"ladder-{options.ladder}.png" if options.ladder else "pictures"
    asked = ", ".join([f"{name} {value:g}" for name, value in targets.items()] + [*options.move])
    more = f", moved to {asked}" if asked else ""
    more += ", balanced" if options.balanced else ""
    print(
        f"would draw {options.count} faces of {options.model.name}{more}: {what} in {options.out}"
    )


def _rungs(options: Draw, sheet: Pixels, range_: str) -> None:
    from generate.gan.sheet import write_picture

    path = options.out / f"ladder-{options.ladder}.png"
    options.out.mkdir(parents=True, exist_ok=True)
    write_picture(path, sheet, options.seed)
    print(f"{path}: {options.count} faces, {options.rungs} rungs, {range_}")


def _clips(options: Draw, targets: dict[str, float]) -> None:
    """A data set of clips with pseudo-labels."""
    from generate.gan.as_clips import Maker, Request, make_dataset

    request = Request(
        options.count, options.seed, options.truncation, options.balanced, targets,
        options.uncertainty, options.shard_clips,
    )  # fmt: skip
    assert options.attributes
    maker = Maker(request, options.model, options.attributes, options.face)
    if options.dry_run:
        print(f"would write {options.count} clips, told by {maker.told_by}, in {options.out}")
        return
    passed = make_dataset(maker, options.out)
    if passed is None:
        print(f"{options.out}: already there, {options.count} clips", file=sys.stderr)
        return
    said = ", ".join(f"{count} {fault}" for fault, count in passed.items()) or "none"
    print(f"{options.out}: {options.count} clips with pseudo-labels of {maker.teller.name}; "
          f"passed over: {said}")  # fmt: skip


def _moved(options: Draw) -> None:
    """Pictures along directions of a user's labels; nothing measures them."""
    import torch

    from generate.gan.edit_store import load_edits
    from generate.gan.edits import draw_w, pictures_of
    from generate.gan.labels import moves
    from generate.gan.sheet import to_pictures, write_all
    from generate.gan.store import load_average

    generator = load_average(options.model)
    step = moves(options.move, load_edits(options.model, ""))
    if options.dry_run:
        return _say(options, {})
    w = draw_w(generator, options.seed, options.count, options.truncation)
    w = w + torch.from_numpy(step).to(w)
    parts = [to_pictures(pictures_of(generator, part)) for part in torch.split(w, 16)]
    write_all(options.out, np.concatenate(parts), options.seed)
    print(f"{options.out}: {options.count} pictures and sheet.png")
