"""The showreel: its scenes show what they should, can be made again alone, and keep their sound."""

import io
import shlex

import av
import numpy as np
import pytest

from generate.cli import _parse
from generate.media import film, jpeg_to_frame
from generate.motion.cues import EmotionCue, GazeCue, GestureCue, VocalCue
from generate.motion.direction import NO_DIRECTION, parse_direction
from generate.motion.direction_cues import direction_cues
from generate.motion.score_text import from_text
from generate.motion.showreel import CELL_PX, LINE_PX, SCENES, SHEET_COLUMNS, command, make_showreel
from generate.presets import Talk
from generate.provenance import ALGORITHMIC, Provenance
from generate.provenance_files import read
from generate.spec import EMOTIONS


def asked():
    plans = [parse_direction(s.direction) if s.direction else NO_DIRECTION for s in SCENES]
    return [cue for plan in plans for cue in direction_cues(plan, 20.0)]


def test_the_scenes_cover_what_motion_can_do():
    cues = asked()
    felt = {c.emotion for c in cues if isinstance(c, EmotionCue)}
    felt |= {s.emotion.partition(":")[0] for s in SCENES if s.emotion}
    assert felt == set(EMOTIONS)
    sounds = {c.sound for c in cues if isinstance(c, VocalCue)}
    assert sounds & {"laugh", "giggle"}
    assert sounds & {"yawn", "gasp"}
    assert len({c.gesture for c in cues if isinstance(c, GestureCue)}) >= 3
    assert any(isinstance(c, GazeCue) for c in cues)
    assert any(scene.song for scene in SCENES)
    ages = [scene.age_years[0] for scene in SCENES]
    assert min(ages) <= 4 and 8 in ages and max(ages) >= 18
    assert len({scene.seed for scene in SCENES}) == len(SCENES)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: str(scene.seed))
def test_a_scene_is_the_talking_clip_of_its_command(scene):
    words = shlex.split(command(scene))
    assert words[:3] == ["collodi", "generate", "talk"]
    options, where = _parse(Talk, "talk", words[3:])
    assert options == scene
    assert str(where.out) == "DATA"


def streams(data):
    with av.open(io.BytesIO(data)) as container:
        pictures = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    with av.open(io.BytesIO(data)) as container:
        sound = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    return np.stack(pictures), sound


def test_sound_stays_with_its_picture_over_shots_of_any_length():
    bright = [np.full((n, 64, 64, 3), 200 * (i % 2), np.uint8) for i, n in enumerate((10, 15, 10))]
    tone = (8000 * np.sin(np.arange(16000) * 0.3)).astype(np.int16)
    audio = (np.zeros(5000, np.int16), tone[:9000], np.zeros(20000, np.int16))
    pictures, sound = streams(film(zip(bright, audio, strict=True), 64, 25))
    seen = pictures.reshape(35, -1).mean(1) > 100
    assert np.array_equal(np.flatnonzero(seen), np.arange(10, 25))
    loud = np.flatnonzero(np.abs(sound) > 0.1) / 16000
    assert abs(loud[0] - 10 / 25) < 0.03
    assert abs(loud[-1] - (10 / 25 + 9000 / 16000)) < 0.08


def test_a_reel_has_its_film_its_sheet_and_its_scores(tmp_path):
    scene = Talk(clips=1, size_px=64, rate_hz=5, sentences=("hello",), emotion="sad:0.5")
    make_showreel(tmp_path, [scene])
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["01.score", "scenes.txt", "sheet.jpg", "showreel.mp4"]
    score = from_text((tmp_path / "01.score").read_text("utf-8"))
    assert score.of(EmotionCue)[0].emotion == "sad"
    pictures, sound = streams((tmp_path / "showreel.mp4").read_bytes())
    assert abs(len(pictures) / 5 - score.length_s) < 0.01
    assert abs(len(sound) / 16000 - score.length_s) < 0.15
    sheet = jpeg_to_frame((tmp_path / "sheet.jpg").read_bytes(), "sheet")
    for name in ("showreel.mp4", "sheet.jpg"):
        assert read((tmp_path / name).read_bytes()) == Provenance(ALGORITHMIC)
    assert sheet.shape == (CELL_PX + LINE_PX, SHEET_COLUMNS * CELL_PX, 3)
