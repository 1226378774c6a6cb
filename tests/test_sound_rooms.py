"""Rooms: they decay as asked, the direct sound comes first, and distance adds echo."""

import numpy as np
import pytest

from generate.sound.rooms import (
    DISTANCES_M,
    KINDS,
    ROOMS_A_BANK,
    absorption_for,
    bank,
    respond,
    reverberate,
    rt60,
)

SIZE_M = np.array([4.2, 3.4, 2.5])


def measured_rt60(taps):
    """Schroeder's backward integral between 5 and 25 dB down."""
    left = np.cumsum(np.square(taps, dtype=np.float64)[::-1])[::-1]
    level_db = 10 * np.log10(left / left[0] + 1e-12)
    used = np.flatnonzero((level_db < -5) & (level_db > -25))
    return -60 / np.polyfit(used / 16000, level_db[used], 1)[0]


def direct_to_late_db(taps):
    power = np.square(taps, dtype=np.float64)
    return 10 * np.log10(power[:1].sum() / power[1:].sum())


@pytest.mark.parametrize("asked_s", [0.2, 0.4, 0.7, 1.0])
def test_measured_rt60_is_the_one_asked_for(asked_s):
    absorbed = absorption_for(SIZE_M, asked_s)
    assert rt60(SIZE_M, absorbed) == pytest.approx(asked_s)
    for seed in range(4):
        _, taps = respond(SIZE_M, absorbed, 1.5, np.random.default_rng(seed))
        assert measured_rt60(taps) == pytest.approx(asked_s, rel=0.2)


def test_rt60_of_the_bank_is_measured_too():
    ratios = [measured_rt60(r.taps) / r.rt60_s for r in bank(3) if r.rt60_s > 0.2]
    assert np.median(ratios) == pytest.approx(1, abs=0.2)


def test_direct_sound_is_the_first_sample_and_keeps_its_level():
    for response in bank(0):
        assert response.taps[0] == 1
        assert np.isfinite(response.taps).all()
        click = np.zeros(4000, np.float32)
        click[700] = 0.5
        heard = reverberate(click, response)
        assert len(heard) == len(click)
        assert np.abs(heard[:700]).max() < 1e-6
        assert heard[700] == pytest.approx(0.5, abs=1e-5)


def test_distance_lowers_the_direct_to_reverberant_ratio():
    absorbed = absorption_for(SIZE_M, 0.5)
    ratio_db = [
        np.mean([
            direct_to_late_db(respond(SIZE_M, absorbed, d, np.random.default_rng(seed))[1])
            for seed in range(12)
        ])
        for d in (0.3, 0.6, 1.2, 2.4)
    ]  # fmt: skip
    steps = np.diff(ratio_db)
    assert (steps < -2).all()
    assert ratio_db[0] - ratio_db[3] == pytest.approx(20 * np.log10(8), abs=5)
    for place in range(ROOMS_A_BANK):
        room = bank(1)[4 * place : 4 * place + 4]
        assert direct_to_late_db(room[0].taps) > direct_to_late_db(room[3].taps)


def test_the_bank_covers_homes_and_follows_its_seed():
    rooms = bank(0)
    assert {r.room for r in rooms} == set(KINDS)
    assert DISTANCES_M[0] <= min(r.distance_m for r in rooms) + 0.01
    assert max(r.distance_m for r in rooms) <= DISTANCES_M[-1] + 0.01
    assert min(r.rt60_s for r in rooms) < 0.15
    assert max(r.rt60_s for r in rooms) > 0.7
    bank.cache_clear()
    assert all(np.array_equal(a.taps, b.taps) for a, b in zip(rooms, bank(0), strict=True))
    assert not np.array_equal(rooms[0].taps, bank(1)[0].taps)


def test_what_no_room_can_have_is_refused():
    with pytest.raises(ValueError, match="cannot have an RT60 of 0.01 s"):
        absorption_for(SIZE_M, 0.01)
    with pytest.raises(ValueError, match="cannot have an RT60 of 60 s"):
        absorption_for(SIZE_M, 60)


def test_no_sound_stays_no_sound():
    assert len(reverberate(np.zeros(0, np.float32), bank(0)[0])) == 0
