"""The exported generator answers as the eager one: folds, batches, sizes, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn
from torch.nn import functional

from export.errors import ExportError
from export.generator import TARGETS, Eager, export_generator, run_file
from export.generator_graph import Form, write_graph
from export.generator_int8 import chosen_ranges, image_distance, measured_ranges
from export.parity import relative_error
from export.polyphase import fir_kernel, folded_fir, folded_up, split_up
from generate.gan.architecture import PRESETS, Architecture
from generate.gan.layers import fir, upsample
from generate.gan.networks import Generator

TINY = PRESETS["16"]


def make_generator(sizes: Architecture = TINY) -> Generator:
    """Noise and biases that are not zero, so that a lost one is seen."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        generator = Generator(sizes).eval().requires_grad_(False)
        for layer in generator.synthesis.layers:
            nn.init.constant_(layer.noise_strength, 0.3)
            nn.init.normal_(layer.conv.bias)
        for head in generator.synthesis.to_rgb:
            nn.init.normal_(head.bias)
    return generator


def latents(count: int, sizes: Architecture = TINY) -> torch.Tensor:
    return torch.randn(count, sizes.z_dim, generator=torch.Generator().manual_seed(1))


def answers(path: Path, **inputs: Any) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options)
    return session.run(None, {name: value.numpy() for name, value in inputs.items()})[0]


@pytest.mark.parametrize("height, width", [(1, 1), (4, 4), (5, 7), (3, 2)])
def test_folds_equal_zero_insertion_kernel_and_filter(height: int, width: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, height, width).double()
    weight = torch.randn(5, 3, 3, 3).double()
    want = fir(functional.conv_transpose2d(x, weight.transpose(0, 1), stride=2), (1, 1), 4.0)
    kernel = torch.from_numpy(folded_up(weight.numpy()))
    folded = functional.pixel_shuffle(functional.conv2d(x, kernel, padding=1), 2)
    torch.testing.assert_close(folded, want, rtol=1e-12, atol=1e-12)
    kernel = torch.from_numpy(split_up(weight.numpy()))
    split = functional.pixel_shuffle(functional.conv2d(x, kernel, padding=1), 2)
    taps = torch.from_numpy(fir_kernel(5).copy())
    split = functional.conv2d(functional.pad(split, (1, 0, 1, 0)), taps, groups=5)
    torch.testing.assert_close(split, want, rtol=1e-12, atol=1e-12)
    kernel = torch.from_numpy(folded_fir()).tile(3, 1, 1, 1)
    image = functional.pixel_shuffle(functional.conv2d(x, kernel, padding=1, groups=3), 2)
    torch.testing.assert_close(image, upsample(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("up", ["transpose", "fold"])
@pytest.mark.parametrize("noise", [True, False])
def test_float32_equals_eager_at_any_batch(tmp_path: Path, up: Any, noise: bool) -> None:
    generator = make_generator()
    write_graph(generator, tmp_path / "g.onnx", Form(up=up, noise=noise))
    for batch in (1, 3):
        ws = generator.ws(latents(batch))
        ws = ws + 0.1 * torch.randn(ws.shape, generator=torch.Generator().manual_seed(2))
        want = generator.synthesis(ws, "const" if noise else "none").numpy()
        assert relative_error(want, answers(tmp_path / "g.onnx", ws=ws)) < 1e-5


def test_mapping_is_in_the_file_that_takes_z_and_a_condition_is_refused(tmp_path: Path) -> None:
    generator, z = make_generator(), latents(2)
    write_graph(generator, tmp_path / "g.onnx", Form(entry="z"))
    assert relative_error(generator(z).numpy(), answers(tmp_path / "g.onnx", z=z)) < 1e-5
    conditioned = Generator(Architecture(16, 512, 32, 32, 32, 2, c_dim=3))
    with pytest.raises(ValueError, match="entry 'ws', not 'z'"):
        write_graph(conditioned, tmp_path / "no.onnx", Form(entry="z"))
    assert not (tmp_path / "no.onnx").exists()


def test_float16_is_near_and_survives_large_styles(tmp_path: Path) -> None:
    generator = make_generator()
    for layer in generator.synthesis.layers:
        layer.conv.style.bias.mul_(3e4)  # features times styles would pass 65504
    write_graph(generator, tmp_path / "g.onnx", Form(dtype="float16"))
    ws = generator.ws(latents(2))
    want = generator.synthesis(ws).numpy()
    got = answers(tmp_path / "g.onnx", ws=ws)
    assert got.dtype == np.float32
    assert relative_error(want, got) < 0.01


def test_the_paper_s_form_equals_the_network() -> None:
    generator = make_generator()
    ws = generator.ws(latents(2))
    torch.testing.assert_close(Eager(generator)(ws), generator.synthesis(ws), rtol=1e-4, atol=1e-4)


def test_every_target_is_written_and_within_its_limits(tmp_path: Path) -> None:
    generator = make_generator(Architecture(32, 1024, 32, 32, 32, 2))
    facts = export_generator(generator, tmp_path)
    names = {f"generator.{target}.onnx" for target in TARGETS} | {"generator.json"}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert facts["files"]["float32"]["relative_error"] < 1e-4
    for target in ("int8", "tensorrt"):
        found = facts["files"][target]
        assert found["sqnr_db"] >= 25
        assert found["colour_error_255"] <= 2
        assert found["int8_layers"] == [4, 6]
    before = (tmp_path / "generator.int8.onnx").read_bytes()
    export_generator(generator, tmp_path, ["int8"])
    assert (tmp_path / "generator.int8.onnx").read_bytes() == before
    ws = generator.ws(latents(1, generator.sizes)).numpy()
    assert run_file(tmp_path / "generator.int8.onnx", ws).shape == (1, 3, 32, 32)


def test_a_file_that_answers_otherwise_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(export_generator.__globals__["LARGEST_ERROR"], "float32", 0.0)
    with pytest.raises(ExportError, match="float32 generator: relative error .*, over 0"):
        export_generator(make_generator(), tmp_path, ["float32"])
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="no target 'int4' of a generator; have float32"):
        export_generator(make_generator(), tmp_path, ["int4"])


def test_the_convolution_that_costs_most_stays_float_and_all_do_where_none_is_good() -> None:
    ranges = measured_ranges(
        make_generator(Architecture(32, 1024, 32, 32, 32, 2)), torch.zeros(2, 8, 32)
    )
    reference = np.random.default_rng(0).normal(size=(4, 3, 8, 8)).astype(np.float32)
    cost = {4: 0.2, 6: 0.001}

    def answers(tried: Any) -> Any:
        return reference * (1 + sum(cost[index] for index in tried))

    assert list(chosen_ranges(ranges, reference, answers)) == [6]
    cost[6] = 0.3
    assert chosen_ranges(ranges, reference, answers) == {}


def test_distance_takes_off_what_all_images_share() -> None:
    reference = np.random.default_rng(0).normal(size=(4, 3, 8, 8)).astype(np.float32) * 0.1
    answer = reference + np.float32(0.01)
    db, colour = image_distance(reference, answer)
    assert colour == pytest.approx(1.275, rel=0.01)
    assert image_distance(reference + 5, answer + 5)[0] == pytest.approx(db, abs=0.01)
