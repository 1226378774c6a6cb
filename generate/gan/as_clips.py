"""Faces of a neural generator as a data set of clips, with pseudo-labels and marked as such.

A face network tells landmarks, pose, gaze and expression, the attribute network age, sex and skin
tone. Pictures without a face, or where the face network itself is not sure, are passed over and
counted. A shard is a function of (options, shard number), so an interrupted data set is gone on
with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.files import sha256_of
from device.stamp import make_stamp
from generate.clip import PSEUDO_LABELS, Clip
from generate.dataset_ends import begin, finish, is_done
from generate.facts import blank_facts
from generate.gan import attribute_net
from generate.gan.attribute_table import ATTRIBUTES
from generate.gan.draw import TRIES, Cells, draw, sex_of
from generate.gan.edit_store import load_edits
from generate.gan.edits import Directions, draw_w
from generate.gan.networks import Generator
from generate.gan.store import AVERAGE, load_average, read_card
from generate.gan.teller import Pixels, Teller, Told
from generate.progress import Progress
from generate.shard_names import find_shard, shard_name
from generate.shards import Dataset, index_shard, write_shard
from generate.store import Location, prepare

FACTS = ("emotion", "age_years", "sex", "skin_tone")
"""Facts that networks tell; those of a scene are empty."""
BATCH = 16


@dataclass(frozen=True)
class Request:
    """What is asked for."""

    clips: int
    """Pictures that are kept."""
    seed: int
    """Of the latents."""
    truncation: float
    """0 the average face, 1 the full variety."""
    balanced: bool
    """Girls and boys, and three bands of skin tones, as often in every shard."""
    targets: dict[str, float]
    """Attributes that each face is moved to."""
    uncertainty: float
    """Most of `Told.uncertainty` that is kept."""
    shard_clips: int
    """Clips of a shard."""


class Maker:
    """Everything that makes a clip of a request."""

    def __init__(self, request: Request, model: Path, attributes: Path, face: str) -> None:
        self.request, self.teller = request, Teller(face)
        self.generator: Generator = load_average(model)
        self.measure = attribute_net.load(attributes)[0]
        self.attributes_sha256 = sha256_of(attributes / attribute_net.WEIGHTS)
        self.directions: Directions | None = (
            load_edits(model, self.attributes_sha256) if request.targets else None
        )
        source = {"sha256": sha256_of(model / AVERAGE), "source": read_card(model).source}
        self.by: dict[str, Any] = {
            "generator": source,
            "face": {
                "bundle": self.teller.bundle.name, "file": self.teller.entry.path,
                "manifest_sha256": self.teller.manifest_sha256,
            },
            "attributes": {"sha256": self.attributes_sha256},
        }  # fmt: skip

    @property
    def told_by(self) -> str:
        """Who told the labels, in a line."""
        source = self.by["generator"]["source"]
        networks = f"{self.teller.name}, and attributes {self.attributes_sha256[:12]}"
        return f"{networks}, on pictures of a generator {source}"

    def options(self) -> dict[str, Any]:
        """What dataset.json says was asked for, of which networks."""
        return {"preset": "gan", **asdict(self.request), "networks": self.by}

    def clips(self, number: int, tick: Callable[[], None]) -> Iterator[Clip]:
        """Clips of a shard; ValueError where too many samples in a row have to be passed over."""
        first = number * self.request.shard_clips
        wanted = min(self.request.shard_clips, self.request.clips - first)
        cells, passed = Cells(wanted, first), Counter[str]()
        total = Counter[str]()
        for sample, picture, values in self._samples(first * TRIES, wanted * TRIES):
            told = self.teller.tell(picture)
            fault = self._fault(told)
            if not fault and self.request.balanced:
                fault = cells.fault(np.asarray(self.measure.likely(values)))  # as its facts say
            if fault:
                passed[fault] += 1
                continue
            yield self._clip(f"gan-{first:08d}", sample, picture, values, told, passed)
            tick()
            total, passed = total + passed, Counter()
            first, wanted = first + 1, wanted - 1
            if not wanted:
                return
        said = ", ".join(f"{count} {fault}" for fault, count in (total + passed).items())
        raise ValueError(f"shard {number}: {wanted} clips are missing after {said}; train longer, "
                         "lower --truncation, or raise --uncertainty")  # fmt: skip

    def _samples(self, first: int, count: int) -> Iterator[tuple[int, Pixels, NDArray[np.float64]]]:
        for start in range(first, first + count, BATCH):
            w = draw_w(self.generator, self.request.seed, BATCH, self.request.truncation, start)
            made = draw(self.generator, self.measure, self.directions, w, self.request.targets)
            yield from zip(range(start, start + BATCH), made.pictures, made.values, strict=True)

    def _fault(self, told: Told) -> str:
        if told.present <= 0:
            return "without a face"
        return "uncertain" if told.uncertainty > self.request.uncertainty else ""

    def _told(self, values: NDArray[np.float64]) -> dict[str, float]:
        """What is measured of what was asked for, and the best guess about everything else."""
        both = zip(ATTRIBUTES, values, self.measure.likely(values), strict=True)
        asked = self.request.targets
        return {name: round(float(v if name in asked else guess), 4) for name, v, guess in both}

    def _clip(
        self, key: str, sample: int, picture: Pixels, values: NDArray[np.float64], told: Told,
        passed: Counter[str],
    ) -> Clip:  # fmt: skip
        measured = self._told(values)
        facts = blank_facts(self.request.seed, key)
        facts |= {"n_frames": 1, "emotion": told.emotion, "emotion_intensity": None}
        facts |= {"age_years": max(measured["age"], 0.0), "sex": sex_of(measured["male"])}
        facts["skin_tone"] = int(np.clip(round(measured["tone"]), 1, 10))
        facts["camera"] = {"size_px": len(picture)}
        facts["pseudo"] = self.by | {
            "labels": list(PSEUDO_LABELS), "facts": list(FACTS), "measured": measured,
            "sample": sample, "uncertainty": round(told.uncertainty, 5),
            "passed_over": dict(passed),
        }  # fmt: skip
        return Clip(key, facts, told.labels, picture[None])


def make_dataset(maker: Maker, out: Location) -> dict[str, int] | None:
    """Write the data set, or go on with it; what was passed over and how often.

    None where it is there already. ValueError where `out` holds another.
    """
    options, size = maker.options(), maker.request.shard_clips
    if is_done(out, options):
        return None
    prepare(out)
    stamp = asdict(make_stamp())
    begin(out, options, stamp)
    n_shards = -(-maker.request.clips // size)
    done, progress = 0, Progress(maker.request.clips, "draw", "clip")

    def tick() -> None:
        nonlocal done
        done += 1
        progress.update(done)

    for number in range(n_shards):
        if find_shard(out, number):
            done += min(size, maker.request.clips - number * size)
        else:
            write_shard(out / shard_name(number), maker.clips(number, tick))
    progress.close()
    passed = _passed_over(out, n_shards)
    pseudo = {
        "told_by": maker.told_by,
        "labels": list(PSEUDO_LABELS), "facts": list(FACTS), "rejected": passed,
    }  # fmt: skip
    finish(out, options, stamp, n_shards, pseudo)
    return passed


def _passed_over(out: Location, n_shards: int) -> dict[str, int]:
    shards = [find_shard(out, number) for number in range(n_shards)]
    rows = [row for shard in shards if shard for row in index_shard(shard)]
    clips = Dataset(out, {}, rows).clips(want=())
    total = Counter[str]()
    for clip in clips:
        total.update(clip.facts["pseudo"]["passed_over"])
    return dict(sorted(total.items()))
