"""The index of a registry: every version of every bundle, in one signed file.

A registry is a folder that any plain web server can offer:

    index.json            this index
    index.json.minisig    its signature, which `minisign -V` checks too
    NAME/VERSION/...      the bundles: a manifest, its card, and the files that the manifest lists

The signature vouches for the index, the index for each manifest, a manifest for its files. The
serial number goes up by one with each change and `expires_utc` bounds how long a mirror may hold an
old index back; both are what The Update Framework (Samuel et al., CCS 2010) asks for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from device.strict import FormatError, check_format, decode, loads, nearest

INDEX, SIGNATURE = "index.json", "index.json.minisig"
FORMAT, VERSION = "collodi.registry", 1
LARGEST_INDEX, LARGEST_MANIFEST, LARGEST_CARD = 8 << 20, 1 << 20, 1 << 20
"""Bytes beyond which no such file is read."""
LARGEST_BUNDLE = 1 << 40
TIME = "%Y-%m-%dT%H:%M:%SZ"
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
NUMBER = r"(?:0|[1-9][0-9]{0,8})"
RELEASE = rf"{NUMBER}\.{NUMBER}\.{NUMBER}"


@dataclass(frozen=True)
class Entry:
    """One version of one bundle."""

    name: str
    """Name of the bundle, as in its manifest."""
    version: str
    """Three numbers with dots between; the highest is the newest."""
    task: str
    """As in the manifest."""
    licence: str
    """SPDX expression of the weights."""
    published_utc: str
    """When it entered the registry."""
    manifest_sha256: str
    """64 lowercase hex digits of manifest.json, which holds those of the files."""
    manifest_bytes: int
    """Size of manifest.json."""
    files: int
    """Number of files that the manifest lists."""
    bytes: int
    """Size of those files together."""
    card_sha256: str | None = None
    """Hash of MODEL_CARD.md; null where there is none."""
    card_bytes: int = 0
    """Size of MODEL_CARD.md."""

    @property
    def label(self) -> str:
        """Return NAME@VERSION."""
        return f"{self.name}@{self.version}"

    @property
    def folder(self) -> str:
        """Return the folder inside the registry, `/` between."""
        return f"{self.name}/{self.version}"


@dataclass(frozen=True)
class Index:
    """All that a registry offers."""

    id: str
    """32 hex digits, drawn when the registry was begun: which registry this is."""
    serial: int
    """Counts the changes; never goes down."""
    created_utc: str
    """When this index was signed."""
    expires_utc: str
    """When to doubt it."""
    bundles: tuple[Entry, ...]
    """Newest version of a name first."""
    format: str = FORMAT
    """Always `collodi.registry`."""
    version: int = VERSION
    """Version of this format."""


def read_index(data: bytes, where: str) -> Index:
    """Read the bytes of an index whose signature has been checked; FormatError says what is wrong.

    A signed index is still not believed: names become folders here, and stolen keys exist.
    """
    raw = loads(data, where)
    check_format(raw, FORMAT, VERSION, where)
    index = decode(Index, raw, where)
    _match(where, "id", index.id, r"[0-9a-f]{32}")
    if index.serial < 1:
        raise FormatError(f"{where}: serial {index.serial} should be >= 1")
    for key in ("created_utc", "expires_utc"):
        moment(getattr(index, key), f"{where}: '{key}'")
    labels = set()
    for entry in index.bundles:
        _check(entry, where)
        if entry.label.lower() in labels:
            raise FormatError(f"{where}: {entry.label} is listed twice")
        labels.add(entry.label.lower())
    return index


def choose(index: Index, wanted: str) -> Entry:
    """Return the entry of NAME@VERSION, or the newest of NAME; ValueError names what there is."""
    name, _, version = wanted.partition("@")
    found = [entry for entry in index.bundles if entry.name == name]
    if not found:
        known = sorted({entry.name for entry in index.bundles})
        there = nearest(name, known) or f"; it has {', '.join(known) or 'none'}"
        raise ValueError(f"the registry has no bundle '{name}'{there}")
    if "@" not in wanted:
        return max(found, key=lambda entry: numbers(entry.version))
    for entry in found:
        if entry.version == version:
            return entry
    versions = ", ".join(entry.version for entry in found)
    raise ValueError(f"the registry has no {name}@{version}; it has {versions}")


def numbers(version: str) -> tuple[int, ...]:
    """Return the three numbers of a version; ValueError where it has another form."""
    if not re.fullmatch(RELEASE, version):
        raise ValueError(f"version '{version}' should be three numbers, such as 1.2.0")
    return tuple(int(part) for part in version.split("."))


def moment(text: str, where: str = "time") -> datetime:
    """Read a UTC time with seconds, 2026-01-31T12:00:00Z; FormatError where it is none."""
    try:
        return datetime.strptime(text, TIME).replace(tzinfo=timezone.utc)
    except ValueError:
        raise FormatError(
            f"{where}: {text!r:.60} is no time such as 2026-01-31T12:00:00Z"
        ) from None


def text_of(when: datetime) -> str:
    """Return a UTC time as `moment` reads it."""
    return when.strftime(TIME)


def days_from(when: datetime, days: int) -> datetime:
    """Return the time that many days later."""
    return when + timedelta(days=days)


def _check(entry: Entry, where: str) -> None:
    _match(where, "name", entry.name, NAME)
    here = f"{where}: {entry.name}"
    _match(here, "version", entry.version, RELEASE)
    _match(here, "task", entry.task, r"[a-z]{1,20}")
    _match(here, "licence", entry.licence, r"[A-Za-z0-9.()+ -]{1,80}")
    moment(entry.published_utc, f"{here}: 'published_utc'")
    _match(here, "manifest_sha256", entry.manifest_sha256, r"[0-9a-f]{64}")
    if entry.card_sha256 is not None:
        _match(here, "card_sha256", entry.card_sha256, r"[0-9a-f]{64}")
    _within(here, "manifest_bytes", entry.manifest_bytes, LARGEST_MANIFEST)
    _within(here, "card_bytes", entry.card_bytes, LARGEST_CARD)
    _within(here, "bytes", entry.bytes, LARGEST_BUNDLE)
    _within(here, "files", entry.files, 10000)


def _match(where: str, key: str, value: str, pattern: str) -> None:
    if not re.fullmatch(pattern, value):
        raise FormatError(f"{where}: '{key}' is {value!a:.80}, which is not allowed there")


def _within(where: str, key: str, value: int, most: int) -> None:
    if not 0 <= value <= most:
        raise FormatError(f"{where}: '{key}' is {value}, 0 to {most} are allowed")
