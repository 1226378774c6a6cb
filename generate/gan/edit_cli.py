"""`collodi gan attributes|directions|score`: what measures and moves the faces of a generator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro


@dataclass(frozen=True)
class Attributes:
    """Train the network that measures the attributes of a face, on renders with exact labels.

    Example: collodi gan attributes --data data/stills --out models/attributes
    """

    data: Path
    """Data set of `stills`, of hundreds of children or more."""
    out: Path
    """Folder of the network."""
    epochs: int = 15
    """Passes over the data."""
    seed: int = 0
    """Of weights and order."""
    networks: int = 2
    """Trained with a seed each and averaged: what pleases only one of them moves little."""


@dataclass(frozen=True)
class FindDirections:
    """Find the directions of a generator that change each attribute, and measure them.

    Examples: collodi gan directions runs/gan64
              collodi gan directions runs/gan64 --attributes models/attributes
              collodi gan directions models/ffhq --labels labels.csv
    """

    model: Annotated[Path, tyro.conf.Positional]
    """Folder of a generator; edits.json and edits.safetensors are written there."""
    attributes: Path | None = None
    """Folder of the attribute network that measures, or toy-children-64 for the one that comes with
    it; by default as for `collodi generate gan`; or give --labels."""
    judge: Path | None = None
    """Folder of a second attribute network, of another seed and best of other pictures, that
    measures the effects: the one that steers is easier to please."""
    reach: Path | None = None
    """Folder of a third attribute network: an edit aims further where this one sees less of it
    than what was asked for. The judge must be another."""
    labels: Path | None = None
    """Your own labels, sample,NAME,... of pictures of `collodi gan sample --truncation 1`."""
    samples: int = 1024
    """Pictures that the directions are fitted to."""
    faces: int = 32
    """Faces that their effects are measured on."""
    seed: int = 0
    """Of the samples, the labelled ones too."""


@dataclass(frozen=True)
class Score:
    """How far a generator's pictures are from others, in features of the attribute network.

    Example: collodi gan score runs/gan64 --data data/stills --attributes models/attributes
    """

    model: Annotated[Path, tyro.conf.Positional]
    """Folder of a generator, or the name of one that comes with the kit."""
    data: Path
    """Folder of pictures or data set to compare with."""
    attributes: Path | None = None
    """Folder of the attribute network; by default the one in the generator's folder, or
    models/attributes."""
    samples: int = 1000
    """Pictures drawn."""
    seed: int = 0
    """Of the samples."""
    json: Path | None = None
    """File for the result."""


def at_least(options: Any, **least: int) -> None:
    """ValueError names the first option that is below its least value."""
    for name, low in least.items():
        if getattr(options, name) < low:
            raise ValueError(f"--{name} {getattr(options, name)}: at least {low}")


def train_attributes(options: Attributes) -> None:
    """Train, say what it explains."""
    at_least(options, epochs=1, seed=0, networks=1)
    from generate.gan import attribute_net as net

    faces = net.load_faces(options.data)
    trained = net.train_all(faces, options.seed, options.epochs, options.networks)
    shares = net.explained(trained, faces)
    card = net.Card(tuple(shares), options.data.resolve().name, shares, options.networks)
    net.save(options.out, trained, card)
    said = ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
    print(f"{options.out}: variance explained on {int(faces.held.sum())} held-out faces: {said}")


def find_directions(options: FindDirections) -> None:
    """Fit, measure, write edits.json, print the table."""
    at_least(options, samples=32, faces=2, seed=0)
    from generate.gan.packaged import find, measures_of

    if find(options.model) != options.model:
        copy = f"cp -r {find(options.model)} models/mine"
        raise ValueError(f"{options.model} keeps the directions that it came with; {copy}")
    if options.reach and options.judge and options.reach.resolve() == options.judge.resolve():
        raise ValueError(f"--reach {options.reach}: want another network than --judge")
    if options.labels and (options.attributes or options.judge or options.reach):
        raise ValueError("--labels measure by themselves: leave out --attributes, --judge, --reach")
    if options.labels:
        return _label_directions(options.model, options.labels, options.seed)
    attributes = measures_of(options.model, options.attributes)
    from device.files import sha256_of
    from generate.gan import attribute_net as net
    from generate.gan.attribute_table import ATTRIBUTES
    from generate.gan.edit_effects import Effect, Judge, effects, reach_of
    from generate.gan.edit_store import save_edits
    from generate.gan.edits import fit
    from generate.gan.store import load_average

    generator, (measure, _) = load_average(options.model), net.load(attributes)
    found = fit(generator, measure, tuple(ATTRIBUTES), options.samples, options.seed)
    ranges = {name: (kind.low, kind.high) for name, kind in ATTRIBUTES.items()}

    def seen_by(folder: Path | None, seed: int) -> list[Effect]:
        eyes = net.load(folder)[0] if folder else measure
        judge = Judge(eyes, eyes.likely)
        return effects(generator, measure, found, ranges, options.faces, seed, judge)

    if options.reach:
        found = replace(found, reach=reach_of(seen_by(options.reach, options.seed + 2)))
    table = seen_by(options.judge, options.seed + 1)
    save_edits(options.model, found, table, sha256_of(attributes / net.WEIGHTS))
    print("attribute   linear  moved     up   down   most leaked and most drifted, share of range")
    for row in table:
        ways = " ".join(f"{'-' if x is None else format(x, '.2f'):>6}" for x in (row.up, row.down))
        leak, drift = row.worst("leakage"), row.worst("drift")
        print(f"{row.name:<10} {found.explained[row.name]:7.2f} {row.gain:6.2f} {ways}   "
              f"{leak} {row.leakage[leak]:.2f}, {drift} {row.drift[drift]:+.2f}")  # fmt: skip


def _label_directions(model: Path, path: Path, seed: int) -> None:
    from generate.gan.edit_store import save_edits
    from generate.gan.edits import draw_w
    from generate.gan.labels import read_labels, solve_labels
    from generate.gan.store import load_average

    samples, values, names = read_labels(path)
    w = draw_w(load_average(model), seed, max(samples) + 1)[samples]
    found = solve_labels(w.double().cpu().numpy(), values, names)
    save_edits(model, found, [], "")
    said = ", ".join(f"{name} {share:.2f}" for name, share in found.explained.items())
    print(f"{model}: variance explained of labels left out of the fit: {said}")


def score_model(options: Score) -> None:
    """Print the distances and write them to --json."""
    at_least(options, samples=2, seed=0)
    from generate.gan.packaged import find, measures_of
    from generate.gan.score import score

    model = find(options.model)
    attributes = measures_of(model, options.attributes)
    result = score(model, options.data, attributes, options.samples, options.seed)
    if options.json:
        from device.files import write_atomic
        from device.strict import dumps

        write_atomic(options.json, dumps(result))
    said = f"kit_fid {result.kit_fid:.3f}, kit_kid {result.kit_kid:.5f}"
    floor = f"two halves of those are {result.floor_fid:.3f} apart in kit_fid"
    print(f"{options.model}: {said} to {result.pictures} pictures; {floor}")
