"""Face: batches, loss and metric.

Output (B, 140): 68 x and y from the centre of the crop as fractions of it (-0.5..0.5, iBUG-68,
outline jaw), then yaw, pitch and roll in degrees / 180, then the logit of "this is a face" / 64.
The divisors keep all values near -0.5..0.5, because one int8 scale serves the whole vector.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from device.front_end import IMAGE
from train_edge.augment_image import face_view, other_view, still_view
from train_edge.faces import Faces, Pixels, sample
from train_edge.metrics import landmark_error, summary
from train_edge.models.facenet import SIZE_PX, FaceNet
from train_edge.options import Options

POINTS = 68
POSE = slice(2 * POINTS, 2 * POINTS + 3)
PRESENT = 2 * POINTS + 3
POSE_DEG = 180.0
LOGIT = 64.0
CENTER = 0.5
LABELS = (
    *(f"{axis}{k}" for k in range(POINTS) for axis in "xy"),
    *("yaw", "pitch", "roll", "face"),
)
FRONT_END = IMAGE | {"standardize": True}
OTHER_SHARE = 0.15
POSE_WEIGHT, PRESENT_WEIGHT = 0.6, 0.03


def build(options: Options, labels: tuple[str, ...]) -> nn.Module:  # noqa: ARG001
    """The untrained network."""
    return FaceNet(len(labels))


class FaceTask:
    """Draws batches from faces in memory and scores outputs."""

    labels = LABELS
    front_end = FRONT_END

    def __init__(self, options: Options, kept: Faces, held: Faces) -> None:
        self.options, self.kept, self.held = options, kept, held

    def module(self) -> nn.Module:
        """The untrained network, which answers the mean face."""
        module = FaceNet(len(LABELS))
        start = torch.zeros(len(LABELS))
        points = self.kept.points @ still_view(1)[:, :2].T + still_view(1)[:, 2]
        start[: 2 * POINTS] = torch.from_numpy(points.mean(0).astype(np.float32)).flatten() - CENTER
        module.start_at(start)
        return module

    def batch(self, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        """input (B, 3, H, W), points (B, 68, 2) 0..1, pose (B, 3) / 180 deg, present (B,)."""
        n_others = int(rng.binomial(size, OTHER_SHARE)) if len(self.kept.others) else 0
        picks = rng.integers(0, len(self.kept), size - n_others)
        kept, how = self.kept, self.options.image
        views = [
            face_view(kept.crops[k], kept.points[k], kept.pose_deg[k], SIZE_PX, rng, how)
            for k in picks
        ]
        others = rng.integers(0, max(1, len(kept.others)), n_others)
        pictures = [view[0] for view in views]
        pictures += [other_view(kept.others[k], SIZE_PX, rng, how) for k in others]
        points, pose = np.zeros((size, POINTS, 2), np.float32), np.zeros((size, 3), np.float32)
        for j, view in enumerate(views):
            points[j], pose[j] = view[1] / SIZE_PX, view[2] / POSE_DEG
        present = np.arange(size) < len(views)
        return {
            "input": standardized(np.stack(pictures)),
            "points": torch.from_numpy(points),
            "pose": torch.from_numpy(pose),
            "present": torch.from_numpy(present.astype(np.float32)),
        }

    def loss(self, outputs: Tensor, batch: dict[str, Tensor]) -> Tensor:
        """Wing loss of the points, L1 of the pose where there is a face; entropy of the logit."""
        present = batch["present"]
        faces = present.sum().clamp(min=1)
        points = outputs[:, : 2 * POINTS].reshape(-1, POINTS, 2) + CENTER
        where = wing(2 * (points - batch["points"])).mean((1, 2))
        pose = (outputs[:, POSE] - batch["pose"]).abs().mean(1)
        face = ((where + POSE_WEIGHT * pose) * present).sum() / faces
        logit = LOGIT * outputs[:, PRESENT]
        return face + PRESENT_WEIGHT * functional.binary_cross_entropy_with_logits(logit, present)

    def validate(self, module: nn.Module) -> dict[str, float]:
        """Landmark, pose and presence errors on held-out, unvaried crops."""
        faces = upright(self.held.crops)
        outputs = predict(module, faces)
        to_view = still_view(SIZE_PX)
        truth = self.held.points @ to_view[:, :2].T + to_view[:, 2]
        found = points_of(outputs) * SIZE_PX
        pose = np.abs(outputs[:, POSE] * POSE_DEG - self.held.pose_deg).mean()
        seen = float((outputs[:, PRESENT] > 0).mean())
        errors = summary(landmark_error(found, truth))
        scores = {f"val_{name}": value for name, value in errors.items()}
        scores |= {"val_pose_deg": float(pose), "val_faces_found": seen}
        if len(self.held.others):
            others = predict(module, upright(self.held.others))
            scores["val_false_faces"] = float((others[:, PRESENT] > 0).mean())
        return scores


def points_of(outputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Landmarks (K, 68, 2), fractions of the crop 0..1 from its top left, of outputs (K, 140)."""
    return outputs[:, : 2 * POINTS].reshape(-1, POINTS, 2) + np.float32(CENTER)


def standardized(pictures: Pixels) -> Tensor:
    """The image front end on (B, 96, 96, 3) uint8 -> (B, 3, 96, 96), mean 0 and deviation 1."""
    pixels = torch.from_numpy(pictures).float()
    centred = pixels - pixels.mean((1, 2, 3), keepdim=True)
    # Tensor.std takes five times as long.
    deviation = centred.square().mean((1, 2, 3), keepdim=True).sqrt()
    return (centred / deviation.clamp(min=1)).permute(0, 3, 1, 2)


def upright(crops: Pixels) -> Pixels:
    """Unvaried pictures (K, 96, 96, 3) of crops in memory."""
    return np.stack([sample(crop, still_view(SIZE_PX), SIZE_PX) for crop in crops])


def predict(module: nn.Module, pictures: Pixels) -> NDArray[np.float32]:
    """Outputs (K, 140) of pictures (K, 96, 96, 3)."""
    parts = np.array_split(pictures, -(-len(pictures) // 128))
    with torch.no_grad():
        return np.concatenate([module(standardized(part)).numpy() for part in parts])


def wing(difference: Tensor, width: float = 0.06, bend: float = 0.012) -> Tensor:
    """Wing loss, elementwise: steep near 0, linear beyond `width` (Feng et al. 2018)."""
    size = difference.abs()
    constant = width - width * float(np.log1p(width / bend))
    return torch.where(size < width, width * torch.log1p(size / bend), size - constant)
