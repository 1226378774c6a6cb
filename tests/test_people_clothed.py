"""Nobody is ever drawn unclothed: sampled children, sampled upper bodies, in pose and picture."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from generate.motion.gesture import GESTURES
from generate.people.arms import LIMITS
from generate.people.asset import Asset, load_asset, load_topology
from generate.people.bake_clothes import CUTS, collar_level
from generate.people.body import JOINTS
from generate.people.child import STILL, Child, Posed
from generate.people.head import TEMPLATE_EYES_M, Head
from generate.people.identity import shape_weights
from generate.people.ids import CLOTH_PART, FACE, NECK
from generate.people.kernels import depth_map
from generate.people.poser import Moves, Poser, Runner
from generate.people.skin import look
from generate.people.transport import eye_vertices
from generate.render.view import Renderer, scene
from generate.sample import GARMENTS, sample_person
from generate.spec import Person, View

LONG = pytest.mark.long
SOME_CHILDREN, SOME_BODIES = 250, 12
ALL_CHILDREN, ALL_BODIES = 1000, 200
HEADS = ((0, 0, 0), (70, 0, 0), (-60, 25, -25), (20, -35, 30))
SIDES = (0, 50, -90, 180)
"""Yaw of who looks, degrees."""
CELL_M = 0.003
HIDDEN_MM = 8.0
"""Skin this far below the collar's edge is not to be seen."""
VIEW = View(40, 1.6, 0.19, (0.0, 0.0), 1, 1, 1, framing="upper")


def bare_cells(child_topology, garment: str, points, yaw: float, half_cells: int) -> int:
    """Cells in which skin of the trunk or neck from under the collar is nearest to who looks."""
    low, rest = _under(garment, "upper" if child_topology.body is not None else "face")
    turn, tilt = np.radians([yaw, 8.0])
    ahead = np.array([np.sin(turn) * np.cos(tilt), np.sin(tilt), np.cos(turn) * np.cos(tilt)])
    side = np.cross([0, 1, 0], ahead)
    side /= np.linalg.norm(side)
    x, y, z = np.stack([side, np.cross(ahead, side), ahead]) @ points.astype(float).T
    layers = []
    for tris in (low, rest):
        image = np.full((2 * half_cells, 2 * half_cells), -np.inf)
        depth_map(x / CELL_M + half_cells, y / CELL_M + half_cells, z, tris, image)
        layers.append(image)
    return int((layers[0] > layers[1]).sum())


@cache
def _under(garment: str, framing: str):
    """Triangles of skin from under the collar, and all others."""
    topology = load_topology(garment, framing)
    level = collar_level(topology.canon.astype(float), CUTS[garment])
    faces = topology.parts["skin"][1]
    low = np.zeros(len(topology.tris), bool)
    low[faces] = (level[topology.tris[faces]] < -HIDDEN_MM).all(1)
    return topology.tris[low], topology.tris[~low]


def head_shape(person: Person) -> Head:
    """The head of a person that cannot act: what reaches the collar, without what costs time."""
    asset = load_asset()
    head, weights = Head.__new__(Head), shape_weights(asset, person)
    rest = asset.template + np.tensordot(weights.astype(np.float32), _basis(), 1)
    centres = [_middle(rest[eye_vertices(part)]) for part in ("l-eye", "r-eye")]
    origin = np.mean(centres, 0)
    rest -= origin.astype(np.float32)
    head.bones = asset.bone_heads + np.tensordot(weights, asset.shapes.bones, 1) - origin
    head._drop_arms(rest, asset.weights)
    head.rest = rest
    head.scale = float(centres[0][0] - centres[1][0]) / TEMPLATE_EYES_M
    return head


def _middle(points) -> np.ndarray:
    return (points.max(0) + points.min(0)) / 2


@cache
def _basis() -> np.ndarray:
    """(K, B, 3) displacements of every shape; the 52 actions are at rest."""
    asset: Asset = load_asset()
    out = np.zeros((len(asset.shapes), *asset.template.shape), np.float32)
    for number in range(len(out)):
        if not asset.first_action <= number < asset.first_local:
            asset.shapes.add(out[number], np.ones(1), number)
    return out


@cache
def _poser(garment: str) -> tuple[Poser, Head]:
    """One poser for all heads in a garment: their rest shape is written over its own."""
    asset, topology = load_asset(), load_topology(garment)
    none = np.zeros(0, np.int32), np.zeros((0, 3), np.float32), np.zeros(0, np.float32)
    eyes = [(eye_vertices(part), np.zeros(3, np.float32), 0.01) for part in ("l-eye", "r-eye")]
    rest = asset.template.copy()
    slot = np.full(len(rest), -1, np.int32)
    head = SimpleNamespace(
        rest=rest, slot=slot, shapes=np.zeros((1, 1, 3), np.float32), eyes=eyes,
        lid_arrays=none, scale=1.0,
    )  # fmt: skip
    return Poser(head, topology, garment, None, Runner()), head


def clothed_points(person: Person, head_deg) -> np.ndarray:
    """Render points (V, 3) of head, shoulders and garment of a sampled child."""
    head = head_shape(person)
    poser, shared = _poser(person.garment)
    shared.rest[:] = head.rest
    poser._shift = load_topology(person.garment).shift_m * np.float32(head.scale)
    bones = np.ascontiguousarray(head.neck_transforms(head_deg)[:, :3].astype(np.float32))
    eyes = np.eye(3, dtype=np.float32)
    return poser(Moves(np.zeros(1, np.float32), eyes, 1e-9, bones, None))[0]


def test_shape_alone_puts_collar_and_skin_where_the_child_has_them() -> None:
    for number in range(3):
        person = replace(sample_person(5, number), held="none")
        child = Child(person, detail=0.05)
        posed = child.pose(np.zeros(52), HEADS[number], (0, 0))
        points = clothed_points(person, HEADS[number])
        low = np.unique(_under(person.garment, "face")[0])
        cloth = child.topology.parts["cloth"][0]
        for which in (low, np.arange(cloth.start, cloth.stop)):
            assert np.abs(points[which] - posed.points[which]).max() < 0.5e-3


@pytest.mark.parametrize("ages", [(3, 12), (0.5, 80)])
@pytest.mark.parametrize("count", [SOME_CHILDREN, pytest.param(ALL_CHILDREN, marks=LONG)])
def test_no_sampled_child_shows_skin_below_the_collar(ages, count) -> None:
    """From no side, in no pose of the head; all garments."""
    worn = set()
    for number in range(count):
        person = sample_person(5, number, ages)
        worn.add(person.garment)
        points = clothed_points(person, HEADS[number % 4])
        yaw = SIDES[number // 4 % 4]
        assert bare_cells(load_topology(person.garment), person.garment, points, yaw, 110) <= 2
    assert worn == set(GARMENTS)


def upper_body(number: int) -> tuple[Child, Posed]:
    """All garments and gestures are spread over the numbers."""
    rng = np.random.default_rng([9, number])
    person = sample_person(9, number, (0.5, 60))
    person = replace(
        person, garment=GARMENTS[number % len(GARMENTS)], held="none", headwear="none",
        glasses="none", hair_style="cropped",
    )  # fmt: skip
    child = Child(person, detail=0.05, framing="upper")
    columns = child.gesture(list(GESTURES)[number % len(GESTURES)])
    columns[-3:] = rng.uniform(LIMITS[-3:, 0], LIMITS[-3:, 1]) * (number % 3 == 0)
    return child, child.pose(STILL[0], rng.uniform(-25, 25, 3), (0, 0), columns)


@pytest.mark.parametrize("count", [SOME_BODIES, pytest.param(ALL_BODIES, marks=LONG)])
def test_no_upper_body_shows_skin_but_of_hands_and_head(count) -> None:
    """By depth from four sides, and in pictures, where below the shoulders, and below the chin of a
    head that is bowed before them, is neither face nor neck."""
    renderer, any_look = Renderer(VIEW.size_px), look(Person())
    for number in range(count):
        child, posed = upper_body(number)
        garment, yaw = child.person.garment, SIDES[number // 4 % 4]
        assert bare_cells(child.topology, garment, posed.points, yaw, 210) <= 3
        place = scene(VIEW, child)
        frame = renderer.frame(child, any_look, posed, place)
        parts, jaw = frame.parts, frame.landmarks_px[:17, 1]
        joints = [JOINTS.index(f"{side}_shoulder") for side in ("left", "right")]
        low = posed.shoulders[:3, :3] @ [0, -0.02, 0.02] + posed.joints[joints].mean(0)
        row = place.camera.project(place.camera.to_camera(low))[1]
        below = parts[int(np.ceil(max(row, jaw.max(), 0))) + 1 :]
        assert not np.isin(below, (FACE, NECK)).any(), number
        assert np.isin(parts, (FACE, CLOTH_PART)).sum() > 50
