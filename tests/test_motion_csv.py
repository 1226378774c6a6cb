"""ARKit CSV comes back as it was, is read as apps vary it, and bad files are named to the place."""

import csv
import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generate.motion.arkit_csv import EYES, HEAD, ORDER, companion, read_csv, write_csv
from generate.motion.timecode import seconds_of, timecode
from generate.spec import ARKIT, Motion


def motion(n=90, rate_hz=30.0, seed=0):
    rng = np.random.default_rng(seed)
    return Motion(
        rate_hz,
        rng.uniform(0, 1, (n, 52)).astype(np.float32),
        rng.normal(0, 15, (n, 3)).astype(np.float32),
        rng.normal(0, 8, (n, 2)).astype(np.float32),
    )


def edited(path, change):
    """Rewrite a CSV after `change(header, rows)`, which may return other rows."""
    header, *rows = csv.reader(path.read_text().splitlines())
    header, rows = change(header, rows) or (header, rows)
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    path.write_text(text.getvalue())


@pytest.mark.parametrize("rate_hz", [15.0, 24.0, 25.0, 29.97, 30.0, 60.0, 120.0, 12.5])
@pytest.mark.parametrize("alone", [False, True])
def test_what_is_written_comes_back(tmp_path, rate_hz, alone):
    path, made = tmp_path / "a.csv", motion(150 if rate_hz < 100 else 300, rate_hz)
    write_csv(path, made)
    if alone:
        companion(path).unlink()
    found, notes, _ = read_csv(path)
    assert not notes
    assert found.rate_hz == pytest.approx(rate_hz, rel=1e-3)
    assert np.array_equal(found.arkit, made.arkit)
    assert np.allclose(found.head_deg, made.head_deg, atol=1e-5)
    assert np.allclose(found.gaze_deg, made.gaze_deg, atol=1e-5)


def test_the_layout_is_that_of_the_apps(tmp_path):
    path = tmp_path / "a.csv"
    write_csv(path, motion(3))
    header, first, *_ = csv.reader(path.read_text().splitlines())
    assert header[:4] == ["Timecode", "BlendShapeCount", "EyeBlinkLeft", "EyeLookDownLeft"]
    assert header[16:20] == ["JawForward", "JawRight", "JawLeft", "JawOpen"]
    assert header[53:57] == ["TongueOut", "HeadYaw", "HeadPitch", "HeadRoll"]
    assert len(header) == 63 and sorted(ORDER) == sorted(ARKIT)
    assert first[:2] == ["00:00:00:00.000", "61"]
    facts = json.loads(companion(path).read_text())
    assert facts["synthetic"] is True and facts["rate_hz"] == 30 and facts["frames"] == 3


@given(seed=st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_columns_in_any_order_and_case_say_the_same(tmp_path_factory, seed):
    path, made = tmp_path_factory.mktemp("o") / "a.csv", motion(40, 60.0, seed)
    write_csv(path, made)
    rng = np.random.default_rng(seed)

    def shuffle(header, rows):
        order = rng.permutation(len(header))
        names = [[header[i], header[i].lower(), header[i].upper()][rng.integers(3)] for i in order]
        return names, [[row[i] for i in order] for row in rows]

    edited(path, shuffle)
    found = read_csv(path).motion
    assert np.array_equal(found.arkit, made.arkit)
    assert np.allclose(found.head_deg, made.head_deg, atol=1e-5)


def test_angles_may_be_missing_and_extra_columns_are_named(tmp_path):
    path, made = tmp_path / "a.csv", motion(40)
    made.arkit[:, :] = 0
    made.arkit[:, [ARKIT.index(f"eyeLook{n}") for n in ("OutLeft", "InRight")]] = 0.5
    write_csv(path, made)

    def drop(header, rows):
        kept = [i for i, name in enumerate(header) if name not in (*HEAD, *EYES)]
        return [*(header[i] for i in kept), "Mood"], [[*(r[i] for i in kept), "ok"] for r in rows]

    edited(path, drop)
    found, notes, _ = read_csv(path)
    assert (found.head_deg == 0).all()
    assert np.allclose(found.gaze_deg, [16.0, 0.0])
    assert any("Mood" in note for note in notes) and len(notes) == 3


def test_sides_as_letters_are_read(tmp_path):
    path, made = tmp_path / "a.csv", motion(40)
    write_csv(path, made)
    edited(path, lambda h, r: ([n.replace("SmileLeft", "Smile_L").replace("SmileRight", "Smile_R")
                                for n in h], r))  # fmt: skip
    assert np.array_equal(read_csv(path).motion.arkit, made.arkit)


def test_lost_frames_are_filled_in(tmp_path):
    path, made = tmp_path / "a.csv", motion(120, 60.0)
    made.arkit[:] = np.linspace(0, 1, 120)[:, None]
    write_csv(path, made)
    edited(path, lambda h, r: (h, r[:30] + r[33:70] + r[71:]))
    found, notes, _ = read_csv(path)
    assert len(found) == 120 and found.rate_hz == 60
    assert np.allclose(found.arkit, made.arkit, atol=1e-5)
    assert "uneven rows: 116 made 120" in notes[0]


def test_short_takes_need_their_rate(tmp_path):
    path = tmp_path / "a.csv"
    write_csv(path, motion(10, 24.0))
    companion(path).unlink()
    assert read_csv(path, rate_hz=24).motion.rate_hz == 24
    found, notes, _ = read_csv(path)
    assert found.rate_hz == 60 and "too short" in notes[0]
    write_csv(path, motion(1, 24.0))
    assert read_csv(path).motion.rate_hz == 24


@pytest.mark.parametrize(
    "texts", [["0.0", "0.04", "0.08"], ["1:00:00.0", "1:00:00.04", "1:00:00.08"]]
)
def test_times_of_other_kinds(texts):
    times, _ = seconds_of("x", list(enumerate(texts)), None)
    assert np.allclose(times, [0, 0.04, 0.08])
    assert np.allclose(seconds_of("x", list(enumerate(["7", "8", "10"])), 25)[0], [0, 0.04, 0.12])


@given(frame=st.integers(0, 10**6), rate_hz=st.sampled_from([24.0, 29.97, 30.0, 60.0]))
@settings(max_examples=60, deadline=None)
def test_timecodes_are_the_times_of_their_frames(frame, rate_hz):
    stamps = [(1, "00:00:00:00"), (2, timecode(frame + 1, rate_hz))]
    times, _ = seconds_of("x", stamps, rate_hz)
    assert times[1] == pytest.approx((frame + 1) / rate_hz, abs=2e-4)


def cell(row, name, text):
    def change(header, rows):
        rows[row][header.index(name)] = text

    return change


BAD = [
    (lambda h, r: ([n for n in h if n != "JawOpen"], [x[:19] + x[20:] for x in r]),
     "no column 'jawOpen'"),
    (lambda h, r: (h[:30], [x[:30] for x in r]), "no column .* more; want Timecode"),
    (cell(4, "JawOpen", "nan"), r"row 6, column jawOpen: 'nan' is not a number"),
    (cell(4, "JawOpen", "wide"), r"row 6, column jawOpen: 'wide' is not a number"),
    (cell(4, "HeadYaw", ""), r"row 6, column HeadYaw: '' is not a number"),
    (cell(7, "MouthClose", "47.5"), r"row 9, column mouthClose: 47.5 is outside 0 to 1"),
    (cell(5, "Timecode", "00:00:00:03.000"), r"row 7: time '00:00:00:03.000' does not rise"),
    (cell(5, "Timecode", "soon"), r"row 7: 'soon' is not a timecode"),
    (cell(5, "Timecode", "00:00:00:45.0"), r"row 7: frame of '00:00:00:45.0' at 30 a second"),
    (lambda h, r: (h, [*r[:50], [x.replace("00:00:01:20", "00:00:09:20") for x in r[50]]]),
     r"row 52: 8.03 s after"),
    (lambda h, r: (h, [*r[:3], r[3][:-2], *r[4:]]), "row 5: 61 values, the header has 63"),
    (lambda h, r: ([*h[:-1], "JAWOPEN"], r), "column 'JAWOPEN' is there twice"),
    (lambda h, _: (h, []), "1 rows, want a header"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), BAD)
def test_bad_files_are_refused_in_one_line_with_the_place(tmp_path, change, said):
    path = tmp_path / "a.csv"
    write_csv(path, motion(90))
    edited(path, change)
    with pytest.raises(ValueError, match=said) as caught:
        read_csv(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ValueError, match="not UTF-8 text"):
        read_csv(path)
