"""A stamp says what made a file and nothing private."""

import getpass
import platform
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.stamp import Stamp, make_stamp, shown_command
from device.strict import decode, dumps, encode, load_json
from device.version import VERSION

GOLDEN = Path(__file__).with_name("data") / "device_stamp.json"


def test_golden_stamp_reads_back_byte_for_byte() -> None:
    stamp = decode(Stamp, load_json(GOLDEN), "golden")
    assert dumps(stamp) == GOLDEN.read_text(encoding="utf-8")


def test_stamp_of_this_process_survives_json() -> None:
    stamp = make_stamp(["collodi", "bench", "x"])
    assert decode(Stamp, encode(stamp), "stamp") == stamp
    assert stamp.kit_version == VERSION and stamp.created_utc.endswith("Z")
    assert stamp.host.cores >= 1 and stamp.host.machine


def test_stamp_holds_no_host_user_or_home() -> None:
    home = str(Path.home())
    text = dumps(make_stamp([f"{home}/bin/collodi", "bench", f"{home}/secret/b", f"--o={home}/r"]))
    assert str(Path(__file__).resolve().parent.parent) not in text
    if len(home) > 1:
        assert home not in text
    node, user = platform.node(), getpass.getuser()
    for private in (node, user):
        assert f'"{private}"' not in text and f"/{private}/" not in text


@pytest.mark.parametrize(
    ("argument", "shown"),
    [
        ("/home/alice/data/talk", ".../talk"), ("--out=/home/alice/x", "--out=.../x"),
        ("a:/home/alice/x,/home/alice/y", "a:.../x,.../y"), ("~alice", ".../"),
        ("~/x/y", ".../y"), ("C:\\Users\\alice\\f", "C:.../f"), ("data/talk", "data/talk"),
        ("https://alice:word@host/x", ".../x"), ("say /home/alice/x now", "say .../x now"),
        ("1/2", "1/2"), ("/home/alice/", ".../alice"),
    ],
)  # fmt: skip
def test_absolute_paths_are_cut(argument: str, shown: str) -> None:
    assert shlex.split(shown_command(["/opt/alice/collodi", argument])) == ["collodi", shown]


def test_paths_below_the_working_directory_become_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_command(["collodi", f"{tmp_path}/data/x"]) == "collodi data/x"
    assert shown_command(["collodi", str(tmp_path)]) == "collodi ."
    assert shown_command(["collodi", f"{tmp_path}/../y"]) == "collodi .../y"


@given(st.lists(st.text("ab c=,:;'\"-", max_size=12), max_size=5))
def test_other_arguments_come_back_from_the_shell_form(words: list[str]) -> None:
    assert shlex.split(shown_command(["collodi", *words])) == ["collodi", *words]


def test_the_version_is_that_of_the_package() -> None:
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{VERSION}"\n' in text or 'dynamic = ["version"]' in text
