"""Runs shard jobs on a Ray cluster, or on a Ray of this machine that ends with the run.

A task is a shard. Ray may not repeat one by itself: what fails is said, and the next run goes on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from generate.engine_pool import DIED, Job
from generate.interrupt import interrupted
from generate.kit import header_print, kit_print
from generate.progress import Progress
from generate.ray_start import started

GPU_SHARE = 0.25
"""Of a GPU, for each shard that is drawn on one: each also speaks and encodes on its CPU."""
LOST = "a node of the Ray cluster was lost; run again to go on"
LOOK_S = 5.0
"""Between two looks for nodes that were lost."""
CANCEL_S = 10.0
"""Time that cancelled shards have to take their unfinished files away."""


@dataclass(frozen=True)
class Cluster:
    """Where a run goes, and what it needs there."""

    address: str = ""
    """Of a running cluster, such as 10.0.0.1:6379 or auto; empty starts a Ray for this run."""
    out: str = ""
    """The data set. If it is a folder, each node must see the same one."""
    on_gpu: bool = False
    """Whether shards are drawn on a GPU."""


def run_ray(
    job: Job, shards: Sequence[int], progress: Progress, workers: int, cluster: Cluster
) -> None:
    """Run `job` for each shard as a Ray task; the first error stops the rest and is raised.

    `workers` limits the shards in flight; 0 is one a CPU. RuntimeError where a process or a node
    dies, ValueError where the cluster cannot be used.
    """
    with interrupted() as stop, started(cluster.address, workers) as ray:
        try:
            submit, count = _prepared(ray, job, cluster)
            looked = time.monotonic()
            limit = workers or int(2 * ray.cluster_resources().get("CPU", 1))
            with _cancelled_after(ray) as pending:
                for finished in _waves(ray, submit, iter(shards), limit, pending):
                    progress.update(ray.get(count.get.remote()))
                    ray.get(finished)
                    if stop.is_set():
                        raise KeyboardInterrupt
                    if time.monotonic() > looked + LOOK_S:
                        _check_nodes(ray, count)
                        looked = time.monotonic()
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None
        except ray.exceptions.RayError as error:
            died = (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError)
            raise RuntimeError(DIED if isinstance(error, died) else LOST) from error


def _check_nodes(ray: Any, count: Any) -> None:
    """RuntimeError where a node that makes a shard was lost; Ray itself waited for more than 5
    minutes for the answer of one whose cable was pulled."""
    dead = [node["NodeID"] for node in ray.nodes() if not node["Alive"]]
    if dead and ray.get(count.on.remote(dead)):
        raise RuntimeError(LOST)


def _waves(
    ray: Any, submit: Callable[[int], Any], shards: Iterator[int], limit: int, pending: list[Any]
) -> Iterator[list[Any]]:
    """Keep `limit` shards in flight; what finished since the last look, at least twice a second."""
    pending += map(submit, islice(shards, limit))
    while pending:
        finished, pending[:] = ray.wait(pending, num_returns=1, timeout=0.5, fetch_local=False)
        pending += map(submit, islice(shards, len(finished)))
        yield finished


@contextmanager
def _cancelled_after(ray: Any) -> Iterator[list[Any]]:
    """A list of tasks in flight; what is left in the end gets a Ctrl-C, then is killed."""
    pending: list[Any] = []
    try:
        yield pending
    finally:
        for force in (False, True):
            for task in pending:
                ray.cancel(task, force=force)
            if pending:
                _, pending = ray.wait(pending, num_returns=len(pending), timeout=CANCEL_S)


def _prepared(ray: Any, job: Job, cluster: Cluster) -> tuple[Callable[[int], Any], Any]:
    """What starts the task of a shard, and the actor that counts.

    Functions within a function travel by value, so they also run where the kit is missing.
    """

    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    class Count:
        """Clips that are done, and where shards are made."""

        def __init__(self) -> None:
            self.clips, self.nodes = 0, dict[int, str]()

        def add(self, clips: int) -> None:
            self.clips += clips

        def get(self) -> int:
            return self.clips

        def begin(self, shard: int, node: str) -> None:
            self.nodes[shard] = node

        def end(self, shard: int) -> None:
            self.nodes.pop(shard, None)

        def on(self, nodes: list[str]) -> list[int]:
            return [shard for shard, node in self.nodes.items() if node in nodes]

    def work(jobs: list[Any], shard: int, count: Any, want: dict[str, str], out: str) -> None:
        try:
            from generate.ray_work import work_on
        except ImportError as error:
            import ray

            raise ValueError(
                f"node {ray.util.get_node_ip_address()} has no Collodi, or another version of it "
                f"({error}); install the same there"
            ) from None
        work_on(jobs, shard, count, want, out)

    # On another node it would take the run with it when that node is lost.
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    count = ray.remote(num_cpus=0, scheduling_strategy=here)(Count).remote()
    needs = _needs(ray, cluster)
    task = ray.remote(num_cpus=1, max_retries=0, **needs)(work)
    jobs, want = [ray.put(job)], kit_print() | {"folder": header_print(cluster.out)}
    return (lambda shard: task.remote(jobs, shard, count, want, cluster.out)), count


def _needs(ray: Any, cluster: Cluster) -> dict[str, float]:
    """What a shard asks for beside a CPU; ValueError where a GPU is wanted and none is there."""
    found = ray.cluster_resources()
    if not found.get("CPU"):
        raise ValueError("the Ray cluster has no CPU that runs tasks")
    if ray.available_resources().get("CPU", 0) < 1:
        print("ray: other work has all CPUs of the cluster; waiting", file=sys.stderr, flush=True)
    if not cluster.on_gpu:
        return {}
    if not found.get("GPU") and cluster.address:
        raise ValueError("--view gl: no node of the Ray cluster has a GPU; take --view numba")
    return {"num_gpus": GPU_SHARE} if found.get("GPU") else {}
