"""Face: batches, loss and metric. What the outputs are stands in face_outputs.py."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from device.front_end import IMAGE
from generate.face_outputs import (
    AGE_YEARS,
    BY_NAME,
    COLUMNS,
    EXPRESSION,
    LABELS,
    MEASURED,
    MIRROR,
    POINTS,
    TRUTH,
    age_band,
    points_of,
    truth_columns,
)
from generate.people.rotation import head_rotation
from generate.render.camera import direction_angles_deg, head_angles_deg
from train_edge.augment_image import face_view, other_view, still_view
from train_edge.face_scores import directions, head_scores
from train_edge.faces import Crops, Faces, Pixels, sample
from train_edge.metrics import landmark_error, summary
from train_edge.models.facenet import BINS, BODIES, SIZE_PX, FaceNet, bin_centres
from train_edge.options import Options

FRONT_END = IMAGE | {"standardize": True}
OTHER_SHARE = 0.15
WEIGHTS = {"spread": 0.01, "pose": 0.4, "gaze": 0.3, "open": 0.3, "code": 0.2}
"""Of each part's loss, beside landmarks at 1."""
BINS_WEIGHT = 0.3
CLASS_WEIGHT, PRESENT_WEIGHT = 0.02, 0.03
BIN_SPREAD = 0.8
"""Standard deviation of what the bins of a point should say, in bins."""
UPRIGHT = np.array([1, 0, 0], np.float32)
_SIDEWAYS = [*truth_columns("pose")[::2], *truth_columns("gaze")[:1]]
"""Columns of truth that change their sign in a mirror."""

Truth = NDArray[np.float32]


def build(options: Options, labels: tuple[str, ...]) -> FaceNet:
    """The untrained network."""
    return FaceNet(len(labels), POINTS, BODIES[options.body])


class FaceTask:
    """Draws batches from faces in memory and scores outputs."""

    labels = LABELS
    front_end = FRONT_END

    def __init__(self, options: Options, kept: Faces, held: Faces) -> None:
        self.options, self.kept, self.held = options, kept, held

    def module(self) -> nn.Module:
        """The untrained network."""
        return build(self.options, LABELS)

    def batch(self, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        """input (B, 3, H, W), points (B, 68, 2) 0..1, truth (B, TRUTH), present (B,).

        Truth is NaN where there is no face or nothing is known.
        """
        n_others = int(rng.binomial(size, OTHER_SHARE)) if len(self.kept.others) else 0
        picks = rng.integers(0, len(self.kept), size - n_others)
        points = np.zeros((size, POINTS, 2), np.float32)
        truth = np.full((size, TRUTH), np.nan, np.float32)
        pictures = []
        for j, k in enumerate(picks):
            # An upright head tells by its pose how far the picture was turned and mirrored.
            picture, at, turn = face_view(
                self.kept.crops[k], self.kept.points[k], UPRIGHT, SIZE_PX, rng, self.options.image
            )
            pictures.append(picture)
            points[j] = at / SIZE_PX
            truth[j] = turned(self.kept.truth[k], float(turn[2] * turn[0]), turn[0] < 0)
        for k in rng.integers(0, max(1, len(self.kept.others)), n_others):
            pictures.append(other_view(self.kept.others[k], SIZE_PX, rng, self.options.image))
        return {
            "input": standardized(np.stack(pictures)),
            "points": torch.from_numpy(points),
            "truth": torch.from_numpy(truth),
            "present": (torch.arange(size) < len(picks)).float(),
        }

    def loss(self, outputs: Tensor, batch: dict[str, Tensor]) -> Tensor:
        """Wing loss of the points, and the losses of the parts where their truth is known."""
        present, truth = batch["present"], batch["truth"]
        points = outputs[:, COLUMNS["points"]].reshape(-1, POINTS, 2) + BY_NAME["points"].center
        difference = points - batch["points"]
        faces = present.sum().clamp(min=1)
        error = wing(2 * difference).mean((1, 2))
        error = error + BINS_WEIGHT * bins_loss(outputs[:, len(LABELS) :], batch["points"])
        total = (error * present).sum() / faces
        spread = spread_loss(outputs[:, COLUMNS["spread"]], difference.detach())
        total = total + WEIGHTS["spread"] * (spread * present).sum() / faces
        for name in MEASURED:
            total = total + WEIGHTS[name] * measured_loss(name, outputs, truth)
        band = age_band(truth[:, AGE_YEARS].numpy())
        known = torch.from_numpy(band).masked_fill(truth[:, AGE_YEARS].isnan(), IGNORED)
        total = total + CLASS_WEIGHT * class_loss("age", outputs, known)
        emotion = truth[:, EXPRESSION].nan_to_num(IGNORED).long()
        total = total + CLASS_WEIGHT * class_loss("expression", outputs, emotion)
        logit = BY_NAME["present"].divisor * outputs[:, COLUMNS["present"]][:, 0]
        return total + PRESENT_WEIGHT * functional.binary_cross_entropy_with_logits(logit, present)

    def validate(self, module: nn.Module) -> dict[str, float]:
        """Errors of landmarks and of all else on held-out, unvaried crops."""
        outputs = predict(module, upright(self.held.crops))
        to_view = still_view(SIZE_PX)
        truth = self.held.points @ to_view[:, :2].T + to_view[:, 2]
        scores = summary(landmark_error(points_of(outputs) * SIZE_PX, truth))
        scores |= head_scores(outputs, self.held.truth)
        if len(self.held.others):
            others = predict(module, upright(self.held.others))
            scores["false_faces"] = float((others[:, COLUMNS["present"]] > 0).mean())
        return {f"val_{name}": value for name, value in scores.items()}


IGNORED = -1


def turned(truth: Truth, clockwise_deg: float, mirrored: bool) -> Truth:
    """Truth (TRUTH,) of a face in a picture that was turned and then perhaps mirrored."""
    truth = truth.copy()
    turn = np.radians(clockwise_deg)
    about_z = np.eye(3)
    about_z[:2, :2] = [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
    pose, gaze = truth_columns("pose"), truth_columns("gaze")
    truth[pose] = head_angles_deg(about_z @ head_rotation(*(float(a) for a in truth[pose])))
    truth[gaze] = direction_angles_deg(about_z @ directions(truth[gaze][None])[0])
    if mirrored:
        truth = truth[MIRROR]
        truth[_SIDEWAYS] *= -1
    return truth


def bins_loss(logits: Tensor, points: Tensor) -> Tensor:
    """Cross entropy (B,) of bins, logits (B, 2 * 68 * BINS), against points (B, 68, 2) 0..1.

    A point's bins should form a Gaussian about it, so that the mean over them is the point (SimCC,
    Li et al. 2022, section 3.2). A point outside the picture belongs to the bins at its edge.
    """
    away = (bin_centres() - points.flatten(1)[..., None].clamp(0, 1)) * BINS
    wanted = (-(away**2) / (2 * BIN_SPREAD**2)).softmax(2)
    said = logits.reshape(wanted.shape).log_softmax(2)
    return -(wanted * said).sum(2).mean(1)


def spread_loss(outputs: Tensor, difference: Tensor) -> Tensor:
    """Negative log likelihood (B,) of point errors (B, 68, 2) under a Laplace distribution.

    Its logarithmic scale for each point is answered beside the point (Kendall & Gal 2017, eq. 8).
    The errors carry no gradient, so that no point moves to please its uncertainty.
    """
    part = BY_NAME["spread"]
    scale = part.divisor * outputs + part.center
    return (difference.abs().mean(2) * torch.exp(-scale) + scale).mean(1)


def measured_loss(name: str, outputs: Tensor, truth: Tensor) -> Tensor:
    """Mean error of a part where it is known: absolute, but squared for the code, whose values are
    0 so often that absolute errors would answer 0 always."""
    part, target = BY_NAME[name], truth[:, truth_columns(name)]
    known = target.isfinite()
    target = (target.nan_to_num() - part.center) / part.divisor
    error = (outputs[:, COLUMNS[name]] - target).abs()
    error = error.square() if name == "code" else error
    return (error * known).sum() / known.sum().clamp(min=1)


def class_loss(name: str, outputs: Tensor, truth: Tensor) -> Tensor:
    """Mean cross-entropy of a part's logits where the class (B,) is not IGNORED."""
    logits = BY_NAME[name].divisor * outputs[:, COLUMNS[name]]
    found = functional.cross_entropy(logits, truth, ignore_index=IGNORED, reduction="sum")
    return found / (truth != IGNORED).sum().clamp(min=1)


def standardized(pictures: Pixels) -> Tensor:
    """The image front end on (B, 96, 96, 3) uint8 -> (B, 3, 96, 96), mean 0 and deviation 1."""
    pixels = torch.from_numpy(pictures).float()
    centred = pixels - pixels.mean((1, 2, 3), keepdim=True)
    # Tensor.std takes five times as long.
    deviation = centred.square().mean((1, 2, 3), keepdim=True).sqrt()
    return (centred / deviation.clamp(min=1)).permute(0, 3, 1, 2)


def upright(crops: Crops) -> Pixels:
    """Unvaried pictures (K, 96, 96, 3) of crops in memory."""
    view = still_view(SIZE_PX)
    return np.stack([sample(crops[k], view, SIZE_PX) for k in range(len(crops))])


def predict(module: nn.Module, pictures: Pixels) -> NDArray[np.float32]:
    """Outputs (K, n) of pictures (K, 96, 96, 3)."""
    parts = np.array_split(pictures, -(-len(pictures) // 128))
    with torch.no_grad():
        return np.concatenate([module(standardized(part)).numpy() for part in parts])


def wing(difference: Tensor, width: float = 0.06, bend: float = 0.012) -> Tensor:
    """Wing loss, elementwise: steep near 0, linear beyond `width` (Feng et al. 2018)."""
    size = difference.abs()
    constant = width - width * float(np.log1p(width / bend))
    return torch.where(size < width, width * torch.log1p(size / bend), size - constant)
