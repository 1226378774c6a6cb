"""Scripts of Slurm: bash runs them as an array would, whatever the names; shards spread by hand."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from generate.cli import Where, _parse, generate
from generate.presets import PRESETS, Options, Stills, Talk, Words
from generate.slurm import Batch, check_asked, finish_script, shards_script
from generate.spread import as_words, chosen

ROOT = Path(__file__).parent.parent
WORDS = Words(clips=8, shard_clips=4, words=("it's me", "go"), seed=3)


def run_script(path: Path, task: int, folder: Path) -> subprocess.CompletedProcess[str]:
    """A script as Slurm would run it; `collodi` is this checkout's."""
    program = folder / "bin" / "collodi"
    program.parent.mkdir(exist_ok=True)
    call = "import sys; from device.main import main; sys.exit(main())"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c "{call}" "$@"\n')
    program.chmod(0o755)
    env = os.environ | {"PYTHONPATH": str(ROOT), "SLURM_ARRAY_TASK_ID": str(task)}
    path.write_text(path.read_text().replace(_program(), shlex.quote(str(program))))
    return subprocess.run(["bash", path], capture_output=True, text=True, env=env, check=False)


def _program() -> str:
    beside = Path(sys.executable).with_name("collodi")
    return str(beside) if beside.exists() else "exec collodi"


def test_the_scripts_make_the_data_set_of_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "a 'b' $c"
    generate(WORDS, Where(out=tmp_path / "loop", engine="loop"))
    generate(WORDS, Where(out=out, engine="slurm", sbatch=("time=1:00:00",)))
    scripts = out / "slurm"
    assert shlex.split(capsys.readouterr().out.splitlines()[-1])[-1] == str(scripts / "finish.sh")
    done = run_script(scripts / "shards.sh", 0, tmp_path)
    assert done.returncode == 0, done.stderr
    unfinished = run_script(scripts / "finish.sh", 0, tmp_path)
    assert unfinished.returncode == 2 and "1 of 2 shards are missing" in unfinished.stderr
    assert "--shards 1:2" in unfinished.stderr
    made = (out / "shard-000000.tar").stat().st_mtime_ns
    generate(WORDS, Where(out=out, engine="loop", shards="0"))
    assert run_script(scripts / "shards.sh", 1, tmp_path).returncode == 0
    assert (out / "shard-000000.tar").stat().st_mtime_ns == made
    assert run_script(scripts / "finish.sh", 0, tmp_path).returncode == 0
    for path in (tmp_path / "loop").iterdir():
        if path.name != "dataset.json":
            assert path.read_bytes() == (out / path.name).read_bytes()
    assert not list(out.glob("*.index")) and not list(out.glob("*.part"))


@pytest.mark.parametrize("n_shards", [1, 999, 1000, 1001, 2000, 10417])
def test_an_array_stays_within_the_limit_and_covers_each_shard_once(n_shards: int) -> None:
    script = shards_script(Words(), Batch(Path("/d"), n_shards, at_once=7))
    last = int(script.split("--array=0-")[1].split("%7\n")[0])
    assert last < 1000
    shell = "\n".join(line for line in script.splitlines() if line.startswith(("first=", "end=")))
    loop = f"for SLURM_ARRAY_TASK_ID in $(seq 0 {last}); do {shell}\necho $first:$end; done"
    parts = subprocess.check_output(["bash", "-c", loop], text=True).split()
    made = [number for part in parts for number in chosen(part, n_shards)]
    assert made == list(range(n_shards))


def test_memory_is_asked_for_once() -> None:
    for asked, said in (((), "mem=2G"), (("mem-per-cpu=4G",), "mem-per-cpu=4G")):
        for script in (shards_script, finish_script):
            text = script(Words(), Batch(Path("/d"), 3, asked=asked))
            assert [line for line in text.splitlines() if "mem" in line] == [f"#SBATCH --{said}"]


@pytest.mark.parametrize(
    "options",
    [
        Words(),
        Words(words=("good night", "it's"), unknown_share=0.5, voices=("espeak",), speakers="test"),
        Talk(pictures=False, direction="shyly, then nods", age_years=(3, 5), max_s=2.5),
        Stills(fix=("glasses=round",), labels=("depth",), view="numba", adult_share=0.1),
    ],
)
def test_options_come_back_from_their_command_line(options: Options) -> None:
    name, *words = as_words(options)
    assert _parse(PRESETS[name], name, ["--out", "d", *words])[0] == options


def test_parts_by_hand_do_not_touch_what_others_write(tmp_path: Path) -> None:
    for part in ("0:1", "1"):
        (tmp_path / "d").mkdir(exist_ok=True)
        (tmp_path / "d" / "shard-000001.tar.ab.part").write_text("another process writes here")
        generate(WORDS, Where(out=tmp_path / "d", engine="loop", shards=part))
        assert (tmp_path / "d" / "shard-000001.tar.ab.part").exists()
    generate(WORDS, Where(out=tmp_path / "d", finish=True))
    assert not list((tmp_path / "d").glob("*.part"))


@pytest.mark.parametrize("text", ["3:3", "2:1", "0:4", "3", "a", ":", "1:2:3", "-1", "1,2"])
def test_shards_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="--shards"):
        chosen(text, 3)


@pytest.mark.parametrize("option", ["time", "a b=c", "x=1\nrm", "=3", ""])
def test_options_of_sbatch_are_one_line(option: str) -> None:
    with pytest.raises(ValueError, match="NAME=VALUE"):
        check_asked([option])


@pytest.mark.parametrize(
    "where",
    [
        {"engine": "slurm", "shards": "0:1"},
        {"finish": True, "shards": "0:1"},
        {"submit": True},
        {"sbatch": ("time=1",)},
        {"ray_address": "auto"},
        {"workers": -1},
        {"finish": True},
    ],
)
def test_wrong_use_leaves_nothing(tmp_path: Path, where: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        generate(WORDS, Where(out=tmp_path / "d", **where))  # type: ignore[arg-type]
    assert not (tmp_path / "d").exists()


@pytest.mark.skipif(shutil.which("sbatch") is not None, reason="sbatch is here")
def test_to_submit_without_slurm_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no sbatch here"):
        generate(WORDS, Where(out=tmp_path / "d", engine="slurm", submit=True))
