"""Public checkpoints: the same pictures after import, nothing executed, every mismatch named."""

import io
import pickle
import sys
import types
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from device.main import main
from generate.gan.architecture import Architecture
from generate.gan.discriminator import Discriminator
from generate.gan.foreign import load_foreign
from generate.gan.layers import fir_taps
from generate.gan.networks import Generator
from generate.gan.store import load_average, read_card
from generate.gan.unpickle import read_checkpoint
from generate.provenance import TRAINED, Provenance
from generate.provenance_files import read

SIZES = Architecture(16, 512, 32, 24, 24, 3)


class Persistent(nn.Module):
    """A module that pickles as the official release's do: by class name, source text and state."""

    def __reduce__(self) -> tuple[Any, ...]:
        meta = {"type": "class", "version": 6, "class_name": type(self).__name__}
        meta |= {"module_src": "raise SystemExit('source was run')", "state": self.__dict__}
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (meta,)


@pytest.fixture
def names() -> Iterator[None]:
    """The module names of the official release, for the writer only."""
    package, module = types.ModuleType("torch_utils"), types.ModuleType("torch_utils.persistence")

    def _reconstruct_persistent_obj(meta: Any) -> Any:
        raise AssertionError(f"the reader imported a name: {meta}")

    _reconstruct_persistent_obj.__module__ = module.__name__
    _reconstruct_persistent_obj.__qualname__ = _reconstruct_persistent_obj.__name__
    module._reconstruct_persistent_obj = _reconstruct_persistent_obj  # type: ignore[attr-defined]
    sys.modules |= {package.__name__: package, module.__name__: module}
    yield
    del sys.modules["torch_utils.persistence"], sys.modules["torch_utils"]


@pytest.fixture(scope="module")
def source() -> tuple[Generator, Discriminator]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        generator, judge = Generator(SIZES), Discriminator(SIZES)
        for tensor in [*generator.state_dict().values(), *judge.state_dict().values()]:
            tensor += torch.randn(tensor.shape) * 0.1
    return generator.eval(), judge.eval()


def _official(generator: Generator, judge: Discriminator) -> tuple[dict[str, Tensor], ...]:
    """Tensors under the names of the official release."""
    taps = fir_taps(torch.zeros(()))
    g = {"mapping.w_avg": generator.mapping.average}
    for n, layer in enumerate(generator.mapping.layers):
        g |= {f"mapping.fc{n}.weight": layer.weight, f"mapping.fc{n}.bias": layer.bias}
    g["synthesis.b4.const"] = generator.synthesis.const
    places = ["b4.conv1", "b8.conv0", "b8.conv1", "b16.conv0", "b16.conv1"]
    for place, layer in zip(places, generator.synthesis.layers, strict=True):
        own = {"weight": layer.conv.weight, "bias": layer.conv.bias}
        own |= {"noise_strength": layer.noise_strength, "noise_const": layer.noise}
        own |= {"affine.weight": layer.conv.style.weight, "affine.bias": layer.conv.style.bias}
        own["resample_filter"] = taps
        g |= {f"synthesis.{place}.{name}": tensor for name, tensor in own.items()}
    for side, head in zip((4, 8, 16), generator.synthesis.to_rgb, strict=True):
        own = {"weight": head.weight, "bias": head.bias}
        own |= {"affine.weight": head.style.weight, "affine.bias": head.style.bias}
        g |= {f"synthesis.b{side}.torgb.{name}": tensor for name, tensor in own.items()}
        g[f"synthesis.b{side}.resample_filter"] = taps
    d = {"b16.fromrgb.weight": judge.from_rgb.weight, "b16.fromrgb.bias": judge.from_rgb.bias}
    for side, block in zip((16, 8), judge.blocks, strict=True):
        for part in ("conv0", "conv1"):
            d[f"b{side}.{part}.weight"] = getattr(block, part).weight
            d[f"b{side}.{part}.bias"] = getattr(block, part).bias
        d |= {f"b{side}.skip.weight": block.skip.weight, f"b{side}.skip.resample_filter": taps}
    for theirs, ours in (("conv", judge.conv), ("fc", judge.linear), ("out", judge.out)):
        d |= {f"b4.{theirs}.weight": ours.weight, f"b4.{theirs}.bias": ours.bias}
    return g, d


def _common(generator: Generator, judge: Discriminator) -> tuple[dict[str, Tensor], ...]:
    """Tensors under the names and with the shapes of the common .pt files."""
    taps = fir_taps(torch.zeros(()), 4.0)
    g: dict[str, Tensor] = {"input.input": generator.synthesis.const[None]}
    for n, layer in enumerate(generator.mapping.layers):
        g |= {f"style.{n + 1}.weight": layer.weight, f"style.{n + 1}.bias": layer.bias}
    for n, layer in enumerate(generator.synthesis.layers):
        place = "conv1" if n == 0 else f"convs.{n - 1}"
        own = {"conv.weight": layer.conv.weight[None], "activate.bias": layer.conv.bias}
        own |= {f"conv.modulation.{k}": v for k, v in layer.conv.style.named_parameters()}
        own["noise.weight"] = layer.noise_strength[None]
        if n % 2:
            own["conv.blur.kernel"] = taps
        g |= {f"{place}.{name}": tensor for name, tensor in own.items()}
        g[f"noises.noise_{n}"] = layer.noise[None, None]
    for n, head in enumerate(generator.synthesis.to_rgb):
        place = "to_rgb1" if n == 0 else f"to_rgbs.{n - 1}"
        own = {"conv.weight": head.weight[None], "bias": head.bias.view(1, 3, 1, 1)}
        own |= {f"conv.modulation.{k}": v for k, v in head.style.named_parameters()}
        if n:
            own["upsample.kernel"] = taps
        g |= {f"{place}.{name}": tensor for name, tensor in own.items()}
    d = {"convs.0.0.weight": judge.from_rgb.weight, "convs.0.1.bias": judge.from_rgb.bias}
    for n, block in enumerate(judge.blocks, 1):
        d |= {f"convs.{n}.conv1.0.weight": block.conv0.weight}
        d |= {f"convs.{n}.conv1.1.bias": block.conv0.bias}
        d |= {f"convs.{n}.conv2.0.kernel": taps, f"convs.{n}.conv2.1.weight": block.conv1.weight}
        d |= {f"convs.{n}.conv2.2.bias": block.conv1.bias}
        d |= {f"convs.{n}.skip.0.kernel": taps, f"convs.{n}.skip.1.weight": block.skip.weight}
    d |= {"final_conv.0.weight": judge.conv.weight, "final_conv.1.bias": judge.conv.bias}
    d |= {f"final_linear.0.{k}": v for k, v in judge.linear.named_parameters()}
    d |= {f"final_linear.1.{k}": v for k, v in judge.out.named_parameters()}
    return g, d


def _tree(tensors: dict[str, Tensor]) -> Persistent:
    root = Persistent()
    root.act_gain, root.weight_gain = np.sqrt(2), np.float64(0.5)  # NumPy's numbers, as there
    root.taps, root.dtype, root.ids = np.ones(3), torch.float16, {1, 2}
    for dotted, tensor in tensors.items():
        node, *path = root, *dotted.split(".")
        for part in path[:-1]:
            if part not in node._modules:
                node.add_module(part, Persistent())
            node = node._modules[part]
        if isinstance(tensor, nn.Parameter):
            node.register_parameter(path[-1], nn.Parameter(tensor.detach().clone()))
        else:
            node.register_buffer(path[-1], tensor.detach().clone())
    return root


def _write_pkl(path: Path, g: dict[str, Tensor], d: dict[str, Tensor]) -> Path:
    content = {"G": _tree(g), "D": _tree(d), "G_ema": _tree(g), "training_set_kwargs": {"x": 1}}
    path.write_bytes(pickle.dumps(content))
    return path


def _same(a: nn.Module, b: nn.Module) -> None:
    for name, tensor in a.state_dict().items():
        assert torch.equal(tensor, b.state_dict()[name]), name


@pytest.mark.usefixtures("names")
def test_an_official_pickle_gives_the_same_networks(tmp_path: Path, source: Any) -> None:
    path = _write_pkl(tmp_path / "net.pkl", *_official(*source))
    assert b"source was run" in path.read_bytes()
    foreign = load_foreign(path)
    assert foreign.layout == "official" and foreign.mismatches == ()
    assert foreign.sizes.size_px == 16 and foreign.sizes.mapping_layers == 3
    for role, want in zip(
        ("average", "generator", "discriminator"), (*source[:1], *source), strict=True
    ):
        _same(want, foreign.networks[role])
    z = torch.randn(2, 24)
    assert torch.equal(foreign.networks["average"](z), source[0](z))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_common_pt_gives_the_same_networks(tmp_path: Path, source: Any, zipped: bool) -> None:
    g, d = _common(*source)
    average = source[0].mapping.average
    content = {"g": g, "d": d, "g_ema": g, "latent_avg": average, "args": None}
    torch.save(content, tmp_path / "net.pt", _use_new_zipfile_serialization=zipped)
    foreign = load_foreign(tmp_path / "net.pt")
    assert foreign.layout == "common" and foreign.mismatches == ()
    for role, want in zip(
        ("average", "generator", "discriminator"), (*source[:1], *source), strict=True
    ):
        _same(want, foreign.networks[role])


def test_an_average_that_is_not_kept_is_estimated(tmp_path: Path, source: Any) -> None:
    torch.save({"g_ema": _common(*source)[0]}, tmp_path / "net.pt")
    got = load_foreign(tmp_path / "net.pt").networks["average"].mapping
    w = got(torch.randn(8192, 24, generator=torch.Generator().manual_seed(5)))
    torch.testing.assert_close(got.average, w.mean(0), rtol=0.1, atol=0.05)


def test_fixed_noise_that_is_not_kept_is_listed_and_drawn_alike(
    tmp_path: Path, source: Any
) -> None:
    g = {k: v for k, v in _common(*source)[0].items() if not k.startswith("noises.")}
    torch.save({"g_ema": g}, tmp_path / "net.pt")
    first, second = (load_foreign(tmp_path / "net.pt") for _ in range(2))
    assert first.mismatches == tuple(
        f"average: synthesis.layers.{n}.noise is missing" for n in range(5)
    )
    _same(first.networks["average"], second.networks["average"])


def test_a_network_class_becomes_a_record_and_is_not_imported(tmp_path: Path) -> None:
    path = tmp_path / "net.pkl"
    path.write_bytes(b"\x80\x02ctraining.networks\nGenerator\n)\x81}U\x01aK\x05sb.")
    assert read_checkpoint(path) == {"a": 5}
    assert "training" not in sys.modules


@pytest.mark.usefixtures("names")
def test_every_mismatch_is_named(tmp_path: Path, source: Any) -> None:
    g, d = _official(*source)
    g["synthesis.b8.conv0.bias"] = torch.zeros(5)
    g["synthesis.b16.new"] = torch.zeros(2)
    g["synthesis.b8.conv1.resample_filter"] = torch.ones(4, 4)
    del g["mapping.fc1.bias"]
    path = _write_pkl(tmp_path / "net.pkl", g, d)
    with pytest.raises(ValueError, match="and 7 more; --loose"):
        load_foreign(path)
    listed = "\n".join(load_foreign(path, strict=False).mismatches)
    for line in (
        "average: synthesis.b16.new has no place",
        "average: synthesis.b8.conv1.resample_filter (another filter",
        r"average: mapping.layers.1.bias is missing",
        "average: synthesis.layers.1.conv.bias has shape (5,), want (32,)",
    ):
        assert line in listed


def test_foreign_and_broken_files_are_refused_in_one_line(tmp_path: Path, source: Any) -> None:
    path = tmp_path / "net.pt"
    torch.save({"g_ema": _common(*source)[0]}, path)
    whole = path.read_bytes()
    torch.save({"g_ema": _common(*source)[0]}, path, _use_new_zipfile_serialization=False)
    stream = path.read_bytes()
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as archive:
        archive.writestr("a.txt", "x")
    broken = [b"", b"hello", whole[: len(whole) // 2], stream[: len(stream) // 2], stream[:50],
              buffer.getvalue(), pickle.dumps({"weights": [1]}), pickle.dumps(3)]  # fmt: skip
    for data in broken:
        path.write_bytes(data)
        with pytest.raises(ValueError, match="^checkpoint .*net.pt: ") as caught:
            load_foreign(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="no such file"):
        load_foreign(tmp_path / "absent.pkl")


def test_numbers_of_older_numpy_are_read_over(tmp_path: Path) -> None:
    path = tmp_path / "net.pkl"
    old = pickle.dumps({"gain": np.float64(2), "n": 3}, 2)
    path.write_bytes(old.replace(b"numpy._core.", b"numpy.core."))
    assert b"numpy.core.multiarray\nscalar" in path.read_bytes()
    assert read_checkpoint(path)["n"] == 3


@pytest.mark.usefixtures("names")
def test_command_line_imports_and_samples(tmp_path: Path, source: Any, capsys: Any) -> None:
    path, out = _write_pkl(tmp_path / "net.pkl", *_official(*source)), tmp_path / "model"
    assert main(["gan", "import", str(path), "--out", str(out)]) == 0
    _same(source[0], load_average(out))
    assert read_card(out).source == "imported from net.pkl"
    words = ["gan", "sample", str(out), "--out", str(tmp_path / "faces"), "--count", "3"]
    assert main(words) == 0
    said = [read(path.read_bytes()) for path in sorted((tmp_path / "faces").glob("*.png"))]
    assert said == [Provenance(TRAINED, 0)] * 4, "three faces and a sheet"
    assert main(["gan", "import", str(path), "--out", str(out)]) == 2
    assert "already there" in capsys.readouterr().err
    assert main(["gan", "sample", str(tmp_path), "--out", str(tmp_path / "x")]) == 2
    assert "no gan.json" in capsys.readouterr().err
