"""`collodi models` and `collodi pull`."""

from __future__ import annotations

from pathlib import Path

from device.args import Parser
from device.bundle import Bundle, read_bundle
from device.table import size_text, table
from device.zoo.store import BUNDLES, names, pull_bundle

NONE = """\
No bundle is packaged with this version. To make one:
  collodi quickstart                     the whole chain at toy size
  collodi export RUN --out BUNDLE        from a training run of your own"""


def models(argv: list[str]) -> int:
    """List the packaged bundles."""
    examples = "  collodi models"
    Parser("collodi models", "List the bundles that come with the kit.", examples).parse_args(argv)
    bundles = [read_bundle(BUNDLES / name, check_files=False) for name in names()]
    if not bundles:
        print(NONE)
        return 0
    print("\n".join(table([("name", "task", "files", "size", "licence"), *map(_row, bundles)])))
    return 0


def pull(argv: list[str]) -> int:
    """Copy one packaged bundle out of the kit."""
    examples = "  collodi pull kws-en --out my-bundle"
    parser = Parser("collodi pull", "Copy a packaged bundle out and check it.", examples)
    parser.add_argument("name", metavar="NAME", help="name from collodi models")
    parser.add_argument("--out", type=Path, metavar="DIR", help="new folder (default: ./NAME)")
    words = parser.parse_args(argv)
    out = words.out or Path(words.name)
    bundle = pull_bundle(words.name, out)
    print(f"{bundle.name}: {len(bundle.files)} files checked, in {out}")
    return 0


def _row(bundle: Bundle) -> tuple[str, ...]:
    size = size_text(sum(entry.bytes for entry in bundle.files))
    return bundle.name, bundle.task, str(len(bundle.files)), size, bundle.licence
