"""Recipe of a neural generator of children: renders, training, what measures it, edits, a card."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from device.bundle import CARD as MODEL_CARD
from device.files import write_atomic
from device.strict import load_json
from export.chain import Chain, keep_options
from export.recipe import TEST_SEED, Order, sized
from export.staging import staged
from generate.gan import attribute_net, edit_store, store
from generate.gan.attribute_table import ATTRIBUTES
from generate.gan.packaged import MEASURES
from generate.gan.runs import DONE

MOST_BYTES = 16_000_000
PLAIN = (
    "headwear=none", "held=none", "face_paint=none", "glasses=none", "camera=good",
    "framing=face", "aperture_mm=0", "backdrop=studio", "light=window", "offset=0,0",
    "face_fraction=0.3",
)  # fmt: skip
"""A sharp bare head before a plain wall, lit from any side: less to learn."""
JUDGE_SEED, REACH_SEED = 7000, 2002
"""Added to the seed: other children for the network that judges edits, other first weights for it
and for the one that says how far edits must reach."""
GAIN, LEAK = 0.2, 0.25
"""An edit keeps what was asked for where it moves its attribute by all of it within the first, and
each other by less than the second of its range."""


@dataclass(frozen=True)
class Recipe:
    """How much of everything a generator is made of; by default two hours of one core."""

    like: str = "64-narrow"
    """Sizes of the networks."""
    stills: int = 9600
    """Pictures to learn from."""
    child_stills: int = 4
    """Of each child."""
    fix: tuple[str, ...] = PLAIN
    """What is the same in all pictures."""
    tests: int = 1200
    """Pictures of other children, to be compared with."""
    images: int = 450_000
    """Shown in all, repeats counted."""
    batch: int = 16
    training: tuple[str, ...] = ("--learning-rate", "0.0025", "--path-weight", "0", "--mixing", "0")
    """More options of the training."""
    epochs: int = 12
    """Of each attribute network."""
    networks: int = 2
    """That steer edits, averaged; another one, of renders of other children, judges them."""
    samples: int = 4096
    """Pictures that directions are fitted to."""
    faces: int = 64
    """Pictures that their effects are measured on."""
    scored: int = 1200
    """Pictures that are compared with those of other children."""


WIDE = Recipe(
    like="64", stills=40_000, fix=(), tests=4000, images=4_000_000, batch=32, training=(),
    faces=128, scored=4000,
)  # fmt: skip
RECIPES = {"toy-children-64": Recipe(), "toy-children-64-wide": WIDE}
TINY: dict[str, Any] = {
    "like": "16", "stills": 40, "child_stills": 2, "tests": 8, "images": 32, "batch": 8,
    "epochs": 1, "samples": 32, "faces": 2, "scored": 8,
}  # fmt: skip


def make(o: Order) -> Path:
    """Run every stage that is not finished yet, the training from where it stopped; returns the
    folder of the generator."""
    how, out = sized(o, RECIPES[o.name], TINY), o.folder
    keep_options(out, {"seed": o.seed} | asdict(how))
    run, data, trained, made = Chain(out), out / "data", out / "run", out / "small"
    fixed = ("--fix", *how.fix) if how.fix else ()

    def pictures(name: str, count: int, seed: int) -> Path:
        run("generate", "stills", "--out", data / name, "--clips", count, "--seed", seed,
            "--child-stills", how.child_stills, *fixed)  # fmt: skip
        return data / name

    learn = pictures("stills", how.stills, o.seed)
    others = pictures("stills-test", how.tests, o.seed + TEST_SEED)
    run.once(trained / DONE, "gan", "train", "--data", learn, "--out", trained, "--like", how.like,
             "--images", how.images, "--batch", how.batch, "--seed", o.seed,
             *how.training)  # fmt: skip
    measure, judge, reach = made / MEASURES, out / "judge", out / "reach"
    seen = pictures("stills-judge", how.stills, o.seed + JUDGE_SEED)
    for folder, stills, seed, networks in (
        (out / "attributes", learn, o.seed, how.networks), (judge, seen, o.seed + JUDGE_SEED, 1),
        (reach, learn, o.seed + REACH_SEED, 1),
    ):  # fmt: skip
        run.once(folder / attribute_net.CARD, "gan", "attributes", "--data", stills,
                 "--out", folder, "--epochs", how.epochs, "--seed", seed,
                 "--networks", networks)  # fmt: skip
    halve(trained, out / "attributes", made)
    run.once(made / edit_store.CARD, "gan", "directions", made, "--attributes", measure,
             "--judge", judge, "--reach", reach, "--samples", how.samples,
             "--faces", how.faces)  # fmt: skip
    score, faces = out / "score.json", out / "faces"
    run.once(score, "gan", "score", made, "--data", others, "--attributes", measure,
             "--samples", how.scored, "--json", score)  # fmt: skip
    run.once(faces / "values.json", "generate", "gan", made, "--attributes", measure,
             "--out", faces, "--count", 16)  # fmt: skip
    return _gathered(o, how, out)


def halve(trained: Path, attributes: Path, goal: Path) -> None:
    """Write a generator and its attribute network with float16 weights, half as large.

    All that comes later is measured on these, for they are what is handed out. Written again they
    are the same bytes.
    """
    goal.mkdir(exist_ok=True)
    store.save_average(goal, store.load_average(trained).half())
    net, card = attribute_net.load(attributes)
    attribute_net.save(goal / MEASURES, net.half(), card)
    shutil.copyfile(trained / store.CARD, goal / store.CARD)


def _gathered(o: Order, how: Recipe, out: Path) -> Path:
    """The files of the generator and its card in one folder, which appears when it is whole."""
    goal = out / "generators" / o.name
    with staged(goal, force=True, mark=store.CARD) as folder:
        shutil.copytree(out / "small", folder, dirs_exist_ok=True)
        shutil.copyfile(out / "faces" / "sheet.png", folder / "sheet.png")
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        if size > MOST_BYTES:
            raise ValueError(f"{o.name}: {size:,} bytes, more than {MOST_BYTES:,}; want a smaller "
                             "--like")  # fmt: skip
        write_atomic(folder / MODEL_CARD, card(o, how, out, size))
    return goal


def card(o: Order, how: Recipe, out: Path, size: int) -> str:
    """Text of the model card, from what the stages wrote."""
    sizes = store.read_card(out / "small").sizes
    edits = load_json(out / "small" / edit_store.CARD)
    score = load_json(out / "score.json")
    explained = load_json(out / "small" / MEASURES / attribute_net.CARD)["explained"]
    draft = ["**Draft, not for use: a tiny run that only shows that all stages work.**", ""]
    return "\n".join([
        f"# {o.name}", "", *(draft if o.tiny else []),
        f"Draws faces of children that nobody is, {sizes.size_px} x {sizes.size_px} px, by age, "
        "sex, skin tone, hair, pose, smile, mouth and light (docs/gan.md).", "",
        f"- {size:,} bytes with its edits and the networks that measure them, weights as "
        "float16",
        f"- Trained on {how.stills:,} of the kit's own renders, {how.images:,} shown; no picture "
        "of a real person",
        "- Licence: Apache-2.0", "",
        "## Scores", "",
        f"kit_fid {score['kit_fid']:.3f} and kit_kid {score['kit_kid']:.5f} to "
        f"{score['pictures']:,} renders of other children; two halves of those are "
        f"{score['floor_fid']:.3f} apart. "
        "Features of the kit's own network: comparable with no published FID or KID.", "",
        "## Edits", "",
        "Asked to move up or down by a quarter of its range, where there is room, as a network "
        "judges it that saw renders of other children: its reading is scaled by a line so that a "
        "change of exact held-out labels by 1 reads 1. Leaked is the mean absolute change of its "
        "best guess of another attribute, drifted the mean change along with the edit on that "
        f"scale. Holds: moved within {GAIN:.0%}, both below {LEAK:.0%} of a range.",
        "",
        "| attribute | networks explain | moved | up | down | most leaked | most drifted | holds |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(effect, explained) for effect in edits["effects"]), "",
        "## Limits", "",
        "- It has the looks of the renders: skin, hair and teeth are not those of photographs.",
        "- What the networks explain little of, they cannot steer either; their values are "
        "pseudo-labels.",
        "- Not for identifying, imitating or deceiving anybody; name its pictures synthetic.",
        "",
    ])  # fmt: skip


def _row(effect: dict[str, Any], explained: dict[str, float]) -> str:
    name, cells, holds = effect["name"], list[str](), abs(effect["gain"] - 1) <= GAIN
    for shares in (effect["leakage"], effect["drift"]):
        worst = max(shares, key=lambda other: abs(shares[other]))
        cells.append(f"{worst} {shares[worst]:.2f}")
        holds = holds and abs(shares[worst]) < LEAK
    ways = " | ".join("-" if x is None else f"{x:.2f}" for x in (effect["up"], effect["down"]))
    head = f"| {name} ({ATTRIBUTES[name].unit}) | {explained[name]:.2f} | {effect['gain']:.2f}"
    return f"{head} | {ways} | {' | '.join(cells)} | {'yes' if holds else 'no'} |"
