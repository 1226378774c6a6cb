"""The whole chain at the smallest size: the functions of the quickstart, on real parts."""

import json
from pathlib import Path

import pytest

from export.quickstart import main

ROOT = Path(__file__).parent.parent
REAL = ROOT.parent / "shared" / "real"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One tiny quickstart."""
    out = tmp_path_factory.mktemp("chain") / "quickstart"
    assert main(["--size", "tiny", "--out", str(out)]) == 0
    return out


def metrics(folder: Path) -> dict[str, dict[str, object]]:
    """Every evaluation without its stamp."""
    found = {path.name: json.loads(path.read_text()) for path in folder.glob("evaluate-*.json")}
    return {name: {k: v for k, v in body.items() if k != "stamp"} for name, body in found.items()}


def test_the_chain_leaves_data_runs_bundles_and_a_report(made: Path) -> None:
    assert len(list((made / "data").glob("*/dataset.json"))) == 5
    assert len(list((made / "runs").glob("*/done"))) == 2
    for task in ("kws", "face"):
        targets = {
            f["target"]
            for f in json.loads((made / "bundles" / task / "manifest.json").read_text())["files"]
        }
        assert targets == {"onnx", "onnx-int8", "tflite-int8", "c"}
        assert (made / "bundles" / task / "MODEL_CARD.md").is_file()
    assert len(metrics(made)) == 4


def test_the_page_stands_alone(made: Path) -> None:
    page = (made / "report.html").read_text()
    assert "data:video/mp4;base64," in page
    assert 'src="http' not in page
    assert 'href="http' not in page  # charts refer to their own parts only
    for title in ("The children", "A talking child", "Keywords", "Faces", "Bundles", "Speed"):
        assert f"<h2>{title}</h2>" in page


def test_run_again_it_only_reports(made: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*") if path.is_file()}
    assert main(["--size", "tiny", "--out", str(made)]) == 0
    after = {path: path.stat().st_mtime_ns for path in made.rglob("*") if path.is_file()}
    changed = {path.name for path in before if after[path] != before[path]}
    assert changed <= {"report.html", "options.json"}


def test_other_options_in_the_same_folder_are_refused(made: Path) -> None:
    with pytest.raises(ValueError, match="seed = 0, not 1"):
        main(["--size", "tiny", "--seed", "1", "--out", str(made)])


@pytest.mark.long
def test_the_chain_twice_gives_the_same_metrics(made: Path, tmp_path: Path) -> None:
    assert main(["--size", "tiny", "--out", str(tmp_path / "again")]) == 0
    assert metrics(tmp_path / "again") == metrics(made)


def test_real_people_add_rows(made: Path) -> None:
    if not REAL.is_dir():
        pytest.skip("no folder of real people beside the clone")
    assert main(["--size", "tiny", "--out", str(made), "--real", str(REAL)]) == 0
    found = metrics(made)
    assert found["evaluate-kws-real-tflite-int8.json"]["n"] == 1500
    assert found["evaluate-face-real-tflite-int8.json"]["n"] == 1670
    assert "real people" in (made / "report.html").read_text()
