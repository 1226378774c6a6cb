"""Where packaged bundles are, and how to name one."""

from __future__ import annotations

import shutil
from pathlib import Path

from device.bundle import CARD, MANIFEST, Bundle, read_bundle
from device.files import install, sha256_of, workplace
from device.strict import nearest
from device.version import VERSION

BUNDLES = Path(__file__).resolve().parent / "bundles"


def names(store: Path = BUNDLES) -> list[str]:
    """Return the names of the packaged bundles, sorted."""
    return sorted(path.parent.name for path in store.glob(f"*/{MANIFEST}"))


def find(bundle: str | Path, store: Path = BUNDLES) -> Path:
    """Return the folder of a bundle given as a folder or as the name of a packaged bundle.

    A folder goes before a name. ValueError names the nearest packaged bundle.
    """
    folder = Path(bundle)
    if folder.is_dir():
        return folder
    if str(bundle) in names(store):
        return store / str(bundle)
    if folder.exists():
        raise ValueError(f"{folder} is a file; a bundle is a folder with a {MANIFEST}")
    raise ValueError(f"no bundle folder and no packaged bundle '{bundle}'{_hint(bundle, store)}")


def _hint(bundle: str | Path, store: Path) -> str:
    known = names(store)
    if not known:
        return "; none is packaged with this version: collodi export makes one from a run"
    return nearest(str(bundle), known) or f"; packaged are {', '.join(known)}"


def pull_bundle(name: str, out: Path, store: Path = BUNDLES) -> Bundle:
    """Copy a packaged bundle to the new folder `out`, whole or not at all, and check it there.

    name: NAME, or NAME@VERSION with the version of this kit, which packaged bundles have. Only the
    manifest, the card and the files that the manifest lists are copied. Where `out` holds this very
    bundle already, it is checked again; ValueError where it holds anything else.
    """
    name, at, version = name.partition("@")
    if name not in names(store):
        raise ValueError(f"no packaged bundle '{name}'{_hint(name, store)}")
    if at and version != VERSION:
        raise ValueError(
            f"packaged is {name}@{VERSION}; other versions are in a registry: --registry"
        )
    if out.exists() or out.is_symlink():
        return already(out, sha256_of(store / name / MANIFEST))
    return copy_bundle(store / name, out)


def already(out: Path, manifest_sha256: str) -> Bundle:
    """Return the bundle with this manifest that is in `out`, checked; ValueError for another."""
    manifest = out / MANIFEST
    if out.is_symlink() or not manifest.is_file() or sha256_of(manifest) != manifest_sha256:
        raise ValueError(f"--out {out} exists already; name a new folder")
    return read_bundle(out)


def copy_bundle(source: Path, out: Path) -> Bundle:
    """Copy the manifest of a bundle, its card and the files that it lists to the new folder `out`.

    Whole or not at all; what was copied is checked.
    """
    bundle = read_bundle(source)
    card = (CARD,) if (source / CARD).is_file() else ()
    with workplace(out) as part:
        for path in (MANIFEST, *card, *(entry.path for entry in bundle.files)):
            (part / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / path, part / path)
        read_bundle(part)
        install(part, out)
    return bundle
