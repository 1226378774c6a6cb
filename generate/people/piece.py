"""`Piece`: what a person wears, grows or holds, as triangles in the frame of the upright head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Piece:
    """One mesh beside the head's own, metres; World as in `child.Posed`."""

    points: F32
    """(V, 3)"""
    normals: F32
    """(V, 3) unit."""
    canon: F32
    """(V, 3) what its shader wants: the unit tangent for hair, else linear RGB 0 to 1."""
    aux: F32
    """(V, 4) columns as in render/ids.py."""
    tris: NDArray[np.int32]
    """(F, 3)"""
    material: int
    """One of render/ids.py."""
    follow: F32
    """(V,) 1 turns with the head, 0 stays with the shoulders."""
