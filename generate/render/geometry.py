"""The triangles of one child in one pose: head, clothes, and hair that moves with the head."""

from __future__ import annotations

import numpy as np

from generate.people.child import Child, Posed
from generate.render.ids import AUX_STRAND, CLOTH, HAIR, SKIN
from generate.render.shade_fragments import Mesh

HAIR_CASTING = 0.45
"""Share of the ribbons that cast shadows: they overlap, and are drawn whole in the shadow map."""


class Figure:
    """Static arrays of a child, joined once; `pose` fills in what moves."""

    def __init__(self, child: Child) -> None:
        topology, self.hair = child.topology, child.hair
        head, hair = len(topology.material), len(self.hair.points)
        self.n_head = head
        self.tris = np.concatenate([topology.tris, self.hair.tris + head]).astype(np.int32)
        self.aux = np.concatenate([topology.aux, self.hair.aux]).astype(np.float32)
        material = np.concatenate([topology.material, np.full(hair, HAIR)])
        self.kinds = material[self.tris[:, 0]].astype(np.uint8)
        casts = np.isin(self.kinds, (SKIN, CLOTH))
        casts |= (self.kinds == HAIR) & (self.aux[self.tris[:, 0], AUX_STRAND] < HAIR_CASTING)
        self.caster_tris, self.caster_kinds = self.tris[casts], self.kinds[casts]
        shape = (head + hair, 3)
        self.canon, self.points, self.normals = (np.zeros(shape, np.float32) for _ in range(3))
        self.canon[:head] = topology.canon

    def pose(self, posed: Posed) -> Mesh:
        """Mesh of this pose, in world m; it shares memory with the figure."""
        n, turn = self.n_head, np.ascontiguousarray(posed.head_transform[:3, :3].T)
        self.points[:n], self.normals[:n] = posed.points, posed.normals
        self.points[n:] = self.hair.points @ turn + posed.head_transform[:3, 3]
        self.normals[n:] = self.hair.normals @ turn
        self.canon[n:] = self.hair.tangents @ turn
        return Mesh(self.tris, self.kinds, self.points, self.normals, self.canon, self.aux)
