"""One self-contained HTML file of headline figures, tables, charts and pictures: every report's."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.files import write_atomic
from device.stamp import Stamp
from generate.media import frame_to_jpeg
from generate.provenance import Provenance

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Table:
    """Rows of text under a title; the first column is left-aligned, numbers right."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""
    """What a reader needs to trust the numbers, a line each."""


@dataclass(frozen=True)
class Section:
    """One heading of the page."""

    title: str
    text: str
    tables: list[Table] = field(default_factory=list)
    charts: list[str] = field(default_factory=list)
    """SVG elements."""
    picture: NDArray[np.uint8] | None = None
    """(H, W, 3) RGB."""
    said: Provenance | None = None
    """What the picture says about itself; None of real people."""


@dataclass(frozen=True)
class Page:
    """What every page shows."""

    title: str
    subtitle: str
    cards: list[tuple[str, str]]
    """(value, label) of the headline figures."""
    sections: list[Section]
    commands: list[str]
    """Command lines that made it."""
    stamp: Stamp


def write_page(
    path: Path, page: Page, template: Path = TEMPLATES / "page.html", **more: Any
) -> None:
    """Write the page atomically; a `template` that extends page.html may show `more`."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, TEMPLATES]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    values = {
        **page.__dict__,
        "cards": [{"value": value, "label": label} for value, label in page.cards],
        "sections": [_section(section) for section in page.sections],
        "stamp": stamp_line(page.stamp),
    }
    write_atomic(path, environment.get_template(template.name).render(values | more))


def as_text(table: Table) -> str:
    """Fixed-width text for a terminal."""
    lines = [table.columns, *table.rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(table.columns))]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        rest = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
        return "  ".join([first, *rest]).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    body = [table.title, line(table.columns), rule, *(line(row) for row in table.rows)]
    return "\n".join(body + ([table.note] if table.note else []))


def stamp_line(stamp: Stamp) -> str:
    """Version, commit, time, machine and libraries in one line."""
    host = stamp.host
    libraries = ", ".join(f"{name} {version}" for name, version in stamp.libraries.items())
    return (
        f"Collodi {stamp.kit_version}, commit {stamp.commit or 'none'}, {stamp.created_utc}, "
        f"Python {stamp.python}, {host.cpu_model} ({host.cores} cores, {host.machine}); {libraries}"
    )


def jpeg_text(rgb: NDArray[np.uint8], said: Provenance | None = None) -> str:
    """A picture (H, W, 3) RGB as base64 of a JPEG; `said` is None of real people."""
    return base64.b64encode(frame_to_jpeg(rgb, 85, said)).decode()


def _section(section: Section) -> dict[str, Any]:
    picture = None if section.picture is None else jpeg_text(section.picture, section.said)
    return {**section.__dict__, "picture": picture}
