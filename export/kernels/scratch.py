"""Memory that one step of a convolution hands to the next, kept from call to call."""

from __future__ import annotations

import numpy as np

from export.kernels.epilogue.reference import Floats


class Scratch:
    """Arrays by name; each is as large as the largest that was asked for. New memory costs as much
    as the step that fills it: the system hands it over page by page."""

    def __init__(self) -> None:
        self._kept: dict[str, Floats] = {}

    def array(self, name: str, *shape: int) -> Floats:
        """Finite values of an earlier use."""
        size = int(np.prod(shape))
        if name not in self._kept or self._kept[name].size < size:
            self._kept[name] = np.zeros(size, np.float32)
        return self._kept[name][:size].reshape(shape)
