"""Front end of models that hear and see: a row for each picture, with the sound of its time.

A row is what was heard in the 40 ms of one picture, two log-mel frames, and the picture of the
lower face. One second of rows is one input of one scale: log-mel and pixels both fill -2..2.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from device.backends.frontend import levels, normalize, resize
from device.backends.model import Model
from device.backends.stream import Windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

SIDE, DOWN = 0.7, 0.2
"""Of the square of the lower face: its side, and its middle below that of the face box, both in
sides of the box."""
DEVIATION, MOST = 0.8, 2.0
"""Pixels of a second have mean 0 and this deviation; beyond MOST they are cut."""
FOLLOW = 0.3
"""Share of the way to a new face box that the tracked square goes in a picture."""


def pictures_in(spec: dict[str, Any]) -> int:
    """T: pictures that a model sees at once."""
    return round(spec["samples"] / spec["sample_rate"] * spec["rate_hz"])


def lower_face(box: Sequence[float]) -> tuple[float, float, float]:
    """Middle x, y and side of the square to cut out, of a face box x0, y0, x1, y1 (px).

    The box holds the face from the brows to the chin, as one around iBUG-68 landmarks does.
    """
    x0, y0, x1, y1 = box
    side = max(x1 - x0, y1 - y0)
    return (x0 + x1) / 2, (y0 + y1) / 2 + DOWN * side, SIDE * side


class Track:
    """The square of the lower face, which follows the boxes of a detector smoothly."""

    def __init__(self) -> None:
        self._square: tuple[float, float, float] | None = None

    def follow(self, box: Sequence[float]) -> tuple[float, float, float]:
        """Middle x, y and side (px) after the newest face box x0, y0, x1, y1."""
        new = lower_face(box)
        old = self._square or new
        x, y, side = (a + FOLLOW * (b - a) for a, b in zip(old, new, strict=True))
        self._square = (x, y, side)
        return self._square


def cut(frame: Array, square: tuple[float, float, float]) -> Array:
    """A square (S, S, 3) out of a camera picture (H, W, 3); its edges are repeated outwards.

    square: middle x, y and side in px, as `Track` gives it.
    """
    import numpy as np

    x, y, side = square
    places = np.arange(max(1, round(side))) - (round(side) - 1) / 2
    columns, lines = (
        np.clip(np.floor(middle + places).astype(int), 0, length - 1)
        for middle, length in ((x, frame.shape[1]), (y, frame.shape[0]))
    )
    return frame[lines[:, None], columns]


def grey(picture: Array, size: int) -> Array:
    """A square (H, W, 3) or grey (H, W) uint8 picture -> (size, size) float32, 0..255."""
    import numpy as np

    picture = np.asarray(picture)
    fits = picture.ndim in (2, 3) and picture.dtype == np.uint8 and 0 not in picture.shape
    if not fits or picture.shape[2:] not in ((), (1,), (3,)):
        raise ValueError(
            f"picture of shape {picture.shape} and type {picture.dtype}: the audio-visual front "
            "end takes (height, width, 3) or (height, width) uint8"
        )
    flat = picture.astype(np.float32)
    flat = flat.mean(axis=2) if flat.ndim == 3 else flat
    return resize(flat[:, :, None], size, size)[:, :, 0]


def standardized(pictures: Array) -> Array:
    """Grey pictures (..., T, S, S) of one second -> float32 in -2..2, lighter is more."""
    import numpy as np

    pictures = np.asarray(pictures, np.float32)
    centred = pictures - pictures.mean(axis=(-3, -2, -1), keepdims=True)
    spread = np.sqrt(np.square(centred).mean(axis=(-3, -2, -1), keepdims=True))
    made: Array = np.clip(centred * (DEVIATION / np.maximum(spread, 1.0)), -MOST, MOST)
    return made


def rows(heard: Array, seen: Array) -> Array:
    """Log-mel (..., 2 T, L) and standardized pictures (..., T, S, S) -> (..., T, 2 L + S S)."""
    import numpy as np

    lead, count = seen.shape[:-3], seen.shape[-3]
    sound = heard.reshape(*lead, count, -1)
    return np.concatenate([sound, seen.reshape(*lead, count, -1)], axis=-1).astype(np.float32)


def audiovisual(audio: Array, pictures: Sequence[Array], spec: dict[str, Any]) -> Array:
    """What a model gets of a second: sound (N,) in -1..1, T square pictures -> (T, 2 L + S S).

    ValueError for another number of samples or pictures.
    """
    import numpy as np

    if len(audio) != spec["samples"] or len(pictures) != pictures_in(spec):
        raise ValueError(
            f"{len(audio)} samples and {len(pictures)} pictures: the model takes "
            f"{spec['samples']} and {pictures_in(spec)}"
        )
    seen = np.stack([grey(picture, spec["size_px"]) for picture in pictures])
    return rows(normalize(levels(audio, spec), spec), standardized(seen))


class Watch:
    """Asks a model about the child in front of the toy, once a picture.

    Before the stream begins there was silence and the first picture stood still. A log-mel frame
    needs 5 ms of sound beyond its end, so sound is taken 5 ms late, for every picture an answer.
    """

    def __init__(self, model: Model, spec: dict[str, Any]) -> None:
        import numpy as np

        self._model, self._spec = model, spec
        self._each = round(spec["sample_rate"] / spec["rate_hz"])
        self._sound = Windows(spec, self._each // spec["hop"])
        list(self._sound.feed(np.zeros((spec["window"] - spec["hop"]) // 2)))
        self._seen: deque[Array] = deque(maxlen=pictures_in(spec))

    def look(self, sound: Array, picture: Array) -> Array:
        """Outputs (n,) after a square picture of the lower face and the sound of its 40 ms.

        sound (640,) in -1..1, taken while the picture was. ValueError for another number.
        """
        import numpy as np

        if len(sound) != self._each:
            raise ValueError(f"{len(sound)} samples with a picture, want {self._each}")
        square = grey(picture, self._spec["size_px"])
        while len(self._seen) < (self._seen.maxlen or 0) - 1:
            self._seen.append(square)
        self._seen.append(square)
        features = next(f for _, f in self._sound.feed(sound))
        inputs = rows(features, standardized(np.stack(self._seen)))
        answer: Array = self._model.run([inputs[None, :, :, None]])[0][0]
        return answer
