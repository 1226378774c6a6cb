"""Joins a Ray cluster, or starts a quiet one for a run that tells nobody about itself."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

OBJECTS_BYTES = 100 << 20
"""Memory for results; there are none, and Ray wants 75 MiB at least."""
REACH_S = 5.0
TOKEN = "(one that wants a token also wants RAY_AUTH_MODE=token here)"
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "OMP_NUM_THREADS": "1",
}


@contextmanager
def started(address: str, workers: int) -> Iterator[Any]:
    """The module ray, connected; `address` empty starts a Ray here with `workers` CPUs (0: all).

    What was started is shut down afterwards and leaves no files. ValueError with one line where
    `address` cannot be reached; ModuleNotFoundError without ray.
    """
    # Without a token of its own, a local Ray writes one into the home folder, to stay there.
    own = {} if address else {"RAY_AUTH_TOKEN": token_hex(32)}
    for name, value in (QUIET | own).items():
        os.environ.setdefault(name, value)
    import ray

    if ray.is_initialized():
        yield ray
        return
    folder = tempfile.mkdtemp(prefix="collodi-ray-")
    try:
        if address:
            _join(ray, address)
        else:
            ray.init(
                address="local", num_cpus=workers or os.cpu_count(), include_dashboard=False,
                object_store_memory=OBJECTS_BYTES, _node_ip_address="127.0.0.1",
                _temp_dir=folder, log_to_driver=False, logging_level=logging.ERROR,
            )  # fmt: skip
        yield ray
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def _join(ray: Any, address: str) -> None:
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        if port.isdigit():  # Ray itself would try for minutes
            socket.create_connection((host or "localhost", int(port)), REACH_S).close()
        elif address != "auto":
            raise ValueError("want HOST:PORT or auto")
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError) as error:
        why = " ".join(str(error).split())[:200]
        raise ValueError(f"Ray cluster {address}: {why} {TOKEN}") from None
