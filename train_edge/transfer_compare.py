"""What all transfer reports compare alike: bootstrap draws, intervals, differences, ratio of arms.

One value a sample and arm comes in, such as 1 for right, or the error of an image. Intervals
resample samples within people, and people where there are enough; never seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from train_edge.bootstrap import MIN_GROUPS, Floats, interval, resampled_means
from train_edge.transfer import REAL, SYNTHETIC

BOOTSTRAP_SEED = 4


def draws_of(values: Floats, people: Sequence[str], who: str) -> dict[str, Floats]:
    """Bootstrap means (R, arms) of values (K, arms): over samples, and over people if enough.

    `who` is the report's word for people, in the name of their interval.
    """
    draws = {"interval": resampled_means(values, people, stream(), "samples")}
    if len(set(people)) >= MIN_GROUPS:
        draws[f"interval_over_{who}"] = resampled_means(values, people, stream(), "groups")
    return draws


def intervals(draws: Mapping[str, Floats], who: str) -> dict[str, Any]:
    """Ends of each interval; over people None where they are too few."""
    ends: dict[str, Any] = {f"interval_over_{who}": None}
    return ends | {over: list(interval(values)) for over, values in draws.items()}


def column(draws: Mapping[str, Floats], number: int) -> dict[str, Floats]:
    """The draws (R,) of one arm."""
    return {over: table[:, number] for over, table in draws.items()}


def placed(body: dict[str, Any], arm: str, summary: dict[str, Any]) -> None:
    """Put the figures of an arm under the key that ARCHITECTURE "Result files" gives it."""
    if arm in (SYNTHETIC, REAL):
        body["real" if arm == REAL else arm] = {"arm": arm} | summary
    else:
        k = arm.removeprefix(f"{SYNTHETIC}+")
        body.setdefault("mixed", {})[k] = {"arm": arm} | summary


def comparisons(
    values: Mapping[str, Floats], draws: Mapping[str, Floats], who: str
) -> dict[str, Any]:
    """Paired differences of all arms to each reference, and the ratio to the real-trained arm.

    values: (K,) of each arm; draws: as `draws_of` makes them of the arms in the same order.
    """
    arms, body = list(values), {}
    mean = {arm: float(own.mean()) for arm, own in values.items()}
    pairs = [(arm, base) for base in (REAL, SYNTHETIC) if base in arms for arm in arms]
    for arm, base in pairs:
        if arm == base or (arm, base) == (REAL, SYNTHETIC):
            continue
        gaps = {
            over: table[:, arms.index(arm)] - table[:, arms.index(base)]
            for over, table in draws.items()
        }
        body[f"{arm} minus {base}"] = {"value": mean[arm] - mean[base]} | intervals(gaps, who)
    if REAL not in arms or not mean[REAL]:
        return {"ratio": None, "differences": body}
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = {
            over: table[:, arms.index(SYNTHETIC)] / table[:, arms.index(REAL)]
            for over, table in draws.items()
        }
    spread = {f"ratio_{key}": value for key, value in intervals(ratios, who).items()}
    return {"ratio": mean[SYNTHETIC] / mean[REAL], **spread, "differences": body}


def stream() -> np.random.Generator:
    """A stream of its own: figures of one arm do not move with how many arms there are."""
    return np.random.default_rng(BOOTSTRAP_SEED)
