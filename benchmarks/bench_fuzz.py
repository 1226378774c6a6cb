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
import copy
import json
import random
import re
import runpy
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from common import finish

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
HOSTILE: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**400, 0.5, -0.0, 1e308, -1e308, 5e-324,
    "", "..", "../outside.bin", "/etc/passwd", "a/../../outside.bin", "link", "link/outside.bin",
    "manifest.json", "./tiny.bin", "tiny.bin/", "C:\\x", "\0", "\x1b[2J", "\n", "\ud800",
    "x" * 5000, "-oProxyCommand=touch", "$(touch x)", "`x`", "<script>", "ran", "NaN",
    [], {}, [[]], [None],
)  # fmt: skip
"""What a value is replaced by."""
JUNK = (b"", b"\0", b"\xff", b"\xed\xa0\x80", b"{", b"]", b'"', b",", b"\n", b"9" * 400, b"NaN",
        b"1e999", b"-", b"[" * 3000, b"\\u0000", b"\xd9\xa3", b"=", b"@", b"/", b"mW")  # fmt: skip
"""What bytes are replaced by."""


def outside_opens() -> Callable[[Path], Any]:
    """Return a context that yields the files opened outside a folder and the interpreter's own."""
    watched: list[tuple[str, list[str]]] = []
    homes = {sys.prefix, sys.base_prefix, *sys.path[1:]}
    own = tuple(str(Path(path).resolve()) for path in homes)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and watched and isinstance(args[0], (str, bytes)):
            name = args[0] if isinstance(args[0], str) else args[0].decode("utf-8", "replace")
            if "\0" not in name:
                real = str(Path(name).resolve())
                read = str(args[1] or "r").startswith("r") and real.endswith("/outside.bin")
                if read or not (real + "/").startswith((watched[-1][0] + "/", *own)):
                    watched[-1][1].append(real)

    sys.addaudithook(hook)

    @contextmanager
    def watch(folder: Path) -> Iterator[list[str]]:
        opened: list[str] = []
        watched.append((str(folder.resolve()), opened))
        try:
            yield opened
        finally:
            watched.pop()

    return watch


def mutated_value(data: Any, rng: random.Random) -> Any:
    """Return JSON values with one of them replaced, removed, renamed, doubled or buried."""
    places: list[tuple[Any, Any]] = []
    left = [data]
    while left:
        value = left.pop()
        if isinstance(value, (dict, list)):
            keys = list(value) if isinstance(value, dict) else range(len(value))
            places += [(value, key) for key in keys]
            left += [value[key] for key in keys]
    if not places:
        return data
    holder, key = rng.choice(places)
    how = rng.randrange(8)
    if how == 0:
        del holder[key]
    elif how == 1 and isinstance(holder, dict):
        holder[rng.choice(["x", "", "\0", str(key) + "s", "\ud800"])] = holder.pop(key)
    elif how == 2 and isinstance(holder, list):
        holder.append(holder[key])
    elif how == 3:
        other, name = rng.choice(places)
        holder[key] = copy.deepcopy(other[name])
    elif how == 4 and isinstance(holder[key], (int, float)):
        holder[key] = holder[key] * rng.choice([-1, 0, 2, 1e9, 1e300, 0.5])
    elif how == 5:
        for _ in range(rng.choice([1, 20, 90])):
            holder[key] = [holder[key]]
    else:
        holder[key] = rng.choice(HOSTILE)
    return data


def mutated_bytes(raw: bytes, rng: random.Random) -> bytes:
    """Return bytes with pieces flipped, cut, doubled, replaced by junk, or cut off."""
    out = bytearray(raw)
    for _ in range(rng.randint(1, 4)):
        start = rng.randint(0, len(out))
        end = min(len(out), start + rng.choice([0, 1, 1, 3, 40]))
        how = rng.randrange(5)
        if how == 0 and start < len(out):
            out[start] ^= 1 << rng.randrange(8)
        elif how == 1:
            del out[start : rng.choice([end, len(out)])]
        elif how == 2:
            out[start:start] = out[start:end]
        else:
            out[start:end] = rng.choice(JUNK)
    return bytes(out)


def mutated_json(raw: bytes, rng: random.Random) -> bytes:
    """Return a JSON file changed as data, as bytes, or both."""
    if rng.random() < 0.7:
        data = json.loads(raw)
        for _ in range(rng.choice([1, 1, 2, 4])):
            data = mutated_value(data, rng)
        raw = json.dumps(data, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
        if rng.random() < 0.85:
            return raw
    return mutated_bytes(raw, rng)


class Faulty(AssertionError):
    """Something was accepted that should not be, or did not hold."""


def expect(holds: bool, what: str) -> None:
    """Raise Faulty where it does not hold."""
    if not holds:
        raise Faulty(what)


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
    expect(not re.search(r"\b(nan|inf)\b", repr([s for s in seen if s]).lower()), "nan was read")
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
    try:
        with watch(place) as opened:
            KINDS[kind](place, rng)
    except Faulty as error:
        return True, str(error)
    except (ValueError, OSError) as error:
        line = reason("bench", error)
        if isinstance(error, UnicodeError):
            return True, f"half a character went through: {error}"
        if not line or "\n" in line or not line.isprintable():
            return False, f"not one printable line: {line!a}"
        return False, opened_text(opened)
    except Exception:
        return True, traceback.format_exc(limit=-3).strip().replace("\n", " | ")
    return True, opened_text(opened)


def opened_text(opened: list[str]) -> str | None:
    """Return what is wrong with files opened outside, None where there were none."""
    return f"opened {opened[0]} outside of the folder" if opened else None


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
