"""What a model hears and sees: the front ends, their parameters and defaults.

The computation is in `device/backends/frontend.py`; this file needs no library.
"""

from __future__ import annotations

from typing import Any

from device.strict import FormatError, nearest

LOGMEL: dict[str, Any] = {
    "name": "logmel",
    "sample_rate": 16000,  # Hz
    "samples": 16000,  # length of one clip
    "window": 480,  # samples of the Hann window
    "hop": 320,  # samples from frame to frame
    "n_fft": 512,
    "n_mels": 40,
    "fmin": 20.0,  # Hz, lower edge of the first band
    "fmax": 8000.0,  # Hz, upper edge of the last band
    "floor_db": 40.0,  # cells quieter than this below the loudest cell are floor
}

IMAGE: dict[str, Any] = {
    "name": "image",
    "size_px": 96,  # side of the square that the model sees
    "standardize": False,  # true: mean 0, deviation 1 per image, instead of [-1, 1]
}

SCENE: dict[str, Any] = {
    "name": "scene",
    "width_px": 160,  # what the model sees: grey, 0 to 255 mapped to -1 to 1
    "height_px": 120,
}

AUDIOVISUAL: dict[str, Any] = {
    **LOGMEL,
    "name": "audiovisual",
    "samples": 25600,  # 1.6 s: what is said in one second often fits another face's lips as well
    "rate_hz": 25.0,  # pictures a second
    "size_px": 32,  # side of the grey square of the lower face
}

FRONT_ENDS = {"logmel": LOGMEL, "image": IMAGE, "scene": SCENE, "audiovisual": AUDIOVISUAL}


def check_front_end(spec: dict[str, Any], where: str) -> None:
    """Refuse a front end with an unknown name, an unknown or missing key, or a wrong type."""
    name = spec.get("name")
    if not isinstance(name, str) or name not in FRONT_ENDS:
        known = ", ".join(FRONT_ENDS)
        raise FormatError(f"{where}: 'front_end.name' is {name!r}, one of {known}")
    defaults = FRONT_ENDS[name]
    for key in spec:
        if key not in defaults:
            raise FormatError(f"{where}: unknown key 'front_end.{key}'{nearest(key, defaults)}")
    for key, default in defaults.items():
        if key not in spec:
            raise FormatError(f"{where}: key 'front_end.{key}' is missing")
        _check_number(key, spec[key], default, where)


def _check_number(key: str, value: Any, default: Any, where: str) -> None:
    if isinstance(default, (bool, str)):
        fits = type(value) is type(default)
    else:
        fits = type(value) in ((int, float) if isinstance(default, float) else (int,))
        fits = fits and 0 < value < 1e9
    if not fits:
        raise FormatError(f"{where}: 'front_end.{key}' is {value!r}, expected e.g. {default!r}")
