"""`Child`: one person ready to be posed, head and shoulders, hair and clothes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.motion.gesture import HELD_HANDS
from generate.people.arms import RELAXED
from generate.people.asset import load_topology
from generate.people.body import Body, checked
from generate.people.dense import dense_points
from generate.people.hair import grow_hair, hair_cover
from generate.people.head import Head
from generate.people.lips import closing_reach
from generate.people.piece import Piece
from generate.people.poser import Moves, Poser, Runner
from generate.people.reach import Reach
from generate.people.rotation import head_rotation
from generate.people.things import add_things
from generate.people.things_face import Face
from generate.spec import ARKIT, Person

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

STILL = (np.zeros(len(ARKIT)), (0.0, 0.0, 0.0), (0.0, 0.0))
"""The face at rest, head and gaze straight ahead."""


@dataclass(frozen=True)
class Posed:
    """One moment of a child. World: metres, x the child's left (image right when the child faces
    the camera), y up, z out of the face; origin between the eyes of the upright head."""

    points: Any
    """(V, 3) float32; as `normals`, an array of the engine that moved it, numpy's for `Child.pose`
    as it is."""
    normals: Any
    """(V, 3) unit"""
    head_transform: F32
    """(4, 4) from the upright head to this pose; hair moves rigidly with it."""
    landmarks: F32
    """(68, 3) iBUG-68 on the skin."""
    contour: F32
    """(17, S, 3) candidates of the visible jaw contour, see `contour.contour`."""
    eyes: F32
    """(2, 3) centres of the left and the right eyeball."""
    gaze: F32
    """(3,) unit direction of the gaze, the same for both eyes."""
    mouth_depth: float
    """z of the upper lip in the upright head: how far back of it a point is in the mouth."""
    arkit: F64
    """(52,) amounts of the expression, as ARKIT: skin folds and flushes with them."""
    shoulders: F32
    """(4, 4) from the upright trunk to this pose; unity in the face framing."""
    joints: F32
    """(J, 3) as body.JOINTS in the upper framing, else (0, 3)."""

    @property
    def between_eyes(self) -> F32:
        """(3,) midpoint of the eyeball centres."""
        return np.asarray(self.eyes.mean(0), np.float32)


class Child:
    """A person as geometry.

    `topology` is shared by all who wear the same garment; `pieces` are the hair and all else that
    the person wears or holds, in the upright head's frame; `hair_cover` (V,) says how far hair
    colours the skin.
    """

    def __init__(self, person: Person, detail: float = 1.0, framing: str = "face") -> None:
        """detail 0.05..1: share of the hair's ribbons, see `grow_hair`; framing as in spec.View.

        Raises ValueError for an unknown garment or hair style.
        """
        self.person = person
        self.framing = "face"
        self.body: Body | None = None
        self.reach: Reach | None = None
        self.topology = load_topology(person.garment)
        self.head = Head(person, self.topology)
        self._poser = self.poser(Runner())
        self.neutral = self.pose(*STILL)
        upright = self.neutral
        hair = grow_hair(person, self.topology, upright.points, upright.normals, detail)
        self.pieces: list[Piece] = add_things(self._face(), person, hair)
        self.hair_cover = hair_cover(person, self.topology)
        if framing == "upper" or person.held in HELD_HANDS:
            self._unfold(framing)

    def _face(self) -> Face:
        upright = self.neutral
        marks, eyes = upright.landmarks.astype(np.float64), upright.eyes.astype(np.float64)
        return Face(self.topology, upright.points, marks, eyes, self.head.scale)

    def _unfold(self, framing: str) -> None:
        """Take on the whole garment, arms and hands; the head and its hair stay as they are."""
        self.framing, self.body = framing, Body(self.person, self.head)
        self.topology = load_topology(self.person.garment, "upper")
        self.head.topology = self.topology
        self._poser = self.poser(Runner())
        self.neutral = self.pose(*STILL)
        upright, skin = self.neutral, self.topology.parts["skin"][0]
        self.reach = Reach(
            self.body, upright.landmarks, upright.points[skin], upright.normals[skin],
            self.head.scale,
        )  # fmt: skip

    def poser(self, engine: Runner) -> Poser:
        """What moves this child on an engine, for `pose`."""
        return Poser(self.head, self.topology, self.person.garment, self.body, engine)

    def pose(
        self,
        arkit: NDArray[np.floating],
        head_deg: tuple[float, float, float] | NDArray[np.floating],
        gaze_deg: tuple[float, float] | NDArray[np.floating],
        body: NDArray[np.floating] | None = None,
        poser: Poser | None = None,
    ) -> Posed:
        """Move face, head and eyes.

        arkit (52,) as ARKIT, 0..1; head_deg yaw, pitch, roll (yaw > 0 to the child's left,
        pitch > 0 up, roll > 0 top of the head to the child's left); gaze_deg yaw, pitch relative
        to the head; body (25,) as arms.BODY in the upper framing, clipped to the joints' limits,
        by default with relaxed arms, or with the hands where `Person.held` has them; poser: what
        moves the vertices, numba if not given. Raises ValueError for a wrong length.
        """
        amounts = np.asarray(arkit, np.float64)
        if amounts.shape != (len(ARKIT),):
            raise ValueError(f"arkit has shape {amounts.shape}, expected ({len(ARKIT)},)")
        yaw, pitch, roll = (float(x) for x in head_deg)
        gaze_yaw, gaze_pitch = (float(x) for x in gaze_deg)
        neck = self.head.neck_transforms((yaw, pitch, roll))
        bones, joints, torso = neck, np.zeros((0, 3)), None
        if self.body is not None:
            columns = checked(self._arms(neck[3]) if body is None else body)
            bones, joints = self.body.bones(columns, neck)
            torso = self.body.torso(columns)
        moves = Moves(
            self.head.amounts(amounts, (gaze_yaw, gaze_pitch)),
            head_rotation(gaze_yaw, gaze_pitch).astype(np.float32),
            closing_reach(amounts, self.head.scale),
            np.ascontiguousarray(bones[:, :3].astype(np.float32)),
            None if torso is None else np.ascontiguousarray(torso[None, :3].astype(np.float32)),
        )
        shoulders, head = np.eye(4), neck[3]
        if torso is not None:
            shoulders, head = torso, torso @ head
            joints = joints @ torso[:3, :3].T + torso[:3, 3]
        return self._posed(
            poser or self._poser, moves, (head, shoulders, joints), (gaze_yaw, gaze_pitch), amounts
        )

    def _arms(self, head: F64) -> F64:
        """Columns (25,) of a body that is told nothing; head (4, 4) is followed by held hands."""
        hands = HELD_HANDS.get(self.person.held)
        if hands is None or self.reach is None:
            return RELAXED
        rng = np.random.default_rng([self.person.held_seed, 0x65])
        name = hands.gestures[int(rng.integers(len(hands.gestures)))]
        return self.reach.columns(name, head, 0.0, mirrored=bool(rng.random() < 0.5))

    def gesture(self, name: str, phase: float = 0.0) -> F64:
        """Columns (25,) of a gesture of motion/gesture.py for `pose`, with this person's reach.

        phase -1 to 1: where it is in its swing. Raises ValueError for an unknown name and in the
        face framing.
        """
        if self.reach is None or self.framing != "upper":
            raise ValueError(f"gesture {name!r} needs a child of framing 'upper'")
        return self.reach.columns(name, None, phase)

    def free_arms(self) -> Callable[[str, float], F64] | None:
        """`gesture`, or None where arms are out of sight or hold something to the face."""
        busy = self.person.held in HELD_HANDS
        return None if busy or self.framing != "upper" else self.gesture

    def dense(self, posed: Posed) -> tuple[F32, F32]:
        """Return the dense points (M, 3) of a pose and their unit normals (M, 3), in its frame.

        Names, regions and mirror pairs are those of `dense.dense_points()`.
        """
        return dense_points().at(posed.points, posed.normals)

    def _posed(
        self,
        poser: Poser,
        moves: Moves,
        moved: tuple[F64, F64, F64],
        gaze: tuple[float, float],
        arkit: F64,
    ) -> Posed:
        head, shoulders, joints = moved
        points, normals = poser(moves)
        landmarks, contour = poser.anchored(points)
        if len(joints):
            joints[0] = landmarks[27]
        centres = np.stack([eye[1] for eye in self.head.eyes])
        forward = head[:3, :3] @ head_rotation(*gaze) @ [0, 0, 1]
        return Posed(
            points=points,
            normals=normals,
            head_transform=head.astype(np.float32),
            landmarks=landmarks,
            contour=contour,
            eyes=(centres @ head[:3, :3].T + head[:3, 3]).astype(np.float32),
            gaze=forward.astype(np.float32),
            mouth_depth=self.head.mouth_depth,
            arkit=arkit,
            shoulders=shoulders.astype(np.float32),
            joints=joints.astype(np.float32),
        )
