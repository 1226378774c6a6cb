"""StyleGAN2's networks: published sizes, the equations, gradients, what is refused."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from generate.gan.architecture import PRESETS, Architecture, architecture_of
from generate.gan.discriminator import Discriminator, add_spread
from generate.gan.layers import ModulatedConv, downsample, fir, modulated_reference, upsample
from generate.gan.networks import Generator

TINY = PRESETS["16"]


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _generator(seed: int = 0) -> Generator:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = Generator(TINY).eval()
        for layer in generator.synthesis.layers:
            nn.init.constant_(layer.noise_strength, 0.1)
    return generator


def test_the_published_architecture_has_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        generator, judge = Generator(PRESETS["ffhq1024"]), Discriminator(PRESETS["ffhq1024"])
    synthesis, mapping = _count(generator.synthesis), _count(generator.mapping)
    # 28.27 M is the synthesis with its styles, noise strengths and constant; the mapping apart.
    assert synthesis == 28_268_812
    assert f"{synthesis / 1e6:.2f}" == "28.27"
    assert mapping == 8 * (512 * 512 + 512) == 2_101_248
    # Both are the 30.37 M that a whole generator counts; the paper's table says 30 M.
    assert synthesis + mapping == 30_370_060
    assert _count(judge) == 29_012_513
    assert generator.sizes.n_ws == 18


@pytest.mark.parametrize("name", ["16", "32"])
def test_images_have_the_size_of_the_preset(name: str) -> None:
    sizes = architecture_of(name)
    image = Generator(sizes)(torch.zeros(3, sizes.z_dim))
    assert image.shape == (3, 3, sizes.size_px, sizes.size_px)
    assert Discriminator(sizes)(image).shape == (3,)


def test_presets_are_named_by_their_size_and_wide_layers_narrow_upwards() -> None:
    for name, sizes in PRESETS.items():
        assert name.removeprefix("ffhq").removesuffix("-narrow") == str(sizes.size_px)
        widths = [sizes.channels(side) for side in sizes.resolutions]
        assert widths == sorted(widths, reverse=True) and widths[-1] >= 16


@pytest.mark.parametrize("kernel, up", [(3, False), (3, True), (1, False)])
@pytest.mark.parametrize("side", [4, 7])
def test_shared_weights_equal_the_weights_of_each_sample(kernel: int, up: bool, side: int) -> None:
    torch.manual_seed(3)
    layer = ModulatedConv(5, 6, kernel, 8, up=up).double()
    x, w = torch.randn(3, 5, side, side).double(), torch.randn(3, 8).double()
    want = modulated_reference(x, layer.effective(), layer.style(w), up=up)
    got = layer.convolve(x, w)
    assert got.shape[2] == (2 * side if up else side)
    torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-10)


def test_demodulated_features_keep_unit_variance_whatever_the_style() -> None:
    torch.manual_seed(0)
    layer = ModulatedConv(64, 64, 3, 8)
    x = torch.randn(8, 64, 16, 16)
    for scale in (0.1, 30.0):
        spread = layer.convolve(x, torch.randn(8, 8) * scale)[..., 2:-2, 2:-2].std().detach()
        assert spread == pytest.approx(1, abs=0.1)


def test_filters_keep_a_constant_and_are_centred() -> None:
    flat = torch.ones(1, 2, 12, 12)
    torch.testing.assert_close(upsample(flat)[..., 4:-4, 4:-4], torch.ones(1, 2, 16, 16))
    torch.testing.assert_close(downsample(flat)[..., 1:-1, 1:-1], torch.ones(1, 2, 4, 4))
    ramp = torch.arange(12.0).expand(1, 1, 12, 12)
    want = torch.arange(24.0) / 2 - 0.25  # centres of pixels stay where they are
    torch.testing.assert_close(upsample(ramp)[0, 0, 8, 3:-3], want[3:-3])
    want = torch.arange(6.0) * 2 + 0.5
    torch.testing.assert_close(downsample(ramp)[0, 0, 3, 1:-1], want[1:-1])


def test_up_sampling_is_zero_insertion_and_filtering() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 5, 5)
    spread = torch.zeros(2, 3, 10, 10)
    spread[..., ::2, ::2] = x
    torch.testing.assert_close(upsample(x), fir(spread, (2, 1), 4.0))


def test_first_images_are_near_unit_scale_and_truncation_ends_in_the_average() -> None:
    generator = _generator()
    z = torch.randn(16, TINY.z_dim, generator=torch.Generator().manual_seed(1))
    image = generator(z)
    assert 0.2 < float(image.std().detach()) < 5
    generator.mapping.average.copy_(torch.full((TINY.w_dim,), 0.5))
    ws = generator.ws(z, truncation=0.0)
    assert torch.equal(ws, torch.full_like(ws, 0.5))


def test_noise_is_the_same_from_the_same_generator_and_absent_where_none() -> None:
    generator, z = _generator(), torch.ones(1, TINY.z_dim)

    def draw(noise: str, seed: int = 0) -> torch.Tensor:
        return generator(z, noise=noise, generator=torch.Generator().manual_seed(seed))

    assert torch.equal(draw("random"), draw("random"))
    assert not torch.equal(draw("random"), draw("random", 1))
    assert torch.equal(draw("const"), draw("const", 1))
    assert not torch.equal(draw("const"), draw("none"))
    with pytest.raises(ValueError, match="needs a generator"):
        generator(z, noise="random")


def test_every_parameter_is_reached_by_gradients() -> None:
    generator, judge = _generator(), Discriminator(TINY)
    judge(generator(torch.randn(4, TINY.z_dim))).sum().backward()
    for module in (generator, judge):
        for name, parameter in module.named_parameters():
            assert parameter.grad is not None, name
            assert bool(parameter.grad.isfinite().all()), name


def test_spread_is_that_of_the_group_and_zero_for_twins() -> None:
    x = torch.randn(8, 3, 4, 4)
    got = add_spread(x, 4)[:, 3]
    for first in range(2):
        group = x[[first, first + 2, first + 4, first + 6]]
        want = float(np.sqrt(group.numpy().var(0) + 1e-8).mean())
        assert float(got[first + 4, 1, 1]) == pytest.approx(want, rel=1e-5)
    assert float(add_spread(x[:1].repeat(4, 1, 1, 1), 4)[:, 3].max()) < 2e-4
    assert add_spread(x[:3], 4).shape == (3, 4, 4, 4)


def test_conditions_change_the_answer_and_are_asked_for() -> None:
    sizes = Architecture(16, 512, 32, 32, 32, 2, c_dim=3)
    generator, judge = Generator(sizes), Discriminator(sizes)
    z, c = torch.randn(2, 32), torch.eye(3)[:2]
    assert not torch.equal(generator(z, c), generator(z, c.flip(0)))
    image = generator(z, c)
    assert not torch.equal(judge(image, c), judge(image, c.flip(0)))
    with pytest.raises(ValueError, match="condition of 3"):
        generator(z)
    with pytest.raises(ValueError, match="condition of 3"):
        judge(image)


def test_wrong_sizes_are_refused_in_one_line() -> None:
    for side in (4, 96, 2048):
        with pytest.raises(ValueError, match=f"size_px {side}"):
            Architecture(side)
    with pytest.raises(ValueError, match="channel_max 0"):
        Architecture(64, channel_max=0)
    with pytest.raises(ValueError, match="no generator preset 'ffhq1042'; .*ffhq1024"):
        architecture_of("ffhq1042")
    with pytest.raises(ValueError, match="want .B, 6, 32"):
        Generator(TINY).synthesis(torch.zeros(1, 5, 32))
    assert math.isclose(ModulatedConv(4, 4, 3, 4).gain, 1 / 6)
