"""Kinds of hostile files: networks, checkpoints and pickles, and what lies beside them."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import random
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from fuzz_bytes import mutated_binary, one_of
from fuzz_common import Kind, expect, mutated_json, put
from fuzz_formats import mutated_pickle, mutated_tensors
from torch import nn

from device.files import sha256_of
from device.front_end import LOGMEL
from device.stamp import Stamp
from device.strict import decode, dumps, encode, load_json
from generate.gan import attribute_net, edit_store, state
from generate.gan.architecture import Architecture
from generate.gan.edits import Directions
from generate.gan.foreign import load_foreign
from generate.gan.pickle_machine import Record
from generate.gan.recipe import Recipe
from generate.gan.store import AVERAGE, CARD, CHECKPOINT, Card, load_average
from generate.gan.unpickle import read_checkpoint
from generate.voice.coqui_speaker import load_weights
from train_edge import checkpoint
from train_edge.networks import build
from train_edge.options import Options
from train_edge.presets import preset
from train_edge.run import DONE, RunFile, load_run

SIZES = Architecture(8, 64, 8, 8, 8, 1)
GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "data" / "device_stamp.json"
STAMP = decode(Stamp, load_json(GOLDEN), GOLDEN.name)
"""A stamp of now would make every case another."""
LABELS = ("low", "high", "unknown")


def bytes_of(folder: Path, name: str, make: Any) -> bytes:
    """What `make` writes into a folder under a name."""
    make(folder)
    return (folder / name).read_bytes()


@cache
def tiny() -> nn.Module:
    """A network of a few numbers, with statistics."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(3, 2))


def trained() -> checkpoint.State:
    """A training after one step."""
    torch.manual_seed(0)
    kept = checkpoint.begin(nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3)), OPTIONS_TINY)
    kept.module(torch.ones(2, 1, 4, 4)).sum().backward()
    kept.optimizer.step()
    kept.step = 1
    return kept


OPTIONS_TINY: Options = preset("kws-tiny")


@cache
def kept_files() -> dict[str, bytes]:
    """Sound files of this module's kinds, by name; made once a process."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        checkpoint.save(trained(), place)
        files = {"checkpoint": (place / "checkpoint.safetensors").read_bytes()}
        run = RunFile("kws-tiny", OPTIONS_TINY, "data", "0" * 64, LABELS, dict(LOGMEL), STAMP)
        files["options"] = dumps(run).encode()
        module = build(OPTIONS_TINY, LABELS)
        files["model"] = safetensors.torch.save(module.state_dict())
        files["card"] = dumps(Card(SIZES, "trained on x", "", "x", {}, (), STAMP)).encode()
        state.save(gan_state(), place)
        files["average"] = (place / AVERAGE).read_bytes()
        files["gan_checkpoint"] = (place / CHECKPOINT).read_bytes()
        found = Directions(
            ("age",), np.ones((8, 1)), np.ones(1), {"age": 0.5}, np.eye(8), np.eye(8)
        )
        edit_store.save_edits(place, found, [], "0" * 64)
        edits = load_json(place / edit_store.CARD) | {"stamp": encode(STAMP)}
        files["edits"] = json.dumps(edits).encode()
        files["steps"] = (place / edit_store.STEPS).read_bytes()
    return files


def gan_state() -> state.State:
    """A training of the smallest generator, before its first step."""
    return state.begin(SIZES, Recipe(), torch.device("cpu"))


@cache
def shared_gan() -> state.State:
    """One training that cases load into; a refused file may leave it half filled."""
    return gan_state()


def read_training(place: Path, data: bytes) -> None:
    """A changed checkpoint of a training."""
    kept = trained()
    checkpoint.load(kept, put(place, checkpoint__safetensors=data))
    kept.optimizer.step()
    kept.module.load_state_dict(kept.average)
    int(kept.step), float(kept.loss_sum)


def read_run(place: Path, data: bytes) -> None:
    """A changed options.json of a run."""
    run = load_run(put(place, options__json=data, model__safetensors=kept_files()["model"]))
    expect(len(run.labels) == len(LABELS), "a network of other labels took these weights")


def read_model(place: Path, data: bytes) -> None:
    """Changed weights of a run."""
    load_run(put(place, options__json=kept_files()["options"], model__safetensors=data))


def read_done(place: Path, data: bytes) -> None:
    """Changed figures of a run."""
    files = kept_files()
    put(place, options__json=files["options"], model__safetensors=files["model"])
    (place / DONE).write_bytes(data)
    sum(load_run(place).metrics.values())


def read_card(place: Path, data: bytes) -> None:
    """A changed gan.json."""
    (place / AVERAGE).write_bytes(kept_files()["average"])
    (place / CARD).write_bytes(data)
    load_average(place)


def read_gan(place: Path, data: bytes) -> None:
    """A changed checkpoint of a generator's training."""
    (place / CHECKPOINT).write_bytes(data)
    state.load(shared_gan(), place)


def read_edits(place: Path, data: bytes) -> None:
    """Changed directions."""
    files = kept_files()
    (place / AVERAGE).write_bytes(files["average"])
    (place / edit_store.STEPS).write_bytes(files["steps"])
    (place / edit_store.CARD).write_bytes(data)
    found = edit_store.load_edits(place, "0" * 64)
    expect(found.steps.shape[1] == len(found.names), "names without a direction")


def read_steps(place: Path, data: bytes) -> None:
    """Changed tensors of directions under their right hash."""
    files = kept_files()
    (place / AVERAGE).write_bytes(files["average"])
    (place / edit_store.STEPS).write_bytes(data)
    card = json.loads(files["edits"])
    card["steps_sha256"] = sha256_of(place / edit_store.STEPS)
    (place / edit_store.CARD).write_text(json.dumps(card))
    found = edit_store.load_edits(place, "0" * 64)
    expect(found.steps.shape == (8, 1) and np.isfinite(found.steps).all(), "steps of another shape")


def read_attributes(place: Path, data: bytes) -> None:
    """A changed attributes.json; its weights are not there."""
    (place / attribute_net.CARD).write_bytes(data)
    attribute_net.load(place)


def read_pickle(place: Path, data: bytes) -> None:
    """A changed checkpoint of PyTorch, by each reader of such files."""
    path = place / "net.pkl"
    path.write_bytes(data)
    left = [read_checkpoint(path)]
    kinds = (
        dict,
        list,
        tuple,
        set,
        str,
        int,
        float,
        bytes,
        bool,
        complex,
        type(None),
        torch.Tensor,
    )
    for _ in range(1000):
        if not left:
            break
        item = left.pop()
        expect(
            isinstance(item, (*kinds, bytearray, frozenset))
            or type(item).__module__.startswith("generate.gan.")
            or item in (dict, set, tuple, Record)
            or isinstance(item, type),
            f"made a {type(item)}",
        )
        left += (
            list(item.values()) if isinstance(item, dict) else item if type(item) is list else []
        )
    for read in (load_weights, load_foreign):
        with contextlib.suppress(ValueError):  # each takes its own layout
            read(path)


def _pickles() -> list[bytes]:
    torch.manual_seed(0)
    weights = {
        "G": {"a.weight": torch.ones(3, 2), "b": torch.zeros(4)},
        "g_ema": {"x": torch.ones(1)},
        "step": 3,
    }
    zipped, legacy = io.BytesIO(), io.BytesIO()
    torch.save(weights, zipped)
    torch.save({"a": torch.ones(3)}, legacy, _use_new_zipfile_serialization=False)
    plain = pickle.dumps({"a": [1, "x", (2.5, None)], "b": {"c": b"123"}}, protocol=2)
    model = io.BytesIO()
    torch.save({"model": tiny().state_dict(), "step": 1}, model)
    keys = re.sub(rb"X.\0\0\0\d{9,20}", b"X\x01\0\0\x000", legacy.getvalue())  # were addresses
    return [zipped.getvalue(), keys, plain, model.getvalue()]


def _damaged_pickle(raw: bytes, rng: random.Random) -> bytes:
    return (mutated_binary if raw[:2] == b"PK" else one_of(mutated_pickle, mutated_binary))(
        raw, rng
    )


def _attributes() -> list[bytes]:
    card = {"format": "collodi.attributes", "version": 1, "names": ["age"], "stamp": {}}
    return [json.dumps(card).encode()]


tensors = one_of(mutated_tensors, mutated_tensors, mutated_binary)
WEIGHTS = "generate/weights.py"


def _kept(*names: str) -> Any:
    return lambda: [kept_files()[name] for name in names]


KINDS = {
    "checkpoint": Kind(
        _kept("checkpoint"), tensors, read_training, ("train_edge/checkpoint.py", WEIGHTS)
    ),
    "run": Kind(_kept("options"), mutated_json, read_run, ("train_edge/run.py",)),
    "model": Kind(_kept("model"), tensors, read_model, ("train_edge/run.py", WEIGHTS)),
    "done": Kind(
        lambda: [b'{"steps": 3, "metrics": {"val_accuracy": 0.5}}'],
        mutated_json,
        read_done,
        ("train_edge/run.py",),
    ),
    "gan": Kind(_kept("card"), mutated_json, read_card, ("generate/gan/store.py",)),
    "gan-checkpoint": Kind(
        _kept("gan_checkpoint"), tensors, read_gan, ("generate/gan/state.py", WEIGHTS)
    ),
    "edits": Kind(_kept("edits"), mutated_json, read_edits, ("generate/gan/edit_store.py",)),
    "steps": Kind(_kept("steps"), tensors, read_steps, ("generate/gan/edit_store.py", WEIGHTS)),
    "attributes": Kind(
        _attributes, mutated_json, read_attributes, ("generate/gan/attribute_net.py",)
    ),
    "pickle": Kind(
        _pickles,
        _damaged_pickle,
        read_pickle,
        (
            "generate/gan/pickle_machine.py",
            "generate/gan/unpickle.py",
            "generate/gan/foreign.py",
            "generate/voice/coqui_speaker.py",
        ),
    ),
}
