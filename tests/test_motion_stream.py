"""Playing is a pure function of score and time: chunks, edits and rates agree to the last bit."""

import numpy as np
import pytest

from generate.motion.cues import (
    BLEND_S,
    KINDS,
    BlinkCue,
    EmotionCue,
    GazeCue,
    GestureCue,
    HeadCue,
    NoteCue,
    PoseCue,
    StyleCue,
    VisemeCue,
    VocalCue,
)
from generate.motion.director import direct
from generate.motion.player import frames_of, play_score, stream_score
from generate.motion.score import Score, edited
from generate.motion.score_text import from_text, to_text
from generate.voice.speech import Utterance
from generate.voice.timed import Timed

SOUNDS = ("m", "ˈɑː", "p", "ˈuː", "f", "iː", "s", "ˈoʊ", "b", "æ", "ʃ", "t")


def babble(length_s: float, seed: int = 0) -> Utterance:
    """Random phonemes with pauses; the sound itself is empty."""
    rng, now, said = np.random.default_rng(seed), 0.1, []
    while now < length_s:
        end = now + float(rng.uniform(0.04, 0.2))
        said.append(Timed(SOUNDS[int(rng.integers(len(SOUNDS)))], now, end))
        now = end + (0.3 if rng.random() < 0.08 else 0.0)
    return Utterance(np.zeros(int(16000 * length_s), np.float32), tuple(said), (), {})


@pytest.fixture(scope="module")
def score() -> Score:
    rng = np.random.default_rng(5)
    said = direct(babble(40), 40.0, rng, "happy", 0.8)
    return said.plus([VocalCue(5, 7, "laugh"), NoteCue(10, 11, 64), GestureCue(3, 4, "shrug")])


def curves(motion):
    parts = [motion.arkit, motion.head_deg, motion.gaze_deg]
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize(
    ("rate_hz", "chunk"), [(25, 1), (25, 7), (30, 256), (60, 1000), (11.5, 50)]
)
def test_chunks_are_the_whole_to_the_last_bit(score, rate_hz, chunk):
    whole = curves(play_score(score, rate_hz))
    parts = list(stream_score(score, rate_hz, chunk))
    assert max(map(len, parts)) <= chunk
    assert np.concatenate([curves(p) for p in parts]).tobytes() == whole.tobytes()
    assert len(whole) == frames_of(score, rate_hz)


def test_any_piece_is_that_of_the_whole(score):
    whole = curves(play_score(score, 25))
    for first, count in ((0, 1), (255, 2), (300, 400), (999, 1)):
        piece = curves(play_score(score, 25, first, count))
        assert piece.tobytes() == whole[first : first + count].tobytes()


def test_text_plays_as_the_score_does(score):
    again = play_score(from_text(to_text(score)), 25)
    assert curves(again).tobytes() == curves(play_score(score, 25)).tobytes()


def test_other_rates_show_the_same_motion(score):
    """Frames of 25 Hz are among those of 75 Hz, but where contacts widen to be seen."""
    slow, fast = curves(play_score(score, 25)), curves(play_score(score, 75))[1::3]
    same = np.isclose(slow, fast[: len(slow)], atol=1e-5)
    assert same[:, 52:].mean() > 0.99
    assert same.mean() > 0.9


def test_edits_change_nothing_outside_their_window_and_blend(score):
    new = [
        EmotionCue(15, 20, "angry", 0.9),
        GazeCue(15, 20, "toy"),
        HeadCue(16, 17, "shake"),
        VisemeCue(18, 18.3, "ˈuː"),
        BlinkCue(17, 17.2),
        StyleCue(15, 20, jaw=1.7, head=2),
        PoseCue(15, 20, 20, 5, 3),
    ]
    kinds = {type(cue) for cue in new}
    inside = [c for c in score.cues if type(c) in kinds and c.start_s < 20 and c.end_s > 15]
    atomic = [c for c in inside if not c.SPLITS and (c.start_s < 15 or c.end_s > 20)]
    base = Score(score.length_s, tuple(c for c in score.cues if c not in atomic))
    now = edited(base, 15, 20, new)
    before, after = curves(play_score(base, 50)), curves(play_score(now, 50))
    times = (np.arange(len(before)) + 0.5) / 50
    outside = (times < 15 - BLEND_S) | (times > 20 + BLEND_S)
    assert before[outside].tobytes() == after[outside].tobytes()
    assert np.abs(before - after)[~outside].max() > 0.5
    emptied = edited(base, 15, 20)
    after = curves(play_score(emptied, 50))
    assert before[outside].tobytes() == after[outside].tobytes()


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"gesture", "style", "note", "whisper"}))
def test_every_kind_of_cue_shows_and_only_near_its_time(kind):
    samples = {
        "viseme": ("ˈɑː",), "emotion": ("sad", 1.0), "affect": (0.8, 0.5), "gaze": ("toy",),
        "brow": ("raise",), "head": ("nod",), "pose": (10.0, 5.0, 3.0), "sway": (0.7,),
        "vocal": ("yawn",),
    }  # fmt: skip
    named = {"face": {"shapes": (("jawOpen", 0.3),)}, "sway": {"yaw_deg": 5.0}}
    cue = KINDS[kind](4.0, 4.5, *samples.get(kind, ()), **named.get(kind, {}))
    still, moved = (curves(play_score(Score(10, c), 60)) for c in ((), (cue,)))
    changed = np.abs(still - moved).max(1) > 0
    times = (np.arange(len(still)) + 0.5) / 60
    assert changed[(times > 4) & (times < 4.5)].any()
    assert not changed[(times < 4 - BLEND_S) | (times > 4.5 + BLEND_S)].any()


@pytest.mark.parametrize("length_s", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("rate_hz", [1, 25, 240])
def test_silence_and_the_shortest_utterances_play(length_s, rate_hz):
    for cues in ((), (VisemeCue(0, length_s, "m"),)):
        motion = play_score(Score(length_s, cues), rate_hz)
        assert len(motion) == max(int(np.ceil(length_s * rate_hz)), 1)
        assert np.isfinite(curves(motion)).all()
    said = direct(babble(length_s), length_s, np.random.default_rng(0))
    assert len(play_score(said, rate_hz)) >= 1


def test_unknown_phonemes_are_refused_with_their_time():
    said = Utterance(np.zeros(16000, np.float32), (Timed("§", 0.25, 0.5),), (), {})
    with pytest.raises(ValueError, match="at 0.25 s: viseme phoneme '§'"):
        direct(said, 1.0, np.random.default_rng(0))


@pytest.mark.parametrize("rate_hz", [0.5, 241, float("nan")])
def test_rates_outside_are_refused(score, rate_hz):
    with pytest.raises(ValueError, match="1 to 240 Hz"):
        play_score(score, rate_hz)


def test_frames_before_the_score_are_refused(score):
    with pytest.raises(ValueError, match="first frame -1"):
        play_score(score, 25, -1, 5)
    with pytest.raises(ValueError, match="0 frames"):
        play_score(score, 25, 0, 0)


def test_gaze_holds_its_target_while_the_head_turns():
    cues = (GazeCue(0, 5, "toy"), PoseCue(1, 4, 15, 3, 0))
    motion = play_score(Score(5, cues), 50)
    seen = motion.gaze_deg + motion.head_deg[:, :2]
    assert np.abs(seen - seen[0]).max() < 0.01
    assert np.ptp(motion.head_deg[:, 0]) > 14


def test_emotions_that_meet_cross_fade():
    cues = (EmotionCue(0, 2, "sad", 1.0, rise_s=0), EmotionCue(2, 4, "sad", 1.0))
    arkit = play_score(Score(4, cues), 50).arkit
    assert np.ptp(arkit[:180], axis=0).max() < 1e-6
