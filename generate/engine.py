"""Runs shard jobs: one after the other (`loop`), in processes (`pool`), on a cluster (`ray`).

A job is a pure function of (options, shard number): every engine gives the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from generate.engine_pool import Job, run_pool
from generate.engine_ray import Cluster, run_ray
from generate.progress import Progress

ENGINES = ("loop", "pool", "ray", "slurm")
HERE = Cluster()


def run(
    engine: str, job: Job, shards: Sequence[int], clips: int, workers: int = 0,
    cluster: Cluster = HERE,
) -> None:  # fmt: skip
    """Run `job` for each shard number; the first error stops the rest and is raised.

    `clips` is the number of clips in `shards`, for the progress; `workers` 0 means one a core;
    `cluster` is for ray alone.
    """
    progress = Progress(clips, "generate")
    try:
        if engine == "ray" and shards:
            run_ray(job, shards, progress, workers, cluster)
        elif engine == "pool" and len(shards) > 1:
            run_pool(job, shards, progress, workers or os.cpu_count() or 1)
        else:
            _loop(job, shards, progress)
    finally:
        progress.close()


def _loop(job: Job, shards: Sequence[int], progress: Progress) -> None:
    for shard in shards:
        job(shard, lambda: progress.update(progress.count + 1))
