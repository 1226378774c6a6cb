"""A bundle -> a registry: the files first, then the index that names them, then its signature."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from device.bundle import CARD, MANIFEST, read_bundle
from device.files import sha256_of, write_atomic
from device.strict import dumps
from device.zoo.index import (
    INDEX,
    SIGNATURE,
    Entry,
    Index,
    choose,
    days_from,
    numbers,
    read_index,
    text_of,
)
from device.zoo.pull import check_paths
from device.zoo.store import copy_bundle

if TYPE_CHECKING:
    from device.backends.minisign import PublicKey, SecretKey

NEXT = ".next"
DAYS = 365
"""How long an index is good for, where nothing else is asked."""


def publish(bundle: Path, registry: Path, key: SecretKey, version: str | None, days: int) -> Entry:
    """Check a bundle, copy it into the registry and sign the index anew; returns its entry.

    version: None takes the next one. A version once published never changes: ValueError. A folder
    that is no registry yet becomes one.
    """
    made = read_bundle(bundle)
    check_paths(made, str(bundle / MANIFEST))
    registry.mkdir(parents=True, exist_ok=True)
    with _alone(registry):
        index = _current(registry, key)
        sha256 = sha256_of(bundle / MANIFEST)
        for entry in index.bundles:
            if entry.name == made.name and entry.manifest_sha256 == sha256:
                raise ValueError(f"this very bundle is published already, as {entry.label}")
        entry = _entry(bundle, version or _next(registry, made.name))
        _place(bundle, registry / entry.folder, entry)
        _sign(registry, replace(index, bundles=(*index.bundles, entry)), key, days)
    return entry


def renew(registry: Path, key: SecretKey, days: int, old: PublicKey | None = None) -> Index:
    """Sign the index of a registry again, so that it does not expire, or by another key than `old`.

    Those who trust the old key have to be told: they refuse the new one.
    """
    with _alone(registry):
        return _sign(registry, _existing(registry, old or key.public), key, days)


def withdraw(label: str, registry: Path, key: SecretKey, days: int) -> Entry:
    """Take NAME@VERSION out of the index; the files stay, and nobody finds them by name."""
    if "@" not in label:
        raise ValueError(f"--withdraw {label}: name one version, as in {label}@1.0.0")
    with _alone(registry):
        index = _existing(registry, key.public)
        gone = choose(index, label)
        left = tuple(entry for entry in index.bundles if entry != gone)
        _sign(registry, replace(index, bundles=left), key, days)
    return gone


def _entry(bundle: Path, version: str) -> Entry:
    numbers(version)
    made, card = read_bundle(bundle), bundle / CARD
    manifest = bundle / MANIFEST
    has_card = card.is_file()
    return Entry(
        made.name,
        version,
        made.task,
        made.licence,
        text_of(datetime.now(timezone.utc)),
        sha256_of(manifest),
        manifest.stat().st_size,
        len(made.files),
        sum(entry.bytes for entry in made.files),
        sha256_of(card) if has_card else None,
        card.stat().st_size if has_card else 0,
    )


def _next(registry: Path, name: str) -> str:
    """Return the version after the highest that has a folder, withdrawn ones too."""
    found = []
    for folder in registry.glob(f"{name}/*"):
        try:
            found.append(numbers(folder.name))
        except ValueError:
            continue
    return ".".join(map(str, (*max(found)[:2], max(found)[2] + 1))) if found else "1.0.0"


def _place(bundle: Path, folder: Path, entry: Entry) -> None:
    """Copy, unless an earlier attempt that failed before the signature left the same bytes."""
    if not folder.exists():
        copy_bundle(bundle, folder)
        return
    there = sha256_of(folder / MANIFEST) if (folder / MANIFEST).is_file() else ""
    if there != entry.manifest_sha256:
        raise ValueError(f"{entry.label} was published already; a version never changes")
    if _entry(folder, entry.version).card_sha256 != entry.card_sha256:
        raise ValueError(f"{entry.label} was published already, with another {CARD}")


def _current(registry: Path, key: SecretKey) -> Index:
    if (registry / INDEX).exists() or (registry / SIGNATURE).exists():
        return _existing(registry, key.public)
    return Index(secrets.token_hex(16), 0, "", "", ())


def _existing(registry: Path, key: PublicKey) -> Index:
    """Return the index, which must bear this key's signature: nothing forged is signed anew."""
    from device.backends.minisign import verify

    if not (registry / INDEX).is_file():
        raise ValueError(f"{registry} is no registry: it has no {INDEX}")
    _finish(registry)
    data, where = (registry / INDEX).read_bytes(), str(registry / INDEX)
    verify(key, data, (registry / SIGNATURE).read_text(encoding="utf-8"), where)
    return read_index(data, where)


def _sign(registry: Path, index: Index, key: SecretKey, days: int) -> Index:
    """Write the index, one higher, and its signature."""
    from device.backends.minisign import sign

    now = datetime.now(timezone.utc)
    ordered = sorted(index.bundles, key=lambda entry: numbers(entry.version), reverse=True)
    made = replace(
        index,
        serial=index.serial + 1,
        created_utc=text_of(now),
        expires_utc=text_of(days_from(now, days)),
        bundles=tuple(sorted(ordered, key=lambda entry: entry.name)),
    )
    data = dumps(made).encode()
    read_index(data, str(registry / INDEX))
    comment = f"collodi registry {made.id} index {made.serial} until {made.expires_utc}"
    signature = sign(key, data, comment)
    write_atomic(registry / f"{INDEX}{NEXT}", data)
    write_atomic(registry / f"{SIGNATURE}{NEXT}", signature)
    _finish(registry)
    return made


def _finish(registry: Path) -> None:
    """Put the next index and signature in place; again where a power cut came between the two."""
    if (registry / f"{SIGNATURE}{NEXT}").is_file():  # written last: both are whole
        for name in (INDEX, SIGNATURE):
            if (registry / f"{name}{NEXT}").is_file():
                os.replace(registry / f"{name}{NEXT}", registry / name)


@contextmanager
def _alone(registry: Path) -> Iterator[None]:
    """Hold the registry's lock, which ends with the process whatever happens."""
    import fcntl

    with (registry / ".lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(f"somebody else publishes in {registry} now") from None
        yield
