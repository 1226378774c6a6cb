"""Names for the numbers that geometry and shading share."""

from __future__ import annotations

from generate.clip import PARTS

# Materials of vertices (people/child.py writes them, shade_*.py reads them).
SKIN = 0
EYE = 1
TEETH = 2
TONGUE = 3
LASH = 4
CAP = 5
HAIR = 6
CLOTH = 7
PROP = 8
"""Solid things: glasses' frames, headwear, toys, cups, a dummy. `canon` is their colour."""
LENS = 9
"""Glass in front of the eyes: see-through."""
HAND = 10
"""Skin of hands and forearms, off the face's atlas: `canon` is a place in mm that goes with it."""
N_MATERIALS = 11

# Columns of `aux`, by material.
AUX_AO = 0
"""All materials: share of the sky a vertex sees, 0 to 1."""
AUX_LIPS, AUX_CAVITY, AUX_SCALP = 1, 2, 3
"""Skin: lip mask, mouth interior mask, hair density."""
AUX_TOOTH, AUX_GUM = 1, 2
"""Teeth: place along the row in teeth, height from the biting edge 0 to the gum 1."""
AUX_ACROSS, AUX_ALONG, AUX_STRAND = 1, 2, 3
"""Hair: -1 to 1 across the ribbon, 0 root to 1 tip, a random number of the ribbon.
Lashes: place along the lid, 0 root to 1 tip, 1 where hidden."""
AUX_PART, AUX_GLOSS, AUX_FUZZ = 1, 2, 3
"""Prop: id in PARTS, gloss 0 matt to 1 mirror-like, fuzz 0 smooth to 1 wool or plush."""
AUX_BAND, AUX_SECOND = 1, 2
"""Cloth: 1 on the ribbed band of the collar; 1 on a second cloth, 2 on buttons."""
AUX_PALM, AUX_KNUCKLE, AUX_NAIL = 1, 2, 3
"""Hand: 1 on the palm, 1 on the knuckles, 1 on nails."""

# Ids in part masks.
BACKGROUND = PARTS.index("background")
FACE = PARTS.index("skin")
BROW = PARTS.index("brow")
LIPS = PARTS.index("lips")
MOUTH = PARTS.index("mouth")
SCLERA = PARTS.index("sclera")
IRIS = PARTS.index("iris")
TOOTH = PARTS.index("teeth")
TONGUE_PART = PARTS.index("tongue")
HAIR_PART = PARTS.index("hair")
CLOTH_PART = PARTS.index("cloth")
NECK = PARTS.index("neck")
GLASSES_PART = PARTS.index("glasses")
HEADWEAR_PART = PARTS.index("headwear")
THING_PART = PARTS.index("thing")
HAND_PART = PARTS.index("hand")
