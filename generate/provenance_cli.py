"""`collodi provenance show|sign|certificate|mark`: what files say of where they are from."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from device.args import one_line
from device.files import write_atomic
from generate.options import choose, parse
from generate.provenance import (
    ALGORITHMIC,
    CAPTURED_IN_PART,
    SOURCES,
    TRAINED,
    TRAINED_IN_PART,
    Provenance,
)
from generate.provenance_files import read, stamped
from generate.store import Location, locate
from generate.store_remote import Remote

HELP = """usage: collodi provenance COMMAND ...

commands:
  show         what pictures, films, sounds, heads or a data set say of where they are from
  sign         add Content Credentials (C2PA) with your key: files, or a copy of a data set
  certificate  a throw-away key and certificate to try `sign` with
  mark         say it in pictures and sounds of the kit that another program saved without

examples:
  collodi provenance show sheet.png data/talk --trust authority.pem
  collodi provenance certificate --out test-signer
  collodi provenance sign reel.mp4 --key key.pem --certificate chain.pem
  collodi provenance sign data/stills --key key.pem --certificate chain.pem --out data/signed
  collodi provenance mark small.jpg --seed 7

`collodi provenance COMMAND --help` lists the options of a command."""
WORDS = {
    ALGORITHMIC: "made by an algorithm that no recording or picture taught",
    TRAINED: "made by a model that learned from recordings or pictures",
    TRAINED_IN_PART: "in part made by a model that learned from recordings or pictures",
    CAPTURED_IN_PART: "synthetic, but moved as a real person moved",
}
NOT_LOOKED = "Content Credentials: not looked for: pip install 'collodi[c2pa]'"
Paths = Annotated[tuple[Path, ...], tyro.conf.Positional]
Places = Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="FILE|FOLDER|URL")]


@dataclass(frozen=True)
class Show:
    """Say what files say of where they are from; exit 1 where one says nothing or does not hold.

    Example: collodi provenance show sheet.png data/talk --trust authority.pem
    """

    paths: Places
    """Pictures, films, sounds, .glb; or folders or fsspec URLs of data sets."""
    trust: Path | None = None
    """PEM certificates of authorities whose signers you trust."""


@dataclass(frozen=True)
class Sign:
    """Sign what files of the kit say, as Content Credentials (C2PA), without any network.

    Signed files are never the same bytes twice. In a copy of a data set its pictures and films are
    signed; sound, labels and facts stay the same bytes.
    Example: collodi provenance sign reel.mp4 --key key.pem --certificate chain.pem
    """

    paths: Places
    """Pictures, films and sounds, changed in place; or the folder or URL of one data set."""
    key: Path
    """Private key, PEM."""
    certificate: Path
    """PEM certificates: the signer's, then those up to the authority's."""
    out: Path | None = None
    """Folder for the signed copy of a data set."""


@dataclass(frozen=True)
class Certificate:
    """Make a key and a certificate to try signing with. Nobody vouches for it: a reader that is not
    told to trust it says that the signer is not known.

    Example: collodi provenance certificate --out test-signer
    """

    out: Path
    """Folder for key.pem, chain.pem, authority.pem."""
    name: str = "Collodi test signer"
    """Who signs, as readers will show it."""


@dataclass(frozen=True)
class Mark:
    """Say in files of the kit that they are synthetic, where another program saved them without.

    Example: collodi provenance mark small.jpg --seed 7
    """

    paths: Paths
    """JPEG, PNG, MP4, FLAC or WAV that say nothing yet."""
    source: str = ALGORITHMIC
    """IPTC's word: algorithmicMedia (renders, espeak-ng), trainedAlgorithmicMedia (a neural
    generator, other voices), compositeWithTrainedAlgorithmicMedia, compositeSynthetic."""
    seed: int | None = None
    """Seed of what it shows."""


def main(argv: Sequence[str]) -> int:
    """Run the command line; ValueError where it was used wrongly."""
    if not argv or argv[0] in ("-h", "--help"):
        print(HELP)
        return 0
    kind, run = COMMANDS[choose(argv[0], COMMANDS, "command of collodi provenance")]
    options = parse(kind, argv[1:], f"collodi provenance {argv[0]}", kind.__doc__)
    if not getattr(options, "paths", True):
        raise ValueError(f"name a file; see collodi provenance {argv[0]} --help")
    return run(options)


def _show(options: Show) -> int:
    from generate.provenance_sign import read_trust

    trust = read_trust(options.trust) if options.trust else ""
    return max([_shown(locate(path), trust) for path in options.paths])


def _shown(path: Location, trust: str) -> int:
    if isinstance(path, Remote) or path.is_dir():
        return _shown_dataset(path, trust)
    data = _bytes_of(path)
    said = read(data)
    print(one_line(f"{path}: {_in_words(said)}"))
    line, holds = _credential(data, trust)
    print(one_line(f"  {line}"))
    return int(said is None or not holds)


def _bytes_of(path: Path) -> bytes:
    """A file's bytes; ValueError for a device or a pipe, which might never end."""
    if path.exists() and not path.is_file():
        raise ValueError(f"{path}: want a file or the folder of a data set")
    return path.read_bytes()


def _in_words(said: Provenance | None) -> str:
    if said is None:
        return "says nothing of where it is from"
    seed = "" if said.seed is None else f", seed {said.seed}"
    by = f"by {said.tool}{seed}" if said.version else "not by the kit"
    return f"{said.source}, {by}: {WORDS.get(said.source, 'a word that the kit never writes')}"


def _credential(data: bytes, trust: str) -> tuple[str, bool]:
    """The line about Content Credentials, and whether nothing in them is wrong."""
    from generate.provenance_sign import credential

    try:
        found = credential(data, trust)
    except ModuleNotFoundError:
        return NOT_LOOKED, True
    if found is None:
        return "Content Credentials: none, so anybody could have written this", True
    if found.faults or found.state == "Invalid":
        return f"Content Credentials: INVALID: {', '.join(found.faults)}", False
    source = found.source.rpartition("/")[2] or "no source"
    known = "whom nobody vouches for without --trust"
    if trust:
        knows = "an" if found.state == "Trusted" else "no"
        known = f"whom {knows} authority in --trust knows"
    whole = f"{source}, unchanged since it was signed by {found.signer}, {known}"
    return f"Content Credentials: {whole}", True


def _shown_dataset(path: Location, trust: str) -> int:
    from generate.provenance_data import hear, states
    from generate.shards import open_dataset

    dataset = open_dataset(path)
    heard = hear(dataset)
    print(one_line(f"{path}: {heard.line}"))
    try:
        found = states(dataset, trust)
    except ModuleNotFoundError:
        print(f"  {NOT_LOOKED}")
        return int(bool(heard.silent))
    told = ", ".join(f"{count} {state}" for state, count in sorted(found.items())) or "no picture"
    print(f"  Content Credentials of pictures and films: {told}")
    return int(bool(heard.silent or found["invalid"]))


def _sign(options: Sign) -> int:
    from generate.provenance_data import sign_dataset
    from generate.provenance_sign import read_credentials, signed
    from generate.shards import open_dataset

    by = read_credentials(options.key, options.certificate)
    places = [locate(path) for path in options.paths]
    files = [place for place in places if isinstance(place, Path) and not place.is_dir()]
    folders = [place for place in places if place not in files]
    if folders:
        if len(places) > 1 or options.out is None:
            raise ValueError(f"{folders[0]}: a data set is signed alone, into --out FOLDER")
        count = sign_dataset(open_dataset(folders[0]), options.out, by)
        print(f"{options.out}: {count} pictures signed")
        return 0
    if options.out is not None:
        raise ValueError("--out goes with a data set; files are signed in place")
    for path, data in _each(files, lambda path, data: signed(data, path.name, by)):
        write_atomic(path, data)
        print(one_line(f"{path}: signed"))
    return 0


def _certificate(options: Certificate) -> int:
    from generate.provenance_certificate import DAYS, make_certificate

    make_certificate(options.out, options.name)
    print(f"{options.out}: key.pem, chain.pem, authority.pem; good for {DAYS} days")
    print("nobody checked who holds this key: it shows that a file is unchanged, not who made it",
          file=sys.stderr)  # fmt: skip
    return 0


def _mark(options: Mark) -> int:
    if options.seed is not None and options.seed < 0:
        raise ValueError(f"--seed {options.seed}: want 0 or more")
    said = Provenance(choose(options.source, SOURCES, "--source"), options.seed)
    for path, data in _each(options.paths, lambda _, data: _marked(data, said)):
        write_atomic(path, data)
        print(one_line(f"{path}: {said.line}"))
    return 0


def _marked(data: bytes, said: Provenance) -> bytes:
    made = stamped(data, said)
    if read(made) != said:
        raise ValueError("is damaged, or of a form that takes no mark behind its end")
    return made


def _each(
    paths: Sequence[Path], change: Callable[[Path, bytes], bytes]
) -> list[tuple[Path, bytes]]:
    """What each file becomes; ValueError names the first that cannot, before any is written."""
    made = []
    for path in paths:
        data = _bytes_of(path)
        try:
            made.append((path, change(path, data)))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    return made


COMMANDS: dict[str, tuple[type[Any], Callable[[Any], int]]] = {
    "show": (Show, _show),
    "sign": (Sign, _sign),
    "certificate": (Certificate, _certificate),
    "mark": (Mark, _mark),
}
