"""What every picture, film and sound of the kit says about itself: synthetic, by what, which seed.

The machine-readable part is IPTC's Digital Source Type, a URI of a controlled vocabulary
(cv.iptc.org/newscodes/digitalsourcetype), in an XMP packet (ISO 16684-1). It holds no times and no
random identifiers, so a file's bytes still follow from its options. Nothing here is signed:
`provenance_sign.py` does that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, unescape

from device.version import VERSION

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
ALGORITHMIC = "algorithmicMedia"
"""By an algorithm, without training on samples: renders, espeak-ng's formants, noise, music."""
TRAINED = "trainedAlgorithmicMedia"
"""By a model that was made from recordings or pictures: StyleGAN2, voices of flite, festival and
Coqui."""
TRAINED_IN_PART = "compositeWithTrainedAlgorithmicMedia"
"""Rendered pictures with such a voice, in one film."""
CAPTURED_IN_PART = "compositeSynthetic"
"""A synthetic head that moves as somebody real moved."""
SOURCES = (ALGORITHMIC, TRAINED, TRAINED_IN_PART, CAPTURED_IN_PART)
UNTRAINED_VOICES = ("espeak", "noise", "")
"""Engines of the fact `voice` whose sound is no recording's heir; "" is no voice."""

IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
XMP = "http://ns.adobe.com/xap/1.0/"
OURS = "urn:x-collodi:"
MOST_PACKET = 1 << 16
"""Bytes of a packet that are looked at; a JPEG segment cannot hold more."""


@dataclass(frozen=True)
class Provenance:
    """What one file says."""

    source: str
    """Last part of IPTC's URI, such as ALGORITHMIC."""
    seed: int | None = None
    """None where several seeds or none made it."""
    version: str = VERSION
    """Of the kit."""

    @property
    def uri(self) -> str:
        """IPTC's URI."""
        return VOCABULARY + self.source

    @property
    def tool(self) -> str:
        """Who made it."""
        return f"Collodi {self.version}"

    @property
    def line(self) -> str:
        """For comments that people read."""
        seed = "" if self.seed is None else f", seed {self.seed}"
        return f"synthetic, made with {self.tool}{seed}; {self.uri}"


def of_picture(facts: Mapping[str, Any]) -> Provenance:
    """What the frames of a clip with these facts say: rendered, or a neural generator's."""
    return _of(facts, TRAINED if facts.get("pseudo") else ALGORITHMIC)


def of_sound(facts: Mapping[str, Any]) -> Provenance:
    """What the sound of a clip with these facts says; it follows from who speaks."""
    return _of(facts, TRAINED if _trained(facts.get("voice") or {}) else ALGORITHMIC)


def of_film(facts: Mapping[str, Any]) -> Provenance:
    """What pictures and sound of a clip say together."""
    sources = {of_picture(facts).source, of_sound(facts).source}
    return _of(facts, sources.pop() if len(sources) == 1 else TRAINED_IN_PART)


def of_voice(engine: str, seed: int | None = None) -> Provenance:
    """What sound of a voice of `engine` says."""
    return Provenance(ALGORITHMIC if engine in UNTRAINED_VOICES else TRAINED, seed)


def _of(facts: Mapping[str, Any], source: str) -> Provenance:
    said = facts["provenance"]
    return Provenance(source, said.get("seed"), str(said.get("version", VERSION)))


def _trained(voice: Mapping[str, Any]) -> bool:
    engine = str(voice.get("engine", ""))
    if engine == "many":  # a stream's: "espeak:en+f2 flite:slt"
        names = str(voice.get("voice", "")).split()
        return any(name.split(":")[0] not in UNTRAINED_VOICES for name in names)
    return engine not in UNTRAINED_VOICES


def to_xmp(said: Provenance) -> bytes:
    """The packet: about 500 bytes."""
    seed = "" if said.seed is None else f' collodi:seed="{said.seed}"'
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="{IPTC}" xmlns:xmp="{XMP}"'
        f' xmlns:collodi="{OURS}" Iptc4xmpExt:DigitalSourceType="{said.uri}"'
        f' xmp:CreatorTool="{_quoted(said.tool)}"{seed}/>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


def to_json_ld(said: Provenance) -> dict[str, Any]:
    """The packet for glTF's KHR_xmp_json_ld."""
    seed = {} if said.seed is None else {"collodi:seed": str(said.seed)}
    names = {"Iptc4xmpExt": IPTC, "xmp": XMP, "collodi": OURS}
    return {
        "@context": names, "Iptc4xmpExt:DigitalSourceType": said.uri, "xmp:CreatorTool": said.tool,
        **seed,
    }  # fmt: skip


def _quoted(text: str) -> str:
    return escape(text, {'"': "&quot;"})


_PROPERTY = (
    r"{name}(?:\s*=\s*(?:\"([^\"<]{{0,300}})\"|'([^'<]{{0,300}})')"  # as an attribute
    r"|[^<>]{{0,99}}>\s*([^<]{{0,300}})<)"  # as an element
)


def from_xmp(packet: bytes) -> Provenance | None:
    """What a packet says, also one that another program wrote anew; None without a source type.

    Not an XML parser: no entities, no nesting, so a hostile packet costs one pass. The source of a
    vocabulary other than IPTC's is kept whole.
    """
    text = packet[:MOST_PACKET].decode("utf-8", "replace")
    source = _property(text, "Iptc4xmpExt:DigitalSourceType")
    if source is None:
        return None
    tool = _property(text, "xmp:CreatorTool") or ""
    return from_words(source, tool, _property(text, "collodi:seed") or "")


def from_words(uri: str, tool: str, seed: str) -> Provenance:
    """Provenance of three texts of a file; version "" where the tool is not the kit."""
    version = tool.removeprefix("Collodi ") if tool.startswith("Collodi ") else ""
    number = int(seed) if re.fullmatch(r"[0-9]{1,30}", seed) else None
    return Provenance(uri.removeprefix(VOCABULARY), number, version)


def _property(text: str, name: str) -> str | None:
    found = re.search(_PROPERTY.format(name=re.escape(name)), text)
    if not found:
        return None
    value = next(group for group in found.groups() if group is not None)
    return unescape(value, {"&quot;": '"', "&apos;": "'"}).strip()
