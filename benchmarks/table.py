"""Puts measured results into the README: each table comes from JSON that a command wrote.

python benchmarks/table.py            print the tables
python benchmarks/table.py --write    replace the blocks between the markers in README.md
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"


def main() -> None:
    """Print or write the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    table = results_table()
    print(table)
    if args.write:
        readme = ROOT / "README.md"
        block = f"<!-- results -->\n{table}\n<!-- /results -->"
        text = re.sub(
            r"<!-- results -->.*?<!-- /results -->", lambda _: block, readme.read_text(), flags=re.S
        )
        readme.write_text(text)


def results_table() -> str:
    """Markdown of what the quickstart's models and the generator reached."""
    rows = [("what", "measured", "command")]
    rows += [
        row for path in sorted(RESULTS.glob("evaluate-*.json")) for row in evaluation_rows(path)
    ]
    rows += generation_rows(load("bench_generate.json"))
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "|---|---|---|", *body])


def evaluation_rows(path: Path) -> list[tuple[str, str, str]]:
    """One row of accuracy or landmark error; the file name says task, data and model file."""
    result = json.loads(path.read_text())
    _, task, place, *file = path.stem.split("-")
    where = {"real": "real people", "synthetic": "new synthetic children"}[place]
    command = f"`collodi evaluate bundles/{task} --file {'-'.join(file)} --data …`"
    name = (
        f"{'keywords' if task == 'kws' else 'face'}, {'-'.join(file)}, {where} (n = {result['n']})"
    )
    if task == "kws":
        return [(name, f"{100 * result['accuracy']:.1f} % right", command)]
    shown = f"NME {100 * result['nme_68']:.2f} % (inner 51: {100 * result['nme_51']:.2f} %)"
    return [(name, shown, command)]


def generation_rows(result: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Frames and clips a second on one core."""
    figures = result["figures"]
    command = "`python benchmarks/bench_generate.py`"
    return [
        ("labelled 128 px frames on one core", f"{figures['fps_128']:.1f} /s", command),
        ("labelled 256 px frames on one core", f"{figures['fps_256']:.1f} /s", command),
        ("talking 256 px clips on one core", f"{figures['clips_per_hour']:.0f} /h", command),
    ]


def load(name: str) -> dict[str, Any]:
    """One result file."""
    return dict(json.loads((RESULTS / name).read_text()))


if __name__ == "__main__":
    main()
