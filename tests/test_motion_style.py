"""A style acts as it says, and one that is fitted to ten seconds is found again in other speech."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generate.motion.cues import BrowCue, FaceCue, GestureCue, HeadCue, PoseCue, StyleCue
from generate.motion.player import play_score
from generate.motion.score import Score
from generate.motion.shapes import COLUMN, columns
from generate.motion.style import (
    BIASED,
    FACTORS,
    LEFT,
    LIPS,
    MOVED,
    RANGE,
    RIGHT,
    SHAPED,
    SPREAD,
    PersonalStyle,
    Style,
    apply_style,
    from_vector,
    restyled,
    sample_style,
    style_gap,
    style_vector,
)
from generate.motion.style_children import plain_score, sample_child, sample_talker, talk
from generate.motion.style_fit import fit_style
from generate.spec import ARKIT, Motion

RATE_HZ, LENGTH_S, CHILDREN = 25.0, 10.0, 8


def seen(score):
    return play_score(score, RATE_HZ)


@pytest.fixture(scope="module")
def spoken():
    """Four utterances of ten seconds."""
    drawn = [np.random.default_rng([number, 8]) for number in range(4)]
    return [talk(sample_talker(rng, n), LENGTH_S, rng) for n, rng in enumerate(drawn)]


def plain(utterance, *seed):
    return plain_score(utterance, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def children(spoken):
    """For each child: who it is, its two average scores, and its own motion of both."""
    rows = []
    for child in range(CHILDREN):
        own = sample_child(np.random.default_rng([child, 1]))
        scores = [plain(spoken[(child + n) % 4], child, n) for n in range(2)]
        rows.append((own, scores, [seen(restyled(score, own)) for score in scores]))
    return rows


def gain(child, person):
    """Share of the average style's error in the second utterance that `person` takes off."""
    _, scores, own = child
    tries = (restyled(scores[1], person), scores[1])
    errors = [np.abs(seen(score).arkit - own[1].arkit)[:, SHAPED].mean() for score in tries]
    return 1 - errors[0] / errors[1]


@pytest.fixture(scope="module")
def fits(children, spoken):
    """Fits of both utterances of each child, by what the fit is given."""

    def given(number, part, what):
        _, scores, _ = children[number]
        again = plain(spoken[(number + part) % 4], number, part, 99)
        return {"score": scores[part], "phonemes": again, "curves": None}[what]

    return {
        what: [
            [fit_style(row[2][part], given(number, part, what)) for part in range(2)]
            for number, row in enumerate(children)
        ]
        for what in ("score", "phonemes", "curves")
    }


@pytest.mark.parametrize("what", ["score", "phonemes", "curves"])
def test_the_nearest_style_is_that_of_the_same_child_in_other_words(fits, what):
    apart = np.array([[style_gap(a[0], b[1]) for b in fits[what]] for a in fits[what]])
    assert (apart.argmin(1) == np.arange(CHILDREN)).mean() >= 0.9
    strangers = apart[~np.eye(CHILDREN, dtype=bool)]
    assert np.median(np.diag(apart)) < 0.5 * np.median(strangers)


@pytest.mark.parametrize(("what", "least"), [("score", 0.9), ("phonemes", 0.8), ("curves", 0.5)])
def test_a_fitted_style_brings_other_speech_nearer_to_the_child(children, fits, what, least):
    gains = [gain(child, fit[0]) for child, fit in zip(children, fits[what], strict=True)]
    assert np.mean(gains) >= least and min(gains) > 0


@pytest.mark.parametrize("name", list(SPREAD))
def test_each_factor_is_found_alone(spoken, name):
    value = {"asymmetry": 0.25, "brow": 0.12}.get(name, 1.25)
    score = plain(spoken[0], 5)
    motion = seen(restyled(score, PersonalStyle(Style(**{name: value}))))
    found = fit_style(motion, score).style
    for item, spread in SPREAD.items():
        want = value if item == name else getattr(Style(), item)
        assert getattr(found, item) == pytest.approx(want, abs=0.35 * spread), item


def face(name, value, length_s=4.0):
    """A score with one of each move, and its curves and head at 100 Hz in a style."""
    cues = [
        HeadCue(1.0, 1.4, "dip", 8.0),
        BrowCue(2.0, 2.6, "raise", 0.5),
        PoseCue(0.0, 2.0, 10.0, 0.0, 0.0, rise_s=0.0),
        FaceCue(0.0, length_s, (("mouthSmile", 0.2),), rise_s=0.0, fall_s=0.0),
        StyleCue(0.0, length_s, **{name: value}, rise_s=0.0, fall_s=0.0),
    ]
    return play_score(Score(length_s, tuple(cues)), 100.0)


def width(curve):
    """Frames in which a move is above half its size."""
    return int((np.abs(curve) > np.abs(curve).max() / 2).sum())


@pytest.mark.parametrize("tempo", [0.5, 2.0])
def test_tempo_is_the_speed_of_moves_not_their_size(tempo):
    usual, other = face("tempo", 1.0), face("tempo", tempo)
    raised = COLUMN["browOuterUpLeft"]
    for a, b in (
        (usual.head_deg[:, 1], other.head_deg[:, 1]),
        (usual.arkit[:, raised], other.arkit[:, raised]),
    ):
        assert np.abs(b).max() == pytest.approx(np.abs(a).max(), rel=0.02)
        assert np.abs(a).argmax() == pytest.approx(np.abs(b).argmax(), abs=12)
        assert width(b) == pytest.approx(width(a) / tempo, rel=0.1)
    turns = [np.flatnonzero(np.diff(m.head_deg[:, 0]))[[0, -1]] for m in (usual, other)]
    usual_frames, frames = (last - first for first, last in turns)
    assert frames == pytest.approx(usual_frames / tempo, rel=0.1)


def test_tempo_is_the_speed_of_arms_too():
    def reached(tempo):
        cues = (
            GestureCue(1.0, 2.0, "point", rise_s=0.4, fall_s=0.4),
            StyleCue(0.0, 4.0, tempo=tempo, rise_s=0.0, fall_s=0.0),
        )
        pose = {"rest": np.zeros(25), "point": np.ones(25)}
        body = play_score(Score(4.0, cues), 100.0, gesture=lambda name, _: pose[name]).body
        return int(((body[:, 5] > 0.01) & (body[:, 5] < 0.99)).sum())

    assert reached(2.0) == pytest.approx(reached(1.0) / 2, rel=0.1)
    assert reached(0.5) == pytest.approx(reached(1.0) * 2, rel=0.1)


def test_each_number_of_a_style_changes_what_it_names(spoken):
    score = plain(spoken[0], 5)
    usual = seen(score)
    size = {
        "jaw": lambda m: m.arkit[:, COLUMN["jawOpen"]].std(),
        "lips": lambda m: m.arkit[:, LIPS].std(0).mean(),
        "expression": lambda m: m.arkit[:, MOVED].std(0).mean(),
        "head": lambda m: np.diff(m.head_deg, axis=0).std(),
        "brow": lambda m: m.arkit[:, columns("browOuterUp")].mean(),
        "asymmetry": lambda m: np.ptp(m.arkit[:, LEFT] - m.arkit[:, RIGHT], axis=0).mean(),
        "tempo": lambda m: np.abs(np.diff(m.head_deg, 2, axis=0)).mean(),
    }
    more = {"brow": 0.1, "asymmetry": 0.3}
    for name in SPREAD:
        person = PersonalStyle(Style(**{name: more.get(name, 1.4)}))
        motion = seen(restyled(score, person))
        assert size[name](motion) > size[name](usual) * 1.05 + 1e-4, name
        if name not in ("jaw", "lips"):
            still = [COLUMN["jawOpen"], *LIPS]
            assert np.allclose(motion.arkit[:, still], usual.arkit[:, still], atol=0.02), name
        if name not in ("head", "tempo"):
            assert np.allclose(motion.head_deg, usual.head_deg, atol=1e-4), name


def test_the_average_style_changes_nothing_and_fits_itself(spoken):
    score = plain(spoken[1], 7)
    motion = seen(score)
    assert apply_style(motion, Style()) is motion
    same = apply_style(motion, Style(), np.zeros(52))
    assert np.allclose(same.arkit, motion.arkit)
    assert np.allclose(same.head_deg, motion.head_deg, atol=1e-4)
    assert restyled(restyled(score, PersonalStyle()), PersonalStyle()) == restyled(
        score, PersonalStyle()
    )
    assert style_gap(fit_style(motion, score), PersonalStyle()) < 0.15


def test_another_persons_resting_face_takes_the_place_of_the_first(spoken):
    score = plain(spoken[1], 7)
    one, two = (sample_child(np.random.default_rng(n)) for n in (1, 2))
    assert restyled(restyled(score, one), two) == restyled(score, two)
    key = FaceCue(1.0, 2.0, (("noseSneer", 0.3),))
    assert key in restyled(score.plus([key]), two).cues


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_a_vector_is_its_person(seed):
    person = sample_child(np.random.default_rng(seed))
    again = from_vector(style_vector(person))
    assert np.allclose(list(asdict(again.style).values()), list(asdict(person.style).values()))
    assert np.allclose(np.array(again.bias)[BIASED], np.array(person.bias)[BIASED])


@given(seed=st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_sampled_styles_stay_in_range_and_keep_curves_there(seed):
    rng = np.random.default_rng(seed)
    style = sample_style(rng)
    assert all(low <= getattr(style, name) <= high for name, (low, high) in RANGE.items())
    arkit = rng.uniform(0, 1, (20, 52)).astype(np.float32)
    head = rng.normal(0, 30, (20, 3)).astype(np.float32)
    motion = Motion(30.0, arkit, head, np.zeros((20, 2), np.float32))
    out = apply_style(motion, style, rng.uniform(-1, 1, 52) * np.isin(np.arange(52), SHAPED))
    assert out.arkit.min() >= 0 and out.arkit.max() <= 1
    assert (np.abs(out.head_deg) <= (55.0, 35.0, 25.0)).all()
    kept = [i for i in range(52) if i not in SHAPED]
    assert np.array_equal(out.arkit[:, kept], arkit[:, kept])


def test_styles_spread_about_the_average():
    drawn = [sample_style(np.random.default_rng([7, n])) for n in range(400)]
    for name, spread in SPREAD.items():
        values = np.array([getattr(style, name) for style in drawn])
        values = np.log(values) if name in FACTORS else values
        assert values.std() == pytest.approx(spread, rel=0.15) and abs(values.mean()) < spread / 5


def test_no_style_parts_lips_that_must_meet(spoken):
    widest = Style(jaw=2.0, lips=2.0, expression=2.0, asymmetry=0.5, tempo=2.5, brow=0.5)
    motion = seen(restyled(plain(spoken[2], 3), PersonalStyle(widest)))
    apart = motion.arkit[:, COLUMN["jawOpen"]] - motion.arkit[:, COLUMN["mouthClose"]]
    for phoneme in spoken[2].phonemes:
        if phoneme.text in ("p", "b", "m"):
            assert apart[int((phoneme.start_s + phoneme.end_s) / 2 * RATE_HZ)] < 0.03


def test_pairs_of_sides_are_pairs():
    assert [ARKIT[i].replace("Left", "Right") for i in LEFT] == [ARKIT[i] for i in RIGHT]
    assert COLUMN["mouthLeft"] in LIPS and COLUMN["mouthLeft"] not in LEFT


@pytest.mark.parametrize(("name", "value"), [("jaw", 2.5), ("head", -0.1), ("asymmetry", 0.6)])
def test_a_style_out_of_range_is_refused(name, value):
    with pytest.raises(ValueError, match=f"style {name} {value:g} is outside"):
        Style(**{**asdict(Style()), name: value})


def test_fit_refuses_what_it_cannot_use(spoken):
    score = plain(spoken[0], 1)
    motion = seen(score)
    with pytest.raises(ValueError, match="want 2 s or more"):
        fit_style(replace(motion, arkit=motion.arkit[:30]))
    with pytest.raises(ValueError, match="score of 3 s, want the motion's 10 s or more"):
        fit_style(motion, Score(3.0))
    with pytest.raises(ValueError, match="bias"):
        PersonalStyle(bias=(0.0,) * 51)
