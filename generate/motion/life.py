"""What a face does without being asked, as cues: blinks, looks, where the head points, breath."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from generate.motion.bearing import Bearing
from generate.motion.cues import BlinkCue, BreathCue, GazeCue, PoseCue, SwayCue
from generate.motion.phrasing import Phrase

USUAL = Bearing()
BLINKS_A_MINUTE = ((0, 1, 3, 6, 10, 15), (1.5, 3.0, 6.0, 9.0, 12.5, 16.0))
"""Ages and rates at rest: under 2 in early infancy, a steady rise until 14 or 15 (Zametkin,
Stevens and Pittman, Ann. Neurol. 5, 1979; Bacher and Smotherman, Dev. Psychobiol. 44, 2004), then
about 16. Values between are read off that rise."""
TALKING_BLINKS = 1.5
"""Rate while speaking relative to rest (Bentivoglio et al., Mov. Disord. 12, 1997: 26 and 17)."""
BLINK_SPREAD = 0.6
"""Standard deviation of the log gap between blinks."""
BLINK_WITH_LOOK = 0.4
"""Share of looks of 15 degrees or more that come with a blink (Evinger et al., Exp. Brain Res.
100, 1994)."""
BREATHS_A_MINUTE = ((0, 1, 2, 3, 4, 6, 8, 12, 18), (44, 35, 29, 26, 24, 22, 20, 18, 16))
"""Medians at rest (Fleming et al., Lancet 377, 2011)."""
AWAY_LISTENING, AWAY_SPEAKING, AWAY_OPENING, AWAY_CLOSING = 0.25, 0.4, 0.6, 0.12
"""Share of looks that are averted: more while speaking than while listening, most at the opening
of a turn, least at its end (Kendon, Acta Psychol. 26, 1967; Argyle and Cook 1976)."""
AT_TOY = 0.3
"""Share of averted looks that go down to what the hands hold."""
HEAD_SHARE = 0.3
"""Of an averted look's direction, what the head takes on (Stahl, Exp. Brain Res. 126, 1999)."""
POSE_S = 0.7
"""Least time between two poses of the head."""
DRIFT_HZ = (0.08, 0.3, 0.65)
"""Waves of the head's drift, each axis with its own; slow ones larger."""
SHORTEST_S = 1e-3
"""Cues shorter than this, left over where something was cut, are not written."""


def blink_times(
    length_s: float, rng: np.random.Generator, a_minute: float = BLINKS_A_MINUTE[1][-1]
) -> list[float]:
    """When the lids meet, s, `a_minute` times a minute on average; gaps are log-normal."""
    median_s = 60 / a_minute / float(np.exp(BLINK_SPREAD**2 / 2))
    found = []
    now = float(rng.uniform(0, median_s))
    while now < length_s:
        found.append(now)
        now += max(float(np.exp(rng.normal(np.log(median_s), BLINK_SPREAD))), 0.35)
    return found


def blink_rate(age_years: float, speaking: bool, held: Bearing = USUAL) -> float:
    """Blinks a minute."""
    rest = float(np.interp(age_years, *BLINKS_A_MINUTE))
    return rest * (TALKING_BLINKS if speaking else 1.0) * held.blinks


def blinks(
    length_s: float,
    rng: np.random.Generator,
    a_minute: float = BLINKS_A_MINUTE[1][-1],
    looks: Sequence[GazeCue] = (),
) -> list[BlinkCue]:
    """Blinks of 100 to 150 ms; some of the wide looks bring one, too."""
    times = blink_times(length_s, rng, a_minute)
    for before, after in pairwise(looks):
        if np.hypot(*np.subtract(_off(after), _off(before))) >= 15:
            times += [after.start_s] if rng.random() < BLINK_WITH_LOOK else []
    cues: list[BlinkCue] = []
    for moment in sorted(times):
        length = rng.uniform(0.1, 0.15)
        start = max(moment - 0.4 * length, 0.0)
        free = not cues or start > cues[-1].end_s + 0.15
        if free and start + length < length_s:
            cues.append(BlinkCue(tidy(start), tidy(start + length)))
    return cues


def looks(
    length_s: float,
    rng: np.random.Generator,
    phrases: Sequence[Phrase] = (),
    held: Bearing = USUAL,
    tempo: float = 1.0,
) -> list[GazeCue]:
    """Fixations of 0.3 to 3 s on the listener (the camera), the toy, or off to anywhere."""
    cues, now = [], 0.0
    while now < length_s - SHORTEST_S:
        lasting = np.exp(rng.normal(0.0, 0.6)) / (tempo * held.tempo)
        end = now + float(np.clip(lasting, 0.3, 3.0))
        end = end if end < length_s - 0.3 else length_s
        (yaw, pitch), target = rng.normal(0, 0.6, 2), "camera"
        averted, at_toy = rng.random(), rng.random()
        off = rng.normal(0, 1, 2) * (11.0, 6.0) + (0.0, held.look_deg)
        if averted < min(_away(now, phrases) * held.away, 0.9):
            target = "toy" if at_toy < AT_TOY else "camera"
            yaw, pitch = (off[0] / 4, off[1] / 4) if target == "toy" else (off[0], off[1])
        cues.append(GazeCue(tidy(now), tidy(end), target, *_within((yaw, pitch), (40, 30))))
        now = end
    return cues


def _away(now: float, phrases: Sequence[Phrase]) -> float:
    for phrase in phrases:
        if phrase.start_s - 0.3 <= now < phrase.end_s:
            if now > phrase.end_s - 0.6:
                return AWAY_CLOSING
            return AWAY_OPENING if now < phrase.start_s + 0.3 else AWAY_SPEAKING
    return AWAY_LISTENING


def _off(cue: GazeCue) -> tuple[float, float]:
    yaw, pitch = (-10.0, -16.0) if cue.target == "toy" else (0.0, 0.0)
    return yaw + cue.yaw_deg, pitch + cue.pitch_deg


def poses(
    length_s: float, rng: np.random.Generator, looks: Sequence[GazeCue], held: Bearing = USUAL
) -> list[PoseCue]:
    """Where the head points: mostly at the camera, a little after wide looks, at least POSE_S."""
    wide = 2.2 if rng.random() < 0.25 else 1.0
    own = rng.normal(0, 1, 3) * (9.0 * wide, 5.0 * wide, 4.0)
    own += (0.0, held.pitch_deg - 2.0, held.roll_deg * rng.choice((-1.0, 1.0)))
    places: list[tuple[float, np.ndarray]] = [(0.0, own)]
    for look in looks:
        off = HEAD_SHARE * np.array([*_off(look), 0.0])
        goal = own + off * (np.hypot(off[0], off[1]) > 2) + rng.normal(0, 0.8, 3)
        if look.start_s - places[-1][0] >= POSE_S and length_s - look.start_s >= POSE_S:
            places.append((look.start_s, goal))
    cues = []
    for number, (start, goal) in enumerate(places):
        last = number == len(places) - 1
        end = length_s if last else places[number + 1][0]
        ramps = {"rise_s": 0.6 if number else 0.0, "fall_s": 0.0 if last else 0.6}
        cues.append(PoseCue(tidy(start), tidy(end), *_within(goal, (55, 35, 25)), **ramps))
    return cues


def sway(length_s: float, rng: np.random.Generator, size: float = 1.0) -> list[SwayCue]:
    """A slow drift of a few degrees, waves of each axis."""
    most = np.array([3.0, 2.0, 1.6]) * rng.uniform(0.5, 1.5) * size
    cues = []
    for axis, name in enumerate(("yaw_deg", "pitch_deg", "roll_deg")):
        for hz in DRIFT_HZ:
            amount = most[axis] * rng.uniform(0.5, 1.2) / (1 + 2.5 * hz)
            angle = {name: tidy(amount)}
            wave = tidy(hz * rng.uniform(0.7, 1.3)), tidy(rng.uniform(-1, 1))
            cues.append(SwayCue(0.0, length_s, *wave, **angle, rise_s=0.0, fall_s=0.0))
    return cues


def breaths(
    length_s: float,
    rng: np.random.Generator,
    phrases: Sequence[Phrase] = (),
    age_years: float = 6.0,
    held: Bearing = USUAL,
) -> list[BreathCue]:
    """One breath before each phrase, taken in while it is silent, and quiet ones in long pauses.

    Breaths for speech are quick and deeper (Winkworth et al., JSHR 38, 1995).
    """
    usual_s = 60 / (float(np.interp(age_years, *BREATHS_A_MINUTE)) * held.breath)
    cues: list[BreathCue] = []
    now = -float(rng.uniform(0, 0.5)) * usual_s
    for phrase in [*phrases, Phrase(length_s + 10, length_s + 11)]:
        inhaled = float(rng.uniform(0.35, 0.6))
        first = phrase.start_s - inhaled
        while now + 1.2 < min(first, length_s):
            end = min(now + usual_s * float(rng.uniform(0.85, 1.15)), first)
            _breathe(cues, now, end, 0.3 / held.breath * float(rng.uniform(0.8, 1.2)), length_s)
            now = end
        out = min(max(phrase.end_s, phrase.start_s + 0.5), phrase.start_s + 1.5 * inhaled)
        depth = 0.3 + 0.12 * min(phrase.end_s - phrase.start_s, 4.0)
        _breathe(cues, max(first, now), out, depth, length_s)
        now = max(phrase.end_s, out)
    return cues


def _breathe(
    cues: list[BreathCue], start_s: float, end_s: float, depth: float, length_s: float
) -> None:
    """Add a breath, cut to the score; none that would be over in 0.3 s."""
    start, end = tidy(max(start_s, cues[-1].end_s if cues else 0.0)), tidy(min(end_s, length_s))
    if end - start >= 0.3:
        cues.append(BreathCue(start, end, tidy(float(np.clip(depth, 0, 1)))))


def tidy(value: float) -> float:
    """A number as a score shows it: seconds to 0.1 ms, angles and shares to four digits."""
    return round(float(value), 4)


def _within(angles: object, limits: tuple[float, ...]) -> list[float]:
    return [tidy(a) for a in np.clip(np.asarray(angles, np.float64), np.negative(limits), limits)]
