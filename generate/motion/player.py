"""From a score to curves: a pure function of the score and the moments that frames show.

    score = direct(utterance, length_s, rng, "happy", 0.7)   # all chance
    motion = play_score(score, 25.0)                         # none
    for part in stream_score(score, 25.0, 250): ...          # the same frames, in constant memory

Frames are always computed in the same blocks of BLOCK, from the cues that reach into the block:
any cut into chunks gives the same numbers to the last bit, and nothing is carried from one block to
the next, so nothing can drift.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil

import numpy as np
from numpy.typing import NDArray

from generate.motion.armplay import Arms
from generate.motion.coarticulation import activity, mouth_tracks, sing, styled
from generate.motion.contacts import contacts
from generate.motion.cues import (
    BLEND_S,
    BlinkCue,
    BreathCue,
    GazeCue,
    GestureCue,
    HeadCue,
    NoteCue,
    PoseCue,
    StyleCue,
    SwayCue,
    VisemeCue,
    VocalCue,
)
from generate.motion.director import direct
from generate.motion.emotion import MOUTH
from generate.motion.eyes import blink, eye_shapes, frame_times, gaze, lids
from generate.motion.faceplay import expression, resting
from generate.motion.headplay import BREATH_DEG, breathing, limited, moves, poses, sways
from generate.motion.score import Score
from generate.motion.shapes import COLUMN
from generate.motion.still import still
from generate.motion.vocal import sounding
from generate.spec import Motion
from generate.voice.speech import Utterance

__all__ = ["play", "play_score", "still", "stream_score"]

F64 = NDArray[np.float64]
Pose = Callable[[str, float], F64]
"""(25,) columns of a gesture's name and phase, such as `Child.gesture`."""

BLOCK = 256
RATES_HZ = (1.0, 240.0)
GIVE_WAY = 0.45
"""Share of the emotion's mouth that speech puts aside."""


def play(
    utterance: Utterance | None,
    n_frames: int,
    rate_hz: float,
    rng: np.random.Generator,
    emotion: str = "neutral",
    intensity: float = 0.0,
) -> Motion:
    """`n_frames` of a child that says `utterance` (None: is silent) with an emotion.

    Raises ValueError for an unknown emotion, an intensity outside 0..1, no frames or no rate.
    """
    _check(n_frames, rate_hz)
    return play_score(direct(utterance, n_frames / rate_hz, rng, emotion, intensity), rate_hz)


def play_score(
    score: Score,
    rate_hz: float,
    first: int = 0,
    n_frames: int | None = None,
    gesture: Pose | None = None,
) -> Motion:
    """Frames `first` to `first` + `n_frames` (default: to the score's end) of a score.

    Frame i shows the moment (i + 0.5) / rate_hz of the sound. gesture: gives the arms of one
    person (`Child.gesture`); without it the motion has no body. Raises ValueError for no frames
    or a rate outside 1 to 240 Hz.
    """
    if n_frames is None:
        n_frames = frames_of(score, rate_hz) - first
    _check(n_frames, rate_hz)
    if first < 0:
        raise ValueError(f"first frame {first}: frames are counted from 0")
    stage = _Stage(score, rate_hz, gesture)
    return stage.frames(first, first + n_frames)


def stream_score(
    score: Score, rate_hz: float, chunk_frames: int = BLOCK, gesture: Pose | None = None
) -> Iterator[Motion]:
    """The frames of `play_score` in chunks, the last one shorter; memory does not grow."""
    _check(chunk_frames, rate_hz)
    stage, count = _Stage(score, rate_hz, gesture), frames_of(score, rate_hz)
    for first in range(0, count, chunk_frames):
        yield stage.frames(first, min(first + chunk_frames, count))


def frames_of(score: Score, rate_hz: float) -> int:
    """Frames that a whole score has at a rate; at least 1."""
    _check(1, rate_hz)
    return max(ceil(score.length_s * rate_hz - 1e-6), 1)


def _check(n_frames: int, rate_hz: float) -> None:
    if n_frames < 1 or not RATES_HZ[0] <= rate_hz <= RATES_HZ[1]:
        raise ValueError(f"{n_frames} frames at {rate_hz:g} Hz: at least 1 frame at 1 to 240 Hz")


class _Stage:
    """One score at one rate: finds the cues of each block and keeps the last block."""

    def __init__(self, score: Score, rate_hz: float, gesture: Pose | None) -> None:
        self.score, self.rate_hz = score, float(rate_hz)
        self.start_s = np.array([cue.start_s for cue in score.cues])
        self.end_s = np.array([cue.end_s for cue in score.cues])
        self.arms = Arms(score.of(GestureCue), gesture) if gesture else None
        self._last: tuple[int, Motion] | None = None

    def frames(self, first: int, last: int) -> Motion:
        """Frames `first` up to `last`."""
        parts = []
        for number in range(first // BLOCK, (last - 1) // BLOCK + 1):
            begin = number * BLOCK
            parts.append(_cut(self._block(number), max(first - begin, 0), last - begin))
        return _joined(parts)

    def _block(self, number: int) -> Motion:
        if self._last is None or self._last[0] != number:
            times_s = frame_times(BLOCK, self.rate_hz, number * BLOCK)
            near = (self.start_s < times_s[-1] + BLEND_S) & (self.end_s > times_s[0] - BLEND_S)
            cues = tuple(self.score.cues[i] for i in np.flatnonzero(near))
            part = Score(self.score.length_s, cues)
            self._last = number, _played(part, times_s, self.rate_hz, self.arms)
        return self._last[1]


def _played(score: Score, times_s: F64, rate_hz: float, arms: Arms | None) -> Motion:
    """All curves at (T,) moments; the order is what may override what."""
    half_s, spoken, styles = 0.5 / rate_hz, score.of(VisemeCue), score.of(StyleCue)
    active = activity(spoken, times_s)
    arkit = mouth_tracks(
        spoken, times_s, styled(styles, times_s, "jaw"), styled(styles, times_s, "lips")
    )
    vibrato = sing(score.of(NoteCue), times_s, arkit)
    felt = resting(score, times_s) + expression(score, times_s, active)
    arkit += felt * (1 - active[:, None] * np.where(MOUTH, GIVE_WAY, 0.0))
    pitch = sounding(score.of(VocalCue), times_s, arkit)
    chest = breathing(score.of(BreathCue), times_s)
    arkit[:, COLUMN["jawOpen"]] += 0.03 * chest * (1 - active)
    arkit = np.clip(arkit, 0, 1)
    contacts(spoken, arkit, times_s, half_s)
    energy, tempo = styled(styles, times_s, "head")[:, None], styled(styles, times_s, "tempo")
    head = sways(score.of(SwayCue), times_s) + moves(score.of(HeadCue), times_s, tempo)
    head = poses(score.of(PoseCue), times_s, tempo) + energy * head
    head[:, 1] += pitch + BREATH_DEG * chest
    head[:, 2] += 0.5 * vibrato
    head = limited(head)
    looks = gaze(score.of(GazeCue), times_s, head)
    eye_shapes(looks, arkit)
    blink(arkit, lids(score.of(BlinkCue), times_s, half_s))
    return Motion(
        rate_hz=rate_hz,
        arkit=np.clip(arkit, 0, 1).astype(np.float32),
        head_deg=head.astype(np.float32),
        gaze_deg=looks.astype(np.float32),
        body=arms.at(score.of(GestureCue), chest, times_s, tempo) if arms else None,
    )


def _cut(motion: Motion, first: int, last: int) -> Motion:
    body = None if motion.body is None else motion.body[first:last]
    return Motion(
        motion.rate_hz, motion.arkit[first:last], motion.head_deg[first:last],
        motion.gaze_deg[first:last], body,
    )  # fmt: skip


def _joined(parts: list[Motion]) -> Motion:
    bodies = [part.body for part in parts if part.body is not None]
    return Motion(
        parts[0].rate_hz,
        np.concatenate([part.arkit for part in parts]),
        np.concatenate([part.head_deg for part in parts]),
        np.concatenate([part.gaze_deg for part in parts]),
        np.concatenate(bodies) if bodies else None,
    )
