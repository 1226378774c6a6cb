"""Content Credentials: signed by the command line, held to the content, read by another program."""

import io
import json
import shutil
import socket
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pytest

from device.main import main
from generate.dataset_ends import finish
from generate.media import audio_to_flac, audio_to_wav, frame_to_jpeg, frame_to_png, frames_to_mp4
from generate.provenance import ALGORITHMIC, TRAINED, VOCABULARY, Provenance
from generate.provenance_files import read, stamped
from generate.shard_names import shard_name
from generate.shards import open_dataset

pytest.importorskip("c2pa", reason="not run: the extra c2pa is not here")
from generate.provenance_sign import credential

PICTURE = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
AUDIO = np.random.default_rng(1).integers(-9000, 9000, 1600).astype(np.int16)
SAID = Provenance(TRAINED, 7)
FILES = {
    "a.jpg": frame_to_jpeg(PICTURE, said=SAID),
    "a.png": frame_to_png(PICTURE, SAID),
    "a.mp4": frames_to_mp4(np.stack([PICTURE] * 3), 25, SAID),
    "a.flac": audio_to_flac(AUDIO, SAID),
    "a.wav": audio_to_wav(AUDIO, 16000, SAID),
}


def run(*words: object) -> int:
    """`collodi provenance`."""
    return main(["provenance", *map(str, words)])


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a certificate."""
    folder = tmp_path_factory.mktemp("signer") / "test"
    assert run("certificate", "--out", folder, "--name", "Tester") == 0
    return folder


def by(signer: Path) -> tuple[object, ...]:
    """The options of who signs."""
    return "--key", signer / "key.pem", "--certificate", signer / "chain.pem"


def files(folder: Path) -> list[Path]:
    """One file of each kind."""
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in FILES]


def test_what_the_command_signs_is_trusted_with_its_authority_alone(
    signer: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = files(tmp_path)
    assert run("sign", *paths, *by(signer)) == 0
    trust = (signer / "authority.pem").read_text()
    for path in paths:
        data = path.read_bytes()
        found = credential(data, trust)
        assert found is not None and found.state == "Trusted" and not found.faults, path
        assert found.source == VOCABULARY + TRAINED and found.signer.startswith("Tester")
        alone = credential(data)
        assert alone is not None and alone.state == "Valid"
        assert read(data) == SAID
        assert len(data) - len(FILES[path.name]) < 4000
    assert run("sign", paths[0], *by(signer)) == 2
    assert "is signed already" in capsys.readouterr().err
    assert run("show", *paths, "--trust", signer / "authority.pem") == 0
    assert capsys.readouterr().out.count("whom an authority in --trust knows") == len(paths)


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_exiftool_reads_the_source_in_the_manifest(name: str, signer: Path, tmp_path: Path) -> None:
    if not shutil.which("exiftool"):
        pytest.skip("not run: exiftool is not here (apt install libimage-exiftool-perl)")
    path = tmp_path / name
    path.write_bytes(FILES[name])
    assert run("sign", path, *by(signer)) == 0
    line = ["exiftool", "-j", "-ActionsDigitalSourceType", "-ActionsAction", str(path)]
    found = json.loads(subprocess.run(line, capture_output=True, check=True).stdout)[0]
    assert found["ActionsDigitalSourceType"] == VOCABULARY + TRAINED
    assert found["ActionsAction"] == "c2pa.created"


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_invalid(
    name: str, signer: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])
    assert run("sign", path, *by(signer)) == 0
    data = bytearray(path.read_bytes())
    at = data.index(b"Collodi 0") if name != "a.flac" else data.index(b"SEED=7") + 5
    data[at] ^= 1
    path.write_bytes(data)
    capsys.readouterr()
    assert run("show", path, "--trust", signer / "authority.pem") == 1
    assert "INVALID" in capsys.readouterr().out


def test_another_authority_does_not_know_the_signer(signer: Path, tmp_path: Path) -> None:
    path = files(tmp_path)[0]
    assert run("sign", path, *by(signer)) == 0
    assert run("certificate", "--out", tmp_path / "other") == 0
    found = credential(path.read_bytes(), (tmp_path / "other" / "authority.pem").read_text())
    assert found is not None and found.state == "Valid"


def test_a_key_is_for_its_owner_only(signer: Path) -> None:
    assert (signer / "key.pem").stat().st_mode & 0o077 == 0


def test_nothing_is_fetched_that_a_file_names() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"http://127.0.0.1:{server.getsockname()[1]}/m.c2pa"
        mine = f'xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="{place}" xmp:'
        data = FILES["a.jpg"]
        packet = data.replace(b"xmp:CreatorTool", mine.encode() + b"CreatorTool", 1)
        begin = data.index(b"\xff\xe1") + 2
        size = int.from_bytes(data[begin : begin + 2], "big") + len(packet) - len(data)
        packet = packet[:begin] + size.to_bytes(2, "big") + packet[begin + 2 :]
        server.setblocking(False)
        credential(packet)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_signed_copy_of_a_data_set_keeps_sound_and_labels(signer: Path, tmp_path: Path) -> None:
    data, copy = tmp_path / "talk", tmp_path / "signed"
    line = ["generate", "talk", "--clips", "2", "--max-s", "1", "--size-px", "64"]
    assert main([*line, "--engine", "loop", "--out", str(data)]) == 0
    assert run("sign", data, "--out", copy, *by(signer)) == 0
    before, after = open_dataset(data), open_dataset(copy)
    assert before.header["options"] == after.header["options"]
    for number in range(2):
        for suffix in ("flac", "labels.npz", "json"):
            assert before.member(number, suffix) == after.member(number, suffix)
        frames = before.clip(number).frames, after.clip(number).frames
        np.testing.assert_array_equal(*frames)
        found = credential(after.member(number, "mp4"))
        assert found is not None and found.state == "Valid"
    assert main(["inspect", str(copy), "--verify"]) in (0, 1)
    assert run("show", copy) == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_data_set_that_changed_is_not_signed(
    signer: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = old_data_set(tmp_path)
    shard = data / shard_name(0)
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    assert run("sign", data, "--out", tmp_path / "signed", *by(signer)) == 2
    assert "sha256" in capsys.readouterr().err and not (tmp_path / "signed").exists()


def old_data_set(folder: Path) -> Path:
    """A data set of one still as the kit made it before files said anything."""
    data, old = folder / "new", folder / "old"
    line = ["generate", "stills", "--clips", "1", "--size-px", "64", "--engine", "loop"]
    assert main([*line, "--out", str(data)]) == 0
    old.mkdir()
    dataset = open_dataset(data)
    said = read(dataset.member(0, "jpg"))
    assert said is not None
    with (
        tarfile.open(data / shard_name(0)) as tar,
        tarfile.open(old / shard_name(0), "w", format=tarfile.USTAR_FORMAT) as plain,
    ):
        for info in tar:
            member = tar.extractfile(info)
            assert member is not None
            content = member.read()
            if info.name.endswith(".jpg"):
                at = content.index(b"\xff\xe1")
                end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
                content = content[:at] + content[end:]
                assert stamped(content, said) == dataset.member(0, "jpg")
            info.size = len(content)
            plain.addfile(info, io.BytesIO(content))
    finish(old, dataset.header["options"], dataset.header["stamp"], 1)
    return old


def test_inspect_complains_about_clips_that_say_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = old_data_set(tmp_path)
    capsys.readouterr()
    status = main(["inspect", str(old)])
    said = capsys.readouterr()
    assert "provenance: 0 of 1 clips" in said.out
    assert "say nothing of where they are from" in said.err
    assert main(["inspect", str(tmp_path / "new")]) == status, "old data sets are not an error"
    said = capsys.readouterr()
    assert (
        f"provenance: 1 of 1 clips say that they are synthetic (1 files {ALGORITHMIC})" in said.out
    )
    assert "say nothing" not in said.err


def test_wrong_use_is_one_line_and_changes_nothing(
    signer: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, *_ = files(tmp_path)
    dumb = tmp_path / "dumb.jpg"
    dumb.write_bytes(frame_to_jpeg(PICTURE))
    assert run("certificate", "--out", tmp_path / "other") == 0
    theirs, endless = tmp_path / "other", tmp_path / "endless.mp4"
    film = frames_to_mp4(np.stack([PICTURE] * 2), 25)
    at = film.rindex(b"moov") - 4
    endless.write_bytes(film[:at] + bytes(4) + film[at + 4 :])  # a box that ends with the file
    wrong: list[tuple[tuple[object, ...], str]] = [
        (("sign", good, dumb, *by(signer)), "does not say that the kit made it"),
        (("sign", good, "--key", signer / "chain.pem", "--certificate", signer / "chain.pem"),
         "not a private key"),
        (("sign", good, "--key", signer / "key.pem", "--certificate", theirs / "chain.pem"),
         "of another key"),
        (("sign", good, "--out", tmp_path / "x", *by(signer)), "--out goes with a data set"),
        (("sign", tmp_path, *by(signer)), "into --out FOLDER"),
        (("certificate", "--out", signer), "is there already"),
        (("mark", good), "has an XMP packet already"),
        (("mark", dumb, "--source", "digitalCapture"), "unknown --source"),
        (("mark", dumb, "--seed", -1), "want 0 or more"),
        (("mark", endless), "takes no mark"),
        (("show", good, "--trust", good), "not certificates in PEM"),
        (("show",), "name a file"),
        (("show", "/dev/zero"), "want a file"),
    ]  # fmt: skip
    for line, reason in wrong:
        capsys.readouterr()
        assert run(*line) == 2, line
        said = capsys.readouterr().err
        assert reason in said and said.count("\n") == 1, said
    assert good.read_bytes() == FILES["a.jpg"]


def test_a_mark_is_put_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(frame_to_png(PICTURE))
    assert run("show", path) == 1
    assert run("mark", path, "--source", TRAINED, "--seed", 7) == 0
    assert path.read_bytes() == FILES["a.png"]
    assert run("show", path) == 0
    assert "trainedAlgorithmicMedia, by Collodi" in capsys.readouterr().out
