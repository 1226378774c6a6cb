"""Where a data set goes and how it is made: options of `collodi generate` that change no clip."""

from __future__ import annotations

import os
from dataclasses import dataclass

from generate.engine import ENGINES
from generate.options import Place, choose
from generate.slurm import check_asked


@dataclass(frozen=True)
class Where:
    """Where a data set goes and how it is made."""

    out: Place
    """Folder or fsspec URL (s3://bucket/data) of the data set; one that was interrupted
    is gone on with."""
    engine: str = "pool"
    """loop (one process), pool (one process a core), ray (a cluster, or a Ray of this machine) or
    slurm (scripts of an array job): the same bytes of labels and sound."""
    workers: int = 0
    """Shards that are made at the same time; 0 is one a core, or all that the cluster can."""
    shards: str = ""
    """Only these shards, such as 5:10 (5 to 9); --finish ends the data set when all are there."""
    finish: bool = False
    """Only write the index of shards that are all there."""
    ray_address: str = ""
    """A running Ray cluster: HOST:PORT or auto; empty takes RAY_ADDRESS, else starts a Ray here."""
    sbatch: tuple[str, ...] = ()
    """slurm: further options of the jobs, NAME=VALUE: partition=cpu time=12:00:00."""
    submit: bool = False
    """slurm: also submit the scripts."""
    dry_run: bool = False
    """Only say what would be made."""

    @property
    def cluster(self) -> str:
        """Address of the Ray cluster; empty where there is none."""
        return self.ray_address or (
            os.environ.get("RAY_ADDRESS", "") if self.engine == "ray" else ""
        )

    @property
    def elsewhere(self) -> bool:
        """Whether other machines draw."""
        return self.engine == "slurm" or bool(self.cluster)


def check_where(where: Where) -> None:
    """ValueError where options of engines do not go together."""
    choose(where.engine, ENGINES, "engine")
    if where.workers < 0:
        raise ValueError(f"--workers {where.workers}: at least 0")
    if where.ray_address and where.engine != "ray":
        raise ValueError("--ray-address: only --engine ray has one")
    if (where.sbatch or where.submit) and where.engine != "slurm":
        raise ValueError("--sbatch and --submit: only --engine slurm has them")
    if where.shards and (where.finish or where.engine == "slurm"):
        raise ValueError("--shards: not with --finish or --engine slurm, which are for all shards")
    check_asked(where.sbatch)
