"""What is trained and how, as data: written to options.json of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import tyro


@dataclass(frozen=True)
class ImageAugment:
    """How far pictures are varied; 0 switches a step off.

    Renders already have noise, blur, compression, hands and odd light of their own. Two to three
    times as much of these made a face network of 2,000 steps worse on real faces, NME 10.9 instead
    of 8.6 %; for finding faces and for talking nobody has compared.
    """

    scale: float = 0.06
    """Standard deviation of the log size of the crop."""
    shift: float = 0.03
    """Standard deviation of the place of the crop, in sides of the face box."""
    rotate_deg: float = 8.0
    """Standard deviation of the rotation."""
    shear: float = 0.02
    """Standard deviation of shear and of log aspect."""
    flip: float = 0.5
    """Share of mirrored pictures."""
    occlude: float = 0.15
    """Share of pictures with something in front of the face."""
    blur: float = 0.2
    """Share of pictures with low resolution; half as many are out of focus or moved."""
    light: float = 0.5
    """Strength of colour, gamma, contrast and gradients."""
    noise: float = 0.02
    """Largest standard deviation of sensor noise, of the full range."""
    jpeg: float = 0.15
    """Share of pictures compressed at quality 15 to 90."""


@dataclass(frozen=True)
class SoundAugment:
    """How far sounds are varied; 0 switches a step off."""

    trim: float = 0.12
    """Largest share of a word cut off at either end."""
    time_warp: float = 0.25
    """Standard deviation of the log rate between parts of a word."""
    loudness_db: float = 4.0
    """Spread of a slow loudness contour: other balance of consonants and vowels."""
    speed: float = 0.2
    """Largest log change of the whole duration."""
    vocal_tract: float = 0.12
    """Largest log change of the frequency axis (vocal-tract length)."""
    eq_db: float = 3.0
    """Spread of tilt and of three broad peaks."""
    band_limit: float = 0.8
    """Share of clips seen through a telephone-like band."""
    room: float = 0.5
    """Share of clips with reverberation."""
    gain_db: float = 25.0
    """Largest attenuation."""
    noise: float = 0.8
    """Share of clips with clear noise, 0 to 35 dB SNR."""
    babble: float = 0.2
    """Share of noises that are other speakers."""


@dataclass(frozen=True)
class Options:
    """What is trained and how; written to options.json of the run."""

    task: Annotated[Literal["kws", "face", "find", "voice", "talking"], tyro.conf.Fixed]
    """kws: keywords, unknown and silence. face: 68 landmarks, pose, gaze, expression,
    age band, face or not. find: where faces are in a picture of a toy's camera.
    voice: speech or none, child or adult, emotion. talking: whether the face that is
    seen speaks."""
    steps: int
    """Optimizer steps in all; the learning rate follows one cycle over them."""
    batch: int
    """Clips in one step, over all processes."""
    learning_rate: float
    """Peak of the cycle."""
    weight_decay: float
    """AdamW's decay."""
    clip_norm: float = 1.0
    """Largest norm of the gradient."""
    ema: float = 0.998
    """Decay of the averaged weights that the run keeps; grows from 0.1 over the first steps."""
    seed: int = 0
    """Start weights and the whole stream of batches follow from it."""
    threads: int = 0
    """Threads of torch; 0 takes all cores. Bit-equal repeats need the same number."""
    checkpoint_steps: int = 0
    """Steps between checkpoints, which a kill has to redo; 0 saves as often as 2 % of the time
    allows."""
    words: tuple[str, ...] = ()
    """kws: keywords to tell apart; empty takes those of the data set."""
    background: str = ""
    """kws: a `stream` data set without keywords, whose seconds are unknown: fewer false accepts.
    find: a `places` data set, what lies behind the people and has no face.
    talking: a `stills` data set, more people whose lips and poses the eye learns.
    face: more faces, such as those of `generate gan --as-clips`; none of them is held out."""
    voices: str = ""
    """talking: a `talk` data set without pictures, more voices whose lips the ear learns."""
    unknown_share: float = 0.14
    """kws: share of each batch that is speech without a keyword."""
    teachers: tuple[str, ...] = ()
    """kws: finished runs on the same words, whose mean answer is learned besides the labels."""
    network: Literal["dscnn", "bcresnet"] = "dscnn"
    """kws, voice: depthwise-separable convolutions, or broadcast residuals."""
    body: Literal["narrow", "wide"] = "narrow"
    """face: 8 or 24 million multiply-adds; wide takes three times as long and errs less."""
    senses: Literal["both", "sound", "pictures"] = "both"
    """talking: what the network gets; one sense alone shows what the other is worth."""
    dropout: float = 0.1
    """kws, voice, talking: share of features dropped before the last layer."""
    sound: SoundAugment = field(default_factory=SoundAugment)
    """kws, voice, talking: how sounds are varied."""
    image: ImageAugment = field(default_factory=ImageAugment)
    """face, find, talking: how pictures are varied."""


def check_options(options: Options) -> None:
    """Raise ValueError with one line where an option cannot be used."""
    lows = {"steps": 1, "batch": 2, "threads": 0, "seed": 0, "checkpoint_steps": 0}
    for name, low in lows.items():
        if getattr(options, name) < low:
            flag = name.replace("_", "-")
            raise ValueError(f"--{flag} {getattr(options, name)}: at least {low}")
    for name in ("learning_rate", "clip_norm"):
        if not 0 < getattr(options, name) < 1e6:
            flag = name.replace("_", "-")
            raise ValueError(f"--{flag} {getattr(options, name)}: want a number above 0")
    if not 0 <= options.unknown_share <= 0.9:
        raise ValueError(f"--unknown-share {options.unknown_share}: want 0 to 0.9")
    if not 0 <= options.ema < 1:
        raise ValueError(f"--ema {options.ema}: want 0 <= ema < 1")
    if len(set(options.words)) != len(options.words):
        raise ValueError(f"--words {' '.join(options.words)}: a word is given twice")
