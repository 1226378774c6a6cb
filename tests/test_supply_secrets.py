"""Secrets of the environment, of options and URLs: in no file and no line of real commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PLANTED = "Zq9planted7secret5of3nobody"
COLLODI = [sys.executable, "-c", "import sys; from device.main import main; sys.exit(main())"]
ROOT = Path(__file__).resolve().parent.parent


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    names = ("AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "MY_PASSWORD")
    env = os.environ | {"PYTHONPATH": str(ROOT)} | dict.fromkeys(names, PLANTED)
    return subprocess.run(
        [*COLLODI, *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def test_a_planted_secret_is_in_no_file_and_no_line(tmp_path: Path) -> None:
    made = ("generate", "words", "--out", "d", "--clips", "4", "--words", "yes", "no")
    done = [
        run(tmp_path, *made, "--engine", "loop"),
        run(tmp_path, "inspect", "d"),
        run(tmp_path, *made, "--password", PLANTED),
        run(tmp_path, *made, f"--hf-token={PLANTED}"),
        run(tmp_path, "generate", "words", "--out", f"s3://key:{PLANTED}@bucket/d"),
        run(tmp_path, "inspect", f"s3://bucket/d?X-Amz-Signature={PLANTED}"),
        run(tmp_path, "train", "kws", "--data", PLANTED),
    ]
    assert [one.returncode for one in done] == [0, 0, 2, 2, 2, 2, 2], done
    for one in done:
        assert PLANTED not in one.stdout + one.stderr, one.args
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert not [path.name for path in files if PLANTED.encode() in path.read_bytes()]
