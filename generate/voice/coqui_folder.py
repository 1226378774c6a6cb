"""A Coqui voice on disk: a folder with config.json and weights, checked before anything is loaded.

Both sides import this file, so it needs the standard library only.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = ("fast_pitch", "vits")
"""What `model` in config.json may say: the networks whose durations the kit can read."""
PUNCTUATION = frozenset(",.;:!?")
"""What a voice reads besides phonemes and spaces."""
_NAMES = ("model.safetensors", "best_model.pth", "model.pth", "model_file.pth")


@dataclass(frozen=True)
class VoiceFolder:
    """What is known of a voice without loading it."""

    path: Path
    config: dict[str, Any]
    """config.json as Coqui's Trainer wrote it."""
    weights: Path
    """model.safetensors, or a checkpoint of the Trainer (.pth)."""

    @property
    def kind(self) -> str:
        """One of KINDS."""
        return str(self.config["model"])

    @property
    def language(self) -> str:
        """espeak-ng's name of the language that the voice was taught."""
        return str(self.config.get("phoneme_language") or "en-us")

    @property
    def facts(self) -> dict[str, Any]:
        """What the kit's own recipe wrote beside the weights; empty for other voices."""
        path = self.path / "voice.json"
        return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}


def read_folder(path: Path) -> VoiceFolder:
    """The voice in a folder.

    Raises ValueError where the folder, its config.json or its weights are missing, or where the
    voice is of a kind that the kit cannot use: another network, many speakers, letters as input.
    """
    if not path.is_dir():
        raise ValueError(f"the Coqui voice {path} is not a folder; want one with config.json")
    config = _config(path / "config.json")
    if config.get("model") not in KINDS:
        raise ValueError(
            f"{path}/config.json: model is {config.get('model')!r:.60}; want {' or '.join(KINDS)}"
        )
    arguments, letters = config.get("model_args") or {}, config.get("characters") or {}
    if not isinstance(arguments, dict) or not isinstance(letters, dict):
        raise ValueError(f"{path}/config.json: model_args and characters should be JSON objects")
    for name in ("use_speaker_embedding", "use_d_vector_file", "use_language_embedding"):
        if config.get(name) or arguments.get(name):
            raise ValueError(f"{path}/config.json: {name} is set; want a voice of one speaker")
    characters = letters.get("characters_class") or ""
    if not isinstance(characters, str):
        raise ValueError(f"{path}/config.json: characters_class is no name")
    if characters and not re.fullmatch(r"TTS\.tts\.[\w.]+", characters):
        raise ValueError(
            f"{path}/config.json: characters_class {characters!r:.60} is not Coqui's own"
        )
    if not config.get("use_phonemes") and characters.rpartition(".")[2] != "IPAPhonemes":
        raise ValueError(f"{path}/config.json: the voice reads letters; want use_phonemes true")
    return VoiceFolder(path, config, _weights(path))


def _config(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ValueError(f"{path} is missing; a Coqui voice is a folder with it and weights")
    try:
        config = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(config, dict):
        raise ValueError(f"{path} is not a JSON object")
    return config


def _weights(path: Path) -> Path:
    """The weights by name, or the latest checkpoint by step."""
    for name in _NAMES:
        if (path / name).is_file():
            return path / name
    steps = [
        (int(found[1]), file)
        for file in path.glob("*.pth")
        if (found := re.fullmatch(r"(?:checkpoint|best_model)_(\d+)\.pth", file.name))
    ]
    if not steps:
        raise ValueError(f"{path} has no weights; want {', '.join(_NAMES)} or checkpoint_N.pth")
    return max(steps)[1]
