"""A signed registry: published, listed, pulled; forged, old, swapped and hostile ones refused."""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.backends import minisign
from device.bundle import Bundle, read_bundle, write_bundle
from device.files import sha256_of
from device.front_end import LOGMEL
from device.main import main
from device.strict import FormatError
from device.zoo.index import choose, read_index
from device.zoo.pull import check_paths
from device.zoo.source import Refused, source_of
from device.zoo.trust import pins_path, read_pins, trusted_index

TINY = runpy.run_path(str(Path(__file__).with_name("make_tiny_bundle.py")))


def make_bundle(folder: Path, name: str = "kws", text: str = "const int tiny = 1;\n") -> Path:
    folder.mkdir(parents=True)
    entry = TINY["write_c"](folder)
    (folder / "tiny.c").write_text(text)
    entry = replace(entry, sha256=sha256_of(folder / "tiny.c"), bytes=len(text))
    write_bundle(
        folder, Bundle(name, "kws", "CC0-1.0", TINY["STAMP"], dict(LOGMEL), ("a", "b"), (entry,))
    )
    (folder / "MODEL_CARD.md").write_text("# card\n")
    return folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a registry of kws@1.0.0 and kws@1.0.1, its key, and nothing trusted yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("device.zoo.trust.time.sleep", lambda _: None)
    assert main(["publish", "--new-key", "key"]) == 0
    for number in (1, 2):
        make_bundle(tmp_path / f"b{number}", text=f"const int tiny = {number};\n")
        assert main(["publish", f"b{number}", "--registry", "reg", "--key", "key"]) == 0
    return tmp_path


def pull(*words: str) -> int:
    return main(["pull", "kws", "--registry", "reg", *words])


def resign(place: Path, change: Callable[[dict[str, Any]], None], key: str = "key") -> None:
    """Change the index as somebody could who has the key."""
    index = place / "reg" / "index.json"
    data = json.loads(index.read_text())
    change(data)
    index.write_text(json.dumps(data))
    signed = minisign.sign(minisign.read_secret(place / key), index.read_bytes(), "test")
    (place / "reg" / "index.json.minisig").write_text(signed)


@pytest.mark.usefixtures("place")
def test_pull_takes_the_newest_or_the_named_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert pull("--trust", "key.pub") == 0
    assert read_bundle(Path("kws")) == read_bundle(Path("b2"))
    assert sorted(p.name for p in Path("kws").iterdir()) == [
        "MODEL_CARD.md", "manifest.json", "tiny.c"]  # fmt: skip
    assert main(["pull", "kws@1.0.0", "--registry", "reg", "--out", "old"]) == 0
    assert read_bundle(Path("old")) == read_bundle(Path("b1"))
    assert main(["models", "--registry", "reg"]) == 0
    assert "1.0.1" in capsys.readouterr().out
    assert not list(Path().glob("*.part"))


def test_no_key_is_taken_on_trust(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pull() == 2
    assert "give --trust KEY" in capsys.readouterr().err
    assert not pins_path().exists() and not (place / "kws").exists()
    word = minisign.read_public("key.pub").text
    assert pull("--trust", word) == 0
    assert "remembered in" in capsys.readouterr().err
    assert [pin.key for pin in read_pins(pins_path()).registries.values()] == [word]
    assert main(["publish", "--new-key", "other"]) == 0
    assert pull("--trust", "other.pub", "--out", "x") == 2
    assert "take the entry out of" in capsys.readouterr().err


@pytest.mark.usefixtures("place")
def test_another_key_does_not_vouch() -> None:
    assert main(["publish", "--new-key", "other"]) == 0
    assert pull("--trust", "other.pub") == 1
    assert not pins_path().exists()
    assert main(["publish", "b1", "--registry", "reg", "--key", "other", "--version", "9.0.0"]) == 2


def test_a_changed_index_or_signature_is_refused(place: Path) -> None:
    index = place / "reg" / "index.json"
    signature = index.with_name("index.json.minisig")
    text = signature.read_text()
    lines = [text.index(line) for line in text.splitlines()]
    spots = [start + step for start in lines[1:] for step in (0, 5, 20, 40)]
    for target, places in ((index, range(0, 900, 150)), (signature, spots)):
        original = target.read_bytes()
        for spot in places:
            bad = bytearray(original)
            bad[spot] ^= 1
            target.write_bytes(bytes(bad))
            assert pull("--trust", "key.pub") != 0, (target.name, spot)
        target.write_bytes(original)
    assert not (place / "kws").exists() and not pins_path().exists()
    assert pull("--trust", "key.pub") == 0


def test_an_older_index_is_refused_here_and_at_a_mirror(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree("reg", "mirror")
    assert main(["publish", "--registry", "reg", "--key", "key"]) == 0
    assert pull("--trust", "key.pub") == 0
    new = Path(shutil.copytree("reg", "kept"))
    for name in ("index.json", "index.json.minisig"):
        shutil.copy(place / "mirror" / name, place / "reg" / name)
    assert pull("--out", "x") == 1
    assert "number 2, older than number 3" in capsys.readouterr().err
    assert main(["pull", "kws", "--registry", "mirror", "--trust", "key.pub", "--out", "x"]) == 1
    for name in ("index.json", "index.json.minisig"):
        shutil.copy(new / name, place / "reg" / name)
    assert pull("--out", "x") == 0


def test_a_keeper_who_is_just_writing_is_waited_for(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index is new and its signature still the old one, for a moment."""
    signature = place / "reg" / "index.json.minisig"
    old = signature.read_text()
    assert main(["publish", "--registry", "reg", "--key", "key"]) == 0
    new = signature.read_text()
    signature.write_text(old)
    monkeypatch.setattr("device.zoo.trust.time.sleep", lambda _: signature.write_text(new))
    assert pull("--trust", "key.pub") == 0
    assert next(iter(read_pins(pins_path()).registries.values())).serial == 3
    assert pull("--out", "again") == 0


def test_a_second_index_of_the_same_number_is_refused(place: Path) -> None:
    assert pull("--trust", "key.pub") == 0
    resign(place, lambda data: data["bundles"].pop())
    assert pull("--out", "x") == 1


def test_the_index_of_another_registry_of_the_same_key_is_refused(place: Path) -> None:
    assert pull("--trust", "key.pub") == 0
    assert main(["publish", "b1", "--registry", "stage", "--key", "key"]) == 0
    for _ in range(5):
        assert main(["publish", "--registry", "stage", "--key", "key"]) == 0
    for name in ("index.json", "index.json.minisig"):
        shutil.copy(place / "stage" / name, place / "reg" / name)
    assert pull("--out", "x") == 1


def test_an_expired_index_is_refused_and_renewed(place: Path) -> None:
    source, pins = source_of("reg"), place / "pins.json"
    late = datetime(2199, 1, 1, tzinfo=timezone.utc)
    with pytest.raises(Refused, match="expired on"):
        trusted_index(source, "key.pub", pins, late)
    assert trusted_index(source, "key.pub", pins).serial == 2
    assert main(["publish", "--registry", "reg", "--key", "key", "--days", "9"]) == 0
    assert trusted_index(source, None, pins).serial == 3


def test_wrong_bytes_are_refused_and_removed(place: Path) -> None:
    (place / "reg/kws/1.0.1/tiny.c").write_text("const int tiny = 3;\n")
    assert pull("--trust", "key.pub") == 1
    (place / "reg/kws/1.0.1/tiny.c").write_text("const int tiny = 2;\n" * 9)
    assert pull() == 1
    shutil.copy("reg/kws/1.0.0/manifest.json", "reg/kws/1.0.1/manifest.json")
    assert pull() == 1
    assert not list(place.glob("kws*"))


ENTRY = {"name": "kws", "version": "1.0.0", "task": "kws", "licence": "MIT", "files": 1,
         "published_utc": "2026-01-31T12:00:00Z", "manifest_sha256": "0" * 64,
         "manifest_bytes": 9, "bytes": 9}  # fmt: skip
INDEX = {"format": "collodi.registry", "version": 1, "id": "0" * 32, "serial": 1,
         "created_utc": "2026-01-31T12:00:00Z", "expires_utc": "2026-01-31T12:00:00Z",
         "bundles": [ENTRY]}  # fmt: skip
BAD = {
    "name": ["../kws", "/etc", "a/b", "", ".", "кws", "kws\u202e", "kws\n", "a" * 65, "kws\x1b[2J"],
    "version": ["1.0", "../1.0.0", "1.0.0/..", "01.0.0", "1.0.0 ", "１.0.0", "1.0." + "9" * 10],
    "manifest_sha256": ["0" * 63, "G" * 64, "A" * 64, "\uff10" * 64],
    "manifest_bytes": [-1, 1 << 60, 1.5, True],
    "bytes": [-1, 1 << 62, 10**400],
    "licence": ["\x1b[31m", "a\nb", ""],
    "task": ["kws\t", "../"],
}


@pytest.mark.parametrize(("key", "value"), [(k, v) for k, values in BAD.items() for v in values])
def test_a_signed_index_is_still_not_believed(key: str, value: Any) -> None:
    index = json.loads(json.dumps(INDEX))
    entry = index["bundles"][0]
    assert choose(read_index(json.dumps(index).encode(), "i"), "kws").version == "1.0.0"
    entry[key] = value
    with pytest.raises(FormatError) as caught:
        read_index(json.dumps(index).encode(), "i")
    assert str(caught.value).isprintable()


PATHS = ["../x", "/x", "a/../../x", ".ssh", "a/.pull.json", "MANIFEST.JSON", "model_card.md",
         "a.part", "ünicode", "a b", "x\u202ecba.c", "manifest.json/x", "-o", "a" * 101,
         "a/b/c/d/e/f/g/h/i"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_paths_of_a_pulled_manifest_stay_plain_and_inside(place: Path, path: str) -> None:
    bundle = read_bundle(place / "b1")
    check_paths(bundle, "m")
    with pytest.raises(FormatError):
        check_paths(replace(bundle, files=(replace(bundle.files[0], path=path),)), "m")


@pytest.mark.parametrize("pair", [("a.c", "A.c"), ("a", "a/b"), ("a/b", "a/b")])
def test_paths_that_meet_are_refused(place: Path, pair: tuple[str, str]) -> None:
    bundle = read_bundle(place / "b1")
    files = tuple(replace(bundle.files[0], path=path) for path in pair)
    with pytest.raises(FormatError):
        check_paths(replace(bundle, files=files), "m")


def test_a_manifest_that_leads_out_is_not_followed(place: Path) -> None:
    """A keeper gone bad signs a manifest whose file is outside of the folder."""
    manifest = place / "reg/kws/1.0.1/manifest.json"
    manifest.write_text(manifest.read_text().replace("tiny.c", "../../out.c"))
    (place / "reg" / "out.c").write_text("const int tiny = 2;\n")

    def change(data: dict[str, Any]) -> None:
        entry = data["bundles"][0]
        entry["manifest_sha256"], entry["manifest_bytes"] = (
            sha256_of(manifest), manifest.stat().st_size)  # fmt: skip

    resign(place, change)
    assert pull("--trust", "key.pub") == 1
    assert not (place / "out.c").exists() and not list(place.glob("kws*"))


def test_publish_never_changes_a_version(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_bundle(place / "b3", text="const int tiny = 3;\n")
    to = ["--registry", "reg", "--key", "key"]
    assert main(["publish", "b3", *to, "--version", "1.0.1"]) == 2
    assert main(["publish", "b2", *to]) == 2
    assert "already, as kws@1.0.1" in capsys.readouterr().err
    assert main(["publish", "--withdraw", "kws@1.0.1", *to]) == 0
    assert pull("--trust", "key.pub") == 0
    assert read_bundle(Path("kws")) == read_bundle(Path("b1"))
    assert main(["publish", "b3", *to]) == 0
    assert (place / "reg/kws/1.0.2").is_dir()


def test_publish_signs_nothing_that_it_did_not_sign(place: Path) -> None:
    index = place / "reg" / "index.json"
    index.write_text(index.read_text().replace("CC0-1.0", "MIT"))
    assert main(["publish", "--registry", "reg", "--key", "key"]) == 2


@pytest.mark.usefixtures("place")
def test_the_key_changes_only_where_the_old_one_signed() -> None:
    assert pull("--trust", "key.pub") == 0
    for name in ("new", "third"):
        assert main(["publish", "--new-key", name]) == 0
    words = ["publish", "--registry", "reg", "--key", "new", "--old-key"]
    assert main([*words, "third.pub"]) == 2
    assert main([*words, "key.pub"]) == 0
    assert pull("--out", "x") == 1 and pull("--trust", "new.pub", "--out", "x") == 2
    pins_path().unlink()
    assert pull("--trust", "new.pub", "--out", "x") == 0


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_mutation_of_an_index_gets_past_the_reader_or_crashes_it(data: st.DataObject) -> None:
    raw = bytearray(json.dumps(INDEX).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        spot = data.draw(st.integers(0, len(raw) - 1))
        raw[spot : spot + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    try:
        index = read_index(bytes(raw), "i")
    except FormatError as error:
        assert len(str(error).splitlines()) == 1
        return
    for entry in index.bundles:
        assert entry.folder.isascii() and entry.folder.count("/") == 1 and entry.name != ".."
        assert entry.licence.isprintable() and 0 <= entry.bytes < 1 << 41


def test_a_message_cannot_steer_the_terminal(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    resign(place, lambda data: data.update({"\x1b[2J": 1}))
    assert pull("--trust", "key.pub") == 2
    shown = capsys.readouterr().err
    assert "\x1b" not in shown and "\\x1b[2J" in shown


def test_a_power_cut_between_index_and_signature_is_mended(place: Path) -> None:
    for name in ("index.json", "index.json.minisig"):
        shutil.copy(place / "reg" / name, place / "reg" / f"{name}.next")
    (place / "reg" / "index.json").write_text("{}")
    assert main(["publish", "--registry", "reg", "--key", "key"]) == 0
    assert pull("--trust", "key.pub") == 0


def test_the_secret_key_is_for_its_owner_only(place: Path) -> None:
    assert (place / "key").stat().st_mode & 0o77 == 0
    assert main(["publish", "--new-key", "key"]) != 0
    assert main(["publish", "b1", "--registry", "r", "--key", "key.pub"]) == 2
    assert main(["models", "--registry", "reg", "--trust", "key"]) == 2
    assert "seed" not in repr(minisign.read_secret(place / "key"))


def test_keys_and_signatures_of_minisign_work_both_ways(place: Path) -> None:
    if shutil.which("minisign") is None:
        pytest.skip("the minisign tool is not installed (Debian: apt-get install minisign)")

    def tool(*words: str, said: str = "") -> None:
        subprocess.run(["minisign", *words], check=True, capture_output=True, input=said, text=True)

    tool("-Vm", "reg/index.json", "-p", "key.pub")
    tool("-Vm", "reg/index.json", "-P", minisign.read_public("key.pub").text)
    tool("-G", "-W", "-p", "their.pub", "-s", "their")
    tool("-Sm", "b1/tiny.c", "-s", "their", "-t", "hello")
    text, data = (place / "b1/tiny.c.minisig").read_text(), (place / "b1/tiny.c").read_bytes()
    theirs = minisign.read_public("their.pub")
    assert minisign.verify(theirs, data, text, "f") == "hello"
    with pytest.raises(ValueError, match="not of these bytes"):
        minisign.verify(theirs, data + b" ", text, "f")
    assert main(["publish", "b1", "--registry", "reg2", "--key", "their"]) == 0
    tool("-Vm", "reg2/index.json", "-p", "their.pub")
    tool("-R", "-s", "key", "-p", "again.pub")
    assert minisign.read_public("again.pub") == minisign.read_public("key.pub")
