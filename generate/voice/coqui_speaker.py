"""The speaking side in Coqui's Python: a checkpoint loaded without running any code of it.

The times of the input characters come from FastPitch's duration predictor (Łańcucki 2021) or from
the ceiling of VITS's (Kim et al. 2021), which the sound follows exactly.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from generate.voice.coqui_folder import PUNCTUATION, VoiceFolder, read_folder
from generate.voice.coqui_protocol import receive, send

MEAN_IN_SD = 4.0
"""Mean of F0 over its standard deviation where voice.json does not say: what speech has."""


def serve(path: Path, inputs: BinaryIO, out: BinaryIO) -> None:
    """Say that the voice is ready, then answer each request until the other side goes away."""
    import torch

    torch.set_num_threads(1)
    voice = Voice(read_folder(path))
    send(out, {"ready": voice.folder.kind, "rate_hz": voice.rate_hz})
    while True:
        try:
            asked, _ = receive(inputs)
        except EOFError:
            return
        try:
            sound, spans_s = voice.say(**asked)
        except ValueError as error:
            send(out, {"error": " ".join(str(error).split())})
            continue
        answer = {"rate_hz": voice.rate_hz, "spans_s": spans_s}
        send(out, answer, np.ascontiguousarray(sound, "<f4").tobytes())


class Voice:
    """A loaded FastPitch or VITS."""

    def __init__(self, folder: VoiceFolder) -> None:
        self.folder = folder
        self.model = build(folder)
        weights = load_weights(folder.weights)
        try:
            self.model.load_state_dict(weights, strict=folder.kind != "vits")
        except RuntimeError as error:
            said = str(error).strip().splitlines()[-1].strip()
            raise ValueError(f"{folder.weights} does not fit its config.json: {said}") from error
        self.model.eval()
        self.rate_hz = int(self.model.config.audio.sample_rate)
        self.hop_s = float(self.model.config.audio.hop_length) / self.rate_hz
        self.pitch, self.pitch_range = 1.0, 1.0
        if folder.kind == "fast_pitch":
            self.model.pitch_predictor.register_forward_hook(self._bend)

    def say(
        self, text: str, speed: float, pitch: float, pitch_range: float, seed: int
    ) -> tuple[NDArray[np.float32], list[list[float]]]:
        """Sound (N,) of a text in IPA and punctuation, start and end (s) of each character of it.

        pitch multiplies F0 and pitch_range its excursions (FastPitch; VITS has no such input).
        Characters that the voice does not know last 0 s. Raises ValueError if it knows none.
        """
        import torch

        ids, places = self._tokens(text)
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002 - Griffin-Lim of Coqui starts from it
        self.pitch, self.pitch_range = pitch, pitch_range
        self.model.length_scale = 1.0 / speed
        with torch.inference_mode():
            out = self.model.inference(torch.tensor([ids]))
            heard = out["model_outputs"][0]
            if self.folder.kind == "vits":
                frames, sound = out["alignments"][0].sum(1), heard[0].numpy()
            else:
                frames = out["alignments"][0].sum(0)
                sound = self.model.ap.inv_melspectrogram(heard.T.numpy())
        spans = spread(frames.tolist(), places, len(text))
        return np.asarray(sound, np.float32), [[t * self.hop_s for t in span] for span in spans]

    def _tokens(self, text: str) -> tuple[list[int], list[int]]:
        """Ids, and the place in `text` of each; -1 for what is put between and around.

        So is a space that follows no punctuation: between two words of a phrase there is no pause.
        """
        tokenizer = self.model.tokenizer
        joins = [c == " " and text[i - 1] not in PUNCTUATION for i, c in enumerate(text)]
        found = [(tokenizer.encode(c), -1 if joins[i] else i) for i, c in enumerate(text)]
        pairs = [(ids[0], i) for ids, i in found if ids]
        if not pairs:
            raise ValueError(f"the voice knows no character of {text!r}")
        if tokenizer.add_blank:
            blank = (tokenizer.characters.blank_id, -1)
            pairs = [blank, *(p for pair in pairs for p in (pair, blank))]
        if tokenizer.use_eos_bos:
            first, last = tokenizer.characters.bos_id, tokenizer.characters.eos_id
            pairs = [(first, -1), *pairs, (last, -1)]
        return [p[0] for p in pairs], [p[1] for p in pairs]

    def _bend(self, _module: Any, _inputs: Any, normal: Any) -> Any:
        """Move predicted F0, which is normal (mean 0, standard deviation 1)."""
        facts = self.folder.facts
        ratio = facts.get("f0_mean_hz", MEAN_IN_SD) / facts.get("f0_sd_hz", 1.0)
        return normal * self.pitch_range * self.pitch + (self.pitch - 1.0) * ratio


def spread(frames: list[float], places: list[int], count: int) -> list[list[float]]:
    """First frame and end of each of `count` characters, given the frames of each token.

    places: the character of each token, -1 for a blank: half of a run of blanks goes to the
    character on either side, none before the first and after the last. A character without token
    has an empty span.
    """
    ends = np.cumsum(frames)
    starts = ends - np.asarray(frames)
    known = [index for index, place in enumerate(places) if place >= 0]
    for one, other in pairwise(known):
        ends[one] = starts[other] = (ends[one] + starts[other]) / 2
    spans = [[0.0, 0.0] for _ in range(count)]
    for index in known:
        spans[places[index]] = [float(starts[index]), float(ends[index])]
    return spans


def build(folder: VoiceFolder) -> Any:
    """The untrained network of a config.json, which reads IPA and downloads nothing."""
    from TTS.tts.configs.fast_pitch_config import FastPitchConfig
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.models.forward_tts import ForwardTTS
    from TTS.tts.models.vits import Vits
    from TTS.tts.utils.text.characters import IPAPhonemes

    data = {k: v for k, v in folder.config.items() if k != "datasets"}
    characters = data.get("characters") or IPAPhonemes().to_config().to_dict()
    if not characters.get("characters_class"):
        characters["characters_class"] = "TTS.tts.utils.text.characters.IPAPhonemes"
    data |= {"use_phonemes": False, "text_cleaner": None, "characters": characters}
    config: Any = VitsConfig() if folder.kind == "vits" else FastPitchConfig()
    config.from_dict(data)
    if folder.kind == "vits":
        config.model_args.init_discriminator = False
        config.model_args.use_speaker_encoder_as_loss = False
        return Vits(config)
    return ForwardTTS(config)


def load_weights(path: Path) -> dict[str, Any]:
    """Tensors by name of a .safetensors or of a Trainer's .pth, read as weights only.

    Raises ValueError for a .pth that holds anything that would run code.
    """
    from generate.gan.unpickle import read_checkpoint
    from generate.weights import read_tensors

    if path.suffix == ".safetensors":
        return read_tensors(path, "want weights beside config.json")[0]
    try:
        state = read_checkpoint(path)
    except ValueError as error:
        said = "holds more than weights, or is damaged; save its weights as model.safetensors"
        raise ValueError(f"{path} {said} ({error})") from None
    weights = state.get("model", state) if isinstance(state, dict) else None
    if not isinstance(weights, dict) or not all(hasattr(w, "shape") for w in weights.values()):
        raise ValueError(f"{path} holds no weights; want a checkpoint of Coqui's Trainer")
    return weights
