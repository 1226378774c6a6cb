"""How faces differ: what varies together, and what age, sex and ancestry shift.

Amounts are those of MakeHuman's local changes (`Asset.local_names` without their side): 1 is the
end of its slider, between 2 and 40 mm. Signed: a negative amount takes the opposite shape.
"""

from __future__ import annotations

Amounts = dict[str, float]

MIXES: dict[str, Amounts] = {
    "width": {
        "head-scale-horiz-incr": 0.09,
        "head-scale-vert-incr": -0.04,
        "cheek-bones-incr": 0.1,
    },
    "head_length": {"head-back-scale-depth-incr": 0.12, "head-scale-depth-incr": 0.12},
    "forehead": {"forehead-scale-vert-incr": 0.07, "forehead-temple-incr": 0.2},
    "forehead_slope": {"forehead-trans-forward": 0.12, "forehead-nubian-incr": 0.03},
    "jaw": {"chin-width-incr": 0.22, "chin-bones-incr": 0.14, "chin-jaw-drop-incr": 0.15},
    "chin": {"chin-prominent-incr": 0.2, "chin-prognathism-incr": 0.12, "chin-cleft-incr": 0.1},
    "lower_face": {"chin-height-incr": 0.12, "mouth-trans-up": -0.1},
    "cheeks": {"cheek-volume-incr": 0.26, "head-fat-incr": 0.16, "cheek-inner-incr": 0.12},
    "cheekbones": {"cheek-bones-incr": 0.22, "cheek-trans-up": 0.25, "cheek-volume-incr": -0.1},
    "nose_size": {
        "nose-scale-depth-incr": 0.18,
        "nose-scale-horiz-incr": 0.2,
        "nose-scale-vert-incr": 0.12,
        "nose-volume-incr": 0.1,
    },
    "nose_length": {"nose-trans-up": -0.3, "nose-scale-vert-incr": 0.22},
    "nose_bridge": {"nose-hump-incr": 0.3, "nose-greek-incr": 0.25, "nose-curve-convex": 0.18},
    "nose_width": {
        "nose-width2-incr": 0.3,
        "nose-width3-incr": 0.3,
        "nose-nostrils-width-incr": 0.2,
        "nose-flaring-incr": 0.2,
        "nose-point-width-incr": 0.35,
    },
    "nose_tip": {"nose-point-up": 0.16, "nose-septumangle-incr": 0.25, "nose-base-up": 0.2},
    "eye_size": {"eye-scale-incr": 0.28, "eye-height2-incr": 0.2, "eye-height1-incr": 0.12},
    "eye_tilt": {"eye-corner2-up": 0.4, "eye-corner1-up": -0.3},
    "eye_spacing": {"eye-trans-out": 0.3},
    "eye_height": {"eye-trans-up": 0.14, "eyebrows-trans-up": 0.1},
    "eye_fold": {"eye-eyefold-up": 0.45, "eye-eyefold-angle-up": 0.3, "eye-bag-incr": 0.15},
    "brow_height": {"eyebrows-trans-up": 0.3},
    "brow_angle": {"eyebrows-angle-up": 0.22},
    "brow_ridge": {"eyebrows-trans-forward": 0.12, "eye-push1-out": 0.15},
    "lips": {
        "mouth-upperlip-volume-incr": 0.3,
        "mouth-lowerlip-volume-incr": 0.3,
        "mouth-upperlip-height-incr": 0.3,
        "mouth-lowerlip-height-incr": 0.16,
    },
    "mouth_width": {"mouth-scale-horiz-incr": 0.24},
    "cupids_bow": {"mouth-cupidsbow-incr": 0.4, "mouth-philtrum-volume-incr": 0.3},
    "mouth_corners": {"mouth-angles-up": 0.14, "mouth-dimples-out": 0.2},
    "ear_size": {"ear-scale-incr": 0.2, "ear-lobe-incr": 0.25},
    "ears_out": {"ear-wing-incr": 0.22, "ear-flap-incr": 0.06, "ear-rot-forward": 0.1},
}
"""What one standard deviation of each trait does. Traits are drawn apart, so that a wide nose
brings wide nostrils but not a wide jaw."""
TRAIT_SHARE = ((2.0, 14.0), (0.75, 1.0))
"""Share of a trait that shows at these ages: infants differ less than adults."""

ANCESTRY: tuple[Amounts, Amounts, Amounts] = (
    {"lips": 0.5, "nose_width": 0.5, "nose_bridge": -0.4, "forehead_slope": 0.4},
    {"eye_fold": 0.5, "eye_tilt": 0.4, "nose_bridge": -0.6, "width": 0.5, "brow_ridge": -0.5},
    {"nose_bridge": 0.5, "nose_width": -0.4, "lips": -0.3, "nose_length": 0.2},
)
"""Mean of traits, in standard deviations, over what the phenotype shapes of African, Asian and
European have already."""

AGES: tuple[tuple[tuple[float, float], Amounts], ...] = (
    (
        (4.0, 1.0),
        {
            "head-fat-incr": -0.36,
            "cheek-volume-incr": -0.1,
            "chin-width-incr": -0.25,
            "chin-bones-incr": -0.1,
            "chin-jaw-drop-incr": -0.25,
            "head-scale-horiz-incr": -0.06,
            "eye-scale-incr": 0.4,
            "eye-height2-incr": 0.2,
            "eye-trans-up": -0.2,
            "nose-scale-vert-incr": -0.2,
            "nose-trans-up": 0.2,
            "nose-point-up": 0.1,
            "chin-prominent-incr": -0.1,
            "chin-height-incr": -0.1,
            "forehead-scale-vert-incr": 0.12,
            "forehead-trans-forward": 0.1,
            "mouth-scale-horiz-incr": -0.12,
            "eyebrows-trans-forward": -0.1,
        },
    ),
    (
        (13.0, 7.0),
        {
            "head-fat-incr": 0.14,
            "nose-scale-vert-incr": -0.15,
            "nose-volume-incr": -0.1,
            "nose-hump-incr": -0.15,
            "chin-prominent-incr": -0.15,
            "eye-scale-incr": 0.25,
            "cheek-volume-incr": 0.16,
        },
    ),
    (
        (45.0, 75.0),
        {
            "ear-scale-incr": 0.3,
            "ear-lobe-incr": 0.5,
            "nose-scale-vert-incr": 0.28,
            "nose-point-up": -0.12,
            "nose-volume-incr": 0.2,
            "cheek-volume-incr": -0.35,
            "cheek-trans-up": -0.5,
            "chin-jaw-drop-incr": 0.7,
            "eye-eyefold-up": -0.5,
            "eye-corner2-up": -0.3,
            "eye-bag-incr": 0.6,
            "eye-bag-height-incr": 0.25,
            "eyebrows-trans-up": -0.2,
            "mouth-upperlip-volume-incr": -0.4,
            "mouth-lowerlip-volume-incr": -0.35,
            "mouth-laugh-lines-out": 0.5,
            "mouth-angles-up": -0.2,
        },
    ),
)
"""Shifts that grow from the first age (0) to the second (all of it): an infant's large low eyes,
short nose and small jaw; a child's round cheeks and small nose, beyond what anny's child has; and
what gravity and cartilage do after 45 (longer ears and nose, lower cheeks and lids, thin lips)."""

MALE: Amounts = {
    "eyebrows-trans-forward": 0.2,
    "eyebrows-trans-up": -0.3,
    "eyebrows-angle-up": -0.15,
    "chin-width-incr": 0.3,
    "chin-bones-incr": 0.24,
    "chin-prominent-incr": 0.18,
    "chin-height-incr": 0.08,
    "cheek-volume-incr": -0.14,
    "nose-scale-depth-incr": 0.16,
    "nose-scale-horiz-incr": 0.2,
    "nose-point-up": -0.08,
    "eye-scale-incr": -0.28,
    "mouth-upperlip-volume-incr": -0.24,
    "mouth-lowerlip-volume-incr": -0.2,
}
"""Added for a grown man and taken off for a grown woman; a tenth of it before puberty."""
PUBERTY_YEARS = (10.0, 18.0)
BEFORE_PUBERTY = 0.12

FACE_SHAPE: Amounts = {
    "head-scale-horiz-incr": 0.24,
    "head-scale-vert-incr": -0.12,
    "head-fat-incr": 0.2,
    "cheek-volume-incr": 0.25,
    "cheek-bones-incr": 0.15,
    "chin-height-incr": -0.2,
    "chin-width-incr": 0.2,
}
"""Added times `Person.face_shape`: round and wide for 1, long and narrow for -1."""
