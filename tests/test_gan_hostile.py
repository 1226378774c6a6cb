"""Hostile checkpoints: nothing in them runs, and none claims more memory than it holds."""

import io
import os
import pickle
import pickletools
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch

from generate.gan.architecture import Architecture
from generate.gan.foreign import load_foreign, sizes_of
from generate.gan.unpickle import read_checkpoint

SIZES = Architecture(16, 512, 32, 24, 24, 3)


class Bomb:
    """Runs a shell command when a common pickle is read."""

    def __init__(self, trace: Path, call: Any = os.system) -> None:
        self.trace, self.call = trace, call

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return self.call, (f"touch {self.trace}",)


@pytest.mark.parametrize("layout", ["pkl", "zip", "legacy", "nested"])
def test_a_hostile_pickle_is_refused_and_runs_nothing(tmp_path: Path, layout: str) -> None:
    trace, path = tmp_path / "ran", tmp_path / "net.pkl"
    content = {"G_ema": Bomb(trace)}
    if layout == "pkl":
        path.write_bytes(pickle.dumps(content))
    elif layout == "nested":  # inside the bytes of a storage

        class Carrier:
            def __reduce__(self) -> tuple[Any, tuple[bytes]]:
                return torch.storage._load_from_bytes, (pickle.dumps(content),)

        path.write_bytes(pickle.dumps(Carrier()))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=layout == "zip")
    with pytest.raises(ValueError, match=r"net.pkl: names (posix|os|nt).system.*nothing was run"):
        load_foreign(path)
    assert not trace.exists()
    if layout == "pkl":  # the bomb is live: what a plain reader would have done
        pickle.loads(path.read_bytes())
        assert trace.exists()


@pytest.mark.parametrize(
    "name", ["builtins eval", "builtins getattr", "torch load", "torch_utils.persistence a.b",
             "torch.storage UntypedStorage", "functools partial", "trainings x", "generate.gan x"],
)  # fmt: skip
def test_any_other_name_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "net.pkl"
    module, attribute = name.split()
    path.write_bytes(f"\x80\x02c{module}\n{attribute}\n.".encode("latin1"))
    with pytest.raises(ValueError, match="weights have no need of"):
        read_checkpoint(path)


def test_a_file_cannot_change_the_functions_that_read_it(tmp_path: Path) -> None:
    path = tmp_path / "net.pkl"
    # BUILD with (None, {"run": ...}) would set an attribute of whatever lies on the stack.
    path.write_bytes(b"\x80\x02ctorch._utils\n_rebuild_parameter\n}U\x03runK\x01s\x86b.")
    with pytest.raises(ValueError):
        read_checkpoint(path)
    path.write_bytes(b"\x80\x02ctorch._utils\n_rebuild_parameter\nN}U\x03runK\x01s\x86b.")
    with pytest.raises(ValueError, match="assigns to a function"):
        read_checkpoint(path)


def test_a_few_bytes_cannot_claim_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "net.pkl"
    path.write_bytes(b"\x80\x02Nr\xff\xff\xff\x7f.")  # puts None at place 2^31 - 1 of the memo
    assert read_checkpoint(path) is None
    path.write_bytes(b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7fx.")  # 2^63 - 1 bytes follow
    with pytest.raises(ValueError, match="truncated"):
        read_checkpoint(path)


def test_a_tensor_that_leaves_its_storage_is_refused(tmp_path: Path) -> None:
    torch.save(torch.zeros(4), path := tmp_path / "net.pt")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    (name,) = (name for name in parts if name.endswith("data.pkl"))
    assert parts[name].count(b"K\x04\x85") == 1
    parts[name] = parts[name].replace(b"K\x04\x85", b"K\x09\x85")  # 9 elements of 4
    assert pickletools.genops(parts[name])
    with zipfile.ZipFile(path, "w") as archive:
        for inner, data in parts.items():
            archive.writestr(inner, data)
    with pytest.raises(ValueError, match="leaves its storage"):
        read_checkpoint(path)


def test_mutated_streams_never_escape_as_another_error(tmp_path: Path) -> None:
    torch.save(
        {"a": torch.ones(3)}, path := tmp_path / "n.pt", _use_new_zipfile_serialization=False
    )
    whole = bytearray(path.read_bytes())
    for place in range(0, len(whole), 7):
        mutated = bytearray(whole)
        mutated[place] ^= struct.pack("B", 1 + place % 255)[0]
        path.write_bytes(mutated)
        try:
            read_checkpoint(path)
        except ValueError as error:
            assert str(error).startswith("checkpoint ")


def test_a_few_numbers_are_not_spread_over_much_memory(tmp_path: Path) -> None:
    """Stride 0 repeats one number: torch.save writes it so for an expanded tensor."""
    torch.save(torch.zeros(1).expand(3, 5), path := tmp_path / "net.pt")
    with pytest.raises(ValueError, match=r"shape \(3, 5\) leaves its storage"):
        read_checkpoint(path)


class Regrown:
    """A tensor of two numbers that is given the state of a much larger one when it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        storage = torch.zeros(2)._typed_storage()
        made = (storage, 0, (2,), (1,), False, OrderedDict())
        return torch._utils._rebuild_tensor_v2, made, (storage, 0, (50_000,), (1,))


def test_a_tensor_takes_no_state_over(tmp_path: Path) -> None:
    torch.save({"a": Regrown()}, path := tmp_path / "net.pt")
    with pytest.raises(ValueError, match="assigns to what is no record"):
        read_checkpoint(path)


def test_compressed_parts_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(path := tmp_path / "net.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/data.pkl", b"\x80\x02]" + b"N" * 100_000 + b".")
    with pytest.raises(ValueError, match="compressed parts"):
        read_checkpoint(path)


def test_a_layer_number_cannot_ask_for_a_huge_picture(tmp_path: Path) -> None:
    tensors = {"synthesis.layers.20000000000.conv.weight": torch.zeros(1)}
    with pytest.raises(ValueError, match="layer 20000000000"):
        sizes_of(tensors, tmp_path / "net.pt")


def test_a_large_checkpoint_of_either_kind_is_read(tmp_path: Path) -> None:
    """What a file may make is counted, and weights are copied on the way."""
    weights = torch.ones(6 << 20)

    class Release:
        def __reduce__(self) -> tuple[Any, tuple[bytes]]:
            out = io.BytesIO()
            torch.save(weights._typed_storage(), out, _use_new_zipfile_serialization=False)
            return torch.storage._load_from_bytes, (out.getvalue(),)

    path = tmp_path / "net.pkl"
    path.write_bytes(pickle.dumps({"a": Release()}))
    torch.save({"a": weights, "size": weights.shape, "b": weights[:9]}, tmp_path / "net.pt")
    assert len(read_checkpoint(tmp_path / "net.pt")["a"]) == len(weights)
    assert read_checkpoint(path)["a"].numel() == len(weights)
