"""How one person moves: a small vector of factors, sampled, applied to motion.

`Style` has the fields of the score's style cue, and where there is a score, the player applies it
(`restyled`), before lips are made to meet. Where there are only curves, such as a face capture,
`apply_style` does nearly the same to curves and head; as it cannot know the sounds, it scales
`mouthClose` with the jaw and leaves it to `contacts.contacts` to close lips that parted.
`style_fit.py` fits a style.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from generate.motion.cues import FaceCue, StyleCue
from generate.motion.emotion import REST
from generate.motion.headplay import HEAD_LIMIT_DEG
from generate.motion.score import Score
from generate.motion.shapes import COLUMN, columns
from generate.spec import ARKIT, Motion

F64 = NDArray[np.float64]

DETAIL_S = 0.06
"""`tempo` of bare curves scales what is faster than a Gaussian of this width."""
POSE_S = 1.0
"""`head` scales what of the head's motion is faster than this; slower is where it points."""


def _of_cue(name: str, spread: float) -> Any:
    """Default and range as a score has them."""
    cue = StyleCue.__dataclass_fields__[name]
    return field(default=cue.default, metadata={"range": cue.metadata["range"], "spread": spread})


@dataclass(frozen=True)
class Style:
    """Factors of what everyone does; the defaults are the average child.

    Metadata of a field: `range`, and `spread`, the standard deviation among children that
    `sample_style` draws (of the logarithm, for factors). ValueError where a value is out of range.
    """

    jaw: float = _of_cue("jaw", 0.22)
    """Factor of jaw opening."""
    lips: float = _of_cue("lips", 0.22)
    """Factor of lip shapes."""
    expression: float = _of_cue("expression", 0.25)
    """Factor of brows, cheeks, nose and smiles."""
    head: float = _of_cue("head", 0.4)
    """Factor of head motion round where it points."""
    brow: float = _of_cue("brow", 0.1)
    """Habit: brows raised (+) or lowered (-) by this."""
    asymmetry: float = _of_cue("asymmetry", 0.12)
    """The left side of an expression does this much more than the middle, as a share, and the
    right as much less."""
    tempo: float = _of_cue("tempo", 0.18)
    """Speed of the moves of head, brows and arms; of bare curves, factor of the fast detail of
    brows and head. Of a director, also how often blinks and glances come."""

    def __post_init__(self) -> None:
        for item in fields(self):
            low, high = item.metadata["range"]
            value = getattr(self, item.name)
            if not low <= value <= high:
                raise ValueError(f"style {item.name} {value:g} is outside {low:g} to {high:g}")


FACTORS = ("jaw", "lips", "expression", "head", "tempo")
"""Fields that multiply; the others add."""
SPREAD = {item.name: float(item.metadata["spread"]) for item in fields(Style)}
RANGE: dict[str, tuple[float, float]] = {f.name: f.metadata["range"] for f in fields(Style)}

_EXPRESSIVE = ("brow", "cheek", "nose", "mouthSmile", "mouthFrown", "mouthDimple")
_LID = ("eyeSquint", "eyeWide")
JAW = columns("jawOpen", "mouthClose")
EXPRESSION = [i for i, n in enumerate(ARKIT) if n.startswith((*_EXPRESSIVE, *_LID))]
LIPS = [i for i, n in enumerate(ARKIT) if n.startswith("mouth") and i not in {*JAW, *EXPRESSION}]
LEFT = [i for i in EXPRESSION if ARKIT[i].endswith("Left") and not ARKIT[i].startswith("eye")]
RIGHT = [COLUMN[ARKIT[i].removesuffix("Left") + "Right"] for i in LEFT]
SHAPED = sorted({*JAW, *LIPS, *EXPRESSION})
"""Columns that a style changes: not lids, gaze, tongue, nor the jaw's forward and sideways."""
MOVED = [i for i in EXPRESSION if ARKIT[i].startswith(("brow", "cheek", "nose"))]
"""What of the expression neither speech nor blinks move."""
UP, DOWN = columns("browInnerUp", "browOuterUp"), columns("browDown")


@dataclass(frozen=True)
class PersonalStyle:
    """A fitted person: the factors, and what the face has besides them at all times."""

    style: Style = Style()
    bias: tuple[float, ...] = (0.0,) * len(ARKIT)
    """(52,) added to the curves, each -1 to 1, columns as ARKIT; 0 outside SHAPED."""

    def __post_init__(self) -> None:
        if len(self.bias) != len(ARKIT):
            raise ValueError(f"style bias has {len(self.bias)} values, want {len(ARKIT)}")
        for name, value in zip(ARKIT, self.bias, strict=True):
            if not -1 <= value <= 1:
                raise ValueError(f"style bias {name} {value:g} is outside -1 to 1")


def sample_style(rng: np.random.Generator) -> Style:
    """A child's style: factors log-normal about 1, the others normal about 0, within 2.5 sigma."""
    drawn = {name: float(np.clip(rng.normal(), -2.5, 2.5)) * s for name, s in SPREAD.items()}
    values = {n: float(np.exp(v)) if n in FACTORS else v for n, v in drawn.items()}
    return Style(**{name: float(np.clip(v, *RANGE[name])) for name, v in values.items()})


def restyled(score: Score, person: PersonalStyle) -> Score:
    """The score for a person of this style: its style cues go, the person's and its bias come.

    A face cue over the whole score is a resting face (director.py): the average one, REST, takes
    its place, and the bias is added to that. Other face cues stay.
    """
    length_s = score.length_s
    style = StyleCue(0.0, length_s, **asdict(person.style), rise_s=0.0, fall_s=0.0)
    kept = [cue for cue in score.cues if not isinstance(cue, StyleCue)]
    rests = [c for c in kept if isinstance(c, FaceCue) and c.end_s - c.start_s >= length_s]
    face = np.clip(np.array(person.bias) + (1.0 if rests else 0.0) * REST, -1, 1)
    own = tuple((n, float(v)) for n, v in zip(ARKIT, face, strict=True) if v)
    rest = [FaceCue(0.0, length_s, own, rise_s=0.0, fall_s=0.0)] if own else []
    return Score(length_s, (*(cue for cue in kept if cue not in rests), style, *rest))


def apply_style(motion: Motion, style: Style, bias: NDArray[np.floating] | None = None) -> Motion:
    """The motion as a person of this style makes it: same times, same rate, same gaze and body.

    bias (52,) is added to the curves. Curves stay in 0..1, the head within HEAD_LIMIT_DEG, and a
    motion of the average style and no bias is returned with the same values. Lips that meet may
    part: let `contacts.contacts` close them after it.
    """
    if style == Style() and bias is None:
        return motion
    arkit = styled_curves(np.asarray(motion.arkit, np.float64), motion.rate_hz, style)
    if bias is not None:
        arkit += np.asarray(bias, np.float64)
    head = np.asarray(motion.head_deg, np.float64)
    slow = smoothed(head, POSE_S, motion.rate_hz)
    swing = _crisp(head - slow, style.tempo, motion.rate_hz)
    head = np.clip(slow + style.head * swing, -np.array(HEAD_LIMIT_DEG), HEAD_LIMIT_DEG)
    return replace(
        motion,
        arkit=np.clip(arkit, 0, 1).astype(np.float32),
        head_deg=head.astype(np.float32),
    )


def apply_personal(motion: Motion, person: PersonalStyle) -> Motion:
    """`apply_style` of a fitted person."""
    bias = np.array(person.bias)
    return apply_style(motion, person.style, bias if bias.any() else None)


def styled_curves(arkit: F64, rate_hz: float, style: Style) -> F64:
    """Curves (T, 52) in this style, not yet clipped to 0..1."""
    out = arkit.copy()
    out[:, MOVED] = _crisp(arkit[:, MOVED], style.tempo, rate_hz)
    for own, gain in ((JAW, style.jaw), (LIPS, style.lips), (EXPRESSION, style.expression)):
        out[:, own] *= gain
    out[:, LEFT] *= 1 + style.asymmetry
    out[:, RIGHT] *= 1 - style.asymmetry
    out[:, UP] += max(style.brow, 0.0)
    out[:, DOWN] += max(-style.brow, 0.0)
    return out


def _crisp(values: F64, tempo: float, rate_hz: float) -> F64:
    slow = smoothed(values, DETAIL_S, rate_hz)
    return slow + tempo * (values - slow)


def smoothed(values: F64, width_s: float, rate_hz: float) -> F64:
    """Columns (T, C) under a Gaussian of standard deviation `width_s`, ends mirrored."""
    return np.asarray(gaussian_filter1d(values, width_s * rate_hz, axis=0, mode="reflect"))


BIAS_UNIT = 0.08
"""Bias that counts as much as one standard deviation of a factor."""
BIASED = [i for i in SHAPED if i != JAW[1]]
"""Columns that a fitted bias may have: mouthClose follows the jaw."""
WEIGHT = {"expression": 0.5, "tempo": 0.7, "head": 0.8}
"""Of a factor in comparisons, where ten seconds say less of it."""


def style_vector(person: PersonalStyle) -> F64:
    """(7 + len(BIASED),): each field in standard deviations among children, factors by their
    logarithm; then the bias over BIAS_UNIT."""
    own = [
        np.log(max(getattr(person.style, n), 0.05)) if n in FACTORS else getattr(person.style, n)
        for n in SPREAD
    ]
    bias = np.array(person.bias)[BIASED] / BIAS_UNIT
    return np.concatenate([np.array(own) / list(SPREAD.values()), bias])


def from_vector(vector: F64) -> PersonalStyle:
    """The person of a `style_vector`, each value brought into its range."""
    own = vector[: len(SPREAD)] * list(SPREAD.values())
    values = {n: float(np.exp(v) if n in FACTORS else v) for n, v in zip(SPREAD, own, strict=True)}
    bias = np.zeros(len(ARKIT))
    bias[BIASED] = np.clip(vector[len(SPREAD) :] * BIAS_UNIT, -1, 1)
    style = Style(**{name: float(np.clip(v, *RANGE[name])) for name, v in values.items()})
    return PersonalStyle(style, tuple(bias.tolist()))


def style_gap(a: PersonalStyle, b: PersonalStyle) -> float:
    """Distance of two styles in standard deviations, root mean square over the seven factors and,
    as one more, the bias."""
    apart, n = style_vector(a) - style_vector(b), len(SPREAD)
    apart[:n] *= [WEIGHT.get(name, 1.0) for name in SPREAD]
    return float(np.sqrt((apart**2).sum() / (n + 1)))
