"""Ranges are narrowed only where that lowers the error, and never widened."""

from __future__ import annotations

import numpy as np

from export.ranges import Ranges, tuned


def ranges(**ends: tuple[float, float]) -> Ranges:
    """Ranges of tensors by name."""
    return {
        name: {"min": np.float32([low]), "max": np.float32([high])}
        for name, (low, high) in ends.items()
    }


def test_each_tensor_goes_to_its_best_factor() -> None:
    start = ranges(a=(-10, 10), b=(-1, 1))

    def error(found: Ranges) -> float:
        return 1 + abs(float(found["a"]["max"][0]) - 6) + abs(float(found["b"]["max"][0]) - 1)

    found = tuned(start, error)
    assert found["a"]["max"] == np.float32(6)
    assert found["b"] is start["b"]
    assert start["a"]["max"] == 10  # what was given stays


def test_weights_and_refused_trials_stay() -> None:
    start = ranges(a=(-10, 10)) | {"w": {"min": np.zeros(3), "max": np.ones(3)}}

    def error(found: Ranges) -> float:
        if found["a"] is not start["a"]:
            raise ValueError("refused")
        assert found["w"] is start["w"]
        return 1.0

    assert tuned(start, error) == start
