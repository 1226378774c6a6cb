"""Hostile files of every kind: a few fresh ones, all that were ever found, and it can fail."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "tests" / "data" / "corpus"
CASES_A_KIND = 12
READING = re.compile(
    r"\b(np\.load|np\.fromfile|np\.memmap|tarfile\.open|zipfile\.ZipFile|cv2\.im(read|decode)"
    r"|av\.open|(?<!safetensors\.)torch\.load|soundfile\.(read|SoundFile|info)|wave\.open|safe_open|load_file"
    r"|csv\.(reader|DictReader)|onnx\.load|InferenceSession|Interpreter(\.from_bytes)?|tomllib\.loads?|pickle\.loads?|_Unpickler|json\.loads?)\("
)
OWN_WORDS = {
    "device/backends/apart.py", "device/measure.py", "device/onboard/agent.py",
    "device/onboard/lock.py", "device/onboard/supervise.py", "device/pack.py", "device/ssh.py",
    "device/worker.py", "device/zoo/pull.py", "export/bias.py", "export/chain.py",
    "export/generator.py", "export/page.py", "export/quantize.py", "export/summary.py",
    "export/to_onnx.py", "export/to_onnx_raw.py", "export/to_tensorrt.py", "export/to_tflite.py",
    "generate/cli.py", "generate/gan/runs.py", "generate/media.py",
    "generate/motion/style_prior.py", "generate/people/asset.py", "generate/people/codec.py",
    "generate/provenance_data.py", "generate/render/sensor.py", "generate/sound/codecs.py",
    "generate/voice/coqui_protocol.py", "generate/voice/coqui_train.py",
    "generate/voice/coqui_trainer.py", "generate/voice/festival_pipe.py",
    "generate/voice/voices.py", "train_edge/augment_image.py", "train_edge/cli.py",
    "train_edge/find_scenes.py", "train_edge/record.py", "train_edge/transfer_run.py",
}  # fmt: skip
"""Modules that read only what the kit itself has just written, or that it brings along."""


BEGINNINGS = (
    *(b"", b"PK\x03\x04", b"\x80\x02", b"{", b"RIFF\xff\xff\xff\xffWAVE", b"\xff\xd8\xff"),
    *(b"fLaC\x00\x00\x00\x22", b"\x89PNG\r\n\x1a\n", b"\x00\x00\x00\x18ftypisom"),
)


@pytest.fixture(scope="module")
def bench() -> Iterator[Any]:
    """The cases of benchmarks/, with the limits that they lower put back afterwards."""
    from device import limits

    kept = {name: value for name, value in vars(limits).items() if name.isupper()}
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        from fuzz_worker import Bench

        made = Bench()
        made.warm(made.kinds)
        yield made
        made.scratch.cleanup()
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
        for name, value in kept.items():
            setattr(limits, name, value)


def test_a_few_fresh_cases_of_every_kind_are_clean(bench: Any) -> None:
    faults = [
        (name, number, wrong)
        for name in bench.kinds
        for number in range(1_000_000, 1_000_000 + CASES_A_KIND)
        if (wrong := bench.run(name, number)[1]) is not None
    ]
    assert not faults


def test_every_file_that_was_ever_found_is_clean_now(bench: Any) -> None:
    files = [path for path in CORPUS.glob("*/*") if path.is_file()]
    assert files and sum(path.stat().st_size for path in files) < 300_000
    faults = [
        (str(path.relative_to(CORPUS)), wrong)
        for path in files
        if (wrong := bench.replay(path.parent.name, path.read_bytes())[1]) is not None
    ]
    assert not faults


def test_sound_files_of_every_kind_are_read(bench: Any) -> None:
    from fuzz_common import Kind

    # Some seeds of these are refused: other formats, a folder without weights, a song.
    alone = {"attributes", "picture", "sound", "film", "direction"}
    for name, kind in bench.kinds.items():
        if isinstance(kind, Kind) and name not in alone:
            for data in kind.seeds():
                assert bench.replay(name, data) == (True, None), name


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_any_bytes_are_refused_in_one_line(bench: Any, data: st.DataObject) -> None:
    from fuzz_common import Kind

    names = sorted(name for name, kind in bench.kinds.items() if isinstance(kind, Kind))
    name = data.draw(st.sampled_from(names))
    start = data.draw(st.sampled_from(BEGINNINGS))
    assert bench.replay(name, start + data.draw(st.binary(max_size=200)))[1] is None


JSON_KINDS = (
    *("facts", "dataset", "run", "done", "gan", "edits", "evaluation", "style", "coqui", "trust"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_any_json_in_the_place_of_a_value_is_refused_in_one_line(
    bench: Any, data: st.DataObject
) -> None:
    import json

    name = data.draw(st.sampled_from(JSON_KINDS))
    body = json.loads(bench.kinds[name].seeds()[0])
    body[data.draw(st.sampled_from(sorted(body)))] = data.draw(JSON)
    assert bench.replay(name, json.dumps(body).encode())[1] is None


def test_a_case_is_a_pure_function_of_its_number(bench: Any) -> None:
    from fuzz_common import Kind, damaged

    for name, kind in bench.kinds.items():
        if isinstance(kind, Kind):
            assert damaged(kind, name, 7) == damaged(kind, name, 7), name


def test_faults_are_found(bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge sees each sort of fault: a wrong error, memory, a path, code, a long line."""
    from fuzz_common import Kind
    from fuzz_worker import one_file

    def wrong(read: Any) -> str:
        kind = Kind(lambda: [b""], lambda raw, _: raw, read, ())
        return one_file(kind, b"x", tmp_path, bench.watch)[1] or ""

    def error(said: str) -> None:
        raise ValueError(said)

    assert "KeyError" in wrong(lambda *_: {}["no"])
    assert "MiB" in wrong(lambda *_: np.ones(200 << 20, np.uint8).sum())
    assert "outside" in wrong(lambda *_: Path("/etc/hostname").read_bytes())
    assert "outside" in wrong(lambda *_: (tmp_path.parent / "x").mkdir())
    assert "os.system" in wrong(lambda *_: os.system("true"))
    assert "exec" in wrong(lambda *_: exec("1"))
    assert wrong(lambda *_: error("plain")) == ""
    assert len(wrong(lambda *_: error("x" * 9999))) == 0  # the command line shortens it
    monkeypatch.setattr("device.main.LONGEST", 10**6)
    assert "characters" in wrong(lambda *_: error("x" * 9999))


def test_every_module_that_reads_files_has_a_kind(bench: Any) -> None:
    from fuzz_common import Kind

    covered = {r for kind in bench.kinds.values() if isinstance(kind, Kind) for r in kind.readers}
    covered |= {
        "device/strict.py",
        "device/boards.py",
        "device/probes/meter.py",
    }  # by bench_fuzz.py
    gone = [name for name in covered | OWN_WORDS if not (ROOT / name).is_file()]
    assert not gone, "named here or in a Kind, and no longer there"
    for package in ("device", "generate", "train_edge", "export"):
        for path in (ROOT / package).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if name not in covered | OWN_WORDS and (found := READING.search(path.read_text())):
                pytest.fail(
                    f"{name} reads files by {found[0]}): give it a Kind in benchmarks/fuzz_*.py, "
                    "or name it in OWN_WORDS where only the kit writes what it reads"
                )
