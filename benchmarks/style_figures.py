"""Personal style in numbers: is a child found again, is its motion nearer, by ten seconds of it?

Fifty children, each with a style of its own, a resting face of its own, a voice and two utterances
of ten seconds. The style is fitted to the first by what INPUTS say is known of it. Of each input:
`style_retrieval`, the share of children whose other utterance has the nearest style; `style_gain`,
by how much the mean absolute error of the curves of the second utterance falls when its score is
replayed in the fitted style, against the average style; `style_worst`, the least such gain of a
child. The names without an ending are those of the score.

SEED draws the children that are measured; nothing was chosen on them. Constants were chosen on
those of TUNE_SEED (`--tune`), and the shipped table (generate/motion/style_table.py) was learned on
children of seeds of its own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from generate.motion.player import play_score
from generate.motion.score import Score
from generate.motion.style import SHAPED, PersonalStyle, restyled, style_gap
from generate.motion.style_children import plain_score, sample_child, sample_talker, talk
from generate.motion.style_fit import fit_style
from generate.spec import Motion

SEED, TUNE_SEED = 47, 31
RATE_HZ, LENGTH_S = 25.0, 10.0
INPUTS = {"_score": "curves and their score", "_phonemes": "curves and phonemes",
          "_curves": "curves alone"}  # fmt: skip
"""Ending of a figure's name, and what the fit is given: the score of a clip of ours; a score that
was drawn anew from the clip's phonemes, with other glances, dips and brows; a face capture."""


class Take(NamedTuple):
    """Ten seconds of a child."""

    score: Score
    """In the average style."""
    redrawn: Score
    """Another draw from the same phonemes."""
    motion: Motion
    """The child's own."""


def styles(
    children: int, tune: bool = False
) -> tuple[list[dict[str, Any]], dict[str, float | None]]:
    """Rows of every child and the figures."""
    made = [takes(TUNE_SEED if tune else SEED, number) for number in range(children)]
    rows: list[dict[str, Any]] = []
    figures: dict[str, float | None] = {}
    for ending, known in INPUTS.items():
        fits = [[fitted(take, ending) for take in one] for one in made]
        apart = np.array([[style_gap(a[0], b[1]) for b in fits] for a in fits])
        gains = [gain(one[1], fit[0]) for one, fit in zip(made, fits, strict=True)]
        nearest = apart.argmin(1)
        for number in range(children):
            rows.append({"kind": "style", "known": known, "child": number, "gain": gains[number],
                         "nearest": int(nearest[number])})  # fmt: skip
        figures["style_retrieval" + ending] = float((nearest == np.arange(children)).mean())
        figures["style_gain" + ending] = float(np.mean(gains))
        figures["style_worst" + ending] = float(np.min(gains))
    figures |= {name: figures[name + "_score"] for name in ("style_retrieval", "style_gain")}
    return rows, figures


def takes(seed: int, number: int) -> list[Take]:
    """Two utterances of child `number`."""
    rng = np.random.default_rng([seed, number])
    own, voice = sample_child(rng), sample_talker(rng, number)
    out = []
    for _ in range(2):
        said = talk(voice, LENGTH_S, rng)
        score, redrawn = plain_score(said, rng), plain_score(said, rng)
        out.append(Take(score, redrawn, play_score(restyled(score, own), RATE_HZ)))
    return out


def fitted(take: Take, ending: str) -> PersonalStyle:
    """The style of one utterance by what is known of it."""
    known = {"_score": take.score, "_phonemes": take.redrawn, "_curves": None}
    return fit_style(take.motion, known[ending])


def gain(take: Take, person: PersonalStyle) -> float:
    """Share of the average style's error that the fitted style takes away."""
    errors = [
        float(np.abs(play_score(score, RATE_HZ).arkit - take.motion.arkit)[:, SHAPED].mean())
        for score in (restyled(take.score, person), take.score)
    ]
    return 1 - errors[0] / errors[1]
