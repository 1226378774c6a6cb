"""boards.toml: the kit's entries, the user's on top, one line for whatever is wrong."""

from pathlib import Path

import pytest

from device.bench import Options
from device.boards import board_named, boards
from device.main import main
from device.remote import Remote, bench_on
from device.ssh import BoardError, Ssh, Unreachable
from device.strict import FormatError

READY = ["pi-zero-2w", "pi3", "pi4", "pi5", "jetson-nano", "xavier-nx", "orin-nano", "orin-nx",
         "agx-orin", "thor"]  # fmt: skip


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def own(text: str) -> Path:
    Path("boards.toml").write_text(text)
    return Path("boards.toml")


def test_the_kits_own_entries_have_no_address() -> None:
    found = boards()
    assert list(found) == READY
    for entry in found.values():
        assert entry.host is None and entry.about and entry.model and "aarch64" in entry.machines


def test_an_entry_adds_to_the_kits_and_a_likeness_takes_it_over() -> None:
    own('[pi5]\nhost = "a.local"\nbudgets = { p99_ms = 20 }\n[desk]\nlike = "pi5"\nport = 2222\n')
    found = boards()
    assert found["pi5"].host == found["desk"].host == "a.local"
    assert found["desk"].model == "Raspberry Pi 5" and found["desk"].port == 2222
    assert found["pi5"].port is None and found["desk"].budgets == {"p99_ms": 20.0}
    assert board_named("desk").name == "desk"


def test_the_home_file_counts_where_there_is_none_here(tmp_path: Path) -> None:
    home = tmp_path / "home/.config/collodi"
    home.mkdir(parents=True)
    (home / "boards.toml").write_text('[pi4]\nhost = "home"\n')
    assert boards()["pi4"].host == "home"
    own('[pi4]\nhost = "here"\n')
    assert boards()["pi4"].host == "here"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[pi5]\nhots = "x"\n', "boards.toml: unknown key 'pi5.hots'; did you mean 'host'?"),
        ('[pi5]\nport = "22"\n', "'pi5.port' should be a whole number"),
        ("[pi5]\nport = 70000\n", "port 70000 is not in 1..65535"),
        ('[pi5]\nhost = "-oProxyCommand=x"\n', "is no name or address"),
        ('[pi5]\nuser = "a b"\n', "is no name or address"),
        ('[pi5]\npython = "-c"\n', "is no program"),
        ('[x]\nlike = "pi55"\n', "no other board; did you mean"),
        ('[x]\nlike = "x"\n', "no other board"),
        ('[x]\nlike = "y"\n[y]\nlike = "x"\n', "no other board"),
        ('["a b"]\nhost = "x"\n', "is no name of a board"),
        ('[local]\nhost = "x"\n', "is no name of a board"),
        ("pi5 = 3\n", "should be a section"),
        ('[pi5]\nname = "x"\n', "the section's title is the name"),
        ("[pi5\n", "boards.toml: not TOML"),
        ('[pi5]\nhost = "x"\nruntimes = ["litrt"]\n', "no runtime 'litrt'; did you mean 'litert'?"),
    ],
)
def test_whatever_is_wrong_is_one_line(text: str, line: str) -> None:
    with pytest.raises(FormatError, match=".") as error:
        boards(own(text))
    assert line in str(error.value) and "\n" not in str(error.value)


def test_a_board_without_an_address_and_one_that_is_not_there() -> None:
    with pytest.raises(ValueError, match=r"no address is known; put \[pi5\] host"):
        board_named("pi5")
    with pytest.raises(ValueError, match="no such board; did you mean 'pi5'"):
        board_named("pi55")


def test_the_command_lists_shows_and_tells_the_dry_run(capsys: pytest.CaptureFixture[str]) -> None:
    own('[pi5]\nhost = "a.local"\nuser = "lab"\npython = "my venv/bin/python"\n')
    assert main(["boards"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in READY) and 'host = "raspberrypi.local"' in shown
    assert main(["boards", "pi5"]) == 0
    assert 'host = "a.local"' in capsys.readouterr().out
    assert main(["boards", "pi5", "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("StrictHostKeyChecking=yes") == shown.count("BatchMode=yes") == 7
    assert "-l lab" in shown and "'\"'\"'my venv/bin/python'\"'\"'" in shown
    assert main(["boards", "pi4", "--check"]) == 2
    assert "no address is known" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "code", "passing"),
    [
        ("@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@\nHost key verification failed.",
         "host-key", False),
        ("No ED25519 host key is known for x and you have requested strict checking.\n"
         "Host key verification failed.", "host-key", False),
        ("lab@x: Permission denied (publickey).", "login", False),
        ("ssh: Could not resolve hostname x: Name or service not known", "address", False),
        ("ssh: connect to host x port 22: Connection refused", "connection", True),
        ("Connection closed by 10.0.0.7 port 22", "connection", True),
        ("client_loop: send disconnect: Broken pipe", "connection", True),
    ],
)  # fmt: skip
def test_what_ssh_says_becomes_a_lasting_or_a_passing_error(
    said: str, code: str, passing: bool
) -> None:
    ssh = Ssh(board_named("pi5", own('[pi5]\nhost = "x"\n')))
    with pytest.raises(BoardError) as error:
        ssh._check(255, False, said.encode())
    assert error.value.code == code and isinstance(error.value, Unreachable) is passing
    assert str(error.value).startswith("board pi5: ") and "\n" not in str(error.value)


def test_what_a_board_says_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The owner of a lock is what any user of the board wrote there."""
    own('[pi5]\nhost = "x"\n')
    said = {"busy": "\x1b[2J\x9b1m has been measuring", "python": "3.9"}
    monkeypatch.setattr(Remote, "hello", lambda _: said)
    assert main(["boards", "pi5", "--check"]) == 1
    seen = capsys.readouterr()
    assert "\\x1b[2J\\x9b1m has" in seen.out and not {"\x1b", "\x9b"} & {*seen.out, *seen.err}


def test_a_second_process_of_the_same_user_does_not_take_an_upload_for_a_leftover() -> None:
    own('[pi5]\nhost = "127.0.0.1"\nport = 1\n')
    with Remote(board_named("pi5"), print).alone():
        for resume in (False, True):
            with pytest.raises(BoardError, match="another collodi of yours"):
                bench_on("pi5", [], Options(), print, resume=resume)
    with pytest.raises(ValueError, match="no run on board pi5"):
        bench_on("pi5", [], Options(), print, resume=True)
