"""`collodi inspect DATA`: counts, balance, contact sheet PNG, one HTML page."""

from __future__ import annotations

import base64
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from device.files import write_atomic
from generate.balance import Share, share_lines, shares
from generate.contents import contact_sheet, counts, of_sheet, table_lines
from generate.media import frame_to_png
from generate.options import Place, parse
from generate.provenance_data import LOOKED, hear
from generate.shards import Dataset, open_dataset, verify

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Options:
    """Say what is in a data set, and draw it; exit 1 where its people are not balanced.

    Example: collodi inspect data/stills --verify
    """

    data: Annotated[Place, tyro.conf.Positional]
    """Folder or fsspec URL of the data set."""
    out: Path | None = None
    """Folder for sheet.png and index.html; if not given DATA/inspect, or inspect-NAME for an
    URL."""
    verify: bool = False
    """Check the sha256 of every shard first, and look for provenance in every clip."""


def main(argv: Sequence[str]) -> int:
    """Run the command line; ValueError where the data set cannot be read."""
    options = parse(Options, argv, "collodi inspect", Options.__doc__)
    dataset = open_dataset(options.data)
    if options.verify:
        verify(dataset)
    tables = counts(dataset)
    print(f"{dataset.folder}: {len(dataset)} clips in {len(dataset.header['shards'])} shards")
    if dataset.pseudo:
        print(f"pseudo-labels, none exact: told by {dataset.pseudo}")
        print(f"passed over: {dataset.passed_over}")
    print("\n".join(table_lines(tables)))
    found = shares(dataset.rows, dataset.header["options"])
    print("\n".join(share_lines(found)))
    _say_provenance(dataset, options.verify)
    out = options.out or _beside(dataset)
    out.mkdir(parents=True, exist_ok=True)
    write_page(dataset, tables, out)
    print(f"{out / 'index.html'}")
    return _verdict(found)


def _beside(dataset: Dataset) -> Path:
    if isinstance(dataset.folder, Path):
        return dataset.folder / "inspect"
    return Path(f"inspect-{dataset.folder.name}")


def _say_provenance(dataset: Dataset, every: bool) -> None:
    """How many clips say that they are synthetic; a complaint where some do not."""
    heard = hear(dataset, len(dataset) if every else LOOKED)
    print(heard.line)
    if heard.silent:
        print(
            f"collodi inspect: {heard.silent[0]} and {len(heard.silent) - 1} others say nothing of "
            "where they are from; made before the kit did so? docs/provenance.md",
            file=sys.stderr,
        )


def _verdict(found: list[Share]) -> int:
    """1, and a line for each group that is too far from its plan, where a set is skewed."""
    skewed = [share for share in found if share.skewed]
    for share in skewed:
        print(f"collodi inspect: skewed: {share}", file=sys.stderr)
    return int(bool(skewed))


def write_page(dataset: Dataset, tables: dict[str, dict[str, int]], out: Path) -> None:
    """Write index.html and, where there are pictures, sheet.png."""
    import jinja2

    sheet = contact_sheet(dataset)
    picture = b""
    if sheet is not None:
        picture = frame_to_png(sheet, of_sheet(dataset))
        write_atomic(out / "sheet.png", picture)
    values: dict[str, Any] = {"name": dataset.folder.name, "clips": len(dataset), "tables": tables}
    values |= {"pseudo": dataset.pseudo, "passed_over": dataset.passed_over}
    values |= {"options": dataset.header["options"], "sheet": base64.b64encode(picture).decode()}
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)
    page = environment.get_template("inspect.html").render(values)
    write_atomic(out / "index.html", page)
