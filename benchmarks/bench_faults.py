"""Faults put into runs on a board: does each end in the right error or a correct report, and clean?

    python benchmarks/bench_faults.py [NAME ...] [--json FILE]

The board is this machine through a real sshd on 127.0.0.1 (tests/make_loopback.py). Figure
`faults_clean`: the fraction of faults that ended as they should and left nothing on the board.
"""

from __future__ import annotations

import argparse
import runpy
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from board_case import MAKE, TESTS, Case
from board_faults import FAULTS
from common import finish

GRACE_S = 5.0


def _left(board: Any) -> list[str]:
    """What is left on a board; a call whose connection was cut has GRACE_S to notice and end."""
    end = time.monotonic() + GRACE_S
    while (left := board.left()) and time.monotonic() < end:
        time.sleep(0.1)
    return list(left)


def try_fault(name: str, place: Path, bundle: Path) -> str | None:
    """Run one fault on a fresh board; None where it ended right and clean, else what was wrong."""
    with MAKE["loopback"](place) as board:
        try:
            FAULTS[name](Case(board, bundle))
        except PermissionError as error:
            return f"not run: {error}"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        left = _left(board)
        records = list((place / "state").rglob("*.json"))
        return f"left behind: {left + records}" if left or records else None


def main() -> None:
    """Run the faults that are named, by default all."""
    parser = argparse.ArgumentParser(description="faults on a board")
    parser.add_argument("names", nargs="*", help="faults to try (all)")
    parser.add_argument("--json", type=Path)
    words = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="collodi-faults-") as folder:
        bundle = Path(folder) / "tiny"
        runpy.run_path(str(TESTS / "make_tiny_bundle.py"))["make_tiny_bundle"](bundle)
        for number, name in enumerate(words.names or FAULTS):
            began = time.monotonic()
            wrong = try_fault(name, Path(folder) / str(number), bundle)
            rows.append({"fault": name, "wrong": wrong})
            print(f"{time.monotonic() - began:6.1f} s  {name}: {wrong or 'clean'}", flush=True)
    ran = [row for row in rows if not (row["wrong"] or "").startswith("not run")]
    figures = {
        "faults": len(ran),
        "faults_clean": sum(row["wrong"] is None for row in ran) / max(1, len(ran)),
    }
    finish(rows, figures, words.json)


if __name__ == "__main__":
    sys.exit(main())
