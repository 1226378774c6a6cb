"""Array jobs of Slurm: scripts that run `collodi generate --shards` and, last, `--finish`."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from device.files import write_atomic
from generate.presets import Options
from generate.spread import as_words
from generate.store import Location

MOST_TASKS = 1000
"""Slurm refuses indices from MaxArraySize on, which is 1001 unless a site sets it."""

MEMORY = "2G"
"""Of a task, where the user asks for none: without it some sites give a task a whole node. A
process took 0.96 GB at most for words, 0.59 GB for talk, 0.45 GB for stills."""


@dataclass(frozen=True)
class Batch:
    """What the scripts say beside the options of the data set."""

    out: Location
    n_shards: int
    at_once: int = 0
    """Most tasks that run at the same time; 0 leaves that to Slurm."""
    on_gpu: bool = False
    """Whether a task asks for a GPU."""
    asked: Sequence[str] = ()
    """Further options of sbatch, NAME=VALUE: partition=cpu time=12:00:00."""

    @property
    def folder(self) -> Path:
        """Where scripts and logs go: in a data set's folder; for one in a store, here."""
        if isinstance(self.out, Path):
            return self.out.resolve() / "slurm"
        return Path(f"{self.out.name}-slurm").resolve()

    @property
    def chunk(self) -> int:
        """Shards of one task."""
        return -(-self.n_shards // MOST_TASKS)


def write_scripts(options: Options, batch: Batch) -> tuple[Path, Path]:
    """Write the array job and the job that ends the data set; their paths.

    ValueError where Slurm could not take the name of the folder.
    """
    if not str(batch.folder).isprintable() or '"' in str(batch.folder):
        raise ValueError(f"--out {str(batch.out)!r}: Slurm cannot write its logs there")
    batch.folder.mkdir(exist_ok=True)
    written = batch.folder / "shards.sh", batch.folder / "finish.sh"
    for path, text in zip(
        written, (shards_script(options, batch), finish_script(options, batch)), strict=True
    ):
        write_atomic(path, text)
        path.chmod(0o755)
    return written


def shards_script(options: Options, batch: Batch) -> str:
    """The array job: task i makes `chunk` shards from i * chunk on, less those that are there."""
    last = -(-batch.n_shards // batch.chunk) - 1
    limit = f"%{batch.at_once}" if batch.at_once else ""
    asked = [f"array=0-{last}{limit}", "cpus-per-task=1", *_memory(batch), "requeue"]
    asked += ["gres=gpu:1"] if batch.on_gpu else []
    command = shlex.join(_collodi(options, batch.out))
    return _script("shards", [*asked, *batch.asked], batch, "%A_%a") + (
        f"first=$((SLURM_ARRAY_TASK_ID * {batch.chunk}))\n"
        f"end=$((first + {batch.chunk} < {batch.n_shards} ? first + {batch.chunk} : "
        f"{batch.n_shards}))\n"
        f'exec {command} --engine loop --shards "$first:$end"\n'
    )


def finish_script(options: Options, batch: Batch) -> str:
    """The job that writes the index when all shards are there, and says which are not otherwise."""
    command = shlex.join(_collodi(options, batch.out))
    asked = ["cpus-per-task=1", *_memory(batch), *batch.asked]
    return _script("finish", asked, batch, "%j") + f"exec {command} --finish\n"


def submit(shards: Path, finish: Path) -> str:
    """Give both scripts to sbatch, the second to run after the first; the ids of the jobs.

    RuntimeError with sbatch's line where it refuses.
    """
    first = _sbatch([str(shards)])
    second = _sbatch([f"--dependency=afterany:{first}", str(finish)])
    return f"{first}, {second}"


def by_hand(shards: Path, finish: Path) -> str:
    """The two commands that `submit` runs, for a shell."""
    one, two = shlex.quote(str(shards)), shlex.quote(str(finish))
    return f"job=$(sbatch --parsable {one})\nsbatch --dependency=afterany:${{job%%;*}} {two}"


def check_asked(asked: Sequence[str]) -> None:
    """ValueError where an option of sbatch is not NAME=VALUE in one line."""
    for option in asked:
        name, equals, value = option.partition("=")
        if not equals or not name.replace("-", "").isalnum() or not value.isprintable():
            raise ValueError(f"--sbatch {option!r}: want NAME=VALUE, such as time=12:00:00")


def _memory(batch: Batch) -> list[str]:
    """sbatch takes one of mem, mem-per-cpu, mem-per-gpu."""
    return [] if any(option.startswith("mem") for option in batch.asked) else [f"mem={MEMORY}"]


def _script(what: str, asked: Sequence[str], batch: Batch, job: str) -> str:
    log = f"{str(batch.folder).replace('%', '%%')}/{what}-{job}.log"
    asked = [f"job-name=collodi-{what}", f'output="{log}"', *asked]
    return (
        "#!/bin/bash\n"
        + "".join(f"#SBATCH --{option}\n" for option in asked)
        + "set -eu\n"
        + f"cd -- {shlex.quote(str(Path.cwd()))}\n"
        + "export OMP_NUM_THREADS=1\n"
    )


def _collodi(options: Options, out: Location) -> list[str]:
    beside = Path(sys.executable).with_name("collodi")
    program = str(beside) if beside.exists() else "collodi"
    preset, *rest = as_words(options)
    return [
        program,
        "generate",
        preset,
        f"--out={out.resolve() if isinstance(out, Path) else out}",
        *rest,
    ]


def _sbatch(words: Sequence[str]) -> str:
    program = shutil.which("sbatch")
    if not program:
        raise ValueError("--submit: no sbatch here; run the scripts where Slurm is")
    done = subprocess.run(
        [program, "--parsable", *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"sbatch: {' '.join(done.stderr.split())[:300]}")
    return done.stdout.strip().split(";")[0]
