"""Provenance in files: read back by programs that are not ours, without harm to what is in them."""

import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import pyexiv2
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from pygltflib import GLTF2

from device.main import main
from generate.clip import Clip
from generate.media import (
    audio_to_flac,
    audio_to_wav,
    frame_to_jpeg,
    frame_to_png,
    frames_to_mp4,
    jpeg_to_frame,
    mp4_to_frames,
)
from generate.motion.arkit_csv import write_csv
from generate.provenance import (
    ALGORITHMIC,
    CAPTURED_IN_PART,
    SOURCES,
    TRAINED,
    TRAINED_IN_PART,
    VOCABULARY,
    Provenance,
    from_xmp,
    of_film,
    of_picture,
    of_sound,
    to_xmp,
)
from generate.provenance_files import read, stamped
from generate.shards import clip_members, open_dataset
from generate.spec import Motion

ROOT = Path(__file__).resolve().parents[1]
PICTURE = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
AUDIO = np.random.default_rng(1).integers(-9000, 9000, 1601).astype(np.int16)
PLAIN = {
    "jpg": frame_to_jpeg(PICTURE),
    "png": frame_to_png(PICTURE),
    "mp4": frames_to_mp4(np.stack([PICTURE] * 3), 25),
    "flac": audio_to_flac(AUDIO),
    "wav": audio_to_wav(AUDIO, 16000),
}
SAID = Provenance(ALGORITHMIC, 7)


def exiftool(path: Path) -> dict[str, str]:
    """What exiftool finds: DigitalSourceType and what it warns about."""
    if not shutil.which("exiftool"):
        pytest.skip("not run: exiftool is not here (apt install libimage-exiftool-perl)")
    line = ["exiftool", "-j", "-validate", "-warning", "-error", "-DigitalSourceType", "-Seed"]
    found = subprocess.run([*line, str(path)], capture_output=True, text=True, check=True)
    return dict(json.loads(found.stdout)[0])


def others(path: Path) -> str:
    """The source's URI as a library that is not ours reads it."""
    if path.suffix in (".jpg", ".png"):
        with pyexiv2.Image(str(path)) as image:
            return str(image.read_xmp()["Xmp.iptcExt.DigitalSourceType"])
    if path.suffix == ".flac":
        return str(mutagen.File(path)["DIGITALSOURCETYPE"][0])
    if path.suffix == ".mp4":
        return str(mutagen.File(path)["©cmt"][0].split("; ")[1])
    if path.suffix == ".glb":
        packets = GLTF2().load(str(path)).extensions["KHR_xmp_json_ld"]["packets"]
        return str(packets[0]["Iptc4xmpExt:DigitalSourceType"])
    with soundfile.SoundFile(path) as file:
        return str(file.comment.split("; ")[1])


@pytest.mark.parametrize("suffix", PLAIN)
def test_exiftool_finds_source_and_seed_and_no_fault(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(stamped(PLAIN[suffix], SAID))
    found = exiftool(path)
    name = "DigitalSourceType" if suffix != "flac" else "Digitalsourcetype"
    assert found[name] == VOCABULARY + ALGORITHMIC
    assert str(found["Seed"]) == "7"
    assert found["Validate"] == "OK"


@pytest.mark.parametrize("suffix", PLAIN)
def test_a_stamp_is_small_says_what_was_meant_and_leaves_the_content(suffix: str) -> None:
    before = PLAIN[suffix]
    after = stamped(before, SAID)
    assert read(before) is None and read(after) == SAID
    assert stamped(before, SAID) == after, "no times, no random identifiers"
    assert len(to_xmp(SAID)) < 600 and len(after) - len(before) < 720
    if suffix in ("flac", "wav"):
        np.testing.assert_array_equal(soundfile.read(io.BytesIO(after), dtype="int16")[0], AUDIO)
    elif suffix == "mp4":
        np.testing.assert_array_equal(mp4_to_frames(after, "x"), mp4_to_frames(before, "x"))
    else:
        np.testing.assert_array_equal(jpeg_to_frame(after, "x"), jpeg_to_frame(before, "x"))


def test_a_stamp_stands_where_strict_readers_want_it() -> None:
    after = {suffix: stamped(data, SAID) for suffix, data in PLAIN.items()}
    jpeg, wav, flac = after["jpg"], after["wav"], after["flac"]
    assert jpeg[2:4] == b"\xff\xe0" and jpeg.index(b"ns.adobe.com") < jpeg.index(b"\xff\xdb")
    assert int.from_bytes(wav[4:8], "little") == len(wav) - 8
    assert flac[4] & 0x7F == 0, "STREAMINFO is the first block"
    at = 0
    while at < len(after["mp4"]):
        at += int.from_bytes(after["mp4"][at : at + 4], "big")
    assert at == len(after["mp4"])


@pytest.mark.parametrize("suffix", PLAIN)
def test_a_file_that_says_something_is_not_stamped_again(suffix: str) -> None:
    with pytest.raises(ValueError, match=r"already|says nothing yet"):
        stamped(stamped(PLAIN[suffix], SAID), Provenance(TRAINED))


def test_fill_bytes_before_a_marker_hide_nothing() -> None:
    data = stamped(PLAIN["jpg"], SAID)
    at = data.index(b"\xff\xe1")
    assert read(data[:at] + b"\xff\xff" + data[at:]) == SAID


def test_other_files_cannot_be_stamped() -> None:
    with pytest.raises(ValueError, match="want one of jpeg"):
        stamped(b"hello", SAID)
    assert read(b"hello") is None


def test_comments_of_a_flac_stay() -> None:
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", 16000, 1, format="FLAC") as file:
        file.artist = "Ünknown"
        file.write(AUDIO)
    tags = mutagen.File(io.BytesIO(stamped(out.getvalue(), SAID)))
    assert tags["ARTIST"] == ["Ünknown"] and tags["SEED"] == ["7"]


@given(
    st.sampled_from(SOURCES), st.none() | st.integers(0, 2**64), st.text("<>&\"' äx", max_size=9)
)
def test_a_packet_reads_back(source: str, seed: int | None, version: str) -> None:
    said = Provenance(source, seed, "1" + version.strip())
    assert from_xmp(to_xmp(said)) == said


def test_a_packet_of_another_writer_reads_too() -> None:
    packet = (
        b"<a><Iptc4xmpExt:DigitalSourceType> http://other/x </Iptc4xmpExt:DigitalSourceType></a>"
    )
    assert from_xmp(packet) == Provenance("http://other/x", None, "")
    assert from_xmp(b"<a/>") is None


HITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8)


@settings(max_examples=300)
@given(st.sampled_from(sorted(PLAIN)), HITS, st.floats(0, 1))
def test_a_damaged_file_is_read_without_a_crash(
    suffix: str, hits: list[tuple[float, int]], keep: float
) -> None:
    data = bytearray(stamped(PLAIN[suffix], SAID))
    for place, value in hits:
        data[min(int(place * 900), len(data) - 1)] = value
    found = read(bytes(data[: int(keep * len(data))]))
    assert found is None or isinstance(found, Provenance)


def facts(engine: str = "", voice: str = "", pseudo: bool = False) -> dict[str, Any]:
    said = {"synthetic": True, "kit": "collodi", "version": "0.0.9", "seed": 3}
    told = {"engine": engine, "voice": voice} if engine else {}
    return {"provenance": said, "voice": told, "pseudo": {"labels": []} if pseudo else {}}


def test_the_source_follows_from_who_draws_and_who_speaks() -> None:
    assert of_picture(facts()) == Provenance(ALGORITHMIC, 3, "0.0.9")
    assert of_picture(facts(pseudo=True)).source == TRAINED
    engines = ("espeak", "noise", "flite", "festival", "coqui:x")
    found = [of_sound(facts(engine)).source for engine in engines]
    assert found == [ALGORITHMIC] * 2 + [TRAINED] * 3
    assert of_sound(facts("many", "espeak:en+f2 espeak:en")).source == ALGORITHMIC
    assert of_sound(facts("many", "espeak:en flite:slt")).source == TRAINED
    assert of_film(facts("espeak")).source == ALGORITHMIC
    assert of_film(facts("flite")).source == TRAINED_IN_PART


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What command lines of the kit wrote: data sets, their sheets, sounds, a head."""
    out = tmp_path_factory.mktemp("made")
    loop = ("--engine", "loop", "--seed", 3)
    small = ("--size-px", 64, *loop)
    lines: list[tuple[object, ...]] = [
        ("generate", "stills", "--out", out / "stills", "--clips", 2, *small),
        ("generate", "words", "--out", out / "words", "--voices", "espeak", "--clips", 2, *loop),
        ("generate", "talk", "--out", out / "talk", "--clips", 1, "--max-s", 1, *small),
        ("generate", "ladder", "--out", out / "ladder", "--controls", "sex", *small),
        ("voice", "say", "hello", "--out", out / "said.wav"),
        ("voice", "corpus", "--out", out / "corpus", "--lines", 2),
        ("motion", "direct", "hello", "--out", out / "a.score", "--wav", out / "a.wav"),
        ("motion", "export", out / "talk", "--out", out / "head.glb"),
        ("inspect", out / "talk"),
    ]
    for line in lines:
        assert main([str(word) for word in line]) in (0, 1), line
    return out


def loose(folder: Path) -> list[Path]:
    """Pictures, films and sounds in a folder, members of shards beside their tar."""
    for path in [*folder.rglob("shard-*.tar")]:
        dataset = open_dataset(path.parent)
        for number, row in enumerate(dataset.rows):
            for suffix in set(row["members"]) & {"jpg", "mp4", "flac"}:
                to = path.parent / f"{row['key']}.{suffix}"
                to.write_bytes(dataset.member(number, suffix))
    endings = {".jpg", ".png", ".mp4", ".flac", ".wav", ".glb"}
    return sorted(path for path in folder.rglob("*") if path.suffix in endings)


def test_every_file_that_commands_write_says_synthetic(made: Path) -> None:
    found = loose(made)
    assert {path.suffix for path in found} == {".jpg", ".png", ".mp4", ".flac", ".wav", ".glb"}
    for path in found:
        assert others(path) == VOCABULARY + ALGORITHMIC, path
        said = read(path.read_bytes())
        assert said is not None and said.source == ALGORITHMIC, path
        wanted = 0 if path.suffix == ".wav" else 3
        assert said.seed == wanted, path


def test_exiftool_agrees_on_every_file_that_commands_write(made: Path) -> None:
    for path in loose(made):
        if path.suffix != ".glb":  # exiftool knows no glTF
            text = json.dumps(exiftool(path))
            assert VOCABULARY + ALGORITHMIC in text, path


def test_members_of_a_clip_are_the_same_bytes_again(made: Path) -> None:
    dataset = open_dataset(made / "words")
    clip = dataset.clip(0)
    again = clip_members(Clip(clip.key, clip.facts, clip.labels, clip.frames, clip.audio))
    assert again["flac"] == dataset.member(0, "flac")


def test_a_head_with_captured_motion_is_synthetic_in_part(tmp_path: Path) -> None:
    path, still = tmp_path / "take.csv", np.zeros((3, 52), np.float32)
    motion = Motion(30, still, np.zeros((3, 3), np.float32), np.zeros((3, 2), np.float32))
    write_csv(path, motion, synthetic=False)
    assert main(["motion", "export", str(path), "--out", str(tmp_path / "h.glb")]) == 0
    assert others(tmp_path / "h.glb") == VOCABULARY + CAPTURED_IN_PART


IN_MEMORY = {
    "generate/render/sensor.py": "a camera's JPEG, decoded at once",
    "generate/sound/codecs.py": "a telephone's coding, decoded at once",
    "train_edge/find_scenes.py": "a camera's JPEG, decoded at once",
    "train_edge/augment_image.py": "a camera's JPEG, decoded at once",
    "generate/voice/coqui_train.py": "lines of a user's corpus, cut for training",
    "train_edge/charts.py": "drawings of numbers",
    "generate/media.py": "writes what it is told to say",
    "export/page.py": "stamps its film",
}
"""Modules that encode pictures or sound by themselves; others go through media.py."""


def test_no_other_module_writes_pictures_or_sound() -> None:
    writes = re.compile(
        r"imencode|imwrite|soundfile\.write|SoundFile\(\w+, .w|savefig|av\.open\(\w+, .w"
    )
    found = {
        str(path.relative_to(ROOT))
        for package in ("device", "generate", "train_edge", "export")
        for path in (ROOT / package).rglob("*.py")
        if writes.search(path.read_text("utf-8"))
    }
    assert found == set(IN_MEMORY)


def test_every_committed_picture_says_so() -> None:
    pictures = [p for p in (ROOT / "docs").rglob("*") if p.suffix in (".jpg", ".png", ".jpeg")]
    assert len(pictures) > 30
    dumb = [p.name for p in pictures if read(p.read_bytes()) is None]
    assert not dumb, f"collodi provenance mark {' '.join(dumb)}"
    for path in pictures:
        assert re.fullmatch(VOCABULARY + r"\w+", others(path)), path
