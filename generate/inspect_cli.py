"""`collodi inspect DATA`: counts, balance, contact sheet PNG, one HTML page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from generate.contents import balance, contact_sheet, table_lines
from generate.options import parse
from generate.shards import Dataset, open_dataset, verify, write_atomic

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ name }}: {{ clips }} synthetic clips</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2rem auto;padding:0 1rem;
color:#222}img{width:100%}table{border-collapse:collapse;margin:0 0 1.5rem}td,th{padding:.15rem .6rem;
text-align:left;border-bottom:1px solid #ddd}td.bar div{background:#4a7;height:.7rem}</style>
<h1>{{ name }}</h1><p>{{ clips }} synthetic clips. Nobody in these pictures and sounds exists.
Options: <code>{{ options }}</code></p>
{% if sheet %}<img alt="contact sheet" src="data:image/png;base64,{{ sheet }}">{% endif %}
{% for title, table in tables.items() %}<h2>{{ title }}</h2><table>
{% for value, count in table.items() %}<tr><td>{{ value }}</td><td>{{ count }}</td>
<td class="bar" style="width:300px"><div style="width:{{ 100*count//(table.values()|max) }}%"></div></td>
</tr>{% endfor %}</table>{% endfor %}</html>
"""


@dataclass(frozen=True)
class Options:
    """Say what is in a data set, and draw it.

    Example: collodi inspect data/stills --verify
    """

    data: Annotated[Path, tyro.conf.Positional]
    """Folder of the data set."""
    out: Path | None = None
    """Folder for sheet.png and index.html; DATA/inspect if not given."""
    verify: bool = False
    """Check the sha256 of every shard first."""


def main(argv: Sequence[str]) -> int:
    """Run the command line; ValueError where the data set cannot be read."""
    options = parse(Options, argv, "collodi inspect", Options.__doc__)
    dataset = open_dataset(options.data)
    if options.verify:
        verify(dataset)
    tables = balance(dataset)
    print(f"{options.data}: {len(dataset)} clips in {len(dataset.header['shards'])} shards")
    print("\n".join(table_lines(tables)))
    out = options.out or options.data / "inspect"
    out.mkdir(parents=True, exist_ok=True)
    write_page(dataset, tables, out)
    print(f"{out / 'index.html'}")
    return 0


def write_page(dataset: Dataset, tables: dict[str, dict[str, int]], out: Path) -> None:
    """Write index.html and, where there are pictures, sheet.png."""
    import cv2
    import jinja2

    sheet = contact_sheet(dataset)
    picture = b""
    if sheet is not None:
        picture = bytes(cv2.imencode(".png", sheet[:, :, ::-1])[1])
        write_atomic(out / "sheet.png", picture)
    values: dict[str, Any] = {"name": dataset.folder.name, "clips": len(dataset), "tables": tables}
    values |= {"options": dataset.header["options"], "sheet": base64.b64encode(picture).decode()}
    page = jinja2.Environment(autoescape=True).from_string(PAGE).render(values)
    write_atomic(out / "index.html", page.encode())
