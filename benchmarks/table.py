"""Puts measured results into the README: each table comes from JSON that a command wrote.

python benchmarks/table.py            print the tables
python benchmarks/table.py --write    replace the blocks between the markers in README.md and docs/
"""

from __future__ import annotations

import argparse
import ast
import json
import re
from dataclasses import fields
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from cost_lines import cost_lines
from generator_lines import generator_lines, generator_sentence

from device.bundle import Bundle, read_bundle
from device.zoo.store import BUNDLES, names
from generate.clip import FACTS, LABELS, PARTS
from generate.motion.cues import KINDS, optional, required

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"

SEEN = {
    "face": ("NME of 68 points", "nme_68"),
    "find": ("faces found", "recall"),
    "talking": ("right", "accuracy"),
}
"""Task to its main figure, and the key of that in a manifest."""


def main() -> None:
    """Print or write the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--keep", type=Path)
    args = parser.parse_args()
    if args.keep:
        keep(args.keep)
    page = {"labels": labels_table(), "facts": facts_table(), "parts": parts_table()}
    looks = {"looks": looks_table(load("bench_looks.json")["rows"])}
    pictures = load("bench_generator.json")
    blocks = {
        "README.md": {
            "generator": generator_sentence(pictures),
            "results": results_table(),
            "zoo": zoo_table(),
            "vision": vision_table(),
            "tree": tree(),
        },
        "docs/labels.md": page,
        "docs/children.md": looks,
        "docs/motion.md": {"cues": cues_table()},
        "docs/scale.md": {"cost": cost_table()},
        "docs/generator-export.md": {"figures": "\n".join(generator_lines(pictures))},
    }
    for path, named in blocks.items():
        for name, block in named.items():
            print(block)
            if args.write:
                replace(ROOT / path, name, block)


def cost_table() -> str:
    """What a million clips of each kind cost."""
    if not (RESULTS / "bench_scale.json").exists():
        return "Not measured yet."
    rows = [row for row in load("bench_scale.json")["rows"] if row.get("what") == "kind"]
    return "\n".join(cost_lines(rows)) if rows else "Not measured yet."


def keep(folder: Path) -> None:
    """Copy the evaluations of a quickstart; speakers become numbers, so that nobody is named."""
    for path in sorted(folder.glob("evaluate-*.json")):
        body = json.loads(path.read_text())
        shares = sorted(body.pop("by_speaker", {}).values())
        if shares and body["data"] == "real":
            body["speakers_from_worst"] = shares
        (RESULTS / path.name).write_text(json.dumps(body) + "\n")


def replace(path: Path, name: str, block: str) -> None:
    """Put `block` between the markers `name` of a Markdown file."""
    marked = f"<!-- {name} -->\n{block}\n<!-- /{name} -->"
    pattern = f"<!-- {name} -->.*?<!-- /{name} -->"
    path.write_text(re.sub(pattern, lambda _: marked, path.read_text(), flags=re.S))


def tree() -> str:
    """Each module with the first sentence of its docstring."""
    lines = []
    for package in ("device", "generate", "train_edge", "export"):
        for path in sorted((ROOT / package).rglob("*.py"), key=lambda p: (len(p.parts), p)):
            said = ast.get_docstring(ast.parse(path.read_text())) or ""
            name = str(path.relative_to(ROOT)).replace("__init__.py", "")
            lines.append(f"{name:36s} {said.splitlines()[0] if said else ''}".rstrip())
    return "```\n" + "\n".join(lines) + "\n```"


def labels_table() -> str:
    """Every array of a clip: axes, type, unit, range, frame, and what else may tell it."""
    lines = [
        "| label | axes | shape | dtype | unit | range | frame | pseudo-label |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, label in LABELS.items():
        shape = ", ".join(map(str, label.shape))
        cells = (label.axes, f"({shape})", label.dtype, label.unit, label.range, label.frame)
        cells += (label.pseudo,)
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def facts_table() -> str:
    """Every fact of a clip and what it means."""
    rows = [f"| `{name}` | {meaning} |" for name, meaning in FACTS.items()]
    return "\n".join(["| fact | meaning |", "|---|---|", *rows])


def parts_table() -> str:
    """Ids of the part masks."""
    return ", ".join(f"{number} {name}" for number, name in enumerate(PARTS)) + "."


def cues_table() -> str:
    """Every kind of cue: what it needs, what it may be given, how it acts with others."""
    lines = ["| cue | needs | by name | two at once | an edit cuts it |", "|---|---|---|---|---|"]
    for name, kind in KINDS.items():
        meta = {item.name: item.metadata for item in fields(kind)}

        def limits(field: str, meta: dict[str, Any] = meta) -> str:
            names = ", ".join(meta[field].get("names", ()))
            low, high = meta[field].get("range", ("", ""))
            return f"({names})" if names else f"({low:g} to {high:g})" if high != "" else ""

        needs = ", ".join(f"`{f}` {limits(f)}".strip() for f in required(kind))
        given = ", ".join(
            "blendshapes (-1 to 1)" if f == "shapes" else f"`{f}` {limits(f)} = {default:g}"
            for f, default in optional(kind).items()
        )
        alone = "refused" if kind.ALONE or name == "head" else "add up"
        cells = (needs, given, alone, "yes" if kind.SPLITS else "no")
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def results_table() -> str:
    """Markdown of what the quickstart's models and the generator reached."""
    rows = [("what", "measured", "command")]
    rows += [
        row for path in sorted(RESULTS.glob("evaluate-*.json")) for row in evaluation_rows(path)
    ]
    rows += generation_rows(load("bench_generate.json"))
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "|---|---|---|", *body])


def zoo_table() -> str:
    """Each packaged bundle of keywords: sizes, accuracy, and its detector, from its manifest."""
    lines = [
        "| bundle | int8 TFLite; arena | right, real people | right, new synthetic voices "
        "| false accepts an hour | missed |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for bundle in packaged("kws"):
        found = bundle.detector
        right = [
            f"{100 * place['accuracy']:.1f} %" if place else "not measured"
            for place in (bundle.accuracy.real, bundle.accuracy.synthetic)
        ]
        tested = found is not None and found.tested_per_hour is not None
        heard = f"{found.tested_per_hour:g} in {found.tested_hours:.1f} h" if tested else ""
        missed = f"{100 * found.tested_false_rejects:.1f} %" if tested else ""
        size, name = size_of(bundle), bundle.name
        lines.append(f"| `{name}` | {size} | {' | '.join(right)} | {heard} | {missed} |")
    return "\n".join(lines)


def vision_table() -> str:
    """Each packaged bundle that sees: sizes and main figure, from its manifest."""
    lines = [
        "| bundle | int8 TFLite; arena | figure | real people | new synthetic people |",
        "|---|---|---|---|---|",
    ]
    for bundle in packaged(*SEEN):
        what, key = SEEN[bundle.task]
        shown = [
            f"{100 * place[key]:.1f} %" if place and key in place else "not measured"
            for place in (bundle.accuracy.real, bundle.accuracy.synthetic)
        ]
        lines.append(f"| `{bundle.name}` | {size_of(bundle)} | {what} | {' | '.join(shown)} |")
    return "\n".join(lines)


def packaged(*tasks: str) -> list[Bundle]:
    """Bundles of the zoo for some tasks."""
    return [b for b in (read_bundle(BUNDLES / name) for name in names()) if b.task in tasks]


def size_of(bundle: Bundle) -> str:
    """Bytes of the int8 TFLite file, and of its arena."""
    entry = bundle.file("tflite-int8")
    return f"{entry.bytes:,} B; {entry.arena_bytes:,} B"


def evaluation_rows(path: Path) -> list[tuple[str, str, str]]:
    """One row of accuracy or landmark error; the file name says task, data and model file."""
    result = json.loads(path.read_text())
    _, task, place, *file = path.stem.split("-")
    new = "new synthetic voices" if task == "kws" else "new synthetic children"
    where = {"real": "real people", "synthetic": new}[place]
    model = "RUN" if file == ["float32"] else f"BUNDLE --file {'-'.join(file)}"
    command = f"`collodi evaluate {model} --data DIR`"
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


def looks_table(rows: list[dict[str, Any]]) -> str:
    """Arms of bench_looks: mean error of all seeds, and the difference from `all` seed by seed."""
    errors = {(row["arm"], row["seed"]): 100 * row["nme_68"] for row in rows}
    lines = [
        "| trained on | NME %, by seed | mean | against all, same seeds |",
        "|---|---|---|---|",
    ]
    for arm in dict.fromkeys(row["arm"] for row in rows):
        found = {seed: error for (name, seed), error in errors.items() if name == arm}
        shown = " ".join(f"{error:.2f}" for error in found.values())
        apart = [error - errors["all", seed] for seed, error in found.items()]
        spread = f" ± {stdev(apart):.2f}" if len(apart) > 1 and arm != "all" else ""
        change = "" if arm == "all" else f"{mean(apart):+.2f}{spread}"
        lines.append(f"| {arm} | {shown} | {mean(found.values()):.2f} | {change} |")
    return "\n".join(lines)


def load(name: str) -> dict[str, Any]:
    """One result file."""
    return dict(json.loads((RESULTS / name).read_text()))


if __name__ == "__main__":
    main()
