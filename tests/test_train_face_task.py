"""What the face network answers: units, mirrors and turns of truth, and losses that fit them."""

import numpy as np
import pytest
import torch

from generate.face_outputs import (
    AGE_YEARS,
    AGES,
    COLUMNS,
    EXPRESSION,
    LABELS,
    MEASURED,
    MEASURES,
    MIRROR,
    PARTS,
    TRUTH,
    age_band,
    real,
    truth_columns,
)
from generate.people.rotation import head_rotation
from generate.render.camera import head_angles_deg
from train_edge.augment_image import face_view
from train_edge.face_scores import angle_deg, head_scores
from train_edge.face_task import (
    BIN_SPREAD,
    FaceTask,
    bins_loss,
    measured_loss,
    spread_loss,
    turned,
)
from train_edge.faces import Faces
from train_edge.models.facenet import BINS, BODIES, FaceNet, bin_centres
from train_edge.options import ImageAugment
from train_edge.presets import PRESETS

RNG = np.random.default_rng(8)


def truth(count: int = 1) -> np.ndarray:
    """Plausible truth (count, TRUTH)."""
    found = RNG.uniform(0, 1, (count, TRUTH)).astype(np.float32)
    found[:, truth_columns("pose") + truth_columns("gaze")] = RNG.uniform(-50, 50, (count, 5))
    found[:, EXPRESSION], found[:, AGE_YEARS] = 3, 7.5
    return found


def answers(known: np.ndarray) -> np.ndarray:
    """Outputs that say exactly the truth (K, TRUTH)."""
    outputs = np.zeros((len(known), len(LABELS)), np.float32)
    for part in PARTS:
        if part.name in MEASURED:
            value = known[:, truth_columns(part.name)]
            outputs[:, COLUMNS[part.name]] = (value - part.center) / part.divisor
    for name, column in (("expression", known[:, EXPRESSION]), ("age", age_band(known[:, -1]))):
        outputs[np.arange(len(known)), COLUMNS[name].start + column.astype(int)] = 0.5
    outputs[:, COLUMNS["present"]] = 0.2
    return outputs


def test_parts_cover_the_outputs_once_and_names_are_unique() -> None:
    assert sum(len(part.values) for part in PARTS) == len(LABELS) == len(set(LABELS))
    assert COLUMNS["present"] == slice(len(LABELS) - 1, len(LABELS))
    assert [COLUMNS[part.name].stop for part in PARTS][:-1] == [
        COLUMNS[part.name].start for part in PARTS
    ][1:]


def test_truth_said_back_has_no_error_and_the_best_loss() -> None:
    known = truth(5)
    outputs = answers(known)
    scores = head_scores(outputs, known)
    assert scores["pose_deg"] < 1e-3 and scores["gaze_deg"] < 0.1 and scores["code_error"] < 1e-6
    assert scores["expression"] == scores["age_band"] == scores["present"] == 1
    for name in MEASURED:
        loss = measured_loss(name, torch.from_numpy(outputs), torch.from_numpy(known))
        assert float(loss) < 1e-6
        wrong = torch.from_numpy(outputs) + 0.1
        assert float(measured_loss(name, wrong, torch.from_numpy(known))) > 0.005
    outputs[:, COLUMNS["pose"]] += 12 / 120
    assert head_scores(outputs, known)["pose_deg"] == pytest.approx(12, abs=0.01)


def test_unknown_truth_neither_counts_nor_trains() -> None:
    known = truth(4)
    known[:, truth_columns("gaze")] = np.nan
    known[2:, AGE_YEARS] = np.nan
    outputs = answers(np.nan_to_num(known, nan=4.0))
    scores = head_scores(outputs, known)
    assert "gaze_deg" not in scores and scores["age_band"] == 1
    some = torch.zeros(4, len(LABELS), requires_grad=True)
    measured_loss("gaze", some, torch.from_numpy(known)).backward()
    assert some.grad is not None and bool((some.grad == 0).all())


def test_age_bands_are_the_named_ones() -> None:
    bands = age_band(np.array([0.5, 3.0, 8.9, 12.99, 17, 18, 70]))
    assert [AGES[band] for band in bands] == [
        *("age_0_3", "age_3_6", "age_6_9", "age_9_13", "age_13_18", "adult", "adult")
    ]


def test_a_mirrored_mirror_is_the_face_and_sides_change() -> None:
    assert np.array_equal(MIRROR[MIRROR], np.arange(TRUTH))
    face = truth()[0]
    once = turned(face, 0, True)
    assert np.allclose(turned(once, 0, True), face, atol=1e-4)
    left, right = (MEASURES.index(f"mouthSmile{side}") for side in ("Left", "Right"))
    assert once[left] == face[right] and once[MEASURES.index("jawOpen")] == pytest.approx(
        face[MEASURES.index("jawOpen")]
    )
    assert np.allclose(once[truth_columns("pose")], face[truth_columns("pose")] * [-1, 1, -1], 1e-4)


@pytest.mark.parametrize("turn_deg", [0.0, 25.0, -70.0])
def test_a_turned_picture_shows_a_head_turned_about_the_line_of_sight(turn_deg: float) -> None:
    face = truth()[0]
    yaw, pitch, roll = truth_columns("pose")
    face[truth_columns("pose")] = 0, 0, 10
    assert np.allclose(turned(face, turn_deg, False)[[yaw, pitch, roll]], [0, 0, 10 + turn_deg],
                       atol=1e-3)  # fmt: skip
    face[truth_columns("pose")] = 50, -20, 5
    tilt = head_rotation(0, 0, turn_deg)
    want = head_angles_deg(tilt @ head_rotation(50, -20, 5))
    assert np.allclose(turned(face, turn_deg, False)[[yaw, pitch, roll]], want, atol=1e-3)
    # The angle between gaze and face does not change.
    pose, gaze = truth_columns("pose")[:2], truth_columns("gaze")
    after = turned(face, turn_deg, False)
    both = angle_deg(np.stack([face[pose], after[pose]]), np.stack([face[gaze], after[gaze]]))
    assert both[0] == pytest.approx(both[1], abs=1e-2)


def test_a_view_tells_how_it_was_turned_and_mirrored() -> None:
    """`batch` reads the turn off the pose of an upright head."""
    crop, points = np.zeros((128, 128, 3), np.uint8), np.zeros((68, 2), np.float32)
    points[36:42], points[42:48] = (48, 64), (80, 64)
    plain = ImageAugment(occlude=0, blur=0, light=0, noise=0, jpeg=0, shear=0)
    for number in range(12):
        upright = np.array([1, 0, 0], np.float32)
        rng = np.random.default_rng(number)
        _, at, pose = face_view(crop, points, upright, 96, rng, plain)
        clockwise = float(pose[2] * pose[0])
        across = at[42] - at[36]
        slope = np.degrees(np.arctan2(across[1], across[0]))
        assert slope == pytest.approx(float(pose[2]), abs=1e-3)
        assert abs(clockwise) == pytest.approx(abs(slope), abs=1e-3)


def test_spread_is_best_at_the_mean_error_and_moves_no_point() -> None:
    difference = torch.full((1, 68, 2), 0.02)
    found = [float(spread_loss(torch.full((1, 68), (ln + 4) / 8), difference))
             for ln in np.log([0.01, 0.02, 0.04])]  # fmt: skip
    assert found[1] < found[0] and found[1] < found[2]


def test_faces_without_truth_train_points_alone() -> None:
    """Real crops of an upper bound carry landmarks only."""
    crops = RNG.integers(0, 255, (6, 128, 128, 3), np.uint8)
    points = RNG.uniform(40, 88, (6, 68, 2)).astype(np.float32)
    faces = Faces(crops, points, np.full((6, TRUTH), np.nan, np.float32), crops[:0])
    task = FaceTask(PRESETS["face"], faces, faces)
    batch = task.batch(np.random.default_rng(0), 4)
    assert bool(batch["truth"].isnan().all()) and bool(batch["present"].all())
    module = task.module()
    loss = task.loss(module(batch["input"]), batch)
    loss.backward()
    assert bool(loss.isfinite())
    assert all(bool(p.grad.isfinite().all()) for p in module.parameters() if p.grad is not None)
    scores = task.validate(module.eval())
    assert {"val_nme_68", "val_present"} <= set(scores) and "val_pose_deg" not in scores
    assert np.isfinite(real(np.zeros((1, len(LABELS)), np.float32), "spread")).all()


def test_bins_that_say_a_gaussian_about_the_point_have_the_point_as_their_mean() -> None:
    points = torch.from_numpy(RNG.uniform(0.15, 0.85, (3, 68, 2)).astype(np.float32))
    away = (bin_centres() - points.flatten(1)[..., None]) * BINS
    logits = -(away**2) / (2 * BIN_SPREAD**2)
    mean = (logits.softmax(2) * bin_centres()).sum(2).reshape(points.shape)
    assert float((mean - points).abs().max()) < 1e-3
    best = bins_loss(logits.flatten(1), points)
    for other in (logits * 1.5, logits * 0.5, logits.roll(1, 2)):
        assert bool((bins_loss(other.flatten(1), points) > best + 0.01).all())


def test_points_outside_the_picture_belong_to_the_bins_at_its_edge() -> None:
    outside = torch.tensor([-0.4, 1.7]).repeat(1, 68, 1)
    edge = outside.clamp(0, 1)
    logits = torch.from_numpy(RNG.normal(size=(1, 2 * 68 * BINS)).astype(np.float32))
    assert torch.equal(bins_loss(logits, outside), bins_loss(logits, edge))


def test_bins_follow_the_answer_in_training_only() -> None:
    torch.manual_seed(0)
    network = FaceNet(len(LABELS), 68, BODIES["narrow"])
    pictures = torch.randn(2, 3, 96, 96)
    with_bins = network.train()(pictures)
    assert with_bins.shape == (2, len(LABELS) + 2 * 68 * BINS)
    bins = with_bins[:, len(LABELS) :].reshape(2, 68, 2, BINS).softmax(3)
    told = with_bins[:, COLUMNS["points"]].reshape(2, 68, 2) + 0.5
    assert torch.allclose((bins * bin_centres()).sum(3), told, atol=1e-5)
    assert network.eval()(pictures).shape == (2, len(LABELS))
