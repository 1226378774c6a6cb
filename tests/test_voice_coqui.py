"""A Coqui voice speaks from another process: timed, refused in one line, and it runs no pickle."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from device.main import main
from generate.motion.visemes import visemes_of
from generate.voice import coqui, coqui_pipe, engines
from generate.voice.coqui_folder import read_folder
from generate.voice.coqui_protocol import MOST_BYTES, receive, send
from generate.voice.coqui_speaker import Voice, load_weights, spread
from generate.voice.coqui_train import Recipe, train
from generate.voice.coqui_trainer import log_prior
from generate.voice.corpus import make_corpus, read_corpus
from generate.voice.speech import speak
from generate.voice.voices import sample_keyword_voice, sample_voice

ROOT = Path(__file__).parent.parent
ASK = {"rate_wpm": 175, "pitch": 50, "pitch_range": 50, "seed": 3}
CONFIG = {"model": "fast_pitch", "use_phonemes": True, "phoneme_language": "en-us"}
SPEAKER = f"""#!{sys.executable}
import json, math, struct, sys
sys.path.insert(0, {str(ROOT)!r})
from generate.voice.coqui_protocol import receive, send
folder, out = sys.argv[-1], sys.stdout.buffer
fault = json.load(open(folder + "/config.json")).get("fault", "")
send(out, {{"error": "no such voice"}} if fault == "refuses" else {{"ready": "fast_pitch"}})
while True:
    try:
        asked, _ = receive(sys.stdin.buffer)
    except EOFError:
        break
    if fault == "dies":
        sys.exit("first line\\nout of luck")
    each = 0.1 / asked["speed"]
    spans = [[i * each, (i + (c != " ")) * each] for i, c in enumerate(asked["text"])]
    count = 0 if fault == "mute" else round(16000 * each * len(spans))
    tone = [0.3 * math.sin(2 * math.pi * 200 * i / 16000) for i in range(count)]
    if fault == "nan":
        tone[5] = math.nan
    sound = struct.pack("<%df" % count, *tone)
    send(out, {{"rate_hz": 16000, "spans_s": spans}}, sound)
"""


def make_voice(folder: Path, **config: object) -> str:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG | config))
    (folder / "model.safetensors").write_bytes(b"weights")
    return str(folder)


@pytest.fixture
def voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    speaker = tmp_path / "speaker"
    speaker.write_text(SPEAKER)
    speaker.chmod(0o755)
    monkeypatch.setenv(coqui_pipe.PYTHON_VARIABLE, str(speaker))
    return make_voice(tmp_path / "robin")


def test_messages_arrive_whole_or_not_at_all() -> None:
    pipe = io.BytesIO()
    send(pipe, {"text": "θɹˈiː\n", "speed": 1.5}, b"\n\x00{}")
    send(pipe, {})
    whole = pipe.getvalue()
    pipe.seek(0)
    assert receive(pipe) == ({"text": "θɹˈiː\n", "speed": 1.5}, b"\n\x00{}")
    assert receive(pipe) == ({}, b"")
    for size in range(whole.index(b"}\n") + 6):
        with pytest.raises(EOFError):
            receive(io.BytesIO(whole[:size]))
    for line in (b"hello\n", b"{}\n", b"[]\n", b'{"bytes": -1}\n', b'{"bytes": true}\n'):
        with pytest.raises(ValueError):
            receive(io.BytesIO(line))
    with pytest.raises(ValueError):
        receive(io.BytesIO(b'{"bytes": %d}\n' % (MOST_BYTES + 1)))


def test_a_coqui_voice_answers_like_every_engine(voice: str) -> None:
    synth = engines.ENGINES["coqui"]
    said = synth("Seven, go go stop!", voice, **ASK)
    assert [w.text.lower() for w in said.words] == ["seven", "go", "go", "stop"]
    times = [t for p in said.phonemes for t in (p.start_s, p.end_s)]
    assert times == sorted(times) and times[-1] <= len(said.pcm) / said.rate_hz
    assert all(visemes_of(p.text) for p in said.phonemes)
    assert said.phonemes[0].start_s == said.words[0].start_s
    assert np.abs(said.pcm.astype(int)).max() > 3000
    fast = synth("Seven, go go stop!", voice, **(ASK | {"rate_wpm": 350}))
    assert len(fast.pcm) == pytest.approx(len(said.pcm) / 2, rel=0.01)
    assert np.array_equal(said.pcm, synth("Seven, go go stop!", voice, **ASK).pcm)
    assert [p.text for p in synth("[[T|r|'i:]]", voice, **ASK).phonemes] == ["θ", "ɹ", "ˈiː"]


def test_a_data_set_names_the_voice_by_its_weights(voice: str) -> None:
    rng = np.random.default_rng(0)
    spec = sample_voice(rng, 6, "male", engines=(f"coqui:{voice}",))
    facts = speak("hello bear", spec, rng).facts
    assert facts["engine"] == "coqui"
    name, _, digest = str(facts["voice"]).partition("@")
    assert name == "robin" and len(digest) == 12
    mixed = (f"coqui:{voice}", "espeak")
    seeds = (np.random.default_rng(seed) for seed in range(30))
    assert {sample_keyword_voice(r, engines=mixed).engine for r in seeds} == {"coqui", "espeak"}


def test_the_measured_voice_is_that_of_the_sound(voice: str) -> None:
    sex, f0_hz, scale = coqui.measured(voice)
    assert f0_hz == pytest.approx(200, rel=0.02) and sex == "female" and 1.1 < scale < 1.3


@pytest.mark.parametrize(
    ("text", "ipa"),
    [
        ("hello, bear!", "həlˈoʊ, bˈɛɹ!"),
        ("go go stop", "ɡˌoʊ ɡˌoʊ stˈɑːp"),
    ],
)
def test_the_text_for_the_voice_is_ipa_with_punctuation(text: str, ipa: str) -> None:
    said, phonemes, words = coqui.ipa_text(text)
    assert said.replace("ˌ", "ˈ") == ipa.replace("ˌ", "ˈ")
    assert all(said[begin:end] == name for name, begin, end in phonemes)
    assert len(words) == len(text.split())


def test_blanks_between_tokens_are_shared_by_their_neighbours() -> None:
    spans = spread([3.0, 4.0, 1.0, 1.0, 6.0, 5.0], [-1, 0, -1, -1, 2, -1], 3)
    assert spans == [[3.0, 8.0], [0.0, 0.0], [8.0, 15.0]]
    rng = np.random.default_rng(0)
    for _ in range(20):
        frames = [float(f) for f in rng.integers(1, 9, 7)]
        spans = spread(frames, [-1, 0, -1, 1, -1, 2, -1], 3)
        assert spans[0][0] == frames[0] and spans[2][1] == sum(frames[:-1])
        assert spans[0][1] == spans[1][0] and spans[1][1] == spans[2][0]


def test_a_space_is_a_pause_after_punctuation_alone() -> None:
    speaker = Voice.__new__(Voice)
    characters = SimpleNamespace(blank_id=0, bos_id=1, eos_id=2)
    ids = {"a": [10], " ": [11], ",": [12]}
    tokenizer = SimpleNamespace(encode=lambda c: ids.get(c, []), characters=characters)
    tokenizer.add_blank = tokenizer.use_eos_bos = False
    speaker.model = SimpleNamespace(tokenizer=tokenizer)
    assert speaker._tokens("a a, a?") == ([10, 11, 10, 12, 11, 10], [0, -1, 2, 3, 4, 5])
    tokenizer.add_blank = tokenizer.use_eos_bos = True
    assert speaker._tokens("aa") == ([1, 0, 10, 0, 10, 0, 2], [-1, -1, 0, -1, 1, -1, -1])
    with pytest.raises(ValueError, match="no character"):
        speaker._tokens("???")


@pytest.mark.parametrize("fault", ["refuses", "mute", "nan"])
def test_a_voice_that_cannot_speak_is_refused_in_one_line(voice: str, fault: str) -> None:
    bad = make_voice(Path(voice).parent / fault, fault=fault)
    with pytest.raises(ValueError) as caught:
        coqui.synth("hello", bad)
    assert "\n" not in str(caught.value)


def test_a_process_that_dies_is_reported_and_started_anew(voice: str) -> None:
    bad = make_voice(Path(voice).parent / "dies", fault="dies")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="out of luck"):
            coqui.synth("hello", bad)
    assert coqui.synth("hello", voice).words


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"model": "xtts"}, "fast_pitch or vits"),
        ({"use_phonemes": False}, "reads letters"),
        ({"use_speaker_embedding": True}, "one speaker"),
        ({"model_args": {"use_d_vector_file": True}}, "one speaker"),
        ({"characters": {"characters_class": "os.system"}}, "not Coqui's own"),
        ({"phoneme_language": "de"}, "want English"),
    ],
)
def test_a_folder_that_is_no_usable_voice_is_refused(
    voice: str, config: dict[str, object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        coqui.check_folder(make_voice(Path(voice).parent / "other", **config))


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a folder"):
        read_folder(tmp_path / "none")
    with pytest.raises(ValueError, match=r"config\.json is missing"):
        read_folder(tmp_path)
    folder = tmp_path / "v"
    make_voice(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ValueError, match="no weights"):
        read_folder(folder)
    for step in (9, 1000):
        (folder / f"checkpoint_{step}.pth").write_bytes(b"")
    assert read_folder(folder).weights.name == "checkpoint_1000.pth"
    (folder / "config.json").write_text("{")
    with pytest.raises(ValueError, match="not JSON"):
        read_folder(folder)


def test_a_python_without_tts_is_told_what_to_do(
    voice: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(coqui_pipe.PYTHON_VARIABLE, "/no/such/python")
    with pytest.raises(ValueError, match="not a Python"):
        coqui_pipe.tts_python()
    monkeypatch.delenv(coqui_pipe.PYTHON_VARIABLE)
    monkeypatch.setattr(coqui_pipe, "find_spec", lambda _name: None)
    words = ["generate", "words", "--out", f"{voice}/x", "--dry-run", "--voices"]
    assert main([*words, f"coqui:{voice}"]) == 2
    assert "make tts-venv" in capsys.readouterr().err
    assert main([*words, "coqui"]) == 2
    assert "coqui:FOLDER" in capsys.readouterr().err


class Trap:
    """Unpickling this writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (open, (self.path, "w"))


def test_a_checkpoint_is_read_as_weights_or_refused(tmp_path: Path) -> None:
    weights = {"emb.weight": torch.ones(2, 3)}
    torch.save({"model": weights, "config": {"a": 1}, "step": 3}, tmp_path / "good.pth")
    assert torch.equal(load_weights(tmp_path / "good.pth")["emb.weight"], torch.ones(2, 3))
    sprung = tmp_path / "sprung"
    torch.save({"model": weights, "trap": Trap(sprung)}, tmp_path / "trap.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    (tmp_path / "noise.pth").write_bytes(b"\x80\x05noise")
    for name in ("trap", "list", "noise"):
        with pytest.raises(ValueError) as caught:
            load_weights(tmp_path / f"{name}.pth")
        assert "\n" not in str(caught.value) and f"{name}.pth" in str(caught.value)
    assert not sprung.exists()


def test_the_alignment_prior_is_a_soft_diagonal() -> None:
    prior = log_prior(torch.tensor([7, 4]), torch.tensor([30, 12])).exp()
    assert prior.shape == (2, 30, 7)
    assert torch.allclose(prior[0].sum(-1), torch.ones(30), atol=1e-4)
    assert torch.allclose(prior[1, :12, :4].sum(-1), torch.ones(12), atol=1e-4)
    best = prior[0].argmax(-1)
    assert best[0] == 0 and best[-1] == 6 and (best.diff() >= 0).all()


def test_a_spoken_corpus_is_read_back_with_its_times(tmp_path: Path) -> None:
    make_corpus(tmp_path / "a", 2, 5, 6.0, "female")
    make_corpus(tmp_path / "b", 2, 5, 6.0, "female")
    lines = read_corpus(tmp_path / "a")
    assert [line.name for line in lines] == ["line-00000", "line-00001"]
    names = [name for name, _, _ in coqui.ipa_text(lines[0].text)[1]]
    assert [p.text for p in lines[0].phonemes] == names
    other = tmp_path / "b" / "wavs" / "line-00001.wav"
    assert lines[1].wav.read_bytes() == other.read_bytes()
    with pytest.raises(ValueError, match="there already"):
        make_corpus(tmp_path / "a", 2, 5, 6.0, "female")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("line-00000", "id|text"),
        ("../line-00000|hello", "plain file name"),
        ("other|hello", "is missing"),
        ("line-00000|你好", "cannot say"),
        ("noise|hello", "not a sound file"),
    ],
)
def test_a_wrong_line_of_a_corpus_is_named(tmp_path: Path, row: str, said: str) -> None:
    (tmp_path / "wavs").mkdir()
    for name in ("line-00000", "noise"):
        (tmp_path / "wavs" / f"{name}.wav").write_bytes(b"noise")
    (tmp_path / "metadata.csv").write_text(f"\n{row}\n")
    with pytest.raises(ValueError, match="line 2: ") as caught:
        read_corpus(tmp_path)
    assert said in str(caught.value)


def tts_works() -> bool:
    try:
        return bool(coqui_pipe.tts_python())
    except ValueError:
        return False


@pytest.mark.long
@pytest.mark.skipif(not tts_works(), reason="COLLODI_TTS_PYTHON names no Python with TTS")
def test_a_voice_is_taught_goes_on_and_speaks(tmp_path: Path) -> None:
    corpus, out = tmp_path / "corpus", tmp_path / "voice"
    make_corpus(corpus, 14, 0, 6.0, "female")
    first = train(corpus, out, Recipe(4, 4, 1e-3, 0, "tiny"))
    assert first["last_loss"] < first["first_loss"] and first["phonemes"] > 10
    more = train(corpus, out, Recipe(8, 4, 1e-3, 0, "tiny"))
    assert more["steps"] > first["steps"] and more["first_loss"] == first["first_loss"]
    said = coqui.synth("Hello bear!", str(out))
    assert [w.text for w in said.words] == ["Hello", "bear"]
    assert said.phonemes[-1].end_s <= len(said.pcm) / said.rate_hz + 0.05
    slow = coqui.synth("Hello bear!", str(out), rate_wpm=100)
    assert len(slow.pcm) > len(said.pcm)
    with pytest.raises(ValueError, match="begun with seed"):
        train(corpus, out, Recipe(8, 4, 1e-3, 1, "tiny"))
