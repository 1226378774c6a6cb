"""The pages under docs/ say what the code says."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from generate.motion.player import play_score
from generate.motion.score_text import from_text

ROOT = Path(__file__).parent.parent


def load_table() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_table", ROOT / "benchmarks" / "table.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))  # where a script finds its neighbours
        spec.loader.exec_module(module)
    return module


def test_the_motion_page_lists_every_cue() -> None:
    page = (ROOT / "docs" / "motion.md").read_text()
    block = load_table().cues_table()
    assert f"<!-- cues -->\n{block}\n<!-- /cues -->" in page, (
        "docs/motion.md is behind motion/cues.py: run `python benchmarks/table.py --write`"
    )
    score = page.split("```score\n")[1].split("```")[0]
    assert len(play_score(from_text(score), 25)) == 70


@pytest.mark.parametrize("name", ["labels", "facts", "parts"])
def test_the_label_page_is_the_label_table(name: str) -> None:
    page = (ROOT / "docs" / "labels.md").read_text()
    block = getattr(load_table(), f"{name}_table")()
    assert f"<!-- {name} -->\n{block}\n<!-- /{name} -->" in page, (
        "docs/labels.md is behind generate/clip.py: run `python benchmarks/table.py --write`"
    )


def test_figures_of_the_generator_are_those_of_the_benchmark() -> None:
    table = load_table()
    body = table.load("bench_generator.json")
    for page, name, block in (
        ("docs/generator-export.md", "figures", "\n".join(table.generator_lines(body))),
        ("README.md", "generator", table.generator_sentence(body)),
    ):
        assert f"<!-- {name} -->\n{block}\n<!-- /{name} -->" in (ROOT / page).read_text(), (
            f"{page} is behind bench_generator.json: run `python benchmarks/table.py --write`"
        )
