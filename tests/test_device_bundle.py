"""A bundle reads back as written, and every damaged or hostile manifest is refused in one line."""

import json
import os
import runpy
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device.bundle import (
    Accuracy,
    Bundle,
    ModelFile,
    Parity,
    Quantization,
    Tensor,
    describe,
    read_bundle,
    verify,
    write_bundle,
)
from device.detect import Detector
from device.front_end import IMAGE, LOGMEL
from device.strict import FormatError, check_format, decode, dumps

GOLDEN = Path(__file__).with_name("data") / "device_bundle.json"
TINY = runpy.run_path(str(Path(__file__).with_name("make_tiny_bundle.py")))
STAMP = TINY["STAMP"]


def full_bundle(folder: Path) -> Bundle:
    """A bundle with every optional field given, around two plain files."""
    (folder / "deep").mkdir(exist_ok=True)
    (folder / "a.onnx").write_bytes(b"not a model, but a file")
    (folder / "deep" / "b.tflite").write_bytes(b"\0" * 100)
    tensor = Tensor("input", (1, 50, 40, 1), "int8", "log-mel", "B T L C", 0.0157, 0)
    out = Tensor("logits", (-1, 3), "float32", "logit", "B label")
    files = (
        ModelFile("a.onnx", *describe(folder, "a.onnx"), "onnx", "ort 1", (tensor,), (out,)),
        ModelFile(
            "deep/b.tflite", *describe(folder, "deep/b.tflite"), "tflite-int8", "litert 2",
            (tensor,), (out,), Parity(28.5, 0.01, "torch float32"), 24272, ("CONV_2D", "ADD"),
        ),
    )  # fmt: skip
    return Bundle(
        "kws-en", "kws", "Apache-2.0", STAMP, dict(LOGMEL), ("yes", "no", "other"), files,
        Quantization("min-max, per channel", "ab" * 32, 100),
        Accuracy({"accuracy": 0.97}, {"accuracy": 0.85, "n": 1500}),
        Detector(5, 3, 1.0, {"yes": 0.75, "no": 0.9}, 0.4, 10.0, 0.4, 10.0, 0.05, 2000),
    )  # fmt: skip


def test_bundle_reads_back_as_written(tmp_path: Path) -> None:
    bundle = full_bundle(tmp_path)
    write_bundle(tmp_path, bundle)
    assert read_bundle(tmp_path) == bundle
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.onnx", "deep", "manifest.json"]


def test_manifest_text_is_the_golden_one(tmp_path: Path) -> None:
    """Whoever changes the format must change VERSION and this file."""
    assert dumps(full_bundle(tmp_path)) == GOLDEN.read_text(encoding="utf-8")


def test_every_field_says_what_it_is() -> None:
    """Each field of the manifest is followed by a docstring."""
    import ast
    import inspect

    import device.bundle as module

    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef):
            for item, after in zip(node.body, [*node.body[1:], None], strict=True):
                if isinstance(item, ast.AnnAssign):
                    assert isinstance(after, ast.Expr), f"{node.name}: {ast.unparse(item)}"


def paths_of(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in JSON data, as a path of keys."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    found = [path] if path else []
    for key, value in items:
        if isinstance(value, (dict, list)):
            found += paths_of(value, (*path, key))
        else:
            found.append((*path, key))
    return found


MANIFEST = json.loads(GOLDEN.read_text(encoding="utf-8"))
OBJECTS = [p for p in paths_of(MANIFEST) if p[-1] in ("created", "host", "front_end")] + [
    (), ("files", 0), ("files", 1, "parity"), ("files", 0, "inputs", 0), ("quantization",),
    ("accuracy",), ("detector",),
]  # fmt: skip
OPTIONAL = {"parity", "arena_bytes", "ops", "quantization", "accuracy", "synthetic", "real",
            "scale", "zero_point", "format", "version", "detector", "hop_frames", "smooth",
            "finder", "pseudo_labels",
            "refractory_s", "thresholds", "false_accepts_per_hour", "negative_hours",
            "tested_per_hour", "tested_hours", "tested_false_rejects", "tested_words"}  # fmt: skip


def at(data: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        data = data[key]
    return data


def refused(folder: Path, data: Any) -> str:
    (folder / "manifest.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(FormatError) as caught:
        read_bundle(folder)
    message = str(caught.value)
    assert "\n" not in message and "manifest.json" in message
    return message


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    write_bundle(folder, full_bundle(folder))
    return folder


@pytest.mark.parametrize("path", OBJECTS)
def test_unknown_key_is_named(place: Path, path: tuple[Any, ...]) -> None:
    data = json.loads(GOLDEN.read_text())
    at(data, path)["surprise"] = 1
    assert "surprise" in refused(place, data)


@pytest.mark.parametrize("path", OBJECTS)
def test_misspelt_key_gets_its_near_match(place: Path, path: tuple[Any, ...]) -> None:
    data = json.loads(GOLDEN.read_text())
    target = at(data, path)
    key = next(iter(target))
    target[key + "x"] = target.pop(key)
    message = refused(place, data)
    assert key in message or "this reads" in message


@pytest.mark.parametrize(
    ("path", "key"), [(p, key) for p in OBJECTS for key in at(MANIFEST, p) if key not in OPTIONAL]
)
def test_missing_key_is_named(place: Path, path: tuple[Any, ...], key: str) -> None:
    data = json.loads(GOLDEN.read_text())
    del at(data, path)[key]
    assert key in refused(place, data)


WRONG = [None, True, 1.5, -7, "text", [], {}, [1], {"a": 1}, "NaN", 10**400]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(paths_of(MANIFEST)), st.sampled_from(WRONG))
def test_wrong_type_anywhere_is_refused_or_harmless(
    place: Path, path: tuple[Any, ...], wrong: Any
) -> None:
    """Whatever stands at any place, the reader gives a valid bundle or one line, nothing else."""
    data = json.loads(GOLDEN.read_text())
    at(data, path[:-1])[path[-1]] = wrong
    (place / "manifest.json").write_text(json.dumps(data), encoding="utf-8")
    try:
        bundle = read_bundle(place)
    except FormatError as error:
        assert "\n" not in str(error)
        return
    assert decode(Bundle, json.loads(dumps(bundle)), "again") == bundle
    check_types(bundle)


def check_types(value: Any) -> None:
    """A number field never holds a bool or text."""
    if is_dataclass(value):
        for field in fields(value):
            item = getattr(value, field.name)
            if field.type == "int":
                assert type(item) is int
            if field.type == "str":
                assert type(item) is str
            check_types(item)
    elif isinstance(value, tuple):
        for item in value:
            check_types(item)


@pytest.mark.parametrize("version", [0, 1, 3, "2", 2.0, True, None])
def test_other_version_is_refused(place: Path, version: Any) -> None:
    data = json.loads(GOLDEN.read_text())
    data["version"] = version
    assert "version" in refused(place, data)


def test_other_format_is_refused(place: Path) -> None:
    assert "collodi.bundle" in refused(place, {"format": "collodi.report", "version": 1})


@pytest.mark.parametrize(
    "path",
    ["../a.onnx", "/etc/passwd", "deep/../a.onnx", "./a.onnx", "deep//b.tflite", "", ".", "..",
     "C:\\a", "deep\\b.tflite", "manifest.json", "a.onnx/", "a\0b", "gone.onnx", "deep"],
)  # fmt: skip
def test_path_that_leaves_the_bundle_is_refused(place: Path, path: str) -> None:
    data = json.loads(GOLDEN.read_text())
    data["files"][0]["path"] = path
    assert "path" in refused(place, data) or "missing" in refused(place, data)


def test_absolute_path_into_the_bundle_is_refused_too(place: Path) -> None:
    data = json.loads(GOLDEN.read_text())
    data["files"][0]["path"] = str(place / "a.onnx")
    assert "not a plain path" in refused(place, data)


def test_a_version_is_a_whole_number() -> None:
    for version in (True, 1.0, "1"):
        with pytest.raises(FormatError, match="version is"):
            check_format({"format": "f", "version": version}, "f", 1, "file")


def test_link_out_of_the_bundle_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    bundle = full_bundle(folder)
    write_bundle(folder, bundle)
    outside = tmp_path / "outside.onnx"
    os.replace(folder / "a.onnx", outside)
    (folder / "a.onnx").symlink_to(outside)
    with pytest.raises(FormatError, match="through a link"):
        read_bundle(folder)
    (folder / "a.onnx").unlink()
    os.replace(folder / "deep", tmp_path / "elsewhere")
    os.replace(outside, folder / "a.onnx")
    (folder / "deep").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FormatError, match="through a link"):
        read_bundle(folder)


def test_a_bundle_reached_through_a_link_is_read(place: Path, tmp_path: Path) -> None:
    (place / "manifest.json").write_text(GOLDEN.read_text(), encoding="utf-8")
    (tmp_path / "link").symlink_to(place)
    assert read_bundle(tmp_path / "link").name == "kws-en"


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(position=st.integers(0, 99), value=st.integers(1, 255))
def test_any_changed_byte_is_noticed(tmp_path: Path, position: int, value: int) -> None:
    bundle = full_bundle(tmp_path)
    data = bytearray(100)
    data[position] = value
    (tmp_path / "deep" / "b.tflite").write_bytes(data)
    with pytest.raises(FormatError, match="SHA-256 differs"):
        verify(tmp_path, bundle)


def test_cut_file_is_noticed_and_writing_over_a_wrong_hash_is_refused(tmp_path: Path) -> None:
    bundle = full_bundle(tmp_path)
    (tmp_path / "a.onnx").write_bytes(b"short")
    with pytest.raises(FormatError, match="5 bytes, the manifest says"):
        write_bundle(tmp_path, bundle)
    assert not (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "not JSON"), ("[]", "JSON object"), ("", "not JSON"), ('{"a": NaN}', "NaN"),
        ('{"name": "a", "name": "b"}', "given twice"), ("[" * 100_000, "not JSON"),
        ("1" * 5000, "not JSON"),
    ],
)  # fmt: skip
def test_broken_json_is_one_line(place: Path, text: str, expected: str) -> None:
    (place / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=expected):
        read_bundle(place)


def test_no_manifest_says_what_a_bundle_is(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"no manifest\.json"):
        read_bundle(tmp_path)


def test_same_path_twice_and_bad_values_are_refused(tmp_path: Path) -> None:
    good = full_bundle(tmp_path)
    first = good.files[0]
    half = replace(first.inputs[0], zero_point=None)
    hole = replace(first.inputs[0], shape=(1, 0, 40, 1))
    negative = replace(first.inputs[0], scale=-1.0)
    bad = [
        replace(good, files=(first, first)),
        replace(good, name="../x"),
        replace(good, files=(replace(first, sha256="AB" * 32),)),
        *(replace(good, files=(replace(first, inputs=(t,)),)) for t in (half, hole, negative)),
        replace(good, accuracy=Accuracy({"accuracy": float("nan")})),
        replace(good, front_end={**LOGMEL, "hop": 0}),
        replace(good, front_end={**IMAGE, "standardize": 1}),
        replace(good, front_end={"name": "logmell"}),
    ]
    for bundle in bad:
        with pytest.raises(FormatError):
            write_bundle(tmp_path, bundle)


def test_file_is_found_by_path_or_target(tmp_path: Path) -> None:
    bundle = full_bundle(tmp_path)
    assert bundle.file("onnx") is bundle.file("a.onnx")
    with pytest.raises(ValueError, match=r"has no file 'c'; it has a\.onnx"):
        bundle.file("c")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"thresholds": {"maybe": 0.5}}, "maybe"),
        ({"thresholds": {"yes": 0.0}}, "thresholds.yes"),
        ({"hop_frames": 0}, "hop_frames"),
        ({"smooth": 1000}, "smooth"),
        ({"refractory_s": -1.0}, "refractory_s"),
        ({"hop_s": 1.0}, "hop_s"),
    ],
)
def test_wrong_detector_is_refused(place: Path, change: dict[str, Any], match: str) -> None:
    data = json.loads(GOLDEN.read_text())
    data["detector"] |= change
    assert match in refused(place, data)
