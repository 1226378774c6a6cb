"""The clip contract: what is written comes back, what does not fit is refused."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generate.clip import (
    IMAGE_LABELS,
    LABELS,
    PSEUDO_ONLY,
    SOUND_LABELS,
    Clip,
    check,
    facts_from_bytes,
    facts_to_bytes,
    labels_from_bytes,
    labels_to_bytes,
)
from generate.facts import blank_facts

FREE = {"T": 2, "H": 8, "W": 8, "P": 3, "Q": 1, "D": 5, "J": 4, "S": 6}


EXACT = tuple(name for name in LABELS if name not in PSEUDO_ONLY)


def make_labels(frames: int = 2) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    sizes = FREE | {"T": frames}
    labels = {}
    for name in EXACT:
        label = LABELS[name]
        shape = tuple(sizes[a] if isinstance(a, str) else a for a in label.shape)
        if label.dtype == "U":
            labels[name] = np.full(shape, "æb")
        else:
            labels[name] = (rng.random(shape) * 10).astype(label.dtype)
    return labels


def make_facts(**changes: Any) -> dict[str, Any]:
    facts: dict[str, Any] = blank_facts(0, "")
    facts |= {"key": "k", "n_frames": 2, "n_samples": 100, "age_years": 4.5, "rate_hz": 25.0}
    facts |= {"provenance": {"synthetic": True}, "skin_tone": 3, "ancestry": [0.2, 0.3, 0.5]}
    return facts | changes


def test_labels_come_back_equal_and_bytes_depend_on_arrays_alone() -> None:
    labels = make_labels()
    data = labels_to_bytes(labels)
    back = labels_from_bytes(data, "here")
    assert set(back) == set(labels)
    assert all(np.array_equal(back[name], labels[name]) for name in labels)
    assert data == labels_to_bytes(dict(reversed(labels.items())))


def test_facts_come_back_equal() -> None:
    assert facts_from_bytes(facts_to_bytes(make_facts()), "here") == make_facts()


def test_a_whole_clip_passes() -> None:
    check(Clip("k", make_facts(), make_labels()))


@pytest.mark.parametrize("name", IMAGE_LABELS + SOUND_LABELS)
def test_a_missing_label_is_named(name: str) -> None:
    labels = make_labels()
    del labels[name]
    with pytest.raises(ValueError, match=name):
        check(Clip("k", make_facts(), labels))


@pytest.mark.parametrize("name", sorted(EXACT))
def test_a_label_of_another_shape_or_type_is_named(name: str) -> None:
    labels = make_labels()
    for wrong in (labels[name][None], np.zeros(labels[name].shape, np.complex64)):
        with pytest.raises(ValueError, match=name):
            check(Clip("k", make_facts(), labels | {name: wrong}))


def test_frames_must_agree_between_labels() -> None:
    labels = make_labels() | {"arkit": np.zeros((3, 52), np.float32)}
    with pytest.raises(ValueError, match="arkit"):
        check(Clip("k", make_facts(), labels))


def test_nan_unknown_label_and_false_provenance_are_refused() -> None:
    labels = make_labels()
    with pytest.raises(ValueError, match="finite"):
        check(Clip("k", make_facts(), labels | {"arkit": np.full((2, 52), np.nan, np.float32)}))
    with pytest.raises(ValueError, match="unknown label 'mood'"):
        check(Clip("k", make_facts(), labels | {"mood": np.zeros(2)}))
    with pytest.raises(ValueError, match="synthetic"):
        check(Clip("k", make_facts(provenance={"synthetic": False}), labels))


def test_facts_of_another_version_or_with_unknown_keys_are_refused() -> None:
    body = json.loads(facts_to_bytes(make_facts()))
    for change, said in (
        ({"version": 1}, "version 1"),
        ({"mood": 1}, "mood"),
        ({"format": 0}, "not a"),
    ):
        with pytest.raises(ValueError, match=said):
            facts_from_bytes(json.dumps(body | change).encode(), "here")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_the_place(data: bytes) -> None:
    for read in (labels_from_bytes, facts_from_bytes):
        with pytest.raises(ValueError, match="shard:clip"):
            read(data, "shard:clip")


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_damaged_labels_are_read_or_refused(place: int, value: int) -> None:
    data = bytearray(labels_to_bytes(make_labels()))
    data[place % len(data)] = value
    try:
        labels_from_bytes(bytes(data), "shard:clip")
    except ValueError as error:
        assert "shard:clip" in str(error)


def test_a_pickle_is_refused() -> None:
    import io

    out = io.BytesIO()
    np.savez(out, arkit=np.array([{"code": 1}], dtype=object))
    with pytest.raises(ValueError, match="here"):
        labels_from_bytes(out.getvalue(), "here")
