"""Damage that coverage guides: libFuzzer through atheris, for readers that are Python.

Each kind starts from its sound files and the corpus; what a run finds is put into the corpus, which
the default tests replay. Native decoders are not instrumented: for them the blind cases count.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from fuzz_common import Kind

CORPUS = Path(__file__).resolve().parent.parent / "tests" / "data" / "corpus"
OURS = ("device", "generate", "train_edge", "export")
LONGEST_BYTES = 65536
CASE_S, LARGEST_MB = 20, 3000


def guide(name: str, seconds: int) -> int:
    """Damage the files of a kind for some seconds; status 0 where nothing was found.

    SystemExit where atheris is missing or the kind has no file.
    """
    try:
        import atheris
    except ModuleNotFoundError:
        raise SystemExit("--guided needs atheris: pip install --group fuzz") from None
    with atheris.instrument_imports(include=list(OURS), enable_loader_override=False):
        from fuzz_worker import Bench

        bench = Bench()
    kind = bench.kinds.get(name)
    if not isinstance(kind, Kind):
        files = [other for other, kind in bench.kinds.items() if isinstance(kind, Kind)]
        raise SystemExit(f"--guided {name}: have {', '.join(files)}")
    found = CORPUS / name
    found.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="collodi-guided-"))
    for number, data in enumerate(kind.seeds()):
        (place / f"seed-{number}").write_bytes(data)

    def one(data: bytes) -> None:
        wrong = bench.replay(name, data)[1]
        if wrong is not None:
            print(f"\n{name}: {wrong}", file=sys.stderr)
            raise AssertionError(wrong)

    words = [sys.argv[0], str(place), str(found), f"-max_total_time={seconds}"]
    words += [f"-max_len={LONGEST_BYTES}", f"-timeout={CASE_S}", f"-rss_limit_mb={LARGEST_MB}"]
    words += [f"-artifact_prefix={found}{os.sep}guided-", "-reload=0", "-print_final_stats=1"]
    return _run(atheris, words, one)


def _run(atheris: Any, words: list[str], one: Any) -> int:
    """libFuzzer ends the process itself: it runs in a child, whose status is the answer."""
    child = os.fork()
    if child == 0:
        atheris.Setup(words, one)
        atheris.Fuzz()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
