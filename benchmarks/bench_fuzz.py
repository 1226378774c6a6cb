"""Damaged bundles, manifests, reports and telemetry: refused in one line, or read and harmless.

    python benchmarks/bench_fuzz.py --cases 10000 --json benchmarks/results/bench_fuzz.json
    python benchmarks/bench_fuzz.py --kind manifest --from 1234 --cases 1      one case again

Figure `fuzz_clean`: the share of cases where nothing else was raised than the documented error (a
ValueError or OSError, which the command line prints as one line), no file outside the folder was
opened, every file of a bundle that was read has the hash of its manifest, and every report that was
read can be shown, judged, compared and written. Case N is a pure function of N.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import runpy
import shutil
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from common import finish
from fuzz_common import Faulty, expect, judged, mutated_bytes, mutated_json, outside_opens

from device.boards import HOST, boards
from device.budget import judge, parse_budgets
from device.bundle import MANIFEST, Bundle, read_bundle
from device.compare import compare
from device.compare_cli import comparison_text
from device.gates import verdict_lines
from device.junit import comparison_xml, report_xml
from device.main import reason
from device.page import report_page
from device.probes.family import family
from device.probes.jetson import parse_l4t, parse_nvpmodel, parse_nvpmodel_files, parse_tegrastats
from device.probes.linux import parse_cpuinfo
from device.probes.meter import read_meter
from device.probes.pi import parse_clock, parse_pmic, parse_throttled
from device.probes.sysfs import read_celsius, read_megahertz
from device.report import read_report, write_report
from device.strict import dumps
from device.table import report_text
from device.zoo.index import Entry, Index, read_index
from device.zoo.store import copy_bundle

TESTS = Path(__file__).resolve().parent.parent / "tests"
BOARD_FILES = runpy.run_path(str(TESTS / "board_files.py"))
ANSWERS = sorted(
    {text for name in BOARD_FILES["NAMES"] for text in BOARD_FILES["read_board"](name)[1].values()}
)
BUDGETS = "p99_ms=1,rss_mb=64,energy_mj=5,arena_kb=40,bytes_kb=1,doubts=0,accuracy=1"
BOARDS = """\
[pi5]
host = "10.0.0.5"
user = "lab"
port = 22
budgets = { p99_ms = 20.0 }
[bench]
like = "pi5"
python = "python3.11"
power_mode = "MAXN"
runtimes = ["litert"]
"""
METER = "time (s),current (mA),voltage (V)\n" + "".join(
    f"{i / 100},{300 + i % 7},5.1\n" for i in range(80)
)


def make_folder(place: Path) -> Path:
    """Return a bundle folder with a file beside it and a link that leads there."""
    folder = place / "bundle"
    folder.mkdir()
    (folder / "sub").mkdir()
    files = {"tiny.bin": b"\1\2\3" * 40, "sub/more.bin": b"more" * 30}
    (place / "outside.bin").write_bytes(files["tiny.bin"])
    (folder / "link").symlink_to(place)
    data = json.loads((TESTS / "data" / "device_bundle.json").read_text(encoding="utf-8"))
    entry = data["files"][0]
    data["files"] = []
    for path, raw in files.items():
        (folder / path).write_bytes(raw)
        digest = sha256(raw).hexdigest()
        data["files"].append({**entry, "path": path, "bytes": len(raw), "sha256": digest})
    (folder / MANIFEST).write_text(json.dumps(data), encoding="utf-8")
    return folder


def check_read(folder: Path, bundle: Bundle) -> None:
    """Hold what a bundle that was read promises, by other means than the reader's."""
    for entry in bundle.files:
        full = (folder / entry.path).resolve()
        expect(folder.resolve() in full.parents, f"{entry.path!r} leads out of the folder")
        expect(sha256(full.read_bytes()).hexdigest() == entry.sha256, "a wrong hash was accepted")
        expect(full.stat().st_size == entry.bytes, "a wrong size was accepted")


def fuzz_manifest(place: Path, rng: random.Random) -> None:
    """A changed manifest over sound files."""
    folder = make_folder(place)
    manifest = folder / MANIFEST
    manifest.write_bytes(mutated_json(manifest.read_bytes(), rng))
    bundle = read_bundle(folder)
    check_read(folder, bundle)
    copy_bundle(folder, place / "copy")
    check_read(place / "copy", bundle)


def fuzz_bundle(place: Path, rng: random.Random) -> None:
    """Changed files under a sound manifest: none may be accepted."""
    folder = make_folder(place)
    victim = folder / rng.choice(["tiny.bin", "sub/more.bin"])
    raw = victim.read_bytes()
    how = rng.randrange(5)
    if how == 0:
        victim.unlink()
        victim.symlink_to(place / "outside.bin")
    elif how == 1:
        victim.unlink()
        if rng.random() < 0.5:
            victim.mkdir()
    elif how == 2:
        at = rng.randrange(len(raw))
        victim.write_bytes(raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :])
    else:
        victim.write_bytes(mutated_bytes(raw, rng))
    changed = how < 2 or victim.read_bytes() != raw
    bundle = read_bundle(folder)
    expect(not changed, "a changed file was accepted")
    check_read(folder, bundle)


def fuzz_report(place: Path, rng: random.Random) -> None:
    """A changed report: what is read can be shown in every way."""
    source = rng.choice(["device_report.json", "device_report_1.json"])
    path = place / "r.json"
    path.write_bytes(mutated_json((TESTS / "data" / source).read_bytes(), rng))
    report = read_report(path)
    verdicts = judge(report, parse_budgets(BUDGETS))
    page = report_page(report, verdicts)
    page.encode("utf-8")
    expect("<script" not in page, "text became markup")
    chart = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    expect(not re.search(r'="-?(nan|inf)|>-?(nan|inf)<', chart), "a chart of nan")
    found = compare(report, report, 0.05, anyway=True)
    shown = [report_text(report), comparison_text(found), *verdict_lines(verdicts)]
    "\n".join(shown).encode("utf-8")
    for text in (report_xml(report, verdicts), comparison_xml(found, report)):
        ElementTree.fromstring(text.encode("utf-8"))
    write_report(path, report)
    expect(read_report(path) == report, "the report does not read back")


def fuzz_telemetry(place: Path, rng: random.Random) -> None:
    """Changed lines of tegrastats, vcgencmd, sysfs and meters: parsers never raise."""
    text = mutated_bytes(rng.choice(ANSWERS).encode(), rng).decode("utf-8", "replace")
    try:
        seen = [
            parse(text)
            for parse in (parse_tegrastats, parse_nvpmodel, parse_l4t, parse_cpuinfo, parse_clock,
                          parse_pmic, parse_throttled, read_megahertz, family)
        ]  # fmt: skip
        seen += [read_celsius("cpu", text), parse_nvpmodel_files(text, text)]
    except Exception as error:
        raise Faulty(f"a parser raised {type(error).__name__}: {error}") from error
    numbers = re.sub(r"'[^']*'", "''", repr([s for s in seen if s])).lower()  # a name may be NaN
    expect(not re.search(r"\b(nan|inf)\b", numbers), "nan was read")
    (place / "meter.csv").write_bytes(mutated_bytes(METER.encode(), rng))
    read_meter(place / "meter.csv")


def fuzz_boards(place: Path, rng: random.Random) -> None:
    """A changed boards.toml and changed budgets: no host that a shell or ssh would misread."""
    path = place / "boards.toml"
    path.write_bytes(mutated_bytes(BOARDS.encode(), rng))
    text = mutated_bytes(BUDGETS.encode(), rng).decode("utf-8", "replace")
    try:
        parse_budgets(text)
    except ValueError as error:
        expect("\n" not in reason("bench", error), "the error has more than one line")
    for entry in boards(path).values():
        for word in filter(None, (entry.host, entry.user)):
            expect(re.fullmatch(HOST, word) is not None, f"the host {word!r} was accepted")


def fuzz_index(place: Path, rng: random.Random) -> None:
    """A changed index of a registry: no name or version that is no plain folder."""
    del place
    when = "2026-01-31T12:00:00Z"
    entry = Entry("tiny", "1.0.0", "kws", "CC0-1.0", when, "ab" * 32, 900, 2, 240, "cd" * 32, 80)
    index = Index("0" * 32, 3, when, "2027-01-31T12:00:00Z", (entry,))
    for found in read_index(mutated_json(dumps(index).encode(), rng), "index").bundles:
        expect(re.fullmatch(r"\w[\w.-]*/[\d.]+", found.folder) is not None, "no plain folder")
        expect(".." not in found.folder, "a folder above")


KINDS: dict[str, Callable[[Path, random.Random], None]] = {
    "manifest": fuzz_manifest,
    "bundle": fuzz_bundle,
    "report": fuzz_report,
    "telemetry": fuzz_telemetry,
    "boards": fuzz_boards,
    "index": fuzz_index,
}
"""Each kind takes an empty folder and the stream of its case."""


def one_case(
    kind: str, number: int, place: Path, watch: Callable[[Path], Any]
) -> tuple[bool, str | None]:
    """Return (whether it was read, what is wrong with the case or None where it is clean)."""
    rng = random.Random(f"{kind} {number}")
    return judged(lambda: KINDS[kind](place, rng), place, watch)


def run_cases(kinds: list[str], first: int, cases: int) -> tuple[list[dict[str, Any]], float]:
    """Return (a row a kind with its faults, the share of clean cases)."""
    watch = outside_opens()
    rows = {kind: {"kind": kind, "cases": 0, "read": 0, "clean": 0, "faults": []} for kind in kinds}
    with tempfile.TemporaryDirectory(prefix="collodi-fuzz-") as scratch:
        for number in range(first, first + cases):
            kind = kinds[number % len(kinds)]
            place = Path(scratch) / "case"
            place.mkdir()
            read, wrong = one_case(kind, number, place, watch)
            shutil.rmtree(place)
            row: dict[str, Any] = rows[kind]
            row["cases"] += 1
            row["read"] += read
            row["clean"] += wrong is None
            if wrong is not None:
                row["faults"].append({"case": number, "what": wrong})
    return list(rows.values()), sum(row["clean"] for row in rows.values()) / max(cases, 1)


def main() -> None:
    """Run the cases, print the faults, write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--from", type=int, default=0, dest="first", help="number of the first")
    parser.add_argument("--kind", action="append", choices=list(KINDS), default=[])
    parser.add_argument("--json", type=Path)
    words = parser.parse_args()
    rows, clean = run_cases(words.kind or list(KINDS), words.first, words.cases)
    for row in rows:
        print(f"{row['kind']}: {row['clean']} of {row['cases']} clean, {row['read']} were read")
        for fault in row["faults"][:5]:
            print(f"  case {fault['case']}: {fault['what'][:600]}")
    finish(rows, {"fuzz_clean": clean}, words.json)


if __name__ == "__main__":
    main()
