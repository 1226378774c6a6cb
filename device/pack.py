"""What goes over to a board: the kit as one zip application, and the bundles of a run."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from device.bundle import MANIFEST, read_bundle

PACKAGE = Path(__file__).resolve().parent
START = "import sys\nfrom device.onboard.supervise import main\nsys.exit(main(sys.argv[1:]))\n"
REQUEST = "request.json"
EPOCH = (1980, 1, 1, 0, 0, 0)


def kit() -> bytes:
    """Return `device` as a zip application; the same sources give the same bytes."""
    files = {"__main__.py": START.encode()}
    for path in sorted(PACKAGE.rglob("*.py")):
        files[f"device/{path.relative_to(PACKAGE).as_posix()}"] = path.read_bytes()
    return zipped(files)


def job(request: dict[str, Any], folders: Sequence[Path], samples: Sequence[Path]) -> bytes:
    """Return a run's request, its bundles (`bundles/0`, ...) and its sample sets as one zip.

    FormatError for a bundle whose files are not those of its manifest.
    """
    files = {REQUEST: json.dumps(request, indent=1).encode()}
    for number, folder in enumerate(folders):
        for path in (MANIFEST, *(entry.path for entry in read_bundle(folder).files)):
            files[f"bundles/{number}/{path}"] = (folder / path).read_bytes()
    for number, sample in enumerate(samples):
        files[f"samples/{number}{sample.suffix}"] = sample.read_bytes()
    return zipped(files)


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a zip whose bytes depend on the names and contents alone."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = 0o600 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name])
    return stream.getvalue()
