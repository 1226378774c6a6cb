"""What the quickstart made, as tables for the terminal and a page for people."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from device.bundle import Bundle, read_bundle
from device.report import Report, percentile_ms, read_report
from device.stamp import make_stamp
from export.page import write_report
from export.tables import (
    accuracy_table,
    bench_table,
    bundle_table,
    face_table,
)
from generate.contents import contact_sheet
from generate.provenance import ALGORITHMIC, Provenance
from generate.shards import open_dataset
from train_edge import charts
from train_edge.overlay import overlay_sheet
from train_edge.page import Page, Section, Table, as_text


class Runner(Protocol):
    """Runs a command unless its result is there."""

    def once(self, result: Path, command: str, *words: Any) -> None:
        """See export.chain.Chain."""


@dataclass(frozen=True)
class Made:
    """Folders and results of one quickstart."""

    out: Path
    runs: dict[str, Path]
    """Task to run folder."""
    commands: list[str]
    """Every command, as a user would type it."""
    results: dict[tuple[str, str], Path] = field(default_factory=dict)
    """(task, "data, file") to the JSON of `collodi evaluate`."""

    def evaluate(self, run: Runner, task: str, place: str, file: str, data: Path) -> Path:
        """Evaluate the run (`float32`) or a file of its bundle, and return the result's path."""
        result = self.out / f"evaluate-{task}-{place}-{file}.json"
        bundle = self.out / "bundles" / task
        model = (self.runs[task],) if file == "float32" else (bundle, "--file", file)
        run.once(result, "evaluate", *model, "--data", data, "--json", result)
        self.results[task, f"{place}, {file}"] = result
        return result

    def evaluations(self, task: str) -> dict[str, dict[str, Any]]:
        """ "data, file" to result, of one task."""
        return {
            name: json.loads(path.read_text())
            for (of, name), path in self.results.items()
            if of == task
        }

    def bundle(self, task: str) -> Bundle:
        """The exported bundle."""
        return read_bundle(self.out / "bundles" / task)

    def report(self, task: str) -> Report:
        """What `collodi bench` measured here."""
        return read_report(self.out / f"bench-{task}.json")

    def stats(self, task: str) -> list[dict[str, float]]:
        """Rows of the run's stats.jsonl."""
        lines = (self.runs[task] / "stats.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


def summarize(made: Made, page: Path) -> list[str]:
    """Write the page and return its tables as text."""
    tables = {
        "kws": accuracy_table(made.evaluations("kws")),
        "face": face_table(made.evaluations("face")),
        "bundles": bundle_table([made.bundle("kws"), made.bundle("face")]),
        "bench-kws": bench_table(made.report("kws")),
        "bench-face": bench_table(made.report("face")),
    }
    sheet = contact_sheet(open_dataset(made.out / "data" / "stills"))
    assert sheet is not None
    talk = open_dataset(made.out / "data" / "talk")
    happy = next((i for i, row in enumerate(talk.rows) if row["emotion"] == "happy"), 0)
    write_report(
        page,
        Page(
            title="Two toy models from synthetic children",
            subtitle=_subtitle(made),
            cards=_cards(made),
            sections=_sections(made, tables),
            commands=made.commands,
            stamp=make_stamp(),
        ),
        sheet,
        talk.clip(happy),
    )
    return [as_text(table) for table in tables.values()]


def _subtitle(made: Made) -> str:
    counts = {name: len(open_dataset(made.out / "data" / name)) for name in ("stills", "words")}
    return (
        f"Trained on {counts['stills']} drawn pictures and {counts['words']} spoken words, "
        "none of a real person; quantized, and measured on this machine."
    )


def _cards(made: Made) -> list[tuple[str, str]]:
    cards = []
    kws, face = made.evaluations("kws"), made.evaluations("face")
    for place, said in (("real", "real people"), ("synthetic", "new synthetic voices")):
        if result := kws.get(f"{place}, tflite-int8"):
            cards.append((f"{100 * result['accuracy']:.1f} %", f"keywords right, {said}, int8"))
    for place, said in (("real", "real faces"), ("synthetic", "new synthetic faces")):
        if result := face.get(f"{place}, tflite-int8"):
            cards.append((f"{100 * result['nme_68']:.1f} %", f"landmark error, {said}, int8"))
    for task in ("kws", "face"):
        size = made.bundle(task).file("tflite-int8").bytes
        cards.append((f"{size / 1000:.0f} kB", f"{task} model, int8{_latency(made, task)}"))
    return cards


def _latency(made: Made, task: str) -> str:
    for run in made.report(task).runs:
        if run.target == "tflite-int8" and run.latency_ns:
            return f", {percentile_ms(run.latency_ns, 50):.2f} ms here"
    return ""


def _sections(made: Made, tables: dict[str, Table]) -> list[Section]:
    return [
        Section(
            "Keywords",
            "A depthwise-separable network hears one second and names the word.",
            [tables["kws"]],
            [charts.training_curve(made.stats("kws"), "keyword model"), _confusion(made)],
        ),
        Section(
            "Faces",
            "One network finds 68 landmarks, the head pose and whether there is a face. Dots: "
            "the int8 model's answers on synthetic children that it never saw.",
            [tables["face"]],
            [charts.training_curve(made.stats("face"), "face model")],
            _overlays(made),
            Provenance(ALGORITHMIC),
        ),
        Section(
            "Bundles",
            "Each file was run with the code that runs it on a board, and compared with the "
            "trained network; a file that strays fails the export.",
            [tables["bundles"]],
        ),
        Section(
            "Speed",
            "Raw latencies are in the JSON beside this page; doubts say why not to trust a row.",
            [tables["bench-kws"], tables["bench-face"]],
            [chart for task in ("kws", "face") if (chart := _histogram(made, task))],
        ),
    ]


def _confusion(made: Made) -> str:
    results = made.evaluations("kws")
    place = "real" if "real, tflite-int8" in results else "synthetic"
    table = results[f"{place}, tflite-int8"]["confusion"]
    return charts.confusion(table["counts"], table["labels"], f"int8 on {place} speech, %")


def _overlays(made: Made) -> NDArray[np.uint8]:
    data = open_dataset(made.out / "data" / "stills-test")
    return overlay_sheet(made.out / "bundles" / "face", data, "tflite-int8", count=16)


def _histogram(made: Made, task: str) -> str | None:
    """Latencies of the runtimes meant for this kind of machine; TFLite Micro's are not."""
    ran = {
        f"{run.file}, {run.runtime.split()[0]}": [ns / 1e6 for ns in run.latency_ns]
        for run in made.report(task).runs
        if run.latency_ns and run.target != "front-end" and not run.runtime.startswith("tflite-m")
    }
    return charts.latency_histogram(ran, f"{task}: latency") if ran else None
