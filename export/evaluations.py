"""Figures of `collodi evaluate --json` for the manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from device.bundle import Accuracy
from device.strict import load_json

FIGURES = {
    "kws": ("n", "accuracy"),
    "face": ("n", "nme_68", "nme_51", "failure_10"),
    "find": ("n", "recall"),
    "voice": ("n", "speech", "child"),
    "talking": ("n", "accuracy", "speaking", "silent", "behind_ms"),
}
"""Task to the figures that are kept, besides all of `heads`."""
KINDS = ("synthetic", "real")


def read_accuracy(paths: Sequence[Path], task: str, metrics: Mapping[str, float]) -> Accuracy:
    """Figures of evaluation files; without a synthetic one, those of the run's held-out clips.

    A detector has none of the latter: its threshold was chosen on the same clips.

    metrics are those of the run, named `val_...`. ValueError names a file that is no evaluation,
    of another task, or the second one of its kind.
    """
    found: dict[str, dict[str, float]] = {}
    for path in paths:
        kind, figures = _read(path, task)
        if kind in found:
            raise ValueError(f"--evaluation {path}: a second evaluation on {kind} data")
        found[kind] = figures
    own = {name[4:]: value for name, value in metrics.items() if name.startswith("val_")}
    own = {} if task == "find" else own
    return Accuracy(found.get("synthetic") or own or None, found.get("real"))


def _read(path: Path, task: str) -> tuple[str, dict[str, float]]:
    try:
        body = load_json(path)
    except OSError as error:
        raise ValueError(f"--evaluation {path}: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"--evaluation {error}") from None
    if not isinstance(body, dict) or "task" not in body:
        raise ValueError(f"--evaluation {path}: not a result of collodi evaluate --json")
    if body["task"] != task:
        raise ValueError(f"--evaluation {path}: task {body['task']!r:.40}, the run is {task!r}")
    heads = body.get("heads", {})
    figures: dict[str, Any] = {name: body.get(name) for name in FIGURES[task]}
    checked: dict[str, Any] = figures | heads if isinstance(heads, dict) else {"heads": None}
    for name, value in checked.items():
        if type(value) not in (int, float) or not abs(value) < 1e300:
            raise ValueError(f"--evaluation {path}: has no number {name!r:.60}")
    kind = body.get("data")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"--evaluation {path}: 'data' is {kind!r:.40}, want {' or '.join(KINDS)}")
    return kind, {name: float(value) for name, value in (figures | heads).items()}
