"""Damage of bytes, numbers, lines and JSON, whatever format they are of."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from fuzz_common import HOSTILE, mutated_bytes, mutated_value

NUMBERS = (
    0,
    1,
    2,
    7,
    127,
    255,
    256,
    32767,
    65535,
    1 << 20,
    (1 << 24) - 1,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    1 << 40,
    (1 << 63) - 1,
    1 << 63,
    (1 << 64) - 1,
)
"""What a number in a file is replaced by."""
Change = Callable[[bytes, random.Random], bytes]


def mutated_numbers(raw: bytes, rng: random.Random) -> bytes:
    """Return bytes with whole numbers of 1 to 8 bytes replaced; most are in the first 4 kB."""
    out = bytearray(raw)
    for _ in range(rng.randint(1, 3)):
        size = rng.choice([1, 2, 4, 4, 4, 8])
        reach = min(len(out), rng.choice([64, 512, 4096, len(out)]))
        at = rng.randrange(max(reach - size, 1))
        value = rng.choice([*NUMBERS, rng.randrange(1 << 16)]) & ((1 << 8 * size) - 1)
        out[at : at + size] = value.to_bytes(size, rng.choice(["little", "big"]))
    return bytes(out)


def mutated_binary(raw: bytes, rng: random.Random) -> bytes:
    """Return a binary file with numbers or bytes changed."""
    return (mutated_numbers if rng.random() < 0.6 else mutated_bytes)(raw, rng)


def one_of(*changes: Change) -> Change:
    """Return what makes one of the changes, now and then with broken bytes in it."""

    def change(raw: bytes, rng: random.Random) -> bytes:
        out = rng.choice(changes)(raw, rng)
        return mutated_bytes(out, rng) if rng.random() < 0.1 else out

    return change


def mutated_text(raw: bytes, rng: random.Random) -> bytes:
    """Return a text with words, cells or lines replaced, doubled, moved or removed."""
    lines = raw.decode("utf-8", "replace").split("\n")
    for _ in range(rng.choice([1, 1, 2, 4])):
        at = rng.randrange(len(lines))
        parted = "," if "," in lines[at] else "|" if "|" in lines[at] else " "
        cells = lines[at].split(parted)
        cell = rng.randrange(len(cells))
        how = rng.randrange(7)
        if how == 0:
            lines.insert(at, lines[rng.randrange(len(lines))])
        elif how == 1 and len(lines) > 1:
            del lines[at]
            continue
        elif how == 2:
            cells.insert(cell, rng.choice(cells))
        elif how == 3:
            del cells[cell]
        elif how == 4:
            cells[cell] = rng.choice(
                [
                    "9" * 400,
                    "1e999",
                    "-1",
                    "nan",
                    "inf",
                    "0x10",
                    "1_0",
                    "1e9",
                    "1e-9",
                    '"',
                    "x" * 140_000,
                    "\u0663",
                    "=",
                    "a=1",
                ]
            )
        else:
            cells[cell] = str(rng.choice(HOSTILE))
        lines[at] = parted.join(cells)
    out = "\n".join(lines).encode("utf-8", "surrogatepass")
    return mutated_bytes(out, rng) if rng.random() < 0.15 else out


def mutated_lines(raw: bytes, rng: random.Random) -> bytes:
    """Return lines of JSON with one changed as data, as text, doubled or removed."""
    lines = raw.splitlines()
    at = rng.randrange(len(lines))
    if rng.random() < 0.75:
        data = mutated_value(json.loads(lines[at]), rng)
        lines[at] = json.dumps(data, ensure_ascii=rng.random() < 0.5).encode(
            "utf-8", "surrogatepass"
        )
    elif rng.random() < 0.5:
        lines.insert(at, lines[rng.randrange(len(lines))])
    else:
        return mutated_bytes(raw, rng)
    return b"\n".join(lines) + b"\n"
