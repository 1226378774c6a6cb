"""Hostile checkpoints that would take the memory, the time or the terminal: one line each."""

import io
import resource
import struct
import zipfile
from pathlib import Path

import pytest
import torch

from generate.gan.foreign import load_foreign
from generate.gan.pickle_machine import SPARE_BYTES
from generate.gan.unpickle import read_checkpoint

TWO = b"\x80\x02"
LAUGHS = b"K\x01" + b"q\x00h\x00\x86" * 26
"""A tuple of two times a tuple of two times ...: 2^26 numbers to whoever looks at each."""
MANY = 2_000_000


def _word(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text.encode())) + text.encode()


def _name(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def _number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def _storage(key: bytes = _word("0"), count: bytes = _number(4)) -> bytes:
    kind = _name("torch", "FloatStorage")
    return b"(" + _word("storage") + kind + key + _word("cpu") + count + b"tQ"


def _tensor(size: bytes = b"K\x04\x85", stride: bytes = b"K\x01\x85") -> bytes:
    rebuilt = _name("torch._utils", "_rebuild_tensor_v2")
    return rebuilt + b"(" + _storage() + b"K\x00" + size + stride + b"tR"


def _zip(data: bytes, storage: bytes = bytes(16)) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("net/data.pkl", TWO + data)
        archive.writestr("net/data/0", storage)
    return out.getvalue()


def _bytes(data: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(data)) + data


def _nested(data: bytes, depth: int) -> bytes:
    for _ in range(depth):
        data = b"\x80\x04" + _name("torch.storage", "_load_from_bytes") + _bytes(data) + b"\x85R."
    return data


def _modules(depth: int) -> bytes:
    """A module that has the one below it twice, as often."""
    made = _name("torch.nn", "M") + b")\x81}"
    data = made + b"b"
    for _ in range(depth):
        both = b"(" + _word("a") + b"h\x05" + _word("b") + b"h\x05u"
        data += b"q\x050" + made + _word("_modules") + b"}" + both + b"sb"
    return TWO + b"}" + _word("G_ema") + data + b"s."


PERSISTENT = _name("torch_utils.persistence", "_reconstruct_persistent_obj")
STATE = b"}(" + b"".join(_word(f"{n:06}") + b"N" for n in range(9000)) + b"u"
RECORD = b"}(" + _word("state") + STATE + b"u\x85"
AS_KEY = "a table with a tuple as key"
SEVERAL = "makes several times as much"
FOUR = b"\x80\x04"
HOSTILE = {
    "key": (TWO + b"}" + LAUGHS + b"K\x01s.", AS_KEY),
    "keys": (TWO + b"}(" + LAUGHS + b"K\x01u.", AS_KEY),
    "dict": (TWO + b"(" + LAUGHS + b"K\x01d.", AS_KEY),
    "set": (FOUR + b"\x8f(" + LAUGHS + b"\x90.", AS_KEY),
    "frozen set": (FOUR + b"(" + LAUGHS + b"\x91.", "instruction 0x91"),
    "pairs": (
        TWO + _name("collections", "OrderedDict") + b"]" + LAUGHS + b"K\x01\x86a\x85R.", AS_KEY,
    ),
    "size": (TWO + _name("torch", "Size") + b"]" + LAUGHS + b"a\x85R.", AS_KEY),
    "one hash": (TWO + b"}\x8a\x0a" + (3 * (2**61 - 1)).to_bytes(10, "little") + b"Ns.", "int as"),
    "storage": (_zip(_storage(key=LAUGHS) + b"."), "without a key and a size"),
    "count": (_zip(_storage(count=_number(-4)) + b"."), "without a key and a size"),
    "list as stride": (_zip(_tensor(_number(1 << 28) + b"\x85", b"]Na\x85") + b"."), "whole"),
    "axes": (_zip(_tensor(b"(" + b"K\x01" * 99 + b"t", b"(" + b"K\x01" * 99 + b"t") + b"."),
             "whose size is"),
    "tensor item": (_zip(_tensor() + b"K\x00" + LAUGHS + b"s."), "adds items to a Tensor"),
    "tensor sum": (_zip(_tensor() + b"(" + _tensor() + b"\x90."), "adds items to a Tensor"),
    "gigabytes": (b"\x80\x05\x96" + struct.pack("<Q", 1 << 33) + b"x.", "instruction 0x96"),
    "extension": (TWO + b"\x82\x01.", "instruction 0x82"),
    "tuples": (TWO + b"N" + b"\x85" * MANY + b".", SEVERAL),
    "memo": (FOUR + b"N" + b"\x94" * MANY + b".", SEVERAL),
    "marks": (TWO + b"(" * MANY + b".", SEVERAL),
    "words": (FOUR + b"](" + b"\x8c\x02ab" * MANY + b"e.", SEVERAL),
    "tensors": (_zip(b"](" + _tensor() + b"q\x07" + b"0" + (_tensor() * 40_000) + b"e."), SEVERAL),
    "records": (TWO + b"](" + PERSISTENT + b"q\x01" + RECORD + b"q\x02R" + b"h\x01h\x02R" * 9000
                + b"e.", SEVERAL),
    "streams": (_nested(TWO + _bytes(bytes(1 << 20)) + b".", 60), SEVERAL),
    "modules": (_modules(40), "without end"),
    "own child": (
        TWO + b"}" + _word("G_ema") + _name("torch.nn", "M") + b")\x81q\x07}" + _word("_modules")
        + b"}" + _word("x") + b"h\x07ssbs.", "without end",
    ),
    "terminal": (FOUR + _word("\x1b[2J\nx") + _word("y" * 5000) + b"\x93.", r"names \?\[2J\?x.y"),
    "parts": (b"PK\x03\x04" + b"PK\x01\x02" * 10_001, "more than 10000 parts"),
    "name": (_zip(b"}" + _word("g_ema") + b"}" + _word("\x1b[2J") + _tensor() + b"ss."), "names"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_bomb_is_refused_in_one_short_line(tmp_path: Path, kind: str) -> None:
    data, want = HOSTILE[kind]
    path = tmp_path / "net.pt"
    path.write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=want) as caught:
        load_foreign(path)
    said = str(caught.value).removeprefix(f"checkpoint {path}: ")
    assert len(said) < 250 and said.isprintable()
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    assert more < 2 * len(data) + 2 * SPARE_BYTES


def test_small_tensors_cannot_claim_a_large_network(tmp_path: Path) -> None:
    """The sizes are read off a few tensors; the others of such a network would be 2 GB."""
    state = {
        "style.1.weight": torch.zeros(4096, 1),
        "input.input": torch.zeros(1, 2048, 4, 4),
        "convs.15.conv.weight": torch.zeros(1, 128, 1, 3, 3),
    }
    torch.save({"g_ema": state}, path := tmp_path / "net.pt")
    with pytest.raises(ValueError, match=r"tensors of \d+ numbers for a network of \d+"):
        load_foreign(path)


def test_tensors_of_a_file_share_its_bytes(tmp_path: Path) -> None:
    """A hundred names for one storage are views of it."""
    weights = torch.arange(1 << 20).float()
    torch.save({str(n): weights for n in range(100)}, path := tmp_path / "net.pt")
    read = read_checkpoint(path)
    assert len({tensor.untyped_storage().data_ptr() for tensor in read.values()}) == 1
    assert torch.equal(read["99"], weights)
