"""Each pin has hashes, each requirement a pin that fits, each distribution an allowed licence."""

import hashlib
import json
import re
import sys
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from make_licences import Row, parts, plain, rows, rules, wrong  # noqa: E402
from make_lock import ALSO, APART, HEAD, TOOLS, needs, tomllib  # noqa: E402
from make_sbom import BUNDLES, as_text, bill, pins  # noqa: E402

TEXT = (ROOT / "constraints.txt").read_text(encoding="utf-8")
BLOCKS = [block for block in re.split(r"\n(?=\S)", TEXT) if not block.startswith("#")]


def test_each_pin_has_hashes() -> None:
    assert TEXT.startswith(HEAD) and len(BLOCKS) > 100
    for block in BLOCKS:
        first, *lines = block.strip().split(" \\\n")
        assert re.fullmatch(r"[\w.-]+==[\w.+]+", first), f"{first!r}: run `make lock`"
        assert lines, f"{first} has no hash: run `make lock`"
        for line in lines:
            assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}", line), f"{first}: {line}"


def test_only_wheels_are_installed_but_for_sources_whose_tools_are_pinned() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    said = dict(re.findall(r"^(PIP|SOURCES|BUILD_TOOLS) = (.*)$", text, re.MULTILINE))
    assert "--require-hashes" in said["PIP"] and "--only-binary :all:" in said["PIP"]
    pinned = {plain(block.split("==")[0]) for block in BLOCKS}
    for name in (*said["SOURCES"].split(), *said["BUILD_TOOLS"].split()):
        assert plain(name) in pinned, f"{name}: run `make lock`"
    assert set(said["BUILD_TOOLS"].split()) <= set(TOOLS)
    built = [line for line in text.split("\n\t") if "$(SOURCES" in line]
    assert len(built) == 1 and "--no-build-isolation" in built[0]


def test_hashes_of_files_that_the_index_lacks_are_there() -> None:
    for name, hashes in ALSO.items():
        block = next(block for block in BLOCKS if block.startswith(f"{name}=="))
        assert all(each in block for each in hashes), f"{name}: run `make lock`"


def test_each_requirement_has_a_pin_that_fits() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pins = dict(block.split(" ", 1)[0].split("==") for block in BLOCKS)
    pins = {plain(name): version for name, version in pins.items()}
    extras = [name for name in project["project"]["optional-dependencies"] if name not in APART]
    for line in [*TOOLS, *needs(project, [*extras, *project["dependency-groups"], "all"])]:
        asked = Requirement(line)
        version = pins.get(plain(asked.name))
        assert version, f"constraints.txt lacks {asked.name}: run `make lock`"
        assert asked.specifier.contains(version, prereleases=True), f"{line}: run `make lock`"


def test_each_installed_licence_is_allowed_or_named() -> None:
    faults = [wrong(row, rules()) for row in rows()]
    assert not [line for line in faults if line]


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "MIT AND AGPL-3.0-only", "", "SSPL-1.0"])
def test_copyleft_and_unknown_licences_fail_with_one_line(licence: str) -> None:
    told = {"allow": ["MIT"], "named": {"old": "tests only"}, "said": {"old": "GPL-2.0-only"}}
    for name in ("new", "old"):
        line = wrong(Row(name, "1", licence, "License"), told)
        assert line and "\n" not in line and f"{name} 1" in line
    assert not wrong(Row("old", "1", "GPL-2.0-only", "License"), told)


def test_each_part_of_an_expression_counts() -> None:
    assert parts("Apache-2.0 WITH LLVM-exception OR (MIT AND Zlib)") == {
        "Apache-2.0", "LLVM-exception", "MIT", "Zlib"}  # fmt: skip


def test_the_bill_of_materials_is_valid_and_lists_what_is_installed_and_packaged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    text = as_text(bill())
    assert text == as_text(bill()) and "timestamp" not in json.loads(text)["metadata"]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    parts = json.loads(text)["components"]
    listed = {part["name"]: part for part in parts if part["type"] == "library"}
    pinned = pins()
    for row in rows():
        part = listed[row.name]
        assert part["version"] == row.version and part["purl"].startswith(f"pkg:pypi/{row.name}@")
        hashes = [*part.get("hashes", [])]
        hashes += [each for ref in part.get("externalReferences", []) for each in ref["hashes"]]
        assert {each["content"] for each in hashes} <= set(pinned[row.name][1]) and hashes
    models = [part for part in parts if part["type"] == "machine-learning-model"]
    assert {model["name"] for model in models} == {each.parent.name for each in manifests()}
    for model in models:
        folder = BUNDLES / model["name"]
        sums = {each["name"]: each["hashes"][0]["content"] for each in model["components"]}
        told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
        assert {each["path"]: each["sha256"] for each in told}.items() <= sums.items()
        for name, content in sums.items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == content


def manifests() -> list[Path]:
    return sorted(BUNDLES.glob("*/manifest.json"))
