"""How high and how long-tracted people of an age speak: published norms as smooth tables.

F0: children 3 to 13 years after Eguchi and Hirsh (1969) and Lee, Potamianos and Narayanan,
"Acoustics of children's speech" (JASA 105, 1999), toddlers after the review of Vorperian and Kent,
"Vowel acoustic space development in children" (JSLHR 50, 2007), adults after Hillenbrand, Getty,
Clark and Wheeler (JASA 97, 1995) and, past 60, Nishio and Niimi (2008).

Formants relative to an adult man's: Hillenbrand's children of 10 to 12 years lie 1.27 above the
men (mean of F1 to F3 of iy, ae, aa, uw) and the women 1.16; younger ages follow the vocal-tract
lengths of Fitch and Giedd (JASA 106, 1999) and Vorperian and Kent. The sexes part at 12 years.
F1, F2 and F3 do not scale alike: what each has beyond the common scale is Hillenbrand's, too.

The tables are readings of those figures, good to about 5 %.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

Sex = Literal["female", "male"]
_AGES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 50, 70, 90)
_F0_HZ: dict[str, tuple[float, ...]] = {
    "female": (
        *(380, 335, 305, 292, 286, 277, 270, 264, 258, 252, 244, 236, 229, 225, 223, 221),
        *(217, 212, 198, 186, 182),
    ),
    "male": (
        *(380, 332, 300, 288, 280, 270, 262, 256, 250, 244, 236, 222, 195, 162, 142, 132),
        *(126, 122, 116, 126, 138),
    ),
}
_SCALE: dict[str, tuple[float, ...]] = {
    "female": (
        *(1.72, 1.62, 1.55, 1.49, 1.44, 1.41, 1.38, 1.35, 1.32, 1.29, 1.26, 1.23, 1.20, 1.18),
        *(1.17, 1.165, 1.16, 1.16, 1.155, 1.15, 1.15),
    ),
    "male": (
        *(1.72, 1.61, 1.53, 1.47, 1.42, 1.39, 1.36, 1.33, 1.30, 1.27, 1.245, 1.21, 1.15, 1.09),
        *(1.05, 1.03, 1.01, 1.00, 1.00, 0.99, 0.99),
    ),
}
_BENDS = {"child": (1.02, 1.03, 0.98), "female": (1.04, 1.005, 0.98), "male": (1.0, 1.0, 1.0)}
"""F1, F2 and F3 relative to a man's, each divided by tract_scale (means over iy ae aa uw)."""
SPOKEN = (0.88, 0.90, 0.94)
"""F1, F2 and F3 of synthetic voices relative to a person of the same tract_scale: medians over 71
voices of three engines, heed had hod who'd by Burg's method, set so that children's are met."""


def f0_norm_hz(age_years: float, sex: Sex) -> float:
    """Mean speaking F0 of an age in Hz; ages under 1 speak like 1, over 90 like 90."""
    _check(age_years, sex)
    return float(np.exp(np.interp(age_years, _AGES, np.log(_F0_HZ[sex]))))


def tract_scale(age_years: float, sex: Sex) -> float:
    """Formants of an age relative to an adult man's (1.0); about 1.45 at 5 years."""
    _check(age_years, sex)
    return float(np.interp(age_years, _AGES, _SCALE[sex]))


def formant_scale(age_years: float, sex: Sex, source_scale: float = 1.0) -> float:
    """What to multiply the formants of a voice with to reach the norm of an age.

    `source_scale` is the voice's own tract_scale. Held to 0.7..1.75, where WORLD still sounds.
    """
    return float(np.clip(tract_scale(age_years, sex) / source_scale, 0.7, 1.75))


def formant_bend(age_years: float, sex: Sex) -> tuple[float, float, float]:
    """What F1, F2 and F3 of a synthetic voice need besides `formant_scale` to reach the norm."""
    _check(age_years, sex)
    grown = float(np.interp(age_years, (12, 18), (0, 1)))
    both = zip(_BENDS["child"], _BENDS[sex], SPOKEN, strict=True)
    first, second, third = ((a + (b - a) * grown) / spoken for a, b, spoken in both)
    return round(first, 3), round(second, 3), round(third, 3)


def vowel_stretch(age_years: float) -> float:
    """How much longer than an adult's the vowels of an age are: 1.35 at 3, 1 from 12 years on.

    Beyond the slower tempo; after the vowel durations of Lee, Potamianos and Narayanan (1999).
    """
    return float(np.interp(age_years, (3, 5, 8, 12), (1.35, 1.25, 1.1, 1.0)))


def _check(age_years: float, sex: str) -> None:
    if not 0.5 <= age_years <= 120:
        raise ValueError(f"age_years {age_years:g} is outside 0.5 to 120")
    if sex not in _F0_HZ:
        raise ValueError(f"sex {sex!r} is not one of female, male")
