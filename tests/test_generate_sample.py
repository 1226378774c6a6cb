"""Sampled children are balanced, reproducible, and drawn stage by stage."""

from collections import Counter

import numpy as np
import pytest

from generate.sample import ANCESTRY_BY_TONE, PLAN, from_block, sample_person, sample_view, stream
from generate.spec import Person


def test_the_plan_is_flat_in_both_margins() -> None:
    assert {len(row) for row in ANCESTRY_BY_TONE.values()} == {10}
    assert {sum(row) for row in ANCESTRY_BY_TONE.values()} == {10}
    assert {sum(column) for column in zip(*ANCESTRY_BY_TONE.values(), strict=True)} == {4}
    assert len(PLAN) == 40


@pytest.mark.parametrize("start", [0, 360, 7200])
def test_any_360_children_are_balanced(start: int) -> None:
    people = [sample_person(11, start + i) for i in range(360)]
    assert Counter(p.sex for p in people) == {"female": 180, "male": 180}
    assert set(Counter(p.skin_tone for p in people).values()) == {36}
    assert set(Counter(int(p.age_years) for p in people).values()) == {40}


def test_the_same_number_is_the_same_child_and_others_differ() -> None:
    assert sample_person(1, 5) == sample_person(1, 5)
    assert sample_person(1, 5) != sample_person(1, 6)
    assert sample_person(1, 5) != sample_person(2, 5)
    seeds = {sample_person(1, i).face_seed for i in range(300)}
    assert len(seeds) == 300


def test_stages_do_not_share_random_numbers() -> None:
    assert stream(0, 0, "voice").random() != stream(0, 0, "view").random()
    assert stream(0, 0, "voice").random() == stream(0, 0, "voice").random()


def test_blocks_hold_each_entry_once_in_changing_order() -> None:
    blocks = [
        [from_block("abcde", 3, b * 5 + i, "order_class") for i in range(5)] for b in range(20)
    ]
    assert all(sorted(block) == list("abcde") for block in blocks)
    assert len({tuple(block) for block in blocks}) > 10


def test_views_keep_the_face_in_the_picture() -> None:
    for i in range(200):
        view = sample_view(stream(0, i, "view"), 128)
        assert max(abs(x) for x in view.offset) + view.face_fraction / 2 < 0.5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"age_years": 0.2}, "age_years 0.2"),
        ({"skin_tone": 11}, "skin_tone 11"),
        ({"ancestry": (0.5, 0.5, 0.5)}, "sum to 1"),
        ({"sex": "x"}, "sex 'x'"),
    ],
)
def test_people_that_cannot_be_are_refused(change: dict[str, object], said: str) -> None:
    person = sample_person(0, 0)
    with pytest.raises(ValueError, match=said):
        Person(**{**person.__dict__, **change})


def test_tone_does_not_follow_sex_or_age() -> None:
    people = [sample_person(4, i) for i in range(720)]
    tone = np.array([p.skin_tone for p in people], float)
    for other in (
        np.array([p.age_years for p in people]),
        np.array([p.sex == "male" for p in people]),
    ):
        assert abs(np.corrcoef(tone, other)[0, 1]) < 0.12
