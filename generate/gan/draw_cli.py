"""`collodi generate gan MODEL`: faces by age, expression, pose, skin tone, hair and light."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro


@dataclass(frozen=True)
class Draw:
    """Draw faces of a neural generator; what is asked for is moved there, the rest is held.

    values.json has what the attribute network measures on each picture: pseudo-labels, not exact.

    Examples: collodi generate gan runs/gan64 --out out/faces --age 6 --expression happy --yaw 20
              collodi generate gan runs/gan64 --out out/faces --ladder age
    """

    model: Annotated[Path, tyro.conf.Positional]
    """Folder of a generator with edits.json."""
    out: Path
    """Folder of pictures."""
    attributes: Path = Path("models/attributes")
    """Folder of the attribute network."""
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


def draw_faces(options: Draw) -> None:
    """Write pictures, sheet.png and values.json, or ladder-NAME.png."""
    for name, low in (("count", 1), ("seed", 0), ("rungs", 2)):
        if getattr(options, name) < low:
            raise ValueError(f"--{name} {getattr(options, name)}: at least {low}")
    if not 0 <= options.truncation <= 1:
        raise ValueError(f"--truncation {options.truncation:g}: want 0 to 1")
    from device.files import sha256_of, write_atomic
    from generate.gan.attribute_net import WEIGHTS, load
    from generate.gan.attribute_table import ATTRIBUTES
    from generate.gan.draw import balanced_w, draw, ladder, targets_of
    from generate.gan.edit_store import load_edits
    from generate.gan.edits import draw_w
    from generate.gan.sheet import write_all, write_picture
    from generate.gan.store import load_average
    from generate.options import choose

    targets = targets_of({name: getattr(options, name) for name in ATTRIBUTES}, options.expression)
    closed = re.fullmatch(r"closed\d", options.ladder)
    if options.ladder and not closed:
        choose(options.ladder, ATTRIBUTES, "attribute in --ladder")
    if options.ladder and targets:
        asked = ", ".join(targets)
        raise ValueError(f"--ladder {options.ladder} beside {asked}: climb without asking for more")
    if options.move:
        return _moved(options, bool(targets or options.ladder))
    generator, (measure, _) = load_average(options.model), load(options.attributes)
    digest = sha256_of(options.attributes / WEIGHTS)
    moved = targets or (options.ladder and not closed)
    directions = load_edits(options.model, digest) if moved else None
    first = (options.seed, options.count, options.truncation)
    w = balanced_w(generator, measure, *first) if options.balanced else draw_w(generator, *first)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.ladder:
        path = options.out / f"ladder-{options.ladder}.png"
        rows = ladder(generator, measure, directions, w, options.ladder, options.rungs)
        write_picture(path, rows)
        print(f"{path}: {options.count} faces, {options.rungs} rungs")
        return
    drawn = draw(generator, measure, directions, w, targets)
    write_all(options.out, drawn.pictures)
    values = [dict(zip(ATTRIBUTES, row.round(3).tolist(), strict=True)) for row in drawn.values]
    note = {"pseudo_labels": True, "asked": targets, "measured": values}
    write_atomic(options.out / "values.json", json.dumps(note, indent=1) + "\n")
    print(f"{options.out}: {options.count} pictures, sheet.png and values.json")


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
    write_all(options.out, np.concatenate(parts))
    print(f"{options.out}: {options.count} pictures and sheet.png")
