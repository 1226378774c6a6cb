"""`collodi publish`: keep a signed registry that a folder or any plain web server can offer."""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path

from device.args import Parser, positive_int
from device.zoo.publish import DAYS, publish, renew, withdraw
from device.zoo.store import find

EXAMPLES = """\
  collodi publish --new-key toys.key                        once; toys.key.pub is to hand out
  collodi publish my-bundle --registry reg --key toys.key   the next version of my-bundle
  collodi publish --registry reg --key toys.key             sign again before the index expires
  collodi publish --withdraw kws@1.0.2 --registry reg --key toys.key
  collodi publish --registry reg --key new.key --old-key toys.key.pub"""


def main(argv: list[str]) -> int:
    """Make a key, publish a bundle, renew the index, or withdraw a version."""
    parser = _parser()
    words = parser.parse_args(argv)
    if words.new_key is not None:
        if words.bundle or words.registry or words.key or words.withdraw or words.old_key:
            parser.error("--new-key stands alone")
        return _new_key(words.new_key)
    if words.registry is None or words.key is None:
        parser.error("--registry and --key are needed (--new-key FILE makes a key)")
    if words.bundle and words.withdraw:
        parser.error("publish a bundle or withdraw one, not both")
    if words.old_key and (words.bundle or words.withdraw):
        parser.error("--old-key changes the key, and nothing else at once")
    if words.days > 3650:
        parser.error(f"--days {words.days}: at most 3650, ten years")
    if words.version and not words.bundle:
        parser.error("--version goes with a BUNDLE")
    if "://" in str(words.registry):
        parser.error("--registry takes a folder here; copy it to the web server afterwards")
    print(_work(words))
    return 0


def _work(words: argparse.Namespace) -> str:
    from device.backends.minisign import read_public, read_secret

    key = read_secret(words.key)
    if words.withdraw:
        gone = withdraw(words.withdraw, words.registry, key, words.days)
        return f"{gone.label} is out of the index of {words.registry}; its files are still there"
    if words.bundle is None:
        old = read_public(words.old_key) if words.old_key else None
        index = renew(words.registry, key, words.days, old)
        return f"index {index.serial} of {words.registry} is signed until {index.expires_utc[:10]}"
    entry = publish(find(words.bundle), words.registry, key, words.version, words.days)
    return (
        f"{entry.label}: {entry.files} files, signed by key {key.public.name}\n"
        f"to fetch it: collodi pull {entry.name} --registry "
        f"{shlex.quote(str(words.registry))} --trust {key.public.text}"
    )


def _new_key(path: Path) -> int:
    """Write a secret key that only its owner can read, and its public half beside it."""
    from device.backends.minisign import new_key, public_text, secret_text

    public = path.with_name(path.name + ".pub")
    if public.exists():
        raise ValueError(f"{public} exists already; name a new file")
    key = new_key()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(secret_text(key))
    public.write_text(public_text(key.public))
    print(f"{path}: secret, keep it away from the registry; it has no passphrase"
          f" (minisign -C -s {path} sets one)\n"
          f"{public}: to hand out, or as a word: {key.public.text}")  # fmt: skip
    return 0


def _parser() -> Parser:
    parser = Parser("collodi publish", "Sign a bundle into a registry of static files.", EXAMPLES)
    parser.add_argument("bundle", nargs="?", metavar="BUNDLE", help="folder or packaged bundle")
    parser.add_argument("--registry", type=Path, metavar="DIR", help="made where it is not there")
    parser.add_argument("--key", type=Path, metavar="FILE", help="secret key (minisign's too)")
    parser.add_argument("--version", metavar="X.Y.Z", help="default: the next one, first 1.0.0")
    parser.add_argument("--days", type=positive_int, default=DAYS, metavar="N",
                        help=f"until the index expires (default {DAYS})")  # fmt: skip
    parser.add_argument("--withdraw", metavar="NAME@X.Y.Z", help="take a version out of the index")
    parser.add_argument("--old-key", metavar="PUB", help="sign by --key what this one signed")
    parser.add_argument("--new-key", type=Path, metavar="FILE", help="make a key, and FILE.pub")
    return parser
