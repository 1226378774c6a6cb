"""The front end in whole numbers: near the float one, and bit for bit the exported C."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from device.backends import fixed
from device.backends.frontend import levels as float_levels
from device.backends.frontend import logmel
from device.bundle import Tensor
from device.front_end import LOGMEL
from export.to_c_frontend import to_c_frontend
from train_edge.spectra import features as torch_features
from train_edge.spectra import power_spectrogram

SCALE, ZERO = 4 / 255, 0
COMPILER = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
MAIN = """
#include "toy_frontend.h"
#include <stdio.h>
static int16_t sound[TOY_FRONTEND_SAMPLES];
static uint16_t levels[TOY_FRONTEND_FRAMES * TOY_FRONTEND_MELS], turned[sizeof levels / 2];
static int8_t features[sizeof levels / 2], again[sizeof levels / 2];
int main(void) {
  const unsigned row = TOY_FRONTEND_MELS, frames = TOY_FRONTEND_FRAMES, cells = frames * row;
  while (fread(sound, 2, TOY_FRONTEND_SAMPLES, stdin) == TOY_FRONTEND_SAMPLES) {
    toy_frontend_second(sound, levels, features);
    for (unsigned k = 0; k < cells; k++) turned[(k + 7 * row) % cells] = levels[k];
    toy_frontend_features(turned, 7, again); /* the same second in a ring that begins at row 7 */
    fwrite(levels, 2, cells, stdout);
    fwrite(features, 1, cells, stdout);
    fwrite(again, 1, cells, stdout);
  }
  return 0;
}
"""


def sounds() -> dict[str, Any]:
    """Seconds of int16 that reach every corner: loud, quiet, nothing, steps, single samples."""
    rng, t = np.random.default_rng(0), np.arange(16000) / 16000
    loud = {
        "noise": rng.normal(0, 0.1, 16000),
        "quiet noise": rng.normal(0, 0.003, 16000),
        "chirp": 0.5 * np.sin(2 * np.pi * (100 + 3500 * t) * t),
        "words": rng.normal(0, 0.2, 16000) * (np.sin(9 * t) > 0.6) + rng.normal(0, 1e-3, 16000),
        "square": np.sign(np.sin(2 * np.pi * 500 * t) + 1e-9),
        "highest": np.cos(np.pi * np.arange(16000)),
        "constant": np.full(16000, -1.0),
        "click": (np.arange(16000) == 8000) * 1.0,
        "least": (np.arange(16000) == 8000) / 32768,
        "nothing": np.zeros(16000),
    }
    return {name: fixed.to_int16(sound) for name, sound in loud.items()}


def test_levels_equal_the_float_front_end_where_they_count() -> None:
    """Within 0.004 octaves (0.012 dB) in every cell above the floor, and the floor where it is."""
    for name, sound in sounds().items():
        want = float_levels(sound / 32768, LOGMEL) / np.log(2) + fixed.POWER_BITS
        found = fixed.levels(sound, LOGMEL) / 2**fixed.LEVEL_BITS
        heard = want > want.max() - LOGMEL["floor_db"] / 3.0103
        assert np.abs(found - want)[heard].max() < 0.004, name


def test_features_are_the_float_ones_rounded_to_int8() -> None:
    for name, sound in sounds().items():
        real = logmel(sound / 32768, LOGMEL)
        stored = fixed.features(fixed.levels(sound, LOGMEL), LOGMEL, SCALE, ZERO)
        back = (stored.astype(float) - ZERO) * SCALE
        assert np.abs(back - real).max() < 0.6 * SCALE, name
        noise = np.mean((back - real) ** 2)
        assert 10 * np.log10(np.mean(real**2) / noise) > 45, name


def test_torch_numpy_and_whole_numbers_are_one_front_end() -> None:
    for name, sound in sounds().items():
        audio = (sound / 32768).astype(np.float32)
        board = logmel(audio, LOGMEL)
        twin = torch_features(torch.from_numpy(power_spectrogram(audio))[None])[0, 0].numpy()
        whole = fixed.features(fixed.levels(sound, LOGMEL), LOGMEL, SCALE, ZERO) * SCALE
        assert np.abs(twin - board).max() < 1e-3, name
        assert np.abs(whole - twin).max() < 0.6 * SCALE, name


def test_half_as_loud_is_one_octave_less_twice() -> None:
    """Amplitude / 2 is power / 4: two octaves down, where EPSILON does not reach."""
    sound = sounds()["square"] // 2 * 2
    loud, half = (fixed.levels(s, LOGMEL).astype(int) for s in (sound, sound // 2))
    clear = half > half.max() - 6000
    assert np.abs(loud - half - 2 * 2**fixed.LEVEL_BITS)[clear].max() <= 2


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.floats(1e-4, 3), st.floats(0.01, 0.03), st.integers(-128, 60))
def test_no_sound_overflows(seed: int, loudness: float, scale: float, zero: int) -> None:
    rng = np.random.default_rng(seed)
    sound = fixed.to_int16(rng.normal(0, loudness, 1600))
    found = fixed.features(fixed.levels(sound, LOGMEL), LOGMEL, scale, zero)
    back = np.clip(np.round(logmel(sound / 32768, LOGMEL) / scale) + zero, -128, 127)
    assert np.abs(found - back).max() <= 1


def test_largest_sounds_stay_inside_32_bits() -> None:
    """The worst frame for each bin: full scale, in phase with it."""
    t, n = fixed.tables(LOGMEL), np.arange(480)
    for k in (0, 1, 31, 97, 128, 200, 255, 256):
        for phase in (0.0, np.pi / 4):
            worst = np.where(np.cos(2 * np.pi * k * n / 512 + phase) >= 0, 32767, -32768)
            real = np.zeros(512, np.int64)
            real[:480] = (worst * t.window) >> t.shift
            assert max(np.abs(part).max() for part in fixed._fft(real, t)) < 2**31


@pytest.mark.parametrize("bad", [np.zeros(16000), np.zeros(100, np.int16)])
def test_wrong_sound_is_refused(bad: Any) -> None:
    with pytest.raises(ValueError, match="integer front end takes int16"):
        fixed.levels(bad, LOGMEL)


@pytest.mark.parametrize("change", [{"n_fft": 1024}, {"n_fft": 500}, {"n_mels": 200}])
def test_front_end_that_does_not_fit_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="front end with"):
        fixed.tables(LOGMEL | change)


@pytest.fixture(scope="module", params=[(SCALE, ZERO), (0.0163, -3)])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The exported C, compiled without a warning, and the input scale that it was made for."""
    if COMPILER is None:
        pytest.skip("no C compiler is installed")
    scale, zero = request.param
    folder = tmp_path_factory.mktemp("c")
    given_ = Tensor("input", (1, 50, 40, 1), "int8", "log-mel", "B T L C", scale, zero)
    source, header = to_c_frontend(LOGMEL, given_, folder, "toy")
    assert "@" not in source.read_text() + header.read_text()
    (folder / "main.c").write_text(MAIN)
    flags = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{folder}"]
    checks = ["-fsanitize=undefined,address", "-fno-sanitize-recover=all"]
    files = [str(folder / "main.c"), str(source), "-o", str(folder / "main")]
    if subprocess.run([COMPILER, *flags, *checks, *files], capture_output=True).returncode:
        subprocess.run([COMPILER, *flags, *files], check=True)  # a compiler without sanitizers
    return folder / "main", scale, zero


def test_c_equals_numpy_bit_for_bit(program: Any) -> None:
    path, scale, zero = program
    batch = np.stack(list(sounds().values()))
    done = subprocess.run([path], input=batch.tobytes(), capture_output=True, check=True)
    cells = 50 * 40
    rows = np.frombuffer(done.stdout, np.uint8).reshape(len(batch), 4 * cells)
    levels = rows[:, : 2 * cells].copy().view(np.uint16).reshape(-1, 50, 40)
    assert np.array_equal(levels, fixed.levels(batch, LOGMEL))
    want = fixed.features(levels, LOGMEL, scale, zero).reshape(len(batch), -1)
    for part in (slice(2 * cells, 3 * cells), slice(3 * cells, 4 * cells)):
        assert np.array_equal(rows[:, part].view(np.int8), want)


def test_two_exports_give_the_same_text(tmp_path: Path) -> None:
    given_ = Tensor("input", (1, 50, 40, 1), "int8", "log-mel", "B T L C", SCALE, ZERO)
    texts = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        texts.append([p.read_text() for p in to_c_frontend(LOGMEL, given_, tmp_path / name, "toy")])
    assert texts[0] == texts[1]
