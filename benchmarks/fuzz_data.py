"""Kinds of hostile files: data sets of clips, their media, and folders of real recordings."""

from __future__ import annotations

import csv
import io
import runpy
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import soundfile
from fuzz_bytes import mutated_binary, mutated_lines, mutated_numbers, mutated_text, one_of
from fuzz_common import Kind, expect, mutated_bytes, mutated_json
from fuzz_formats import mutated_boxes, mutated_npz, mutated_png, mutated_tar

from device.backends.wav import read_wav
from generate.clip import Clip, facts_from_bytes, facts_to_bytes, labels_from_bytes, labels_to_bytes
from generate.gan.pictures import read_square
from generate.media import audio_to_flac, flac_to_audio, frames_to_mp4, jpeg_to_frame, mp4_to_frames
from generate.motion.taken import clip_motion, clip_person, clip_phonemes, clip_score
from generate.shard_names import shard_name
from generate.shard_notes import note_path, read_note
from generate.shards import Dataset, clip_members, index_shard, open_dataset
from train_edge.data import keywords, split
from train_edge.real_folders import (
    FACES,
    SPEECH,
    check_inside,
    load_image,
    load_sound,
    one_second,
    read_landmarks,
    read_manifest,
)

TINY = runpy.run_path(str(Path(__file__).resolve().parent.parent / "tests" / "make_tiny_clips.py"))
SHARD = shard_name(0)
CAPTURES = 4
"""Clips of a data set that are read in a case."""


@cache
def clips() -> tuple[Clip, ...]:
    """A word, a still and a short talking clip."""
    talk = TINY["talk_clip"](1, 32)
    labels = {
        name: array[:4] for name, array in talk.labels.items() if name[:4] not in ("phon", "word")
    }
    labels |= {name: talk.labels[name] for name in ("phoneme", "phoneme_s", "word", "word_s")}
    labels["score"] = np.array(["collodi-score 1 0.2", "0 0.1 viseme m"])
    facts = talk.facts | {"n_frames": 4, "n_samples": 2560}
    short = Clip(talk.key, facts, labels, talk.frames[:4], talk.audio[:2560])
    return TINY["word_clip"](0, "low"), TINY["face_clip"](1, 48), short


@cache
def data_set() -> dict[str, bytes]:
    """Files of a data set by name."""
    with tempfile.TemporaryDirectory() as place:
        folder = TINY["write"](Path(place) / "data", list(clips()), {"words": ["low"], "takes": 1})
        return {path.name: path.read_bytes() for path in folder.iterdir()}


def placed(place: Path, name: str, data: bytes) -> Path:
    """The folder of the data set with one of its files replaced."""
    folder = place / "data"
    folder.mkdir()
    for other, raw in data_set().items():
        (folder / other).write_bytes(data if other == name else raw)
    (place / "outside.bin").write_bytes(b"not yours")
    (folder / "link.tar").symlink_to(place / "outside.bin")
    return folder


def read_all(dataset: Dataset) -> None:
    """Read the first clips, each for itself: one that is damaged does not hide the others."""
    errors = []
    for number in range(min(len(dataset), CAPTURES)):
        try:
            use(dataset.clip(number))
        except (ValueError, OSError) as error:
            errors.append(error)
    if errors:
        raise errors[0]


def use(clip: Clip) -> None:
    """What the commands do first with a clip."""
    expect(all(not a.dtype.hasobject for a in clip.labels.values()), "an array of objects was read")
    if clip.facts["look"]:
        clip_person(clip)
    if "arkit" in clip.labels:
        clip_motion(clip)
    clip_score(clip)
    clip_phonemes(clip)


def read_shard(place: Path, data: bytes) -> None:
    """A changed shard: its index is made anew, as a restart does, and its clips are read."""
    folder = placed(place, SHARD, data)
    rows = index_shard(folder / SHARD)
    for row in rows:
        for offset, size in row["members"].values():
            expect(offset >= 0 and offset + size <= len(data), "a member behind the end")
    read_all(Dataset(folder, {}, rows))


def read_index(place: Path, data: bytes) -> None:
    """A changed index.jsonl."""
    dataset = open_dataset(placed(place, "index.jsonl", data))
    split(dataset)
    keywords(dataset)
    read_all(dataset)


def read_header(place: Path, data: bytes) -> None:
    """A changed dataset.json."""
    dataset = open_dataset(placed(place, "dataset.json", data))
    split(dataset)
    keywords(dataset)
    str(dataset.pseudo).encode()


def read_note_file(place: Path, data: bytes) -> None:
    """A changed note beside a shard: never an error, at most no note."""
    shard = placed(place, "", b"") / SHARD
    note_path(shard).write_bytes(data)
    read_note(shard, shard.stat().st_size)


def read_labels(place: Path, data: bytes) -> None:
    """Changed labels."""
    del place
    for array in labels_from_bytes(data, "clip").values():
        expect(array.dtype.kind in "biufU", "an array of objects was read")
        str(array.flat[:3]).encode()


def read_facts(place: Path, data: bytes) -> None:
    """Changed facts, with sound labels beside them."""
    del place
    facts = facts_from_bytes(data, "clip")
    facts_to_bytes(facts)
    use(Clip("clip", facts, clips()[2].labels))


def read_picture(place: Path, data: bytes) -> None:
    """A changed picture, by each reader of pictures."""
    path = place / "a.png"
    path.write_bytes(data)
    read_square(path, 16, True)
    errors = []
    for read in (lambda: jpeg_to_frame(data, "clip"), lambda: load_image(path)):
        try:
            read()
        except ValueError as error:
            errors.append(error)
    if errors:
        raise errors[0]


def read_sound(place: Path, data: bytes) -> None:
    """A changed sound, by each reader of sounds."""
    path = place / "a.wav"
    path.write_bytes(data)
    errors = []
    for read in (
        lambda: flac_to_audio(data, "clip"),
        lambda: one_second(load_sound(path)),
        lambda: read_wav(path, 16000),
    ):
        try:
            read()
        except ValueError as error:
            errors.append(error)
    if len(errors) > 1:
        raise errors[-1]


def read_film(place: Path, data: bytes) -> None:
    """A changed film, beside a file that it may not open."""
    (place / "outside.bin").write_bytes(data_set()[SHARD])
    mp4_to_frames(data, "clip")


def read_speech(place: Path, data: bytes) -> None:
    """A changed manifest.csv."""
    folder = _with_link(TINY["speech_folder"](place / "speech", clips=3), place)
    (folder / SPEECH).write_bytes(data)
    for row in read_manifest(folder):
        expect(folder.resolve() in row.path.resolve().parents, f"{row.path} leads out")
        load_sound(row.path)


def read_faces(place: Path, data: bytes) -> None:
    """A changed landmarks.csv."""
    folder = place / "faces"
    (folder / "images").mkdir(parents=True)
    for name, raw in _faces().items():
        (folder / name).write_bytes(raw)
    (_with_link(folder, place) / FACES).write_bytes(data)
    for row in read_landmarks(folder):
        expect(folder.resolve() in row.path.resolve().parents, f"{row.path} leads out")
        height, width = load_image(row.path).shape[:2]
        check_inside(row, width, height)


@cache
def _faces() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as place:
        folder = TINY["faces_folder"](Path(place), 3)
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _with_link(folder: Path, place: Path) -> Path:
    (place / "outside.bin").write_bytes(b"not yours")
    (folder / "link").symlink_to(place)
    return folder


def _member(suffix: str) -> list[bytes]:
    return [clip_members(clip)[suffix] for clip in clips() if suffix in clip_members(clip)]


@cache
def _pictures() -> list[bytes]:
    frame = clips()[1].frames
    assert frame is not None
    return [bytes(cv2.imencode(kind, frame[0])[1]) for kind in (".png", ".jpg", ".webp", ".bmp")]


@cache
def _sounds() -> list[bytes]:
    made = [audio_to_flac(np.arange(3000, dtype=np.int16))]
    tone = np.sin(np.arange(2000) / 9).astype(np.float32)
    for kind, coding, rate in (
        ("WAV", "PCM_16", 8000),
        ("WAV", "PCM_32", 44100),
        ("RF64", "PCM_24", 16000),
        ("WAVEX", "PCM_U8", 48000),
        ("AU", "PCM_16", 16000),
        ("AIFF", "PCM_16", 8000),
    ):
        out = io.BytesIO()
        soundfile.write(out, tone, rate, format=kind, subtype=coding)
        made.append(out.getvalue())
    return made


@cache
def _films() -> list[bytes]:
    frames = clips()[2].frames
    assert frames is not None
    listed = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\noutside.bin\n#EXT-X-ENDLIST\n"
    return [frames_to_mp4(frames, 25.0), frames_to_mp4(frames[:2], 25.0), listed]


def _damaged_film(raw: bytes, rng: Any) -> bytes:
    change = one_of(mutated_boxes, mutated_boxes, mutated_binary)
    return (change if b"moov" in raw else mutated_bytes)(raw, rng)


def _damaged_picture(raw: bytes, rng: Any) -> bytes:
    return (
        one_of(mutated_png, mutated_numbers)(raw, rng)
        if raw[1:4] == b"PNG"
        else mutated_binary(raw, rng)
    )


def _notes() -> list[bytes]:
    shard = data_set()[SHARD]
    return [
        b'{"sha256": "%s", "bytes": %d}\n' % (b"0" * 64, len(shard)) + data_set()["index.jsonl"]
    ]


def _table(rows: list[Any]) -> list[bytes]:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return [out.getvalue().encode()]


def _speech() -> list[bytes]:
    return _table([("file", "label", "speaker"), *((f"{n}.wav", "low", f"s{n}") for n in range(3))])


def _landmarks() -> list[bytes]:
    return [_faces()[FACES]]


MEDIA, FOLDERS = "generate/decode.py", "train_edge/real_folders.py"
KINDS = {
    "shard": Kind(
        lambda: [data_set()[SHARD]],
        one_of(mutated_tar, mutated_tar, mutated_binary),
        read_shard,
        ("generate/dataset_files.py", "generate/shards.py"),
    ),
    "rows": Kind(
        lambda: [data_set()["index.jsonl"]],
        mutated_lines,
        read_index,
        ("generate/dataset_files.py",),
    ),
    "dataset": Kind(
        lambda: [data_set()["dataset.json"]],
        mutated_json,
        read_header,
        ("generate/dataset_files.py",),
    ),
    "note": Kind(
        _notes, one_of(mutated_lines, mutated_bytes), read_note_file, ("generate/shard_notes.py",)
    ),
    "npz": Kind(
        lambda: [*_member("labels.npz"), labels_to_bytes({"arkit": np.ones((2, 52), np.float32)})],
        one_of(mutated_npz, mutated_npz, mutated_binary),
        read_labels,
        ("device/zipped.py", "device/backends/arrays.py", "generate/clip.py"),
    ),
    "facts": Kind(
        lambda: _member("json"),
        mutated_json,
        read_facts,
        ("generate/clip.py", "generate/motion/taken.py"),
    ),
    "picture": Kind(
        _pictures, _damaged_picture, read_picture, (MEDIA, FOLDERS, "generate/gan/pictures.py")
    ),
    "sound": Kind(_sounds, mutated_binary, read_sound, (MEDIA, FOLDERS, "device/backends/wav.py")),
    "film": Kind(_films, _damaged_film, read_film, (MEDIA,)),
    "speech": Kind(_speech, mutated_text, read_speech, (FOLDERS,)),
    "landmarks": Kind(_landmarks, mutated_text, read_faces, (FOLDERS,)),
}
