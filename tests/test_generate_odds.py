"""Names come as often as their shares say, and as `Generator.choice` draws them."""

import numpy as np

from generate.odds import draw

SHARES = {"never": 0.0, "seldom": 0.5, "often": 6, "also": 1.5}


def test_it_draws_what_choice_draws():
    p = np.array(list(SHARES.values())) / sum(SHARES.values())
    ours, theirs = (np.random.default_rng(5) for _ in range(2))
    drawn = [draw(SHARES, ours) for _ in range(2000)]
    assert drawn == [str(theirs.choice(list(SHARES), p=p)) for _ in range(2000)]
    assert "never" not in drawn


def test_a_single_name_is_drawn():
    assert draw({"one": 0.3}, np.random.default_rng(0)) == "one"
