"""How right a model's answers are: signal to noise and top labels against the float file.

The noise is the difference to the float file's answers. The signal is what these say about each
sample: their mean over the samples is taken off first, or a network that answers nearly the same
for everything would pass.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from device.backends.arrays import read_npz
from device.report import Accuracy
from device.samples import HEADER, Samples, read_header
from device.strict import FormatError, dumps

if TYPE_CHECKING:
    from device.backends.model import Array, Model

WHAT = "signal to noise, dB"
EQUAL_DB = 200.0
"""What equal answers count as; answers that are no numbers count as the negative of it."""


def score(model: Model, path: Path, file: str) -> Accuracy:
    """Run all samples of a set through a model; ValueError where they do not fit together."""
    header, inputs, answers = read_samples(path)
    if file not in header.expected:
        raise ValueError(f"{path.name} has no inputs for {file}")
    given = model.run([inputs])[0]
    if given.shape != answers.shape:
        raise ValueError(f"{path.name}: answers {answers.shape}, the model gives {given.shape}")
    return Accuracy(
        what=WHAT,
        value=signal_to_noise_db(answers, given),
        reference=header.expected[file],
        samples=len(inputs),
        agreement=agreement(answers, given) if header.task == "kws" else None,
    )


def signal_to_noise_db(reference: Array, answers: Array) -> float:
    """10 log10(variance of the reference over the samples / mean square difference), dB."""
    import numpy as np

    right = reference.astype(np.float64)
    noise = float(np.mean((answers - right) ** 2))
    power = float(np.mean((right - right.mean(axis=0)) ** 2))
    if noise == 0.0:
        return EQUAL_DB
    if not np.isfinite(noise) or power == 0.0:
        return -EQUAL_DB
    return float(np.clip(10 * np.log10(power / noise), -EQUAL_DB, EQUAL_DB))


def agreement(reference: Array, answers: Array) -> float:
    """Fraction of samples (axis 0) whose largest value stands at the same place."""
    import numpy as np

    return float(np.mean(reference.argmax(axis=-1) == answers.argmax(axis=-1)))


def read_samples(path: Path) -> tuple[Samples, Array, Array]:
    """Return (header, inputs, answers) of a sample set; FormatError where it is damaged."""
    import numpy as np

    header = read_header(path)
    arrays = read_npz(path, str(path))
    for name in ("inputs", "answers"):
        if name not in arrays or not arrays[name].ndim:
            raise FormatError(f"{path}: not a sample set: no {name}.npy")
    inputs, answers = arrays["inputs"], arrays["answers"]
    whole = len(inputs) == len(answers) == header.samples > 0
    if not whole or not inputs.dtype == answers.dtype == np.float32:
        raise FormatError(
            f"{path}: {inputs.dtype} {inputs.shape} inputs and {answers.dtype} {answers.shape} "
            f"answers for {header.samples} samples; float32 is right, one row a sample"
        )
    return header, inputs, answers


def packed(header: Samples, inputs: Array, answers: Array) -> bytes:
    """Return the bytes of a sample set; the same arguments give the same bytes."""
    import numpy as np

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in (("inputs", inputs), ("answers", answers)):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(_dated(f"{name}.npy"), member.getvalue(), zipfile.ZIP_DEFLATED)
        archive.writestr(_dated(HEADER), dumps(header), zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _dated(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
