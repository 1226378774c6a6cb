"""Damage that knows a format: checksums and lengths are put right again, so that readers go on.

A PNG with a wrong checksum is refused at once; one that claims a million megapixels under a right
checksum is not.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import struct
import zipfile
import zlib
from typing import Any

from fuzz_bytes import NUMBERS, mutated_numbers
from fuzz_common import mutated_bytes, mutated_value

TAR_BLOCK = 512


def mutated_tar(raw: bytes, rng: random.Random) -> bytes:
    """Return a tar with fields of a header changed under a right checksum."""
    out, at, heads = bytearray(raw), 0, []
    while at + TAR_BLOCK <= len(out) and any(out[at : at + TAR_BLOCK]):
        heads.append(at)
        at += TAR_BLOCK + -(-int(bytes(out[at + 124 : at + 135]), 8) // TAR_BLOCK) * TAR_BLOCK
    head = rng.choice(heads)
    start, size = rng.choice(
        [(0, 100), (100, 8), (124, 12), (124, 12), (156, 1), (157, 100), (257, 8), (345, 155)]
    )
    value = rng.choice(
        [
            b"\x80" + b"\xff" * 11,
            b"77777777777",
            b"-1",
            b"0",
            b"x",
            b"g",
            b"L",
            b"S",
            b"K",
            b"2",
            b"../../outside.bin",
            b"/etc/passwd",
            b"a\nb",
            b"\xff" * size,
            b"%o" % rng.choice(NUMBERS[:15]),
        ]
    )
    out[head + start : head + start + size] = value[:size].ljust(size, b"\0")
    block = out[head : head + TAR_BLOCK]
    total = sum(block) - sum(block[148:156]) + 8 * 32
    out[head + 148 : head + 156] = b"%06o\0 " % total
    return bytes(out)


def mutated_png(raw: bytes, rng: random.Random) -> bytes:
    """Return a PNG with a chunk changed, doubled or added under a right checksum."""
    chunks, at = [], 8
    while at + 12 <= len(raw):
        size = int.from_bytes(raw[at : at + 4], "big")
        chunks.append((raw[at + 4 : at + 8], raw[at + 8 : at + 8 + size]))
        at += 12 + size
    spot = rng.randrange(len(chunks))
    name, body = chunks[spot]
    how = rng.randrange(4)
    if how == 0:
        chunks[spot] = (name, mutated_numbers(body or b"\0", rng))
    elif how == 1:
        sides = struct.pack(">II", rng.choice(NUMBERS[:14]), rng.choice(NUMBERS[:14]))
        chunks[0] = (b"IHDR", sides + chunks[0][1][8:])
    elif how == 2:
        bomb = zlib.compress(bytes(rng.choice([100, 1 << 16, 1 << 24])))
        extra = rng.choice(
            [
                (b"zTXt", b"a\0\0" + bomb),
                (b"iCCP", b"a\0\0" + bomb),
                (b"IDAT", bomb),
                (b"acTL", struct.pack(">II", 1 << 30, 0)),
                (b"tRNS", bytes(300)),
                (b"eXIf", b"II*\0" + b"\xff" * 40),
            ]
        )
        chunks.insert(rng.randrange(1, len(chunks) + 1), extra)
    else:
        chunks.insert(spot, chunks[rng.randrange(len(chunks))])
    packed = (
        struct.pack(">I", len(b)) + n + b + struct.pack(">I", zlib.crc32(n + b)) for n, b in chunks
    )
    return raw[:8] + b"".join(packed)


def mutated_npz(raw: bytes, rng: random.Random) -> bytes:
    """Return an npz with a member changed, claimed larger, made a bomb or a pickle."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(list(parts))
    how = rng.randrange(7)
    if how == 0:
        parts[name] = mutated_bytes(parts[name], rng)
    elif how in (1, 2):
        parts[name] = reshaped(parts[name], rng)
    elif how == 3:
        parts[rng.choice(["../x.npy", "/abs.npy", "x", "a\0b.npy", "\u202e.npy"])] = parts.pop(name)
    elif how == 4:
        parts[name] = parts[name] + bytes(rng.choice([1 << 10, 1 << 20, 1 << 25]))
    elif how == 5:
        parts[name] = _objects(rng)
    method = rng.choice([zipfile.ZIP_DEFLATED] * 4 + [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for part, data in parts.items():
            info = zipfile.ZipInfo(part)  # of no time: the same bytes at every call
            archive.writestr(info, data, method)
    return _other_directory(out.getvalue(), rng) if rng.random() < 0.3 else out.getvalue()


def reshaped(npy: bytes, rng: random.Random) -> bytes:
    """Return an npy file whose header claims something else."""
    shape = rng.choice(
        [
            f"({rng.choice(NUMBERS)},)",
            "(-1,)",
            "(2**40, 2**40)",
            "()",
            "(0, 1)",
            "(1,) * 99",
            "([1],)",
            "('x',)",
            "(" * 300 + ")" * 300,
        ]
    )
    descr = rng.choice(
        [
            "'|O'",
            "'<f4'",
            "'<f8'",
            "'<U1'",
            "'<U0'",
            f"'<U{rng.choice(NUMBERS)}'",
            "'|V8'",
            "'<M8[s]'",
            "[('a', '|O')]",
            "'|b1'",
            "'>c16'",
            "'|S0'",
            "1",
        ]
    )
    order = rng.choice(["False", "True", "None", "[]"])
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    version, form = rng.choice(
        [(b"\x01\x00", "<H"), (b"\x01\x00", "<H"), (b"\x02\x00", "<I"), (b"\x03\x00", "<I")]
    )
    return b"\x93NUMPY" + version + struct.pack(form, len(text)) + text + npy[128:]


def _objects(rng: random.Random) -> bytes:
    """An array of objects whose pickle runs a command when a trusting reader takes it."""
    text = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n"
    bomb = rng.choice([b"cos\nsystem\n(S'touch ran'\ntR.", b"cbuiltins\nexec\n(S'1'\ntR."])
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bomb


def _other_directory(raw: bytes, rng: random.Random) -> bytes:
    """Change sizes, flags, methods or places in the list at the archive's end."""
    out, at = bytearray(raw), raw.find(b"PK\x01\x02")
    for _ in range(rng.randint(1, 2)):
        place, size = rng.choice([(8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (42, 4)])
        value = rng.choice(NUMBERS) & ((1 << 8 * size) - 1)
        out[at + place : at + place + size] = value.to_bytes(size, "little")
    return bytes(out)


def mutated_tensors(raw: bytes, rng: random.Random) -> bytes:
    """Return a safetensors file with its header changed as data; its length is put right."""
    size = int.from_bytes(raw[:8], "little")
    head: dict[str, Any] = json.loads(raw[8 : 8 + size])
    for _ in range(rng.choice([1, 1, 2])):
        how = rng.randrange(4)
        if how and "__metadata__" in head:
            facts = head["__metadata__"]
            key = next(iter(facts))
            if how == 1 and facts[key].startswith("{"):
                with contextlib.suppress(ValueError):  # it was damaged before
                    facts[key] = json.dumps(mutated_value(json.loads(facts[key]), rng))
            elif how == 2:
                facts[key] = mutated_bytes(facts[key].encode(), rng).decode("utf-8", "replace")
        if how in (0, 3):
            head = mutated_value(head, rng)
            if "__metadata__" in head and not head["__metadata__"]:
                del head["__metadata__"]
    text = json.dumps(head).encode("utf-8", "surrogatepass")
    return struct.pack("<Q", len(text)) + text + raw[8 + size :]


def mutated_pickle(raw: bytes, rng: random.Random) -> bytes:
    """Return a pickle with instructions put in: calls, things made again and again, jumps."""
    bad = (
        b"cos\nsystem\n(S'touch ran'\ntR",
        b"cbuiltins\neval\n(S'1'\ntR",
        b"\x8c\x02os\x8c\x06system\x93",
        b"h\x00" * 500,
        b"j\xff\xff\xff\x7f",
        b"r\xff\xff\xff\x7f",
        b"]" * 2000,
        b"(" * 2000,
        b"\x85" * 3000,
        b"\x8e" + b"\xff" * 7 + b"\x7f",
        b"\x8b\xff\xff\xff\x7f",
        b"b",
        b"R",
        b"\x81",
        b"0",
        b"2" * 500,
        b"a",
        b"e",
        b"u",
        b"s",
        b"Q",
        b"}",
        b")",
        b"N",
        b"K\x05",
        b"ctorch._utils\n_rebuild_tensor_v2\n",
        b"ccollections\nOrderedDict\n)R",
        b"\x95" + b"\xff" * 8,
        b"I" + b"9" * 5000 + b"\n",
    )
    out = bytearray(raw)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(out))
        out[at : at + rng.choice([0, 0, 1])] = rng.choice(bad)
    return bytes(out)


def mutated_boxes(raw: bytes, rng: random.Random) -> bytes:
    """Return an mp4 with a number near the name of a box changed."""
    names = (
        b"moov",
        b"mvhd",
        b"tkhd",
        b"stsz",
        b"stts",
        b"ctts",
        b"stsc",
        b"stco",
        b"stsd",
        b"avc1",
        b"avcC",
        b"elst",
        b"mdhd",
        b"ftyp",
        b"hdlr",
        b"dref",
        b"url ",
        b"mdat",
    )
    out = bytearray(raw)
    for _ in range(rng.randint(1, 2)):
        name = rng.choice([n for n in names if n in raw])
        at = raw.find(name) + rng.choice([-4, 4, 8, 8, 12, 16, 20, 24, 28, 32])
        value = rng.choice(NUMBERS) & 0xFFFFFFFF
        out[max(at, 0) : max(at, 0) + 4] = value.to_bytes(4, "big")
    return bytes(out)
