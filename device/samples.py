"""A sample set: inputs and the float file's answers, to catch a fast model that answers wrongly.

An npz archive without pickles: `inputs.npy` and `answers.npy` (float32, axis 0 = sample), and
`samples.json`, which this module reads without numpy. `collodi samples` writes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from device.strict import FormatError, check_format, decode, loads
from device.zipped import opened, read_part

FORMAT = "collodi.samples"
VERSION = 1
HEADER = "samples.json"


@dataclass(frozen=True)
class Samples:
    """The header of a sample set."""

    bundle: str
    """Name of the bundle."""
    manifest_sha256: str
    """Hash of its manifest: the samples are for this bundle and no other."""
    task: str
    """Its task; of `kws` the top labels are compared."""
    samples: int
    """How many."""
    expected: dict[str, float | None]
    """Path of each file that takes these inputs, to its signal to noise where the samples were
    made, dB (device/backends/scoring.py); null where it did not run there."""
    format: str = FORMAT
    """Always `collodi.samples`."""
    version: int = VERSION
    """Version of this format."""


def read_header(path: Path) -> Samples:
    """Read the header of a sample set; FormatError names the file and what is wrong."""
    with opened(path, str(path)) as archive:
        if HEADER not in archive.namelist():
            raise FormatError(f"{path}: no {HEADER} in it; make it with 'collodi samples'")
        data = loads(read_part(archive, HEADER), f"{path}: {HEADER}")
    check_format(data, FORMAT, VERSION, str(path))
    return decode(Samples, data, str(path))


def for_bundle(paths: list[Path], manifest_sha256: str) -> tuple[Path, Samples] | None:
    """Return the sample set that was made for this manifest, None where there is none."""
    for path in paths:
        header = read_header(path)
        if header.manifest_sha256 == manifest_sha256:
            return path, header
    return None
