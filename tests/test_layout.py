"""The four flat package names belong to this kit alone, and nothing shadows them."""

import subprocess
import sys
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PACKAGES = ("device", "export", "generate", "train_edge")
ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", PACKAGES)
def test_each_package_has_one_owner_and_lies_beside_the_others(name: str) -> None:
    others = set(packages_distributions().get(name, [])) - {"collodi"}
    assert not others, f"another distribution also brings {name}: {others}"
    assert Path(import_module(name).__path__[0]).parent == ROOT


def test_no_file_is_named_like_a_package() -> None:
    for path in ROOT.glob("*/**/*.py"):
        if not {".venv", "out"} & set(path.relative_to(ROOT).parts):
            assert path.stem not in PACKAGES, path


def test_tests_and_benchmarks_are_flat_and_not_packages() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))
    assert not list((ROOT / "benchmarks").rglob("__init__.py"))


def test_packages_are_at_most_two_levels_deep() -> None:
    for name in PACKAGES:
        for path in (ROOT / name).rglob("*.py"):
            depth = len(path.relative_to(ROOT / name).parts)
            assert depth <= (3 if "kernels" in path.parts else 2), path


@pytest.mark.parametrize(
    "words", [["--help"], ["models"], ["bench", "--help"], ["listen", "--help"]]
)
def test_light_commands_import_no_heavy_library(words: list[str]) -> None:
    code = (
        "import sys, device.main\n"
        f"try: device.main.main({words!r})\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'torch', 'onnx', 'cv2', 'tyro'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
