"""How an emotion moves a person beside the face: head, gaze, blinks, breath and hands, as data.

Directions after Wallbott, "Bodily expression of emotion" (Eur. J. Soc. Psychol. 28, 1998) for head,
hands and energy; Livingstone and Palmer, "Head movements encode emotions during speech and song"
(Emotion 16, 2016): happy heads are raised and move more, sad ones hang and move less; Adams and
Kleck (Emotion 5, 2005): anger and joy look at you, fear and sadness away; Boiten, Frijda and
Wientjes (Int. J. Psychophysiol. 17, 1994): arousal quickens breath. Sizes are ours.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from generate.motion.emotion import CIRCUMPLEX


@dataclass(frozen=True)
class Bearing:
    """Factors of what is usual (1), unless a unit says otherwise."""

    head: float = 1.0
    """Size of nods, dips and sway."""
    pitch_deg: float = 0.0
    """Head up (+) or hanging (-)."""
    roll_deg: float = 0.0
    """Tilt to either side."""
    away: float = 1.0
    """How often the gaze is averted."""
    look_deg: float = 0.0
    """Pitch of averted looks."""
    blinks: float = 1.0
    breath: float = 1.0
    """Breaths a minute; they are shallower by as much."""
    gestures: float = 1.0
    """How often the hands join."""
    reach: float = 1.0
    """How far gestures go."""
    tempo: float = 1.0
    """How fast gestures and looks follow each other."""
    shakes: float = 1.0
    """How large shakes of the head are."""


BEARINGS: dict[str, Bearing] = {
    "neutral": Bearing(),
    "happy": Bearing(1.35, 2.5, 2.0, 0.6, 0, 1.1, 1.1, 1.6, 1.1, 1.2, 1.0),
    "sad": Bearing(0.55, -7.0, 2.0, 1.7, -9, 0.8, 0.85, 0.35, 0.65, 0.65, 0.8),
    "angry": Bearing(1.4, -3.5, 0.0, 0.4, 0, 0.7, 1.3, 1.5, 1.15, 1.35, 1.5),
    "afraid": Bearing(0.7, -1.0, 0.0, 1.4, 0, 1.5, 1.45, 0.6, 0.75, 1.4, 1.0),
    "disgusted": Bearing(0.8, 1.5, 2.5, 1.5, 2, 0.9, 0.9, 0.6, 0.8, 0.8, 1.3),
    "surprised": Bearing(1.1, 3.0, 0.0, 0.5, 2, 0.6, 1.2, 1.2, 1.0, 1.15, 1.0),
}
"""At intensity 1."""


def bearing(emotion: str, intensity: float) -> Bearing:
    """An emotion's bearing between usual (0) and full (1), in even steps."""
    full, usual = BEARINGS[emotion], Bearing()
    parts = {
        f.name: getattr(usual, f.name)
        + intensity * (getattr(full, f.name) - getattr(usual, f.name))
        for f in fields(Bearing)
    }
    return Bearing(**parts)


def nearest_emotion(valence: float, arousal: float) -> tuple[str, float]:
    """Emotion and intensity of a point of the circumplex: the direction that is nearest, and how
    far the point is along it, at most 1."""
    point = np.array([valence, arousal])
    size = float(np.hypot(*point))
    if size < 0.05:
        return "neutral", 0.0
    named = {name: np.array(at) for name, at in CIRCUMPLEX.items() if name != "neutral"}
    cosine = {n: float(point @ at) / (size * float(np.hypot(*at))) for n, at in named.items()}
    best = max(cosine, key=lambda name: cosine[name])
    along = float(point @ named[best]) / float(named[best] @ named[best])
    return best, float(np.clip(along, 0.0, 1.0))
