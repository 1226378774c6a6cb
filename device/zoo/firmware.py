"""A bundle -> a folder that firmware builds: C, a call of TFLite Micro, CMake, ESP-IDF, a test."""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
from pathlib import Path

from device.bundle import Bundle, ModelFile
from device.files import install, workplace

KINDS = ("c", "cmake", "esp-idf", "all")
TEMPLATES = Path(__file__).resolve().parent / "templates"
FOLDER = "firmware"
TAKEN = {
    "all", "clean", "help", "install", "m", "test", "reference", "reference_check", "reference_ops",
    "reference_parts", "assert", "ctype", "errno", "float", "limits", "math", "signal", "stdarg",
    "stdbool", "stddef", "stdint", "stdio", "stdlib", "string", "time",
}  # fmt: skip
"""Targets of CMake, files of the interpreter, headers of C: no model can have their names."""


def write_firmware(folder: Path, bundle: Bundle, kind: str, version: str) -> list[str]:
    """Write `folder`/firmware/NAME/ for a checked bundle in `folder`; returns lines for people.

    kind: one of KINDS. version: of the bundle, three numbers. ValueError where the bundle has no C
    code, or C code whose array is not its TFLite file; then nothing is written.
    """
    if (folder / FOLDER).exists():
        raise ValueError(f"{folder / FOLDER} exists already")
    main = _main(bundle)
    name = Path(main.path).stem
    _check_array(folder, bundle, main)
    sources = [entry.path for entry in bundle.files if entry.target == "c"]
    with workplace(folder / FOLDER) as part:
        (part / name).mkdir()
        for path in sources:
            shutil.copyfile(folder / path, part / name / Path(path).name)
        _generate(part / name, name, kind, bundle, version)
        install(part, folder / FOLDER)
    return _summary(folder / FOLDER / name, name, kind)


def _main(bundle: Bundle) -> ModelFile:
    """Return the .c file with the model in it."""
    for entry in bundle.files:
        if entry.target == "c" and entry.path.endswith(".c") and entry.ops is not None:
            if Path(entry.path).stem in TAKEN:
                text = "that name is taken by C, CMake or the test; export under another one"
                raise ValueError(f"bundle '{bundle.name}': {entry.path}: {text}")
            if not re.fullmatch(r"[a-z][a-z0-9_]*", Path(entry.path).stem):
                raise ValueError(f"bundle '{bundle.name}': {entry.path} is no name for C symbols")
            return entry
    raise ValueError(
        f"bundle '{bundle.name}' has no C code for firmware: collodi export --targets c makes it"
    )


def _check_array(folder: Path, bundle: Bundle, main: ModelFile) -> None:
    """Hold the array to the hash of the TFLite file, where the bundle has both."""
    body = (folder / main.path).read_text(encoding="utf-8")
    inside = body.partition("_data[] = {")[2].partition("}")[0]
    array = bytes(int(item, 16) for item in re.findall(r"0x([0-9a-f]{2})", inside))
    for entry in bundle.files:
        if entry.target == "tflite-int8" and hashlib.sha256(array).hexdigest() != entry.sha256:
            raise ValueError(f"{folder / main.path}: its array is not {entry.path}; export again")


def _generate(out: Path, name: str, kind: str, bundle: Bundle, version: str) -> None:
    values = {
        "name": name,
        "NAME": name.upper(),
        "version": version,
        "licence": bundle.licence,
        "sources": " ".join(f'"{path.name}"' for path in sorted(out.glob("*.c"))),
    }
    names = {"run.h": f"{name}_run.h", "run.cc": f"{name}_run.cc"}
    if (out / f"{name}_golden.h").is_file():
        names["test.c"] = f"{name}_test.c"
        names.update((path.name, "") for path in TEMPLATES.glob("reference*"))
    if kind in ("esp-idf", "all"):
        names["idf_component.yml"] = ""
    for template, target in names.items():
        (out / (target or template)).write_text(_filled(template, values), encoding="utf-8")
    lists = {"cmake": ["cmake"], "esp-idf": ["esp-idf"], "all": ["esp-idf", "cmake"]}
    text = "\n".join(_filled(f"{word}.cmake", values) for word in lists.get(kind, []))
    if "cmake" in lists.get(kind, []) and "test.c" not in names:
        text = text.partition("\nif(CMAKE_SOURCE_DIR")[0]
    if text:
        (out / "CMakeLists.txt").write_text(text, encoding="utf-8")


def _filled(template: str, values: dict[str, str]) -> str:
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    return re.sub(r"@(\w+)@", lambda found: values[found[1]], text)


def _summary(out: Path, name: str, kind: str) -> list[str]:
    header = (out / f"{name}.h").read_text(encoding="utf-8")
    arena = re.search(r"_ARENA_BYTES ([0-9]+)", header)
    flash = re.search(r"_size; /\* ([0-9]+) bytes", header)
    sizes = [f"{int(found[1]):,} bytes" if found else "unknown" for found in (arena, flash)]
    lines = [f"{out}: {kind}, arena {sizes[0]}, model {sizes[1]} of flash"]
    if not (out / f"{name}_test.c").is_file():
        return [*lines, "no golden test: the bundle was exported before there was one"]
    place = shlex.quote(str(out))
    if kind in ("cmake", "all"):
        test = f"cmake -S {place} -B build && cmake --build build && ctest --test-dir build"
    else:
        test = f"gcc -std=c99 -o golden {place}/*.c -lm && ./golden"
    return [*lines, f"golden test on a desk: {test}"]
