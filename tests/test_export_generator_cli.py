"""A generator leaves by `collodi export`, with latents to try its files with."""

from pathlib import Path

import numpy as np
import pytest
import torch

from device.main import main
from export.generator import run_file
from generate.gan.packaged import find, names
from generate.gan.sheet import sample
from generate.gan.store import load_average


def test_a_packaged_generator_leaves_and_draws_the_pictures_of_sample(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, out = names()[0], tmp_path / "out"
    words = ["export", name, "--out", str(out)]
    assert main([*words, "--targets", "float32"]) == 0
    assert "generator.float32.onnx" in capsys.readouterr().out
    ws = np.load(out / "ws.npy")
    images = run_file(out / "generator.float32.onnx", ws[:4])
    drawn = (images * 127.5 + 128).clip(0, 255).astype(np.uint8).transpose(0, 2, 3, 1)
    with torch.no_grad():
        wanted = sample(load_average(find(Path(name))), 0, 4)
    assert np.abs(drawn.astype(int) - wanted).max() <= 1
    assert main(words) == 2 and "--force replaces it" in capsys.readouterr().err
    kept = sorted(path.name for path in out.iterdir())
    assert main([*words, "--force", "--targets", "onnx"]) == 2
    said = capsys.readouterr().err
    assert "no target 'onnx' of a generator; have float32" in said and said.count("\n") == 1
    assert sorted(path.name for path in out.iterdir()) == kept
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
