"""A bundle of a registry -> a new folder, whole and checked, or not at all.

Everything comes into `OUT.part` first; the last step renames it. What a broken connection or Ctrl-C
leaves there is taken up by the next pull; what was refused is removed.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from device.bundle import CARD, FORMAT, MANIFEST, VERSION, Bundle, plain_path, read_bundle
from device.files import install, lock, make_folder, sha256_of, sync_tree, write_atomic
from device.strict import FormatError, check_format, decode, loads
from device.table import size_text
from device.zoo.download import Meter, fetch
from device.zoo.index import LARGEST_BUNDLE, Entry
from device.zoo.source import Refused, Source
from device.zoo.store import already

MARKER = ".pull.json"
RESERVED = {MANIFEST.lower(), CARD.lower()}


def pull(source: Source, entry: Entry, out: Path) -> Bundle:
    """Bring one version of a bundle to the new folder `out`; returns it.

    entry: from a checked index. Where `out` holds this very bundle already, it is checked again.
    Raises ValueError where `out` is taken by anything else, Refused for anything that is not as
    signed, Lost for a connection that failed.
    """
    if out.exists() or out.is_symlink():
        return already(out, entry.manifest_sha256)
    part = out.with_name(out.name + ".part")
    meter = Meter(entry.manifest_bytes + entry.card_bytes + entry.bytes)
    with _workplace(part, entry):
        try:
            bundle = _fetch_all(source, entry, part, meter)
        except (Refused, FormatError) as error:
            shutil.rmtree(part, ignore_errors=True)
            raise Refused(str(error)) from None
        finally:
            meter.close()
        sync_tree(part)  # before the marker goes: what has none is whole
        (part / MARKER).unlink()
        install(part, out)
    return bundle


def check_paths(bundle: Bundle, where: str) -> None:
    """Refuse a manifest whose paths differ between systems, meet each other, or leave the folder.

    Stricter than a bundle on the disk: letters, digits, `.`, `_`, `-`, no leading dot.
    """
    seen: set[str] = set()
    for entry in bundle.files:
        parts = plain_path(entry.path, where).parts
        low = entry.path.lower()
        if not all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}", part) for part in parts):
            raise FormatError(
                f"{where}: path {entry.path!a:.80}: use letters, digits, '.', '_', '-'"
            )
        if low in seen or low in RESERVED or low.endswith(".part") or len(parts) > 8:
            raise FormatError(f"{where}: path {entry.path!r} cannot be used beside the others")
        seen.add(low)
    for path in seen:
        if any(
            "/".join(path.split("/")[:depth]) in seen | RESERVED
            for depth in range(1, path.count("/") + 1)
        ):
            raise FormatError(f"{where}: path {path!r} is a file and a folder at once")


def _fetch_all(source: Source, entry: Entry, part: Path, meter: Meter) -> Bundle:
    def bring(path: str, size: int, sha256: str) -> None:
        target = part / path
        target.parent.mkdir(parents=True, exist_ok=True)
        fetch(source, f"{entry.folder}/{path}", target, size, sha256, meter)

    _sweep(part, {MANIFEST}, keep_all=True)
    bring(MANIFEST, entry.manifest_bytes, entry.manifest_sha256)
    bundle = _manifest(part, entry, f"{source.place}/{entry.folder}/{MANIFEST}")
    _sweep(part, {MANIFEST, CARD, *(file.path for file in bundle.files)})
    _room(part, bundle)
    if entry.card_sha256 is not None:
        bring(CARD, entry.card_bytes, entry.card_sha256)
    for file in bundle.files:
        bring(file.path, file.bytes, file.sha256)
    return read_bundle(part)


def _manifest(part: Path, entry: Entry, where: str) -> Bundle:
    data = loads((part / MANIFEST).read_bytes(), where)
    check_format(data, FORMAT, VERSION, where)
    bundle = decode(Bundle, data, where)
    check_paths(bundle, where)
    total = sum(file.bytes for file in bundle.files)
    if any(file.bytes < 0 for file in bundle.files) or total > LARGEST_BUNDLE:
        raise FormatError(f"{where}: its files have sizes that cannot be")
    found = (bundle.name, bundle.task, bundle.licence, len(bundle.files), total)
    said = (entry.name, entry.task, entry.licence, entry.files, entry.bytes)
    if found != said:
        raise FormatError(f"{where}: the manifest says {found}, the index {said}")
    return bundle


@contextmanager
def _workplace(part: Path, entry: Entry) -> Iterator[None]:
    """Hold `part` alone: a folder that an earlier pull left, known by its marker, or a new one."""
    if part.is_symlink() or (part.exists() and not _is_ours(part, entry)):
        raise ValueError(
            f"{part} is there and no unfinished pull: remove it, or name another --out"
        )
    make_folder(part)
    handle = os.open(part, os.O_RDONLY)
    try:
        if not lock(handle):
            raise RuntimeError(f"another pull works in {part}")
        write_atomic(part / MARKER, f'{{"unfinished": "{entry.label}"}}\n')
        yield
    finally:
        os.close(handle)


def _is_ours(part: Path, entry: Entry) -> bool:
    """Whether a pull was stopped in a folder: before, with or after its marker."""
    manifest = part / MANIFEST
    if (part / MARKER).is_file() or (manifest.is_file() and not manifest.is_symlink()
                                     and sha256_of(manifest) == entry.manifest_sha256):  # fmt: skip
        return True
    return part.is_dir() and all(path.name.startswith(f".{MARKER}.") for path in part.iterdir())


def _sweep(part: Path, wanted: set[str], keep_all: bool = False) -> None:
    """Remove links, and files of another version, from what an earlier pull left."""
    for folder, below, files in os.walk(part, topdown=False):
        for name in (*files, *below):
            path = Path(folder, name)
            inside = path.relative_to(part).as_posix()
            plain = inside[:-5] if inside.endswith(".part") else inside
            if path.is_symlink():
                path.unlink()
            elif path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif not path.is_file() or not (keep_all or plain in wanted or inside == MARKER):
                path.unlink()


def _room(part: Path, bundle: Bundle) -> None:
    missing = sum(file.bytes - min(file.bytes, _present(part / file.path)) for file in bundle.files)
    free = shutil.disk_usage(part).free
    if missing > free:
        text = f"{size_text(missing)} are missing, the disk has {size_text(free)} free"
        raise OSError(errno.ENOSPC, text, str(part))


def _present(path: Path) -> int:
    for place in (path, path.with_name(path.name + ".part")):
        if place.is_file():
            return place.stat().st_size
    return 0
