"""Features of a stream: every frame computed once, every window normalized on its own.

The floor of the features hangs from the loudest cell of the second that is looked at, so a cell
has another feature in each window that it is in. What is kept from window to window is therefore
the level of a frame (frontend.levels), not its feature.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from device.backends.frontend import EPSILON, frame_levels, normalize
from device.backends.model import Runs
from device.detect import Detector, Ears, Event, softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[Any]

TAIL_S = 0.5
"""Silence after the end of a sound, so that a last word gets the answers that it needs."""


class Windows:
    """The last second as frame levels. Before the stream begins there was silence."""

    def __init__(self, spec: dict[str, Any], hop_frames: int) -> None:
        import numpy as np

        self._spec, self._hop_frames = spec, hop_frames
        self._rows = np.full((spec["samples"] // spec["hop"], spec["n_mels"]), np.log(EPSILON))
        side = (spec["window"] - spec["hop"]) // 2
        self._rest = np.zeros(side)
        self._frames = 0

    def feed(self, sound: Floats) -> Iterator[tuple[float, Floats]]:
        """Take sound (N,) in -1..1 of any length; yield (end in s, features (T, L)) of each hop.

        Frames need (window - hop) / 2 samples beyond their end: the newest 5 ms wait.
        """
        import numpy as np

        window, hop = self._spec["window"], self._spec["hop"]
        self._rest = np.concatenate([self._rest, sound])
        count = max(0, (len(self._rest) - window) // hop + 1)
        if not count:
            return
        pieces = np.lib.stride_tricks.sliding_window_view(self._rest, window)[::hop]
        rows = frame_levels(pieces, self._spec)
        self._rest = self._rest[count * hop :]
        for row in rows:
            self._rows = np.concatenate([self._rows[1:], row[None]])
            self._frames += 1
            if self._frames % self._hop_frames == 0:
                end_s = self._frames * hop / self._spec["sample_rate"]
                yield end_s, normalize(self._rows, self._spec)


def posteriors(
    model: Runs, spec: dict[str, Any], sounds: Iterable[Floats], hop_frames: int
) -> Iterator[tuple[float, list[float]]]:
    """Yield (end in s, posteriors (C,)) of each hop of a stream that comes in pieces (N,).

    The model takes features (1, T, L, 1); its answers are logits.
    """
    windows = Windows(spec, hop_frames)
    for sound in sounds:
        for end_s, features in windows.feed(sound):
            yield end_s, softmax(model.run([features[None, :, :, None]])[0][0].tolist())


def listen(
    model: Runs,
    spec: dict[str, Any],
    labels: tuple[str, ...],
    settings: Detector,
    sounds: Iterable[Floats],
) -> Iterator[Event]:
    """Yield the words that are heard in a stream that comes in pieces (N,) in -1..1."""
    ears = Ears(settings, labels)
    for end_s, answer in posteriors(model, spec, sounds, settings.hop_frames):
        event = ears.hear(end_s, answer)
        if event:
            yield event


def pieces(sound: Floats, spec: dict[str, Any], seconds: float = 10.0) -> Iterator[Floats]:
    """Yield a whole sound in pieces, with TAIL_S of silence behind it."""
    import numpy as np

    size = int(seconds * spec["sample_rate"])
    for start in range(0, len(sound), size):
        yield sound[start : start + size]
    yield np.zeros(int(TAIL_S * spec["sample_rate"]))
