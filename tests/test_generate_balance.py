"""Any thousand children are balanced, and a set that is not is named and refused."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from device.main import main
from generate.balance import TOLERANCE, share_lines, shares
from generate.presets import Stills
from generate.sample import sample_person

OPTIONS: dict[str, Any] = {"preset": "stills", **asdict(Stills(child_stills=1))}
PEOPLE = [asdict(sample_person(5, i)) for i in range(2400)]


@pytest.mark.parametrize("start", [0, 137, 777, 1400])
def test_any_thousand_children_in_a_row_are_within_one_percent_of_the_plan(start: int) -> None:
    found = shares(PEOPLE[start : start + 1000], OPTIONS)
    assert {share.margin for share in found} == {"sex", "age", "Monk tone", "ancestry"}
    assert all(abs(share.count - share.target) <= TOLERANCE * 1000 for share in found)
    assert not any(share.skewed for share in found)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("sex", "male", "sex female"),
        ("skin_tone", 2, "Monk tone 2"),
        ("ancestry", (0.0, 0.0, 1.0), "ancestry european"),
        ("age_years", 5.5, "age 5.0-6.0"),
    ],
)
def test_one_child_in_ten_moved_to_one_group_is_a_skew(name: str, value: Any, said: str) -> None:
    moved = [row | ({name: value} if i % 10 == 0 else {}) for i, row in enumerate(PEOPLE[:1000])]
    skewed = [str(share) for share in shares(moved, OPTIONS) if share.skewed]
    assert any(said in text for text in skewed)
    assert any("SKEWED" in line for line in share_lines(shares(moved, OPTIONS)))


def test_what_is_fixed_is_not_called_skewed() -> None:
    girls = [row | {"sex": "female"} for row in PEOPLE[:400]]
    assert any(share.skewed for share in shares(girls, OPTIONS))
    assert not any(share.skewed for share in shares(girls, OPTIONS | {"fix": ["sex=female"]}))


def test_adults_beside_children_are_left_out_of_the_age_bands() -> None:
    adults = [asdict(sample_person(5, i, (18, 75))) for i in range(200)]
    mixed = PEOPLE[:600] + adults
    with_share = shares(mixed, OPTIONS | {"adult_share": 0.25})
    assert not any(share.skewed for share in with_share if share.margin == "age")
    assert any(share.skewed for share in shares(mixed, OPTIONS) if share.margin == "age")


def test_sound_alone_has_no_people_to_balance() -> None:
    assert shares([{}], {"preset": "words"}) == []


def test_inspect_fails_loudly_on_a_skewed_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "set"
    make = ["generate", "stills", "--out", str(out), "--clips", "12", "--child-stills", "1"]
    assert main([*make, "--size-px", "32", "--engine", "loop"]) == 0
    assert main(["inspect", str(out)]) == 0
    index = out / "index.jsonl"
    index.write_text(index.read_text().replace('"sex": "female"', '"sex": "male"'))
    capsys.readouterr()
    assert main(["inspect", str(out)]) == 1
    assert "skewed: sex female 0.0 %, want 50.0 %" in capsys.readouterr().err


def test_mixed_people_have_no_main_ancestry() -> None:
    person = replace(sample_person(0, 0), ancestry=(0.7, 0.2, 0.1))
    group = [s for s in shares([asdict(person)], OPTIONS) if s.group == "mixed"]
    assert group[0].count == 1
