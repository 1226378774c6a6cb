"""`collodi models` and `collodi pull`: from the packaged zoo, or from a signed registry."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from device.args import Parser
from device.bundle import read_bundle
from device.table import size_text, table
from device.version import VERSION
from device.zoo.firmware import KINDS, write_firmware
from device.zoo.index import Index, choose
from device.zoo.pull import pull as pull_from
from device.zoo.source import Source, source_of
from device.zoo.store import BUNDLES, names, pull_bundle
from device.zoo.trust import pins_path, trusted_index

NONE = """\
No bundle is packaged with this version. To make one:
  collodi quickstart                     the whole chain at toy size
  collodi export RUN --out BUNDLE        from a training run of your own"""
HEADS = ("name", "version", "task", "files", "size", "licence")


def models(argv: list[str]) -> int:
    """List the packaged bundles, or those of a registry."""
    examples = (
        "  collodi models\n  collodi models --registry https://example.org/toys --trust toys.pub"
    )
    parser = Parser("collodi models", "List the bundles of the kit or a registry.", examples)
    _registry_arguments(parser)
    words = parser.parse_args(argv)
    _check_trust(parser, words)
    if words.registry is None:
        rows = [_packaged(name) for name in names()]
    else:
        rows = _listed(_open(words)[1])
    print("\n".join(table([HEADS, *rows])) if rows else _none(words.registry))
    return 0


def pull(argv: list[str]) -> int:
    """Bring one bundle to a new folder."""
    examples = (
        "  collodi pull kws-digits --out my-bundle\n"
        "  collodi pull kws-digits --firmware all        # and C for CMake and ESP-IDF\n"
        "  collodi pull kws-digits@1.2.0 --registry https://example.org/toys --trust toys.pub"
    )
    parser = Parser("collodi pull", "Fetch a bundle and check it.", examples)
    parser.add_argument("name", metavar="NAME[@VERSION]", help="as collodi models lists it")
    _registry_arguments(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="new folder (default: ./NAME)")
    parser.add_argument("--firmware", choices=KINDS, help="write DIR/firmware too: C sources with a"
                        " golden test, a CMake library, an ESP-IDF component")  # fmt: skip
    words = parser.parse_args(argv)
    _check_trust(parser, words)
    out = words.out or Path(words.name.partition("@")[0])
    if words.registry is None:
        bundle, version = pull_bundle(words.name, out), VERSION
    else:
        source, index = _open(words)
        entry = choose(index, words.name)
        try:
            bundle, version = pull_from(source, entry, out), entry.version
        except KeyboardInterrupt:
            print(f"what came is kept in {out}.part: the same command goes on", file=sys.stderr)
            raise
    print(f"{bundle.name}@{version}: {len(bundle.files)} files checked, in {out}")
    if words.firmware is not None:
        print("\n".join(write_firmware(out, bundle, words.firmware, version)))
    return 0


def _registry_arguments(parser: Parser) -> None:
    parser.add_argument("--registry", metavar="DIR|URL", help="instead of what the kit brings")
    parser.add_argument("--trust", metavar="KEY", help="its public key, a file or the word RW...;"
                        " remembered, so once is enough")  # fmt: skip


def _check_trust(parser: Parser, words: argparse.Namespace) -> None:
    if words.trust is not None and words.registry is None:
        parser.error("--trust goes with --registry; what comes with the kit needs no key")


def _open(words: argparse.Namespace) -> tuple[Source, Index]:
    source = source_of(words.registry)
    return source, trusted_index(source, words.trust, pins_path())


def _packaged(name: str) -> tuple[str, ...]:
    bundle = read_bundle(BUNDLES / name, check_files=False)
    size = size_text(sum(entry.bytes for entry in bundle.files))
    return bundle.name, VERSION, bundle.task, str(len(bundle.files)), size, bundle.licence


def _listed(index: Index) -> list[tuple[str, ...]]:
    return [
        (e.name, e.version, e.task, str(e.files), size_text(e.bytes), e.licence)
        for e in index.bundles
    ]


def _none(registry: str | None) -> str:
    return NONE if registry is None else f"{registry} offers no bundle"
