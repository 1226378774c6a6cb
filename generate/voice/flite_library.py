"""The C interface of flite 2.2 (flite.h, cst_item.h), as Debian's libflite1 installs it."""

from __future__ import annotations

import ctypes as c
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOISY, TRIES = ("slt", "rms", "awb"), 8
"""Voices whose excitation has noise, and how often they speak at most."""
_LOCK = threading.Lock()
"""flite's voices and random numbers belong to the process."""


class _Wave(c.Structure):
    _fields_ = [
        ("type", c.c_char_p),
        ("rate_hz", c.c_int),
        ("count", c.c_int),
        ("channels", c.c_int),
        ("samples", c.POINTER(c.c_short)),
    ]


class _Voice(c.Structure):
    _fields_ = [("name", c.c_char_p), ("features", c.c_void_p)]


class _Relation(c.Structure):
    _fields_ = [
        ("name", c.c_char_p),
        ("features", c.c_void_p),
        ("utterance", c.c_void_p),
        ("head", c.c_void_p),
        ("tail", c.c_void_p),
    ]


class Segment:
    """One phone of an utterance, as flite names it."""

    def __init__(self, phone: str, end_s: float, stressed: bool, word: str, word_id: int) -> None:
        self.phone, self.end_s, self.stressed = phone, end_s, stressed
        self.word, self.word_id = word, word_id


@cache
def library() -> Any:
    """The loaded library; OSError where flite is not installed."""
    flite = c.CDLL("libflite.so.1", mode=c.RTLD_GLOBAL)
    for name in ("libflite_cmulex.so.1", "libflite_usenglish.so.1"):
        c.CDLL(name, mode=c.RTLD_GLOBAL)
    pointer, text = c.c_void_p, c.c_char_p
    for name, result, arguments in (
        ("feat_set_float", None, (pointer, text, c.c_float)),
        ("flite_synth_text", pointer, (text, pointer)),
        ("flite_synth_phones", pointer, (text, pointer)),
        ("utt_wave", c.POINTER(_Wave), (pointer,)),
        ("utt_relation", c.POINTER(_Relation), (pointer, text)),
        ("item_next", pointer, (pointer,)),
        ("item_feat_string", text, (pointer, text)),
        ("item_feat_float", c.c_float, (pointer, text)),
        ("ffeature_string", text, (pointer, text)),
        ("path_to_item", pointer, (pointer, text)),
        ("delete_utterance", None, (pointer,)),
    ):
        function = getattr(flite, name)
        function.restype, function.argtypes = result, arguments
    flite.flite_init()
    return flite


@cache
def _voice(name: str) -> Any:
    register = getattr(
        c.CDLL(f"libflite_cmu_us_{name}.so.1", mode=c.RTLD_GLOBAL), f"register_cmu_us_{name}"
    )
    register.restype, register.argtypes = c.c_void_p, [c.c_char_p]
    return register(None)


def say(
    text: str, as_phones: bool, voice: str, stretch: float, f0_hz: float, f0_sd_hz: float, seed: int
) -> tuple[NDArray[np.int16], int, list[Segment]]:
    """PCM (N,), its rate, and the segments. All that carries over between calls is set anew.

    Voices of NOISY draw from rand(), of which other threads of the process may take numbers in
    between: they speak until two results in a row are alike.
    """
    features = (stretch, f0_hz, f0_sd_hz)
    with _LOCK:
        said = _say(text, as_phones, voice, features, seed)
        for _ in range(TRIES if voice in NOISY else 0):
            before, said = said, _say(text, as_phones, voice, features, seed)
            if np.array_equal(before[0], said[0]):
                break
        return said


def _say(
    text: str, as_phones: bool, voice: str, features: tuple[float, float, float], seed: int
) -> tuple[NDArray[np.int16], int, list[Segment]]:
    flite, speaker = library(), _voice(voice)
    place = c.cast(speaker, c.POINTER(_Voice)).contents.features
    names = (b"duration_stretch", b"int_f0_target_mean", b"int_f0_target_stddev")
    for name, value in zip(names, features, strict=True):
        flite.feat_set_float(place, name, value)
    c.CDLL(None).srand(seed & 0x7FFFFFFF)  # the noise of unvoiced sounds comes from rand()
    make = flite.flite_synth_phones if as_phones else flite.flite_synth_text
    with _quiet():
        utterance = make(text.encode(), speaker)
    wave = flite.utt_wave(utterance).contents
    rate_hz = int(wave.rate_hz)
    pcm = np.ctypeslib.as_array(wave.samples, (wave.count,)).copy()
    segments = _segments(flite, utterance)
    flite.delete_utterance(utterance)
    return pcm, rate_hz, segments


@contextmanager
def _quiet() -> Iterator[None]:
    """Without flite's lines on stderr about units that a voice lacks ("udb failed to find entry"),
    for which it takes others."""
    try:
        kept = os.dup(2)
    except OSError:  # no stderr
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _segments(flite: Any, utterance: Any) -> list[Segment]:
    found = []
    item = flite.utt_relation(utterance, b"Segment").contents.head
    while item:
        stress = flite.ffeature_string(item, b"R:SylStructure.parent.stress")
        word = flite.path_to_item(item, b"R:SylStructure.parent.parent")
        name = flite.ffeature_string(item, b"R:SylStructure.parent.parent.name") if word else b""
        phone = flite.item_feat_string(item, b"name").decode()
        end_s = float(flite.item_feat_float(item, b"end"))
        found.append(Segment(phone, end_s, stress == b"1", name.decode(), int(word or 0)))
        item = flite.item_next(item)
    return found
