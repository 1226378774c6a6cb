"""Scores: text comes back equal, nonsense is refused with its line, edits stay in their window."""

from dataclasses import MISSING, fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generate.motion.cues import (
    KINDS,
    BlinkCue,
    Cue,
    EmotionCue,
    FaceCue,
    GazeCue,
    HeadCue,
    SwayCue,
    VisemeCue,
)
from generate.motion.score import Score, edited, find_fault
from generate.motion.score_text import cue_line, from_text, to_text
from generate.spec import ARKIT

PHONEMES = ("p", "ˈɑː", "tʃ", "aɪ", "m", "ʃ", "ˌoʊ", "f")


def values(draw: st.DrawFn, kind: type[Cue]) -> dict[str, object]:
    """Random values of the fields of a kind; defaults as often as not."""
    found: dict[str, object] = {}
    for item in fields(kind)[2:]:
        if item.name == "shapes":
            names = draw(st.lists(st.sampled_from(ARKIT), max_size=4, unique=True))
            found["shapes"] = tuple((n, draw(st.floats(-1, 1))) for n in names)
        elif item.default is not MISSING and draw(st.booleans()):
            continue
        elif "names" in item.metadata:
            found[item.name] = draw(st.sampled_from(item.metadata["names"]))
        elif item.name == "count":
            found[item.name] = draw(st.integers(1, 12))
        elif "range" in item.metadata:
            found[item.name] = draw(st.floats(*item.metadata["range"]))
        else:
            found[item.name] = draw(st.sampled_from(PHONEMES))
    return found


@st.composite
def scores(draw: st.DrawFn) -> Score:
    """Cues of all kinds; those that contradict an earlier one are left out."""
    cues: list[Cue] = []
    for kind in draw(st.lists(st.sampled_from(sorted(KINDS)), max_size=12)):
        start_s = draw(st.floats(0, 9))
        end_s = start_s + draw(st.floats(0.01, 0.9))
        cue = KINDS[kind](start_s, end_s, **values(draw, KINDS[kind]))
        if find_fault(10, [*cues, cue]) is None:
            cues.append(cue)
    return Score(10, tuple(cues))


@given(scores())
@settings(max_examples=200, deadline=None)
def test_text_comes_back_equal(score: Score) -> None:
    text = to_text(score)
    assert from_text(text) == score
    assert to_text(from_text(text)) == text


@given(scores(), st.floats(0, 5), st.floats(0.1, 5))
@settings(max_examples=100, deadline=None)
def test_an_edit_leaves_what_is_outside(score: Score, start_s: float, length_s: float) -> None:
    end_s = start_s + length_s
    cut = edited(score, start_s, end_s)
    for cue in cut.cues:
        inside = start_s <= cue.start_s and cue.end_s <= end_s
        assert not inside
        assert cue in score.cues or cue.SPLITS
    outside = [c for c in score.cues if c.end_s <= start_s or c.start_s >= end_s]
    assert set(outside) <= set(cut.cues)


def test_comments_order_and_spacing_do_not_matter() -> None:
    text = """
    # a greeting
    collodi-score 1 2

    1  2 gaze toy   pitch_deg=-3 # down there
    0.5 0.6 viseme ˈæ effort=1.2
    """
    want = Score(2, (VisemeCue(0.5, 0.6, "ˈæ", 1.2), GazeCue(1, 2, "toy", pitch_deg=-3)))
    assert from_text(text) == want


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_number_is_checked_on_both_sides(kind: str) -> None:
    sample = {"str": "p", "float": 0.5}
    cue_type = KINDS[kind]
    base: dict[str, object] = {}
    for item in fields(cue_type)[2:]:
        if item.default is MISSING:
            names, limits = item.metadata.get("names"), item.metadata.get("range")
            base[item.name] = names[0] if names else limits[0] if limits else sample["str"]
    cue_type(0, 1, **base)
    for item in fields(cue_type)[2:]:
        if "range" not in item.metadata:
            continue
        low, high = item.metadata["range"]
        for good in (low, high):
            cue_type(0, 1, **(base | {item.name: good}))
        for bad in (low - 0.01, high + 0.01, float("nan")):
            with pytest.raises(ValueError, match=f"{kind} {item.name} "):
                cue_type(0, 1, **(base | {item.name: bad}))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "0 1 gaze toy\n0.5 1.5 gaze camera",
            "line 3: gaze camera 0.5-1.5 s begins while gaze toy",
        ),
        ("0 1 emotion happy 1\n0.9 2 affect 0.5 0.5", "line 3: affect .* begins while emotion"),
        ("0 1 head nod\n0.5 2 head shake", "line 3: head shake .* begins while head nod"),
        (
            "0.5 1.5 gaze camera\n0 1 gaze toy",
            "line 2: gaze camera 0.5-1.5 s begins while gaze toy",
        ),
        ("1 4 gaze toy", "line 2: gaze toy 1-4 s ends after the score, which is 3 s long"),
        ("1 1 gaze toy", "line 2: gaze from 1 to 1 s: a cue starts at 0 s"),
        ("-1 1 gaze toy", "line 2: gaze from -1 to 1 s"),
        ("0 1 gaze teddy", "line 2: gaze target 'teddy' is not one of camera, toy"),
        ("0 1 blnk", "line 2: unknown cue 'blnk'; did you mean 'blink'"),
        ("0 1 viseme §", "line 2: viseme phoneme '§' is no sound of the IPA; unknown: §"),
        ("0 1 viseme ː", "line 2: viseme phoneme"),
        ("0 1 viseme p§", "unknown: §"),
        ("0 1 emotion happy", "line 2: emotion needs emotion intensity"),
        ("0 1 emotion happy 1.2", "line 2: emotion intensity 1.2 is outside 0 to 1"),
        ("0 1 emotion happy much", "line 2: intensity 'much' is not a number"),
        ("0 1 blink amont=1", "line 2: blink has no 'amont'; it has amount"),
        ("0 1 head nod count=1.5", "line 2: head count 1.5 is not a whole number"),
        ("0 1 blink amount=1 amount=1", "line 2: blink amount is given twice"),
        ("0 1 face mouthGrin=1", "line 2: 'mouthGrin' is not an ARKit blendshape"),
        ("0 1 face mouthSmile=1 mouthSmileLeft=1", "line 2: face mouthSmileLeft is given twice"),
        ("0 1 face jawOpen=2", "line 2: face jawOpen 2 is outside -1 to 1"),
        ("x 1 blink", "line 2: start 'x' is not a number"),
        ("blink", "line 2: 'blink' is not START END KIND"),
    ],
)
def test_bad_lines_are_named(line: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        from_text(f"collodi-score 1 3\n{line}\n", "hello.score")
    assert str(caught.value).startswith("hello.score line ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("score 1 3", "is not collodi-score"),
        ("collodi-score 9 3", "line 1: score version 9"),
        ("collodi-score 1 0", "length 0 s"),
        ("collodi-score 1 many", "'many' is not a number"),
    ],
)
def test_bad_heads_are_named(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        from_text(text)


def test_cues_that_meet_or_differ_do_not_contradict() -> None:
    Score(2, (GazeCue(0, 1, "toy"), GazeCue(1, 2, "camera")))
    Score(2, (HeadCue(0, 1, "nod"), HeadCue(0.5, 2, "tilt")))
    Score(2, (SwayCue(0, 2, 0.3), SwayCue(0, 2, 0.4), FaceCue(0, 2), FaceCue(0, 1)))
    with pytest.raises(ValueError, match="cue 3: blink 0.9-1.1 s begins while blink 0-1 s"):
        Score(2, (BlinkCue(0, 1), HeadCue(0.5, 2, "tilt"), BlinkCue(0.9, 1.1)))
    with pytest.raises(ValueError, match="begins while gaze toy 0-2 s"):
        Score(2, (GazeCue(0, 2, "toy"), GazeCue(0.5, 0.6, "camera")))


def test_an_edit_cuts_what_can_be_cut_and_refuses_what_contradicts() -> None:
    score = Score(3, (EmotionCue(0, 3, "sad", 0.5), VisemeCue(0.9, 1.1, "m"), BlinkCue(1.2, 1.4)))
    calm = EmotionCue(1, 2, "neutral", 0.0)
    now = edited(score, 1, 2, [calm])
    assert now.of(EmotionCue) == (EmotionCue(0, 1, "sad", 0.5), calm, EmotionCue(2, 3, "sad", 0.5))
    assert now.of(BlinkCue) == score.of(BlinkCue)
    assert edited(score, 1, 2).of(BlinkCue) == ()
    with pytest.raises(ValueError, match="viseme p 1-1.2 s begins while viseme m 0.9-1.1 s"):
        edited(score, 1, 2, [VisemeCue(1, 1.2, "p")])
    with pytest.raises(ValueError, match="viseme p 2-2.2 s is outside the window 1 to 2 s"):
        edited(score, 1, 2, [VisemeCue(2, 2.2, "p")])
    with pytest.raises(ValueError, match="window 2 to 4 s is not inside the score's 0 to 3 s"):
        edited(score, 2, 4)
    with pytest.raises(ValueError, match="begins while blink"):
        edited(score, 1, 2, [BlinkCue(1.3, 1.5)], kinds=())


def test_a_line_says_only_what_differs_from_the_default() -> None:
    assert cue_line(BlinkCue(0, 0.25)) == "0 0.25 blink"
    assert cue_line(HeadCue(1, 2, "nod", count=2)) == "1 2 head nod count=2"
    assert cue_line(FaceCue(0, 1, (("jawOpen", 0.1),))) == "0 1 face jawOpen=0.1"
