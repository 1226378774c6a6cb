"""Options: what is given twice, unknown or misspelt is refused in one line."""

from dataclasses import dataclass

import pytest

from generate.options import parse


@dataclass(frozen=True)
class Options:
    """Some options."""

    data: str
    """A data set."""
    evaluation: tuple[str, ...] = ()
    """Result files."""


def test_several_values_follow_one_flag() -> None:
    options = parse(Options, ["--data", "d", "--evaluation", "a", "b"], "collodi x")
    assert options == Options("d", ("a", "b"))


@pytest.mark.parametrize("twice", [["--evaluation", "b"], ["--evaluation=b"]])
def test_a_flag_given_twice_is_refused_and_named(twice: list[str]) -> None:
    with pytest.raises(ValueError, match="--evaluation is given twice") as caught:
        parse(Options, ["--data", "d", "--evaluation", "a", *twice], "collodi x")
    assert "\n" not in str(caught.value)


def test_a_missing_option_is_named_in_one_line() -> None:
    with pytest.raises(ValueError, match="--data") as caught:
        parse(Options, [], "collodi x")
    assert "\n" not in str(caught.value)
