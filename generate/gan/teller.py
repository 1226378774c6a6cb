"""Pseudo-labels of a face in a picture, told by a face bundle on one of its runtimes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.backends import backend_for
from device.backends.apart import open_apart
from device.backends.audiovisual import cut
from device.backends.frontend import image
from device.bundle import MANIFEST, Bundle, ModelFile, read_bundle
from device.files import sha256_of
from device.zoo.store import find
from generate.face_outputs import CODE, LABELS, points_of, real
from generate.spec import ARKIT, EMOTIONS

Pixels = NDArray[np.uint8]
TARGETS = ("onnx", "onnx-int8", "tflite-int8")
"""The most exact file that runs here is asked."""
USUAL_BOX = (0.23, 0.38, 0.78, 0.92)
"""x0 y0 x1 y1 of the 68 points in a picture that `pictures.face_square` cut, as a share of its
side: the mean of the kit's stills."""
VIEW, ROUNDS = 2.0, 3
"""Side of what the network sees in sides of the face box, as it was trained; how often the box is
found anew. On renders at 64 px three rounds bring the error of its points from 13.9 % of the
distance of the outer eye corners to 8.0 %."""
SURE = 0.5
"""Least probability of an expression that is told."""


@dataclass(frozen=True)
class Told:
    """What a network says of one picture."""

    labels: dict[str, NDArray[Any]]
    """clip.PSEUDO_LABELS, T = 1."""
    present: float
    """Logit of there being a face."""
    uncertainty: float
    """Mean error to expect of a point along one axis, over the distance of the outer eye corners.
    On renders its logarithm and that of the true error go together (correlation 0.87)."""
    emotion: str
    """One of spec.EMOTIONS; empty where none is likelier than SURE."""


class Teller:
    """A face bundle that is asked for labels."""

    def __init__(self, bundle: str | Path) -> None:
        """Open a bundle folder or a packaged one; ValueError where it is none of a face."""
        folder = find(bundle)
        self.bundle: Bundle = read_bundle(folder)
        if self.bundle.task != "face" or self.bundle.labels != LABELS:
            raise ValueError(f"--face {bundle}: is of {self.bundle.task}; want all of toy-face")
        self.entry = _first_that_runs(self.bundle)
        self.manifest_sha256 = sha256_of(folder / MANIFEST)
        self._model = open_apart(folder, self.entry)

    @property
    def name(self) -> str:
        """Bundle, file and manifest, for people and for the record."""
        return f"{self.bundle.name}/{self.entry.path}, manifest {self.manifest_sha256[:12]}"

    def tell(self, picture: Pixels) -> Told:
        """Ask about the face of a square picture (H, H, 3) RGB, cut as generators' faces are."""
        side_px = len(picture)
        box = np.array(USUAL_BOX) * side_px
        for _ in range(ROUNDS):
            seen, corner = _view(picture, box)
            answer = self._model.run([image(seen, self.bundle.front_end)[None]])[0]
            points = points_of(answer)[0] * len(seen) + corner
            box = np.concatenate([points.min(0), points.max(0)])
        error_px = np.exp(real(answer, "spread")) * len(seen)
        eyes_px = max(float(np.linalg.norm(points[36] - points[45])), 1e-3)
        return Told(
            _labels(points, box, error_px, answer),
            float(real(answer, "present")[0, 0]),
            float(error_px.mean()) / eyes_px,
            _emotion(real(answer, "expression")[0]),
        )


def _first_that_runs(bundle: Bundle) -> ModelFile:
    reason = "no such file"
    for entry in sorted(
        (entry for entry in bundle.files if entry.target in TARGETS),
        key=lambda entry: TARGETS.index(entry.target),
    ):
        try:
            backend_for(entry.target)
        except ValueError as error:
            reason = str(error)
        else:
            return entry
    raise ValueError(f"bundle '{bundle.name}': none of {', '.join(TARGETS)} runs here: {reason}")


def _view(picture: Pixels, box: NDArray[np.float64]) -> tuple[Pixels, NDArray[np.float64]]:
    """The square about a box, edges repeated outwards as in training, and its corner (2,) px."""
    side = int(np.clip(round(VIEW * float((box[2:] - box[:2]).max())), 8, 4 * len(picture)))
    middle = (box[:2] + box[2:]) / 2
    corner = np.floor(middle - (side - 1) / 2)
    return cut(picture, (float(middle[0]), float(middle[1]), side)), corner


def _labels(
    points: NDArray[np.floating], box: NDArray[np.floating], error_px: NDArray[np.floating],
    answer: NDArray[np.float32],
) -> dict[str, NDArray[Any]]:  # fmt: skip
    arkit = np.full((1, len(ARKIT)), np.nan, np.float32)
    arkit[0, [ARKIT.index(name) for name in CODE]] = real(answer, "code")[0].clip(0, 1)
    labels = {
        "landmarks_px": points[None], "contour_px": points[None, :17], "face_box_px": box[None],
        "landmarks_error_px": error_px, "head_pose_deg": real(answer, "pose"),
        "gaze_deg": real(answer, "gaze").clip(-90, 90), "arkit": arkit,
        "openness": real(answer, "open").clip(0),
    }  # fmt: skip
    return {name: np.asarray(array, np.float32) for name, array in labels.items()}


def _emotion(logits: NDArray[np.float32]) -> str:
    share = np.exp(logits - logits.max())
    share /= share.sum()
    best = int(share.argmax())
    return EMOTIONS[best] if share[best] >= SURE else ""
