"""Prints the licence of each pinned distribution that is installed here, and who asks for it.

`make licences` writes out/licences.md. A licence is read from License-Expression, else from the
classifiers, else from the first line of the License field; pyproject.toml says which are allowed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import tomllib

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


class Row(NamedTuple):
    """One distribution."""

    name: str
    version: str
    licence: str
    """Expression or words of the metadata, empty where they say nothing."""
    source: str
    """Which field says it: License-Expression, classifier, License, pyproject.toml."""


def plain(name: str) -> str:
    """Return a name as indexes write it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def rules() -> dict:
    """Return the table [tool.collodi.licences] of pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["tool"]["collodi"]["licences"]


def rows() -> Iterator[Row]:
    """Yield the pinned distributions that are installed, by name."""
    for name, _ in PIN.findall((ROOT / "constraints.txt").read_text(encoding="utf-8")):
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        yield Row(plain(name), found.version, *licence(found.metadata))


def licence(facts: metadata.PackageMetadata) -> tuple[str, str]:
    """Return the licence and the field that says it."""
    if facts.get("License-Expression"):
        return facts["License-Expression"], "License-Expression"
    marks = [mark.split(" :: ")[-1] for mark in facts.get_all("Classifier", [])
             if mark.startswith("License ::") and mark != "License :: OSI Approved"]  # fmt: skip
    if marks:
        return " AND ".join(marks), "classifier"
    first = (facts.get("License") or "").strip().splitlines()[:1]
    return (first[0][:80], "License") if first else ("", "nothing")


def wrong(row: Row, told: dict) -> str | None:
    """Return one line where a licence is neither allowed nor that of a named exception.

    told: the table of `rules`.
    """
    if row.licence and parts(row.licence) <= set(told["allow"]):
        return None
    if row.name in told["named"]:
        known = told["said"].get(row.name, "")
        return None if row.licence == known else (
            f"{row.name} {row.version}: its metadata said {known!r} when the exception was made, "
            f"now {row.licence!r}: look again, then change [tool.collodi.licences.said]"
        )  # fmt: skip
    return (
        f"{row.name} {row.version}: licence {row.licence or 'unknown'!r} is not in "
        "[tool.collodi.licences] of pyproject.toml: allow it, or name the exception and its reason"
    )


def parts(licence: str) -> set[str]:
    """Return the single licences of an expression; each of them must be allowed."""
    pieces = re.split(r"\s+(?:AND|OR|WITH)\s+|[()]", licence)
    return {piece.strip() for piece in pieces if piece.strip()}


def main() -> int:
    """Print the table and what is wrong; 1 where something is."""
    table, told = list(rows()), rules()
    print("| distribution | version | licence | said by | note |\n|---|---|---|---|---|")
    for row in table:
        print(f"| {' | '.join(row)} | {told['named'].get(row.name, '')} |")
    faults = [line for row in table if (line := wrong(row, told))]
    print("\n".join(faults), file=sys.stderr)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
