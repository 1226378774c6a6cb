"""Which key a registry is believed by, and the newest index of it that was seen.

Both stand in one file that people may read and edit. No key gets there by itself: only by --trust.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from device.files import write_atomic
from device.strict import check_format, decode, dumps, load_json
from device.zoo.index import (
    INDEX,
    LARGEST_INDEX,
    SIGNATURE,
    Index,
    moment,
    read_index,
    text_of,
)
from device.zoo.source import FolderSource, Refused, Source, read_small

if TYPE_CHECKING:
    from device.backends.minisign import PublicKey

FORMAT, VERSION = "collodi.trust", 1


@dataclass(frozen=True)
class Pin:
    """What is remembered of one registry."""

    key: str
    """Its public key, the word that `minisign -P` takes."""
    id: str
    """Which registry the key was used for: the `id` of its index."""
    serial: int
    """Serial number of the newest index seen."""
    index_sha256: str
    """Hash of that index: another one of the same number is a second truth."""
    seen_utc: str
    """When it was seen."""


@dataclass(frozen=True)
class Pins:
    """The file of all registries that are trusted."""

    registries: dict[str, Pin] = field(default_factory=dict)
    """Folder or URL to what is remembered."""
    format: str = FORMAT
    """Always `collodi.trust`."""
    version: int = VERSION
    """Version of this format."""


def pins_path() -> Path:
    """Return where pins are: `collodi/registries.json` in the user's configuration folder."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    folder = Path(base) if base.startswith("/") else Path.home() / ".config"
    return folder / "collodi" / "registries.json"


def read_pins(path: Path) -> Pins:
    """Read the file of pins, empty where there is none; FormatError names what is wrong in it."""
    if not path.exists():
        return Pins()
    data = load_json(path)
    check_format(data, FORMAT, VERSION, str(path))
    return decode(Pins, data, str(path))


def trusted_index(
    source: Source, trust: str | None, path: Path, now: datetime | None = None
) -> Index:
    """Return the index of a registry after every check, and remember it in the pins at `path`.

    trust: a public key, as a word or a file; None takes the pinned one. ValueError where no key is
    known or it is another than the pinned one, Refused for an index that is forged, older than one
    seen before, expired, or another registry's.
    """
    from device.backends.minisign import read_public, signer

    pins = read_pins(path)
    pin = pins.registries.get(source.place)
    data, signature = _read(source)
    if trust is None and pin is None:
        name = signer(signature, f"{source.place}/{SIGNATURE}")
        raise ValueError(
            f"{source.place} says that key {name} signs it, and nobody vouches for that key: "
            "give --trust KEY, which its keeper gave you by another way"
        )
    key = read_public(trust if trust is not None else pin.key if pin else "")
    if pin is not None and pin.key != key.text:
        old = read_public(pin.key).name
        raise ValueError(
            f"{source.place} was trusted by key {old}, --trust gives {key.name}: if its keeper "
            f"confirms a new key, take the entry out of {path}"
        )
    data = _verified(source, key, data, signature)
    index = read_index(data, f"{source.place}/{INDEX}")
    _check_age(index, source.place, now or datetime.now(timezone.utc))
    _check_seen(index, data, pins, source.place)
    made = Pin(key.text, index.id, index.serial, _hash(data), text_of(datetime.now(timezone.utc)))
    _remember(replace(pins, registries={**pins.registries, source.place: made}), path, pin is None)
    return index


def _read(source: Source) -> tuple[bytes, str]:
    if isinstance(source, FolderSource) and not Path(source.place, INDEX).is_file():
        raise ValueError(f"{source.place} is no registry: it has no {INDEX}")
    data = read_small(source, INDEX, LARGEST_INDEX)
    return data, read_small(source, SIGNATURE, 4096).decode("utf-8", "replace")


def _verified(source: Source, key: PublicKey, data: bytes, signature: str) -> bytes:
    """Return the bytes that bear the signature: `data`, or those of a second later, for the keeper
    may just be writing."""
    from device.backends.minisign import verify

    where = f"{source.place}/{INDEX}"
    try:
        verify(key, data, signature, where)
    except ValueError:
        time.sleep(1)
        data, signature = _read(source)
        try:
            verify(key, data, signature, where)
        except ValueError as error:
            raise Refused(str(error)) from None
    return data


def _check_age(index: Index, place: str, now: datetime) -> None:
    if moment(index.expires_utc) < now:
        raise Refused(
            f"{place}: its index expired on {index.expires_utc[:10]}: refused; the keeper renews "
            "it by collodi publish --registry DIR --key FILE"
        )


def _check_seen(index: Index, data: bytes, pins: Pins, place: str) -> None:
    """Refuse what is older than an index that was seen, here or at a mirror of this registry."""
    pin = pins.registries.get(place)
    if pin is not None and pin.id != index.id:
        raise Refused(f"{place}: its index is that of another registry of the same key: refused")
    for known in pins.registries.values():
        if known.id != index.id:
            continue
        if index.serial < known.serial:
            raise Refused(
                f"{place}: its index is number {index.serial}, older than number {known.serial} "
                f"seen on {known.seen_utc[:10]}: refused"
            )
        if index.serial == known.serial and known.index_sha256 != _hash(data):
            raise Refused(f"{place}: a second index has number {index.serial}: refused")


def _remember(pins: Pins, path: Path, first: bool) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, dumps(pins))
    except OSError as error:
        print(f"note: {path} cannot be written ({error.strerror}): an older index will not be "
              "noticed next time", file=sys.stderr)  # fmt: skip
        return
    if first:
        print(f"note: the key is remembered in {path}", file=sys.stderr)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
