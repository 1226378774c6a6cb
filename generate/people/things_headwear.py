"""Hats, bands, bows, helmets and hoods, fitted to one head and its hair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from generate.people.ids import HEADWEAR_PART
from generate.people.piece import Piece, merged
from generate.people.things_face import Face
from generate.people.things_mesh import Stuff, blob, placed, sheet, solid, tube
from generate.people.things_shell import BACK, Shell, directions, fit_shell

F64 = NDArray[np.float64]
RGB = tuple[float, float, float]

COLORS: tuple[RGB, ...] = (
    *((0.55, 0.04, 0.05), (0.03, 0.08, 0.30), (0.62, 0.42, 0.06), (0.05, 0.25, 0.12)),
    *((0.62, 0.58, 0.52), (0.04, 0.04, 0.045), (0.50, 0.14, 0.26), (0.22, 0.36, 0.55)),
    *((0.30, 0.18, 0.38), (0.45, 0.33, 0.20), (0.70, 0.70, 0.68), (0.60, 0.20, 0.04)),
)


@dataclass(frozen=True)
class Fit:
    """What a sort of headwear is fitted with."""

    face: Face
    hair: Piece
    rng: np.random.Generator
    cloth: tuple[Stuff, Stuff]
    """Main and second colour."""

    @property
    def mm(self) -> float:
        """A millimetre on an adult's head, in m."""
        return self.face.scale / 1000

    def rim(self, front: float, temple: float, side: float, back: float) -> F64:
        """Points (K, 3) of a rim through these template heights (mm)."""
        heights = {0: front, 35: 0.6 * front + 0.4 * temple, 62: temple, 92: side, 125: side}
        heights |= {150: 0.4 * side + 0.6 * back, 180: back}
        out = []
        for degrees, height in heights.items():
            a = np.radians(degrees)
            for sign in (1.0, -1.0):
                out.append(self.face.at((sign * 74 * np.sin(a), height, 48.0 + 92 * np.cos(a))))
        return np.array(out)


Made = tuple[list[Piece], Piece]
"""Pieces, and the hair as it lies under them."""


def headwear(name: str, face: Face, hair: Piece, rng: np.random.Generator, garment: RGB) -> Made:
    """Build a piece of HEADWEAR on this head and press the hair under it; colours from `rng`."""
    main, second = rng.choice(len(COLORS), 2, replace=False)
    wool = Stuff(COLORS[main], HEADWEAR_PART, 0.05)
    fit = Fit(face, hair, rng, (wool, wool.but(rgb=COLORS[second])))
    if name == "hood up":
        wool = wool.but(rgb=garment, fuzz=0.25)
        fit = Fit(face, hair, rng, (wool, wool))
    pieces, pressed = HEADWEAR[name].make(fit)
    return merged(pieces), pressed


def _beanie(fit: Fit) -> Made:
    wool, second = (stuff.but(fuzz=0.7) for stuff in fit.cloth)
    shell = fit_shell(fit.face, fit.hair, fit.rim(782, 745, 704, 680), columns=80)
    mm = fit.mm
    row = np.concatenate([[0.0], np.linspace(0.1, 1, 10)])
    rib = 0.45 * mm * (np.arange(80) % 2 * 2.0 - 1.0)
    crown = (6.5 * mm * np.sin(np.pi * np.minimum(row * 1.2, 1)) + 5 * mm * row**2)[:, None]
    points = shell.points(row, 1.5 * mm + crown + rib * (1 - row[:, None]))
    rgb = np.broadcast_to(np.asarray(wool.rgb), points.shape).copy()
    if fit.rng.uniform() < 0.5:
        rgb[3::3] = second.rgb
    cap = solid(points, sheet(11, 80, True), wool.but(rgb=rgb.reshape(-1, 3)))
    cuff = second if fit.rng.uniform() < 0.4 else wool
    return [cap, _cuff(shell, cuff, rib, mm)], shell.press(fit.hair)


def _cuff(shell: Shell, stuff: Stuff, rib: NDArray[np.floating], mm: float) -> Piece:
    """The turned-up edge, 30 mm high."""
    high = 30 * mm / float(shell.radius[0].mean()) / (np.pi / 2)
    row = np.array([0.0, 0.0, 0.15, 0.38, 0.62, 0.85, 1.0, 1.0]) * high
    out = np.array([-1.0, 2.5, 5.0, 6.2, 7.0, 6.8, 5.5, 1.0])[:, None] * mm + 1.5 * rib
    return solid(shell.points(row, out), sheet(8, 80, True), stuff)


def _bobble_hat(fit: Fit) -> Made:
    pieces, hair = _beanie(fit)
    top = pieces[0].points[-1].astype(np.float64)
    ball = Stuff(fit.cloth[1].rgb, HEADWEAR_PART, 0.0, fuzz=1.0)
    round_ = blob((25 * fit.mm,) * 3, ball, 8)
    return [*pieces, placed(round_, np.eye(3), top + np.array([0, 19, -3]) * fit.mm)], hair


def _cap(fit: Fit) -> Made:
    mm, (main, second) = fit.mm, fit.cloth
    shell = fit_shell(fit.face, fit.hair, fit.rim(797, 768, 748, 722), slack_m=0.006)
    row = np.linspace(0, 1, 13)
    bulge = 5 * mm * np.sin(np.pi * row)[:, None]
    front = np.clip(np.cos(np.arange(48) * 2 * np.pi / 48), 0, 1)
    points = shell.points(row, 2 * mm + bulge * (1 + front))
    cap = solid(points, sheet(13, 48, True), main)
    visor = second if fit.rng.uniform() < 0.4 else main
    top = points[-1, 0] + np.array([0, 1.5 * mm, 0])
    button = placed(blob((6 * mm, 3 * mm, 6 * mm), visor, 6), np.eye(3), top)
    return [cap, _visor(shell, visor, mm), button], shell.press(fit.hair)


def _visor(shell: Shell, stuff: Stuff, mm: float) -> Piece:
    """The peak: it leaves the rim ahead and bends down at its sides."""
    turn = np.radians(np.linspace(-62, 62, 25))
    edge = shell.centre + (shell.radius_at(turn % (2 * np.pi), shell.rim_at(turn % (2 * np.pi)))
        + 1.5 * mm)[:, None] * directions(turn, shell.rim_at(turn % (2 * np.pi)))  # fmt: skip
    side = np.abs(turn / turn[-1])
    ahead = (68 * mm * np.sqrt(np.clip(1 - side**2.6, 0, 1)))[:, None]
    rows = []
    for share, lift in (
        (0, 1.2),
        (0.3, 1.4),
        (0.65, 1.2),
        (1, 0.8),
        (1, -0.8),
        (0.5, -1),
        (0, -1.2),
    ):
        drop = (-0.32 * ahead[:, 0] * share - 11 * mm * side**2 * share + lift * mm)[:, None]
        rows.append(edge + share * ahead * [0, 0, 1] + drop * [0, 1, 0])
    points = np.stack(rows)
    shade = np.repeat([1, 1, 1, 1, 0.75, 0.6, 0.5], 25)
    return solid(points, sheet(len(rows), 25, False), stuff, shade)


def _sun_hat(fit: Fit) -> Made:
    mm, (main, second) = fit.mm, fit.cloth
    shell = fit_shell(fit.face, fit.hair, fit.rim(800, 774, 752, 735), slack_m=0.006)
    row = np.linspace(0, 1, 13)
    points = shell.points(row, 3 * mm + 7 * mm * np.sin(np.pi * np.minimum(row * 1.3, 1))[:, None])
    rgb = np.broadcast_to(np.asarray(main.rgb), points.shape).copy()
    rgb[:3] = second.rgb
    crown = solid(points, sheet(13, 48, True), main.but(rgb=rgb.reshape(-1, 3)))
    turn = np.arange(48) * 2 * np.pi / 48
    wave = 5 * mm * np.sin(3 * turn + fit.rng.uniform(0, 6)) + 3 * mm * np.sin(5 * turn)
    away = directions(turn, np.zeros(48))
    rows = []
    for share, lift in ((0, 1), (0.35, 1.2), (0.7, 1.1), (1, 0.9), (1, -0.9), (0.5, -1), (0, -1)):
        drop = (-30 * mm * share**1.6 + wave * share**2 + lift * mm)[:, None] * [0, 1, 0]
        rows.append(points[0] + 52 * mm * share * away + drop)
    shade = np.repeat([1, 1, 1, 1, 0.75, 0.6, 0.5], 48)
    brim = solid(np.stack(rows), sheet(7, 48, True), main, shade)
    return [crown, brim], shell.press(fit.hair)


def _helmet(fit: Fit) -> Made:
    mm = fit.mm
    main = fit.cloth[0].but(gloss=0.75)
    shell = fit_shell(fit.face, fit.hair, fit.rim(799, 768, 752, 712), columns=60, slack_m=0.005)
    row = np.array([0.0, 0.0, 0.03, 0.08, 0.16, 0.26, 0.36, 0.46, 0.56, 0.66, 0.76, 0.88, 1.0])
    turn = np.arange(60) * 2 * np.pi / 60
    out = np.interp(row, (0, 0.16, 0.6, 1), (15, 19, 22, 22))[:, None] * mm * np.ones(60)
    out[0] = 1 * mm
    vent = (np.arange(60) % 10 < 3)[None] & ((row > 0.2) & (row < 0.8))[:, None]
    out = out - 7 * mm * vent
    points = shell.points(row, out)
    points += (10 * mm * np.cos(turn) ** 3 * (row < 0.1)[:, None])[..., None] * [0, 0, 1]
    rgb = np.where(vent[..., None], (0.02, 0.02, 0.022), main.rgb)
    hull = solid(points, sheet(13, 60, True), main.but(rgb=rgb.reshape(-1, 3)))
    return [hull, *_chin_straps(fit)], shell.press(fit.hair)


def _chin_straps(fit: Fit) -> list[Piece]:
    """Bands from the rim before the ears to under the chin."""
    face, mm = fit.face, fit.mm
    stuff = fit.cloth[0].but(rgb=(0.03, 0.03, 0.032))
    out = []
    for sign in (1.0, -1.0):
        start = face.at((sign * 72, 750, 52))
        chin = face.marks[8] + np.array([0, -3 * mm, -9 * mm])
        share = np.linspace(0, 1, 14)[:, None]
        path = start + share * (chin - start)
        path[:, 0] = sign * np.abs(path[:, 0])
        path += np.sin(np.pi * share) * np.array([sign * 12 * mm, -8 * mm, 0])
        skin = face.side(path[:, 1], path[:, 2], sign > 0)
        ear = (path[:, 1] > face.marks[3, 1]) & (np.abs(skin) > np.abs(path[:, 0]) + 0.012)
        x = np.where(ear, np.abs(path[:, 0]), np.maximum(skin + 1.5 * mm, np.abs(path[:, 0]) * 0.6))
        path[:-1, 0] = sign * x[:-1]
        out.append(tube(path, 4.5 * mm, stuff, sides=6, flat=0.4))
    return out


def _band_path(fit: Fit, tilt_deg: float) -> tuple[F64, F64, float]:
    """Directions (N, 3) of an arc from ear to ear over the hair, its centre and lean."""
    turn, tilt = np.radians(np.linspace(-104, 104, 45)), np.radians(tilt_deg)
    toward = np.stack([np.sin(turn), np.cos(turn) * np.cos(tilt), np.cos(turn) * np.sin(tilt)], 1)
    ear = fit.face.at((71, 736, 26))
    return toward, np.array([0.0, ear[1] + 0.004, ear[2] + 0.004]), float(tilt)


def _hair_top(fit: Fit, centre: F64, toward: F64) -> F64:
    """Radius (N,) of the hair's surface, at least the skin's."""
    shell = fit_shell(fit.face, fit.hair, fit.rim(800, 768, 740, 700), slack_m=0.016)
    radius = np.full(len(toward), 0.11 * fit.face.scale)
    for _ in range(6):
        a, e, r = shell.polar(centre + radius[:, None] * toward)
        radius *= shell.radius_at(a, e) / r
    return radius


def _hair_band(fit: Fit) -> Made:
    mm, width = fit.mm, fit.rng.uniform(5, 9)
    toward, centre, tilt = _band_path(fit, 20.0)
    radius = np.convolve(np.pad(_hair_top(fit, centre, toward), 2, "edge"), [0.2] * 5, "valid")
    across = np.array([0.0, -np.sin(tilt), np.cos(tilt)])
    rows = []
    for side, out in ((-1.0, -3), (-1, 2.5), (-0.55, 4.5), (0.55, 4.5), (1, 2.5), (1, -3)):
        away = (radius + out * mm)[:, None] * toward
        rows.append(centre + away + side * width * mm * across)
    stuff = fit.cloth[0].but(gloss=0.2, fuzz=0.1)
    band = solid(np.stack(rows), sheet(6, 45, False), stuff)
    return [band], _under_band(fit.hair, centre, across, toward, radius + 0.002, width * mm)


def _under_band(
    hair: Piece, centre: F64, across: F64, toward: F64, radius: F64, width: float
) -> Piece:
    """The hair pressed to `radius` (N,) where it crosses a band in the directions `toward`."""
    ray = hair.points.astype(np.float64) - centre
    over = np.cross(across, [1.0, 0, 0])
    turn = np.arctan2(ray[:, 0], ray @ over)
    limit = np.interp(turn, np.arctan2(toward[:, 0], toward @ over), radius)
    off = np.maximum(np.abs(ray @ across) - width, 0)
    reach = np.hypot(ray[:, 0], ray @ over)
    scale = np.where(np.abs(turn) < 1.8, np.minimum((limit + off) / reach, 1), 1)
    return replace(hair, points=(centre + ray * scale[:, None]).astype(np.float32))


def _bow(fit: Fit) -> Made:
    mm, side = fit.mm, fit.rng.choice([-1.0, 1.0])
    toward = np.array([[side * 0.66, 0.50, 0.56]])
    toward /= np.linalg.norm(toward)
    centre = np.array([0.0, 0.02, -0.085]) * fit.face.scale
    place = centre + (_hair_top(fit, centre, toward) + 10 * mm)[:, None] * toward
    out = toward[0]
    right = np.cross([0.0, 1.0, 0.0], out)
    right /= np.linalg.norm(right)
    turn = np.stack([right, np.cross(out, right), out], 1)
    stuff = fit.cloth[0].but(gloss=0.35)
    along, around = np.linspace(0, 1, 9), np.linspace(0, 2 * np.pi, 16, endpoint=False)
    open_ = np.interp(along, (0, 0.2, 0.7, 0.93, 1), (3, 5, 13, 14, 0.5)) * mm
    pieces = [placed(blob((5.5 * mm, 6 * mm, 5.5 * mm), stuff, 6), turn, place[0])]
    for sign in (1.0, -1.0):
        loop = np.stack(
            [
                np.broadcast_to((sign * 29 * mm * along)[:, None], (9, 16)),
                open_[:, None] * np.cos(around) + (2 * mm * along)[:, None],
                0.5 * open_[:, None] * np.sin(around),
            ],
            -1,
        )
        pieces.append(placed(solid(loop, sheet(9, 16, True), stuff), turn, place[0]))
    return pieces, fit.hair


def _hood_up(fit: Fit) -> Made:
    face, mm = fit.face, fit.mm
    marks = face.marks
    top = face.at((0, 806, 134))
    rim = [top, marks[8] + np.array([0, 1, -3]) * mm]
    for sign, i in ((1.0, (16, 14, 12, 10)), (-1.0, (0, 2, 4, 6))):
        rim.append(face.at((sign * 46, 795, 112)))
        rim.append(face.at((sign * 66, 765, 78)))
        rim += [marks[j] + np.array([sign * 3, 3 * (k > 1), 4]) * mm for k, j in enumerate(i)]
    shell = fit_shell(
        face, fit.hair, np.array(rim), axes=BACK, columns=60, slack_m=0.012,
        floor_m=0.082 * face.scale,
    )  # fmt: skip
    row = np.array([0.0, 0.0, 0.0, 0.05, 0.12, 0.2, 0.3, 0.4, 0.5, 0.62, 0.75, 0.88, 1.0])
    out = np.array([1.0, 7, 11, 9, 8, 8, 8, 8, 8, 8, 8, 8, 8])[:, None] * mm
    dip = np.array([0.0, 0.10, 0.02] + [0.0] * 10)[:, None]
    points = shell.points(row, out, dip)
    hood = solid(points, sheet(13, 60, True), fit.cloth[0])
    low, high = marks[8, 1] - 55 * mm, marks[8, 1] + 15 * mm
    share = np.clip((hood.points[:, 1] - low) / (high - low), 0, 1)
    hood.follow[:] = share * share * (3 - 2 * share)
    return [hood], shell.press(fit.hair)


@dataclass(frozen=True)
class Sort:
    """One sort of headwear."""

    share: float
    """How often it is worn, relative to the others."""
    make: Callable[[Fit], Made]


HEADWEAR: dict[str, Sort] = {
    "beanie": Sort(0.2, _beanie),
    "bobble hat": Sort(0.15, _bobble_hat),
    "cap": Sort(0.2, _cap),
    "sun hat": Sort(0.12, _sun_hat),
    "hair band": Sort(0.12, _hair_band),
    "bow": Sort(0.1, _bow),
    "helmet": Sort(0.06, _helmet),
    "hood up": Sort(0.05, _hood_up),
}
