"""A shard in a worker process of Ray."""

from __future__ import annotations

import time
from typing import Any

from generate.kit import difference, header_print

TELL_S = 0.5
"""Least time between two messages of clips that are done."""


class Ticks:
    """Counts clips and tells the counter of the run, twice a second at most."""

    def __init__(self, count: Any) -> None:
        self.count, self.clips, self.told = count, 0, time.monotonic()

    def __call__(self) -> None:
        self.clips += 1
        if time.monotonic() - self.told >= TELL_S:
            self.tell()

    def tell(self) -> None:
        """Send what was not sent."""
        clips, self.clips, self.told = self.clips, 0, time.monotonic()
        self.count.add.remote(clips)


def work_on(jobs: list[Any], shard: int, count: Any, want: dict[str, str], out: str) -> None:
    """Make one shard; ValueError where this node has another kit or sees another folder.

    jobs: a reference to the job, which is only fetched when the kit is known to fit.
    """
    import ray

    node = ray.util.get_node_ip_address()
    other = difference({name: value for name, value in want.items() if name != "folder"})
    if other:
        raise ValueError(f"node {node} has {other}; install the same there")
    if header_print(out) != want["folder"]:
        raise ValueError(f"node {node} does not see the folder {out} of this run; "
                         "--out must be a place that all nodes share")  # fmt: skip
    count.begin.remote(shard, ray.get_runtime_context().get_node_id())
    ticks = Ticks(count)
    ray.get(jobs[0])(shard, ticks)
    ticks.tell()
    ray.get(count.end.remote(shard))
