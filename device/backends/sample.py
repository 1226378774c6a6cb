"""Inputs to measure with, and the front end as a piece of work to measure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from device.backends.frontend import image, logmel, scene

if TYPE_CHECKING:
    from device.backends.model import Array, Model

CROP_PX = 160
"""Side of the camera crop that the image front end shrinks."""


def invocation(model: Model) -> Callable[[], list[Array]]:
    """Return one run on fixed noise in -1..1, stored as the file wants it; a free axis is 1."""
    import numpy as np

    rng = np.random.default_rng(0)
    shapes = [tuple(max(size, 1) for size in tensor.shape) for tensor in model.inputs]
    stored = model.store([rng.uniform(-1, 1, shape).astype(np.float32) for shape in shapes])
    return model.bound(stored)


def whole(model: Model, spec: dict[str, Any]) -> Callable[[], list[Array]]:
    """Return one run from sound or picture to answer: front end, storing, model, restoring.

    A file with its front end inside takes the sound itself, and gets it.
    """
    import numpy as np

    if model.inputs[0].shape[1:] == (spec.get("samples"),):
        return invocation(model)
    _, work = front_end_work(spec)
    shape = tuple(max(size, 1) for size in model.inputs[0].shape)

    def once() -> list[Array]:
        features = np.asarray(work(), np.float32).reshape(shape)
        return model.restore(model.invoke(model.store([features])))

    return once


def front_end_work(spec: dict[str, Any]) -> tuple[str, Callable[[], object]]:
    """Return (`numpy VERSION`, the work of one clip or one image) for a bundle's front end."""
    import numpy as np

    rng = np.random.default_rng(0)
    if spec["name"] == "logmel":
        audio = rng.uniform(-0.5, 0.5, spec["samples"]).astype(np.float32)
        return f"numpy {np.__version__}", lambda: logmel(audio, spec)
    if spec["name"] == "scene":
        size = (2 * spec["height_px"], 2 * spec["width_px"], 3)
        frame = rng.integers(0, 256, size).astype(np.uint8)
        return f"numpy {np.__version__}", lambda: scene(frame, spec)
    if spec["name"] == "audiovisual":
        return f"numpy {np.__version__}", _second(rng, spec)
    crop = rng.integers(0, 256, (CROP_PX, CROP_PX, 3)).astype(np.uint8)
    return f"numpy {np.__version__}", lambda: image(crop, spec)


def _second(rng: Any, spec: dict[str, Any]) -> Callable[[], object]:
    """The work of one second of pictures and sound."""
    from device.backends.audiovisual import audiovisual, pictures_in

    audio = rng.uniform(-0.5, 0.5, spec["samples"])
    film = rng.integers(0, 256, (pictures_in(spec), CROP_PX // 2, CROP_PX // 2)).astype("uint8")
    return lambda: audiovisual(audio, film, spec)
