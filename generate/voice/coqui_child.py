"""The process in Coqui's Python: speaks, or trains, as the kit asks over pipes.

Started by its path with `python -I`, so that neither the kit's libraries nor the user's folder
come before Coqui's. Of the kit it needs this folder's coqui_*.py alone.
"""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path
from typing import BinaryIO


def main() -> None:
    """`coqui_child.py speak FOLDER` or `coqui_child.py train JOB`; answers on stdout."""
    out = _own_stdout()
    _find_kit()
    from generate.voice.coqui_protocol import send

    try:
        os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TRAINER_TELEMETRY="0")
        _stub_torchaudio()
        what, path = sys.argv[1:]
        if what == "speak":
            from generate.voice.coqui_speaker import serve

            serve(Path(path), sys.stdin.buffer, out)
        else:
            from generate.voice.coqui_trainer import fit

            fit(Path(path), out)
    except ModuleNotFoundError as error:
        send(out, {"error": f"{sys.executable} lacks {error.name!r}: want coqui-tts there"})
    except ValueError as error:
        send(out, {"error": " ".join(str(error).split())})


def _own_stdout() -> BinaryIO:
    """The pipe to the kit; what libraries print goes to stderr instead."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return out


def _find_kit() -> None:
    """Make `generate` importable from this file's own folder, and nothing else beside it."""
    if "generate" not in sys.modules:
        package = types.ModuleType("generate")
        package.__path__ = [str(Path(__file__).resolve().parents[1])]
        sys.modules["generate"] = package


def _stub_torchaudio() -> None:
    """Stand in for torchaudio's native part, which the wheel links to CUDA: nothing here uses it.

    Coqui imports torchaudio and calls none of it for FastPitch and for speaking with VITS.
    """
    import torch

    if torch.version.cuda is None:
        stub = types.ModuleType("torchaudio._extension")
        vars(stub).update(
            _IS_TORCHAUDIO_EXT_AVAILABLE=False,
            _IS_ALIGN_AVAILABLE=False,
            _check_cuda_version=lambda: None,
            fail_if_no_align=lambda function: function,
        )
        sys.modules["torchaudio._extension"] = stub


if __name__ == "__main__":
    main()
