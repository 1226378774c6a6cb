"""Writes constraints.txt: one version and all hashes of each distribution that CI installs.

`make lock` runs it with uv, which reads the index that it is told of and keeps what is pinned.
`--needs NAME ...` prints what extras and groups ask for, without the kit: a folder has no hash.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import tomllib

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "constraints.txt"
HEAD = """\
# The versions that CI tests together, with the SHA-256 of every file of the index (any platform and
# Python), so that pip takes no other. Written by `make lock`; docs/supply.md says how it is used.
"""
APART = ("tts", "tensorrt", "bake", "all")
"""Extras in environments of their own, and the sum of others."""
TOOLS = ("pip", "hatchling", "editables", "setuptools", "cython", "numpy")
"""What installs; hatchling needs editables for `pip install -e`, the last three build pyworld."""
ALSO = {"torch": ("6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",)}
"""Files that PyPI lacks: torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl."""


def needs(project: dict, names: list[str]) -> Iterator[str]:
    """Yield the requirements of extras and groups by name, the kit's own extras followed."""
    tables = project["dependency-groups"] | project["project"]["optional-dependencies"]
    for name in names:
        for line in tables[name]:
            inside = re.match(r"collodi\[([^\]]+)\]", line)
            yield from needs(project, inside[1].split(",")) if inside else [line]


def with_hashes(text: str) -> str:
    """Return uv's pins under our head, with the hashes of files that the index lacks."""
    for name, hashes in ALSO.items():
        more = "".join(f"    --hash=sha256:{each} \\\n" for each in hashes if each not in text)
        text = re.sub(
            rf"^{name}==\S+ \\\n", lambda found, more=more: found[0] + more, text, flags=re.M
        )
    return HEAD + text


def main() -> int:
    """Write constraints.txt, or print what extras need."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--needs", nargs="+", metavar="NAME", help="extras and groups")
    words = parser.parse_args()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    if words.needs:
        print("\n".join(dict.fromkeys(needs(project, words.needs))))
        return 0
    extras = [name for name in project["project"]["optional-dependencies"] if name not in APART]
    asked = [*TOOLS, *needs(project, [*extras, *project["dependency-groups"]])]
    flags = ["--python-version=3.11", "--python-platform=x86_64-manylinux_2_28", "--no-annotate",
             "--no-header", "--generate-hashes", "--native-tls", "--quiet"]  # fmt: skip
    done = subprocess.run(
        ["uv", "pip", "compile", *flags, "-", "-o", str(PINS)], input="\n".join(asked), text=True
    )
    if done.returncode == 0:
        PINS.write_text(with_hashes(PINS.read_text(encoding="utf-8")), encoding="utf-8")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
