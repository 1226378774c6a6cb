"""The C interface of espeak-ng 1.52 (speak_lib.h), as the espeakng-loader wheel ships it.

The library keeps state between calls that no function resets (flutter phase, Klatt noise, stress
intonation), so the same request sounds different from call to call. `Session` therefore loads the
shared object afresh (0.6 ms) and seeds both of its random generators: what it says depends only on
the request.
"""

from __future__ import annotations

import _ctypes
import ctypes as c
import os
import threading
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

WORD, PHONEME, END = 1, 7, 5
_SYNCHRONOUS = 2
_PHONEME_EVENTS, _IPA_EVENTS, _DO_NOT_EXIT = 1, 2, 0x8000
_UTF8, _PHONEME_INPUT = 1, 0x100
# espeak_PARAMETER numbers with the library's own defaults: all are set before every request.
_RATE, _VOLUME, _PITCH, _RANGE, _PUNCTUATION, _CAPITALS, _WORDGAP = 1, 2, 3, 4, 5, 6, 7
_OPEN_FILES = "/proc/self/fd"
"""Linux: a path to each open file, by its number."""
_LOCK = threading.Lock()
os.register_at_fork(after_in_child=lambda: _renew_lock())


def _renew_lock() -> None:
    """A pool worker forked while another thread speaks must not inherit a held lock."""
    global _LOCK
    _LOCK = threading.Lock()


class _Id(c.Union):
    _fields_ = [("number", c.c_int), ("name", c.c_char_p), ("string", c.c_char * 8)]


class _Event(c.Structure):
    _fields_ = [
        ("type", c.c_int),
        ("unique_identifier", c.c_uint),
        ("text_position", c.c_int),
        ("length", c.c_int),
        ("audio_position", c.c_int),
        ("sample", c.c_int),
        ("user_data", c.c_void_p),
        ("id", _Id),
    ]


_Callback = c.CFUNCTYPE(c.c_int, c.POINTER(c.c_short), c.c_int, c.POINTER(_Event))


class RawEvent:
    """One event: `kind` WORD, PHONEME or END, `time_s`, and its text or place in the text."""

    __slots__ = ("kind", "length", "position", "text", "time_s")

    def __init__(self, event: Any) -> None:
        self.kind = int(event.type)
        self.time_s = event.audio_position / 1000
        self.position, self.length = int(event.text_position) - 1, int(event.length)
        self.text = event.id.string.decode("utf-8", "replace") if self.kind == PHONEME else ""


class Session:
    """A fresh copy of the library, held by this thread while the `with` block runs."""

    def __enter__(self) -> Session:
        self._lock = _LOCK
        self._lock.acquire()
        try:
            self._load()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._lib.espeak_Terminate()
            _ctypes.dlclose(self._lib._handle)
        finally:
            self._lock.release()

    def _load(self) -> None:
        path, data = _paths()
        _refuse_if_loaded(path)
        self._lib = c.CDLL(path)
        options = _PHONEME_EVENTS | _IPA_EVENTS | _DO_NOT_EXIT
        self.rate_hz = int(self._lib.espeak_Initialize(_SYNCHRONOUS, 0, data, options))
        if self.rate_hz <= 0:
            raise RuntimeError(f"espeak-ng did not start with the data in {os.fsdecode(data)}")
        self._callback = _Callback(self._receive)
        self._lib.espeak_SetSynthCallback(self._callback)

    def _receive(self, wave: Any, count: int, events: Any) -> int:
        index = 0
        while events[index].type != 0:
            if events[index].type in (WORD, PHONEME, END):
                self._events.append(RawEvent(events[index]))
            index += 1
        if wave and count > 0:
            self._pieces.append(c.string_at(wave, count * c.sizeof(c.c_short)))
        return 0

    def say(
        self, text: str, voice: str, rate_wpm: int, pitch: int, pitch_range: int, seed: int
    ) -> tuple[NDArray[np.int16], list[RawEvent]]:
        """PCM (N,) at `rate_hz` and its events; text may hold [[espeak phonemes]]."""
        self._pieces: list[bytes] = []
        self._events: list[RawEvent] = []
        self._set_voice(voice)
        settings = {_RATE: rate_wpm, _PITCH: pitch, _RANGE: pitch_range}
        settings |= {_VOLUME: 100, _PUNCTUATION: 0, _CAPITALS: 0, _WORDGAP: 0}
        for number, value in settings.items():
            self._lib.espeak_SetParameter(number, int(value), 0)
        self._seed(seed)
        data = text.encode("utf-8") + b"\0"
        flags = _UTF8 | _PHONEME_INPUT
        self._lib.espeak_Synth(data, c.c_size_t(len(data)), 0, 1, 0, flags, None, None)
        self._lib.espeak_Synchronize()
        return np.frombuffer(b"".join(self._pieces), np.int16), self._events

    def mnemonics(self, text: str, voice: str) -> list[str]:
        """espeak's own phoneme names of `text`, stress marks kept."""
        self._set_voice(voice)
        self._lib.espeak_TextToPhonemes.restype = c.c_char_p
        place = c.c_char_p(text.encode("utf-8"))
        found: list[str] = []
        while place.value:
            names = self._lib.espeak_TextToPhonemes(c.byref(place), _UTF8, ord("|") << 8)
            found += (names or b"").decode("ascii", "replace").replace(" ", "|").split("|")
        return [name for name in found if name]

    def _set_voice(self, voice: str) -> None:
        """Voice "language+variant", by an open file where the system names those.

        By its name a fresh library finds a voice only after it has read all 240 files of voices
        (4 ms, longer than it speaks); by path it takes short ones without capitals alone.
        """
        language, _, variant = voice.partition("+")
        path = voice_files().get(language.lower())
        if path is None or not Path(_OPEN_FILES).is_dir():
            wrong = self._lib.espeak_SetVoiceByName(voice.encode())
        else:
            file = os.open(path, os.O_RDONLY)
            name = f"{_OPEN_FILES}/{file}" + (f"+{variant}" if variant else "")
            wrong = self._lib.espeak_ng_SetVoiceByFile(name.encode())
            os.close(file)
        if wrong:
            raise ValueError(f"espeak-ng has no voice {voice!r}")

    def _seed(self, seed: int) -> None:
        number = seed % 0x7FFFFFFF
        self._lib.espeak_ng_SetRandSeed(c.c_long(number))
        _c_library().srand(c.c_uint(number))  # the Klatt voices draw from the C library


@cache
def _c_library() -> c.CDLL:
    return c.CDLL(None)


@cache
def _paths() -> tuple[str, bytes]:
    """The library and its data."""
    return espeakng_loader.get_library_path(), os.fsencode(espeakng_loader.get_data_path())


@cache
def voice_files() -> dict[str, Path]:
    """The files of languages by their names in lower case; British English is "en"."""
    folder = Path(espeakng_loader.get_data_path()) / "lang"
    return {path.name.lower(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def _refuse_if_loaded(path: str) -> None:
    """Another user of the library in this process would keep its state alive."""
    flag = getattr(os, "RTLD_NOLOAD", None)
    if flag is None:
        return
    try:
        other = _ctypes.dlopen(path, flag | os.RTLD_LAZY)
    except OSError:
        return
    _ctypes.dlclose(other)
    raise RuntimeError("espeak-ng is already loaded in this process: its sound would depend on it")
