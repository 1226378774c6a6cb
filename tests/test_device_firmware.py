"""The firmware folder of a bundle: compiled by gcc and CMake, and its golden numbers hold."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from device.bundle import Bundle, read_bundle
from device.main import main
from device.zoo.firmware import KINDS, write_firmware
from device.zoo.store import BUNDLES, names, pull_bundle
from export.to_c import c_name, read_array

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
CHECKS = ["-fsanitize=undefined,address", "-fno-sanitize-recover=all"]
STAND_IN = """
#pragma once
#include <cstddef>
#include <cstdint>
#include "reference.h"
enum TfLiteStatus { kTfLiteOk, kTfLiteError };
constexpr unsigned TFLITE_SCHEMA_VERSION = 3;
extern "C" const unsigned char kws_digits_data[];
extern "C" const unsigned int kws_digits_size;
namespace tflite {
struct Model { unsigned version() const { return 3; } };
inline const Model* GetModel(const void* data) { return static_cast<const Model*>(data); }
template <unsigned N> struct MicroMutableOpResolver {
  unsigned added = 0;
  TfLiteStatus AddConv2D() { return add(); }
  TfLiteStatus AddDepthwiseConv2D() { return add(); }
  TfLiteStatus AddFullyConnected() { return add(); }
  TfLiteStatus AddMean() { return add(); }
  TfLiteStatus AddPad() { return add(); }
  TfLiteStatus AddTranspose() { return add(); }
  TfLiteStatus add() { return ++added <= N ? kTfLiteOk : kTfLiteError; }
};
struct Tensor { size_t bytes; struct { int8_t* int8; } data; };
struct MicroInterpreter {
  int8_t in[2000], out[12];
  Tensor given{sizeof in, {in}}, made{sizeof out, {out}};
  template <unsigned N> MicroInterpreter(const Model*, const MicroMutableOpResolver<N>& ops,
                                         uint8_t*, size_t) : complete(ops.added == N) {}
  bool complete;
  TfLiteStatus AllocateTensors() { return complete ? kTfLiteOk : kTfLiteError; }
  Tensor* input(int) { return &given; }
  Tensor* output(int) { return &made; }
  size_t arena_used_bytes() const { return 1; }
  TfLiteStatus Invoke() {
    return collodi_reference_run(kws_digits_data, kws_digits_size, in, out) ? kTfLiteError
                                                                            : kTfLiteOk;
  }
};
}  // namespace tflite
"""
"""The part of TFLite Micro's interface that NAME_run.cc calls, upon the reference interpreter."""


def need(tool: str) -> str:
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"{tool} is not installed")
    return found


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in words], capture_output=True, text=True)


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Name of each packaged bundle to its pulled firmware/NAME folder, with everything in it."""
    made = {}
    for name in names():
        out = tmp_path_factory.mktemp("pulled") / name
        write_firmware(out, pull_bundle(name, out), "all", "1.2.3")
        made[name] = out / "firmware" / c_name(name)
    return made


@pytest.mark.parametrize("name", names())
def test_the_golden_test_passes_in_strict_c99(
    firmware: dict[str, Path], tmp_path: Path, name: str
) -> None:
    sources = sorted(firmware[name].glob("*.c"))
    checks = CHECKS if name == "kws-digits" else []
    words = [need("gcc"), *STRICT, "-O1", *checks, *sources, "-o", tmp_path / "test", "-lm"]
    built = run(*words)
    if checks and "cannot find" in built.stderr:  # a compiler without sanitizers
        built = run(*(word for word in words if word not in checks))
    assert built.returncode == 0, built.stderr
    done = run(tmp_path / "test")
    assert done.returncode == 0 and done.stdout.endswith("passed\n"), done.stdout + done.stderr
    assert done.stdout.count(" 0 of ") == (3 if "kws" in name else 2)


@pytest.mark.parametrize("name", names())
def test_the_golden_numbers_are_those_of_tflite_micro(tmp_path: Path, name: str) -> None:
    pytest.importorskip("tflite_micro")
    from export.to_c_golden import to_golden

    bundle = read_bundle(BUNDLES / name)
    entry = bundle.file("tflite-int8")
    made = to_golden(BUNDLES / name / entry.path, entry, bundle.front_end, tmp_path, c_name(name))
    kept = BUNDLES / name / "c" / made.name
    assert made.read_text() == kept.read_text()


@pytest.mark.parametrize("name", names())
def test_the_arena_of_the_header_is_enough(firmware: dict[str, Path], name: str) -> None:
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    header = (firmware[name] / f"{c_name(name)}.h").read_text()
    arena = int(header.partition("_ARENA_BYTES ")[2].split()[0])
    model = (BUNDLES / name / read_bundle(BUNDLES / name).file("tflite-int8").path).read_bytes()
    runtime.Interpreter.from_bytes(model, arena_size=arena).invoke()
    with pytest.raises(RuntimeError):
        runtime.Interpreter.from_bytes(model, arena_size=arena - 4096)


@pytest.mark.parametrize("name", names())
def test_the_array_is_the_file_of_the_manifest(firmware: dict[str, Path], name: str) -> None:
    body = (firmware[name] / f"{c_name(name)}.c").read_text()
    entry = read_bundle(BUNDLES / name).file("tflite-int8")
    assert hashlib.sha256(read_array(body)).hexdigest() == entry.sha256


@pytest.mark.parametrize("name", ["kws-digits", "toy-find"])
def test_the_golden_numbers_hold_on_32_bit_arm(
    firmware: dict[str, Path], tmp_path: Path, name: str
) -> None:
    """Other compiler, other word size; emulated, so nothing here is a speed."""
    gcc, emulator = need("arm-linux-gnueabihf-gcc"), need("qemu-arm-static")
    words = [gcc, *STRICT, "-O2", "-static", *firmware[name].glob("*.c"), "-lm"]
    built = run(*words, "-o", tmp_path / "test")
    assert built.returncode == 0, built.stderr
    assert run(emulator, tmp_path / "test").stdout.endswith("passed\n")


def test_one_wrong_weight_fails_the_golden_test(firmware: dict[str, Path], tmp_path: Path) -> None:
    work = Path(shutil.copytree(firmware["kws-digits"], tmp_path / "work"))
    body = (work / "kws_digits.c").read_text()
    spot = body.index("0x", len(body) // 2)
    other = "0x00" if body[spot : spot + 4] != "0x00" else "0x7f"
    (work / "kws_digits.c").write_text(body[:spot] + other + body[spot + 4 :])
    gcc = [need("gcc"), *STRICT, *work.glob("*.c"), "-o", tmp_path / "test", "-lm"]
    assert run(*gcc).returncode == 0
    done = run(tmp_path / "test")
    assert done.returncode == 1 and done.stdout.endswith("FAILED\n")


def test_the_cmake_library_builds_and_ctest_passes(
    firmware: dict[str, Path], tmp_path: Path
) -> None:
    cmake = need("cmake")
    need("gcc")
    assert run(cmake, "-S", firmware["kws-digits"], "-B", tmp_path).returncode == 0
    built = run(cmake, "--build", tmp_path)
    assert built.returncode == 0, built.stdout + built.stderr
    assert run(need("ctest"), "--test-dir", tmp_path).returncode == 0


def test_the_esp_idf_component_names_files_that_are_there(
    firmware: dict[str, Path], tmp_path: Path
) -> None:
    """Without ESP-IDF: CMake reads the component with a stand-in for idf_component_register."""
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(stand_in NONE)\n"
        "function(idf_component_register)\n"
        '  cmake_parse_arguments(A "" "" "SRCS;INCLUDE_DIRS" ${ARGN})\n'
        "  foreach(source ${A_SRCS})\n"
        '    if(NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${source}")\n'
        '      message(FATAL_ERROR "no ${source}")\n    endif()\n'
        '    message(STATUS "source ${source}")\n  endforeach()\nendfunction()\n'
        f'add_subdirectory("{firmware["kws-digits"]}" component)\n'
    )
    done = run(need("cmake"), "-DESP_PLATFORM=1", "-S", tmp_path, "-B", tmp_path / "b")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("source kws_digits") == 3 and "reference" not in done.stdout
    text = (firmware["kws-digits"] / "idf_component.yml").read_text()
    assert 'version: "1.2.3"' in text and "espressif/esp-tflite-micro" in text


def test_the_call_of_tflite_micro_compiles_and_answers(
    firmware: dict[str, Path], tmp_path: Path
) -> None:
    """NAME_run.cc with a stand-in for TFLite Micro's headers: calls, order, sizes, operators."""
    cxx, gcc, source = need("g++"), need("gcc"), firmware["kws-digits"]
    for path in ("micro/micro_interpreter.h", "micro/micro_mutable_op_resolver.h",
                 "schema/schema_generated.h"):  # fmt: skip
        header = tmp_path / "tensorflow" / "lite" / path
        header.parent.mkdir(parents=True, exist_ok=True)
        header.write_text('#pragma once\n#include "stand_in.h"\n')
    (tmp_path / "stand_in.h").write_text(STAND_IN)
    include = [f"-I{tmp_path}", f"-I{source}"]
    strict = ["-std=c++17", "-Wall", "-Wextra", "-Werror"]
    done = run(cxx, *strict, *include, "-c", source / "kws_digits_run.cc", "-o", tmp_path / "r.o")
    assert done.returncode == 0, done.stderr
    for path in sorted(source.glob("*.c")):
        words = [*STRICT, "-DKWS_DIGITS_TFLM", *include, "-c", path, "-o", tmp_path / path.stem]
        assert run(gcc, *words).returncode == 0, path
    objects = [tmp_path / path.stem for path in source.glob("*.c")]
    assert run(cxx, *objects, tmp_path / "r.o", "-o", tmp_path / "test", "-lm").returncode == 0
    done = run(tmp_path / "test")
    assert done.returncode == 0 and "passed" in done.stdout, done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_what_it_needs(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["pull", "toy-find", "--firmware", kind]) == 0
    out = tmp_path / "toy-find" / "firmware" / "toy_find"
    assert (out / "CMakeLists.txt").exists() == (kind != "c")
    assert (out / "idf_component.yml").exists() == (kind in ("esp-idf", "all"))
    text = (out / "CMakeLists.txt").read_text() if kind != "c" else ""
    assert ("idf_component_register" in text) == (kind in ("esp-idf", "all"))
    assert ("add_library" in text) == (kind in ("cmake", "all"))
    assert "@" not in "".join(p.read_text() for p in out.iterdir() if p.name != "idf_component.yml")
    assert "golden test on a desk" in capsys.readouterr().out
    assert read_bundle(tmp_path / "toy-find") == read_bundle(BUNDLES / "toy-find")


def test_no_c_code_or_another_array_is_refused(tmp_path: Path) -> None:
    bundle: Bundle = pull_bundle("toy-find", tmp_path / "b")
    plain = replace(bundle, files=tuple(e for e in bundle.files if e.target != "c"))
    with pytest.raises(ValueError, match="collodi export --targets c"):
        write_firmware(tmp_path / "b", plain, "c", "1.0.0")
    odd = tuple(replace(e, path=e.path.replace("toy_find", "a-b")) for e in bundle.files)
    with pytest.raises(ValueError, match="no name for C symbols"):
        write_firmware(tmp_path / "b", replace(bundle, files=odd), "c", "1.0.0")
    body = tmp_path / "b" / "c" / "toy_find.c"
    body.write_text(body.read_text().replace("0x00", "0x01", 1))
    with pytest.raises(ValueError, match=r"its array is not model\.int8\.tflite"):
        write_firmware(tmp_path / "b", bundle, "c", "1.0.0")
    assert not (tmp_path / "b" / "firmware").exists()


def test_the_program_of_the_page_compiles_and_hears(
    firmware: dict[str, Path], tmp_path: Path
) -> None:
    """docs/firmware.md: its C is whole, without a warning, and silence is no word."""
    page = (Path(__file__).parent.parent / "docs" / "firmware.md").read_text()
    (tmp_path / "app.c").write_text(page.split("```c\n")[1].split("```")[0])
    source = firmware["kws-digits"]
    own = ("kws_digits.c", "kws_digits_frontend.c")
    parts = [*(source / name for name in own), *source.glob("reference*.c")]
    words = [need("gcc"), *STRICT, f"-I{source}", tmp_path / "app.c", *parts]
    built = run(*words, "-o", tmp_path / "app", "-lm")
    assert built.returncode == 0, built.stderr
    done = subprocess.run([tmp_path / "app"], input=bytes(64000), capture_output=True)
    assert done.returncode == 0 and done.stdout == b""


@pytest.mark.parametrize("kind", ["c", "cmake"])
def test_the_command_that_is_printed_can_be_typed(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["pull", "kws-toy", "--firmware", kind, "--out", "it's mine"]) == 0
    line = capsys.readouterr().out.split("golden test on a desk: ")[1]
    need("gcc" if kind == "c" else "cmake")
    done = subprocess.run(["sh", "-ec", line], capture_output=True, text=True)
    assert done.returncode == 0 and "passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["test", "reference", "math"])
def test_a_name_that_collides_is_refused(name: str, tmp_path: Path) -> None:
    """CMake reserves one, the interpreter would overwrite the next, the last hides <math.h>."""
    made = read_bundle(BUNDLES / "kws-toy")
    files = [replace(f, path=f"c/{name}.c") if f.path == "c/kws_toy.c" else f for f in made.files]
    with pytest.raises(ValueError, match="that name is taken"):
        write_firmware(tmp_path, replace(made, files=tuple(files)), "c", "1.0.0")
    assert not any(tmp_path.iterdir())
