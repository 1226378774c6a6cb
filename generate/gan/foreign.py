"""Weights of public StyleGAN2 checkpoints under the names of our networks.

Two layouts: that of the official PyTorch release (`b64.conv0.affine.weight`) and the one that is
common in `.pt` files (`convs.6.conv.modulation.weight`). Both keep weights without their run-time
gain, as we do, so only names and shapes differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from generate.gan.architecture import Architecture
from generate.gan.discriminator import Discriminator
from generate.gan.layers import fir_taps
from generate.gan.networks import Generator
from generate.gan.networks import Mapping as WMapping
from generate.gan.pickle_machine import Record, shown
from generate.gan.unpickle import read_checkpoint

Rule = tuple[str, str | Callable[[re.Match[str], int], str]]
"""(pattern of a foreign name, our name or how it follows from the match and the image side)."""
AVERAGE = "mapping.average"
MOST_LAYERS = 16
MOST_TENSORS, DEEPEST, LONGEST = 10_000, 16, 200
"""Of a file's network: tensors, networks within networks, letters of a name."""
SPARE_WEIGHTS = 1 << 20
NO_NOISE = ".noise is missing"
"""Common files from before fixed noise was kept: listed, but no error; it is drawn from seed 0."""
FILTERS = re.compile(r"(.*\.)?(resample_filter|kernel)")


def _level(side: str) -> int:
    """0 at 4 px, 1 at 8 px, ..."""
    return int(side).bit_length() - 3


def _official_layer(m: re.Match[str], _side: int) -> str:
    number = 2 * _level(m[1]) - 1 + int(m[2])
    tail = m[3].replace("affine", "style")
    own = {"noise_strength": "noise_strength", "noise_const": "noise"}.get(tail, f"conv.{tail}")
    return f"synthesis.layers.{number}.{own}"


OFFICIAL_G: tuple[Rule, ...] = (
    (r"mapping\.w_avg", "mapping.average"),
    (r"mapping\.embed\.(weight|bias)", r"mapping.embed.\1"),
    (r"mapping\.fc(\d+)\.(weight|bias)", r"mapping.layers.\1.\2"),
    (r"synthesis\.b4\.const", "synthesis.const"),
    (r"synthesis\.b(\d+)\.conv([01])\.(.+)", _official_layer),
    (
        r"synthesis\.b(\d+)\.torgb\.(.+)",
        lambda m, _: f"synthesis.to_rgb.{_level(m[1])}.{m[2].replace('affine', 'style')}",
    ),
)
OFFICIAL_D: tuple[Rule, ...] = (
    (r"b\d+\.fromrgb\.(weight|bias)", r"from_rgb.\1"),
    (r"b4\.conv\.(weight|bias)", r"conv.\1"),
    (r"b4\.fc\.(weight|bias)", r"linear.\1"),
    (r"b4\.out\.(weight|bias)", r"out.\1"),
    (
        r"b(\d+)\.(conv0|conv1|skip)\.(weight|bias)",
        lambda m, side: f"blocks.{_level(str(side)) - _level(m[1])}.{m[2]}.{m[3]}",
    ),
    (r"mapping\.embed\.(weight|bias)", r"embed.\1"),
    (r"mapping\.fc(\d+)\.(weight|bias)", r"mapping.\1.\2"),
)


def _styled(prefix: Callable[[re.Match[str]], str]) -> Callable[[re.Match[str], int], str]:
    tails = {"noise.weight": "noise_strength", "activate.bias": "conv.bias", "bias": "bias"}

    def name(m: re.Match[str], _side: int) -> str:
        tail = m[m.lastindex or 0]
        return prefix(m) + tails.get(tail, tail.replace("modulation", "style"))

    return name


COMMON_G: tuple[Rule, ...] = (
    (r"latent_avg", "mapping.average"),
    (r"style\.(\d+)\.(weight|bias)", lambda m, _: f"mapping.layers.{int(m[1]) - 1}.{m[2]}"),
    (r"input\.input", "synthesis.const"),
    (r"conv1\.(.+)", _styled(lambda _: "synthesis.layers.0.")),
    (r"convs\.(\d+)\.(.+)", _styled(lambda m: f"synthesis.layers.{int(m[1]) + 1}.")),
    (r"to_rgb1\.(?:conv\.)?(.+)", _styled(lambda _: "synthesis.to_rgb.0.")),
    (
        r"to_rgbs\.(\d+)\.(?:conv\.)?(.+)",
        _styled(lambda m: f"synthesis.to_rgb.{int(m[1]) + 1}."),
    ),
    (r"noises\.noise_(\d+)", r"synthesis.layers.\1.noise"),
)
COMMON_D: tuple[Rule, ...] = (
    (r"convs\.0\.0\.weight", "from_rgb.weight"),
    (r"convs\.0\.1\.bias", "from_rgb.bias"),
    (
        r"convs\.(\d+)\.conv([12])\.\d\.(weight|bias)",
        lambda m, _: f"blocks.{int(m[1]) - 1}.conv{int(m[2]) - 1}.{m[3]}",
    ),
    (r"convs\.(\d+)\.skip\.1\.weight", lambda m, _: f"blocks.{int(m[1]) - 1}.skip.weight"),
    (r"final_conv\.0\.weight", "conv.weight"),
    (r"final_conv\.1\.bias", "conv.bias"),
    (r"final_linear\.0\.(weight|bias)", r"linear.\1"),
    (r"final_linear\.1\.(weight|bias)", r"out.\1"),
)


@dataclass(frozen=True)
class Foreign:
    """What a public checkpoint gives us."""

    sizes: Architecture
    """Read off the shapes of its tensors."""
    networks: dict[str, nn.Module]
    """`average` (always), `generator` and `discriminator` where the file has them."""
    layout: str
    """official or common."""
    mismatches: tuple[str, ...] = ()
    """A line for every tensor that has no place, no counterpart or another shape."""


def load_foreign(path: Path, *, strict: bool = True) -> Foreign:
    """Read a `.pkl` or `.pt` of StyleGAN2; nothing in the file is executed.

    Where names or shapes do not match, ValueError names the first and counts them; not `strict`
    loads what fits and lists the rest.
    """
    content = read_checkpoint(path)
    try:
        layout, states = _states(content, path)
        return _foreign(layout, states, path, strict)
    except ValueError as error:
        if str(error).startswith("checkpoint "):
            raise
        raise ValueError(f"checkpoint {path}: {shown(str(error))}") from None


def _foreign(
    layout: str, states: dict[str, dict[str, Tensor]], path: Path, strict: bool
) -> Foreign:
    rules = {"official": (OFFICIAL_G, OFFICIAL_D), "common": (COMMON_G, COMMON_D)}[layout]
    found, sizes, listed = dict[str, nn.Module](), None, list[str]()
    for role, state in states.items():
        judge = role == "discriminator"
        side = sizes.size_px if sizes else 0
        tensors, unknown = renamed(state, rules[judge], side)
        listed += [f"{role}: {name} has no place in StyleGAN2" for name in unknown]
        if sizes is None:
            sizes = sizes_of(tensors, path)
        _check_size(Discriminator if judge else Generator, sizes, tensors)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            module: nn.Module = Discriminator(sizes) if judge else Generator(sizes)
            if isinstance(module, Generator) and AVERAGE not in tensors:
                fill(module, tensors)
                tensors[AVERAGE] = average_of(module.mapping)
        listed += [f"{role}: {line}" for line in fill(module, tensors)]
        found[role] = module.eval()
    assert sizes is not None
    wrong = [line for line in listed if not line.endswith(NO_NOISE)]
    if wrong and strict:
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise ValueError(f"checkpoint {path}: {wrong[0]}{more}; --loose loads what fits")
    return Foreign(sizes, found, layout, tuple(listed))


def _check_size(
    network: type[nn.Module], sizes: Architecture, tensors: Mapping[str, Tensor]
) -> None:
    """Refuse sizes, read off a few tensors, of networks that are much larger than all of them."""
    with torch.device("meta"):
        claimed = sum(tensor.numel() for tensor in network(sizes).state_dict().values())
    given = sum(tensor.numel() for tensor in tensors.values())
    if claimed > 2 * given + SPARE_WEIGHTS:
        raise ValueError(f"tensors of {given} numbers for a network of {claimed}")


def average_of(mapping: WMapping, samples: int = 4096) -> Tensor:
    """Mean of w over conditions of zero and normal z, for files that do not keep it: (w_dim,)."""
    rng = torch.Generator().manual_seed(0)
    z = torch.randn(samples, mapping.z_dim, generator=rng)
    with torch.no_grad():
        w: Tensor = mapping(z, torch.zeros(samples, mapping.c_dim))
    return w.mean(0)


def _states(content: Any, path: Path) -> tuple[str, dict[str, dict[str, Tensor]]]:
    """(layout, tensors of each role), the averaged generator first."""
    keys = {"official": ("G_ema", "G", "D"), "common": ("g_ema", "g", "d")}
    if isinstance(content, dict):
        for layout, names in keys.items():
            roles = zip(("average", "generator", "discriminator"), names, strict=True)
            states = {role: tensors_of(content[n]) for role, n in roles if n in content}
            if "average" not in states and "generator" in states:
                states = {"average": states["generator"], **states}
            if "average" not in states or not states["average"]:
                continue
            if any(name.startswith("synthesis.L") for name in states["average"]):
                raise ValueError(f"checkpoint {path}: this is StyleGAN3; want StyleGAN2")
            if isinstance(content.get("latent_avg"), Tensor):
                for role in {"average", "generator"} & set(states):
                    states[role]["latent_avg"] = content["latent_avg"]
            return layout, states
    raise ValueError(f"checkpoint {path}: no generator; want G_ema or G (official), g_ema or g")


def tensors_of(node: Any) -> dict[str, Tensor]:
    """Flat names -> tensors of a state dict, or of a Record of a module and its children.

    ValueError for a module that is among its own children, or has more tensors than a network does.
    """
    if not isinstance(node, dict):
        return {}
    if "_modules" not in node:
        return _named(node, "")
    flat, left = dict[str, Tensor](), [("", node, 0)]
    while left:
        prefix, module, depth = left.pop()
        for kind in ("_parameters", "_buffers"):
            flat |= _named(module.get(kind), prefix)
        children = module.get("_modules")
        for name, child in children.items() if isinstance(children, dict) else ():
            if isinstance(child, Record) and isinstance(name, str):
                left.append((f"{prefix}{name}.", child, depth + 1))
        if max(len(flat), len(left)) > MOST_TENSORS or depth > DEEPEST or len(prefix) > LONGEST:
            raise ValueError("a network of networks without end")
    return flat


def _named(node: Any, prefix: str) -> dict[str, Tensor]:
    found = node.items() if isinstance(node, dict) else ()
    named = {prefix + k: v for k, v in found if isinstance(k, str) and isinstance(v, Tensor)}
    if len(named) > MOST_TENSORS or any(len(k) > LONGEST or not k.isprintable() for k in named):
        raise ValueError(f"tensors whose names are none, or more than {MOST_TENSORS}")
    return named


def renamed(
    state: Mapping[str, Tensor], rules: tuple[Rule, ...], side: int = 0
) -> tuple[dict[str, Tensor], list[str]]:
    """Tensors under our names, and the names that no rule knows.

    `side` is the image side, for discriminators. Filters are dropped where they are ours.
    """
    ours, unknown = dict[str, Tensor](), list[str]()
    for name, tensor in state.items():
        if FILTERS.fullmatch(name):
            if not _same_filter(tensor):
                unknown.append(f"{name} (another filter than 1 3 3 1)")
            continue
        for pattern, target in rules:
            if match := re.fullmatch(pattern, name):
                own = match.expand(target) if isinstance(target, str) else target(match, side)
                ours[own] = tensor
                break
        else:
            unknown.append(name)
    return ours, unknown


def _same_filter(taps: Tensor) -> bool:
    if taps.shape != (4, 4) or not taps.dtype.is_floating_point:
        return False
    taps = taps.float()
    total = float(taps.sum())
    return total > 0 and torch.allclose(taps / total, fir_taps(taps), atol=1e-4)


def sizes_of(tensors: Mapping[str, Tensor], path: Path) -> Architecture:
    """The architecture whose generator has these tensors, by our names."""
    try:
        layers = [n for n in tensors if re.fullmatch(r"synthesis\.layers\.\d+\.conv\.weight", n)]
        last = max(int(name.split(".")[2]) for name in layers)
        if last > MOST_LAYERS:
            raise ValueError(f"layer {last}, where {MOST_LAYERS} make 1024 px")
        size_px = 2 ** (last // 2 + 2)
        finest = tensors[f"synthesis.layers.{last}.conv.weight"]
        first = tensors["mapping.layers.0.weight"]
        depth = sum(bool(re.fullmatch(r"mapping\.layers\.\d+\.weight", n)) for n in tensors)
        embed = tensors.get("mapping.embed.weight")
        w_dim = int(first.shape[0])
        return Architecture(
            size_px=size_px,
            channel_base=int(finest.shape[-4]) * size_px,
            channel_max=int(tensors["synthesis.const"].shape[-3]),
            z_dim=int(first.shape[1]) - (w_dim if embed is not None else 0),
            w_dim=w_dim,
            mapping_layers=depth,
            c_dim=int(embed.shape[1]) if embed is not None else 0,
        )
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"checkpoint {path}: not a StyleGAN2 generator ({error})") from None


def fill(module: nn.Module, tensors: Mapping[str, Tensor]) -> list[str]:
    """Copy in what fits; a line for each tensor that is missing, left over or of another shape."""
    own, listed = module.state_dict(), list[str]()
    for name, tensor in own.items():
        given = tensors.get(name)
        if given is None:
            listed.append(f"{name} is missing")
        elif [n for n in given.shape if n != 1] != [n for n in tensor.shape if n != 1]:
            listed.append(f"{name} has shape {tuple(given.shape)}, want {tuple(tensor.shape)}")
        elif not bool(given.isfinite().all()):
            listed.append(f"{name} has values that are not finite")
        else:
            tensor.copy_(given.reshape(tensor.shape))
    return listed + [f"{name} is left over" for name in tensors if name not in own]
