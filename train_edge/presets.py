"""Named training recipes; every field can be set on the command line."""

from __future__ import annotations

from dataclasses import replace

from generate.options import choose
from train_edge.options import ImageAugment, Options, SoundAugment

KWS = Options("kws", steps=900, batch=96, learning_rate=6e-3, weight_decay=0.02)
FACE = Options("face", steps=2000, batch=32, learning_rate=4e-3, weight_decay=1e-3)
FIND = Options("find", steps=4000, batch=32, learning_rate=4e-3, weight_decay=1e-3)
VOICE = Options(
    "voice", steps=900, batch=96, learning_rate=4e-3, weight_decay=0.02,
    sound=SoundAugment(vocal_tract=0.02, speed=0.1, babble=0.0),
)  # fmt: skip
"""A stretched frequency axis would make a child of an adult, and babble is speech."""
TALKING = Options(
    "talking", steps=5000, batch=16, learning_rate=3e-3, weight_decay=0.01,
    image=ImageAugment(shift=0.06),
    sound=SoundAugment(vocal_tract=0.1, band_limit=0.5, room=0.3, noise=0.5, babble=0.1),
)  # fmt: skip
"""What moves the lips must be heard: half of the seconds are nearly clean."""
PRESETS: dict[str, Options] = {
    "kws": KWS,
    "kws-tiny": replace(KWS, steps=300, batch=64),
    "face": FACE,
    "face-tiny": replace(FACE, steps=500, batch=24),
    "find": FIND,
    "find-tiny": replace(FIND, steps=400, batch=16),
    "voice": VOICE,
    "talking": TALKING,
    "talking-tiny": replace(TALKING, steps=300, batch=16),
}
NOTES = {
    "kws": "keywords on a microcontroller: 27k parameters",
    "kws-tiny": "the same net in half a minute, for a first look",
    "face": "landmarks, pose, gaze, expression, age, face or not: 338k parameters",
    "face-tiny": "the same net in a minute, for a first look",
    "find": "where faces are, 160 x 120 grey: 52k parameters",
    "find-tiny": "the same net in a minute, for a first look",
    "voice": "speech or none, child or adult, emotion: 27k parameters, one net with three heads",
    "talking": "does the face that is seen speak: 274k parameters, 1.6 s of pictures and sound",
    "talking-tiny": "the same net in two minutes, for a first look",
}


def preset(name: str) -> Options:
    """Options of a preset; ValueError with the nearest name where there is none."""
    return PRESETS[choose(name, PRESETS, "preset")]
