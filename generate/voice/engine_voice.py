"""A voice of flite or festival, and how pitch settings move it."""

from __future__ import annotations

from dataclasses import dataclass

from generate.spec import Sex

PITCH_STEP = 1.009
"""F0 ratio of one step of pitch: 0 to 99 spans 1.3 octaves, as espeak-ng's does."""


@dataclass(frozen=True)
class Voice:
    """One voice as its makers recorded it."""

    sex: Sex
    """As it sounds."""
    f0_hz: float
    """Median F0 at pitch 50."""
    spread_hz: float
    """Standard deviation of F0 at pitch_range 50."""
    tract_scale: float
    """Formants relative to an adult man's, measured on heed had hod who'd (see norms.SPOKEN)."""
    language: str = "english"

    def pitched(self, pitch: int, pitch_range: int) -> tuple[float, float]:
        """F0 and its standard deviation in Hz at settings of 0 to 99."""
        return self.f0_hz * PITCH_STEP ** (pitch - 50), self.spread_hz * pitch_range / 50
