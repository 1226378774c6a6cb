"""The training side in Coqui's Python: FastPitch through Coqui's own Trainer.

Alignments are learned with the beta-binomial prior of Badlani et al. ("One TTS alignment to rule
them all", ICASSP 2022), which Coqui's FastPitch leaves out: it starts them on a soft diagonal.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from generate.voice.coqui_folder import read_folder
from generate.voice.coqui_protocol import send
from generate.voice.coqui_speaker import load_weights

SIZES: dict[str, dict[str, int]] = {
    "tiny": {"hidden_channels": 128, "num_layers": 2, "hidden_channels_ffn": 256},
    "small": {"hidden_channels": 192, "num_layers": 4, "hidden_channels_ffn": 768},
    "full": {"hidden_channels": 384, "num_layers": 6, "hidden_channels_ffn": 1024},
}
"""Channels and layers of encoder and decoder; full is Coqui's own FastPitch."""
AUDIO = {
    "sample_rate": 16000, "fft_size": 1024, "win_length": 800, "hop_length": 200, "num_mels": 80,
    "mel_fmin": 0, "mel_fmax": 8000, "pitch_fmin": 60, "pitch_fmax": 700,
    "do_trim_silence": False, "resample": False,
}  # fmt: skip
"""16 kHz sound, a frame every 12.5 ms."""


def fit(path: Path, out: BinaryIO) -> None:
    """Train as the job at `path` says; a message a step, {"done": true} when the voice is written.

    Raises ValueError where a checkpoint to begin with does not fit.
    """
    import torch
    from trainer import Trainer, TrainerArgs
    from trainer.logging import DummyLogger

    job = json.loads(path.read_text("utf-8"))
    torch.set_num_threads(job["threads"])
    torch.set_flush_denormal(True)  # the first steps on a CPU take a quarter of the time
    torch.manual_seed(job["seed"])
    _take_f0_stats(job)
    config = _config(job)
    model = _network(config, lambda losses: send(out, {"step": count(), **losses}))
    if job["begin"]:
        _begin(model, Path(job["begin"]))
    last = _last_run(Path(job["work"]))
    trainer = Trainer(
        TrainerArgs(continue_path=str(last) if last else ""),
        config,
        output_path=job["work"],
        dashboard_logger=DummyLogger(),
        model=model,
        train_samples=job["samples"],
        eval_samples=[],
        parse_command_line_args=False,
    )
    trainer.config.epochs = config.epochs = job["epochs"]  # a continued run kept its old number,
    for group in trainer.optimizer[0].param_groups:  # and its old step size
        group["lr"] = job["lr"]

    def count() -> int:
        return int(trainer.total_steps_done)

    if trainer.epochs_done < job["epochs"]:
        trainer.fit()
        trainer.epochs_done = job["epochs"]
        trainer.save_checkpoint()
    _write_voice(model, config, Path(job["out"]))
    send(out, {"done": True})


def _config(job: dict[str, Any]) -> Any:
    from TTS.config.shared_configs import BaseAudioConfig
    from TTS.tts.configs.fast_pitch_config import FastPitchConfig
    from TTS.tts.configs.forward_tts_config import ForwardTTSArgs
    from TTS.tts.utils.text.characters import IPAPhonemes

    size = SIZES[job["size"]]
    layers = {
        "hidden_channels_ffn": size["hidden_channels_ffn"],
        "num_heads": 1,
        "num_layers": size["num_layers"],
        "dropout_p": 0.1,
    }
    characters = IPAPhonemes().to_config()
    characters.characters_class = "TTS.tts.utils.text.characters.IPAPhonemes"
    return FastPitchConfig(
        run_name="run",
        audio=BaseAudioConfig(**AUDIO),
        model_args=ForwardTTSArgs(
            hidden_channels=size["hidden_channels"],
            encoder_params=dict(layers),
            decoder_params=dict(layers),
        ),
        characters=characters,
        use_phonemes=False,
        text_cleaner=None,
        enable_eos_bos_chars=True,
        batch_size=job["batch"],
        num_loader_workers=0,
        shuffle=True,
        compute_f0=True,
        f0_cache_path=job["f0"],
        run_eval=False,
        test_delay_epochs=10**9,
        epochs=job["epochs"],
        lr=job["lr"],
        lr_scheduler=None,
        binary_loss_warmup_epochs=max(job["epochs"] // 2, 1),
        save_step=job["save_steps"],
        save_n_checkpoints=2,
        save_best_after=10**9,
        print_step=10**9,
        plot_step=10**9,
        training_seed=job["seed"],
        output_path=job["work"],
    )


def _network(config: Any, report: Any) -> Any:
    """Coqui's FastPitch with the alignment prior, which reports the losses of each step."""
    import torch
    from TTS.tts.models.forward_tts import ForwardTTS

    class Aligned(ForwardTTS):  # type: ignore[misc]
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.aligner.register_forward_pre_hook(
                lambda _module, given: (*given[:3], torch.exp(self.log_prior))
            )

        def train_step(self, batch: Any, *arguments: Any, **named: Any) -> Any:
            lengths = batch["text_lengths"], batch["mel_lengths"]
            self.log_prior = log_prior(*lengths).to(batch["mel_input"].device)
            outputs, losses = super().train_step(batch, *arguments, **named)
            report({name: round(float(value), 5) for name, value in losses.items()})
            return outputs, losses

    return Aligned(config)


def log_prior(text_lengths: Any, mel_lengths: Any) -> Any:
    """(B, L, T) log probability of character t in frame l, beta-binomial, 0 outside the lengths.

    Frame l of L (from 1) draws t from BetaBinomial(T - 1, l, L - l + 1): a soft diagonal.
    """
    import torch

    out = torch.zeros(len(text_lengths), int(mel_lengths.max()), int(text_lengths.max()))
    for row, n, frames in zip(out, text_lengths.tolist(), mel_lengths.tolist(), strict=True):
        top, k = n - 1, torch.arange(n, dtype=torch.float64)
        a = torch.arange(1, frames + 1, dtype=torch.float64)[:, None]
        b = frames + 1 - a
        choose = _log_gamma(top + 1) - _log_gamma(k + 1) - _log_gamma(top - k + 1)
        beta = _log_beta(k + a, top - k + b) - _log_beta(a, b)
        row[:frames, :n] = (choose + beta).float()
    return out


def _log_gamma(x: Any) -> Any:
    import torch

    return torch.lgamma(torch.as_tensor(x, dtype=torch.float64))


def _log_beta(a: Any, b: Any) -> Any:
    return _log_gamma(a) + _log_gamma(b) - _log_gamma(a + b)


def _take_f0_stats(job: dict[str, Any]) -> None:
    """Give Coqui the mean and spread of F0 from the job; its own cache of them is a pickle."""
    from TTS.tts.datasets.dataset import F0Dataset

    def load_stats(self: Any, _path: str) -> None:
        self.mean, self.std = np.float32(job["f0_mean_hz"]), np.float32(job["f0_sd_hz"])

    F0Dataset.load_stats = load_stats


def _begin(model: Any, folder: Path) -> None:
    """Take over the weights of another voice of the same size."""
    weights = load_weights(read_folder(folder).weights)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        said = str(error).strip().splitlines()[-1].strip()
        raise ValueError(f"--begin {folder} is of another size or alphabet: {said}") from error


def _last_run(work: Path) -> Path | None:
    """The Trainer's folder of the newest checkpoint, if there is any."""
    # By step: times tell nothing where the clock was set back.
    found = sorted(work.glob("run-*/checkpoint_*.pth"), key=lambda p: (len(p.stem), p.stem))
    return found[-1].parent if found else None


def _write_voice(model: Any, config: Any, out: Path) -> None:
    """model.safetensors and a config.json that Coqui's own tools read too, each whole or absent."""
    from safetensors.torch import save_file

    weights = {name: value.contiguous() for name, value in model.state_dict().items()}
    save_file(weights, out / "model.safetensors.part")
    (out / "model.safetensors.part").chmod(0o644)  # safetensors makes it the owner's alone
    said = config.to_dict() | {
        "use_phonemes": True,
        "phonemizer": "espeak",
        "phoneme_language": "en-us",
        "output_path": "",
        "f0_cache_path": None,
    }
    (out / "config.json.part").write_text(json.dumps(said, indent=1), "utf-8")
    for name in ("model.safetensors", "config.json"):
        os.replace(out / f"{name}.part", out / name)
