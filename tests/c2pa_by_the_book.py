"""A verifier of C2PA manifests written from the specification, without any library of C2PA.

Sections are those of Content Credentials: C2PA Technical Specification 2.1
(https://c2pa.org/specifications/specifications/2.1/specs/C2PA_Specification.html), COSE is RFC 9052
and 9053, CBOR is RFC 8949, JUMBF is ISO 19566-5. For files that hold one manifest in a JPEG, PNG,
WAV or FLAC: no time stamps, ingredients, redactions or update manifests, and nothing on whether a
certificate was revoked.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import pairwise
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.x509.oid import ExtendedKeyUsageOID

CURVES = {-7: (hashes.SHA256(), 32), -35: (hashes.SHA384(), 48), -36: (hashes.SHA512(), 66)}
"""COSE's number of ECDSA (RFC 9053 2.1): hash, bytes of each half of a signature."""
EDDSA, PS256, X5CHAIN = -8, -37, 33
"""RFC 9053 2.2, RFC 8230 2, RFC 9360 2."""
COSE_SIGN1 = 18
"""RFC 9052 2: CBOR tag."""
UUID = "00110010800000aa00389b71"
"""11.1.4: how the types of C2PA's boxes end; they begin with four letters."""
SIGNERS = {ExtendedKeyUsageOID.EMAIL_PROTECTION, x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")}
"""14.5.1: what a signer's certificate may be for; the second is document signing."""


UNFIT = (LookupError, TypeError, AttributeError, struct.error, UnsupportedAlgorithm,
         x509.InvalidVersion, x509.ExtensionNotFound)  # fmt: skip
"""What reading something of another form ends in."""


class Wrong(ValueError):
    """The manifest does not hold."""


class Box(NamedTuple):
    """A JUMBF superbox (11.1.2)."""

    label: str
    uuid: str
    content: bytes
    """Behind its header: description box and content boxes, what hashed URIs hash (8.4.2.3)."""
    inside: list[tuple[str, bytes]]
    """Type and content of the boxes behind the description box."""

    def boxes(self) -> dict[str, Box]:
        """Superboxes inside, by label."""
        found = [superbox(content) for kind, content in self.inside if kind == "jumb"]
        if len({box.label for box in found}) < len(found):
            raise Wrong("two boxes have one label")
        return {box.label: box for box in found}

    def of(self, letters: str) -> Box:
        """This box, if that is its type."""
        require(self.uuid == letters.encode().hex() + UUID, f"{self.label} is not of {letters}")
        return self

    def cbor(self) -> bytes:
        """The one content box that is CBOR."""
        if [kind for kind, _ in self.inside] != ["cbor"]:
            raise Wrong(f"{self.label}: not one CBOR box")
        return self.inside[0][1]


def require(holds: object, what: str) -> None:
    """Raise Wrong where it does not hold."""
    if not holds:
        raise Wrong(what)


def verify(data: bytes, authority: bytes) -> dict[str, Any]:
    """Return the assertions of a file's manifest by label; Wrong, or ValueError, where it fails.

    authority: PEM of the certificate that the signer's chain ends at.
    """
    try:
        jumbf, place = manifest_store(data)
        (store,) = [superbox(content) for kind, content in boxes(jumbf) if kind == "jumb"]
        require(store.of("c2pa").label == "c2pa", "not a C2PA store")
        manifest = list(store.boxes().values())[-1].of("c2ma")  # 15.5: the last is the active one
        parts = manifest.boxes()
        claim_bytes = parts["c2pa.claim.v2"].of("c2cl").cbor()  # 15.6
        claim = decoded(claim_bytes)
        named = (f"self#jumbf=/c2pa/{manifest.label}/c2pa.signature", "self#jumbf=c2pa.signature")
        require(claim["signature"] in named, "the claim names another signature")  # 8.4.1
        check_signature(parts["c2pa.signature"].of("c2cs").cbor(), claim_bytes, authority)  # 15.7
        kept = check_assertions(claim, parts["c2pa.assertions"].of("c2as"))  # 15.10
        bindings = [label for label in kept if label.startswith("c2pa.hash.")]
        require(bindings == ["c2pa.hash.data"], "not one hard binding")
        check_content(kept["c2pa.hash.data"], data, place)  # 15.12.1
    except UNFIT as error:
        raise Wrong(f"not of the form that the specification asks for: {error!r}") from error
    return kept


def manifest_store(data: bytes) -> tuple[bytes, tuple[int, int]]:
    """Return the manifest store of a file, and from where to where it stands (appendix A)."""
    if data[:4] == b"\x89PNG":  # A.3.2: a chunk caBX
        found = [(body, start, end) for name, body, start, end in png_chunks(data)
                 if name == b"caBX"]  # fmt: skip
    elif data[:2] == b"\xff\xd8":  # A.3.1: segments APP11
        parts = list(app11(data))
        whole = b"".join(body if n == 0 else body[8:] for n, (body, _, _) in enumerate(parts))
        require(all(a[2] == b[1] for a, b in pairwise(parts)), "segments of it are scattered")
        found = [(whole, parts[0][1], parts[-1][2])] if parts else []
    elif data[:4] == b"RIFF":  # A.3.6: a chunk C2PA
        found = [(body, start, end) for name, body, start, end in riff_chunks(data)
                 if name == b"C2PA"]  # fmt: skip
    else:  # A.3.3: a frame GEOB of an ID3v2 tag
        found = list(id3_objects(data))
    require(len(found) == 1, f"{len(found)} manifest stores")
    body, start, end = found[0]
    return body, (start, end)


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, int, int]]:
    at = 8
    while at < len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        yield name, data[at + 8 : at + 8 + size], at, at + 12 + size
        at += 12 + size


def riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, int, int]]:
    at = 12
    while at < len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        yield name, data[at + 8 : at + 8 + size], at, at + 8 + size
        at += 8 + size + size % 2


def app11(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Boxes of JPEG's APP11 segments (ISO 19566-5 annex D), up to the picture itself."""
    at = 2
    while data[at] == 0xFF and data[at + 1] != 0xDA:
        (size,) = struct.unpack_from(">H", data, at + 2)
        if data[at + 1] == 0xEB and data[at + 4 : at + 6] == b"JP":
            yield data[at + 12 : at + 2 + size], at, at + 2 + size
        at += 2 + size


def id3_objects(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Objects (GEOB) of an ID3v2.4 tag at the beginning, and where they stand without a header."""
    require(data[:4] == b"ID3\x04", "no ID3v2.4 tag")
    end, at = 10 + synchsafe(data[6:10]), 10
    while at + 10 < end and data[at : at + 4] != bytes(4):
        size = synchsafe(data[at + 4 : at + 8])
        if data[at : at + 4] == b"GEOB":
            kind, _, _, body = data[at + 11 : at + 10 + size].split(b"\0", 3)
            if kind == b"application/c2pa":
                yield body, at + 10 + size - len(body), at + 10 + size
        at += 10 + size


def synchsafe(raw: bytes) -> int:
    return sum(byte << 7 * (3 - n) for n, byte in enumerate(raw))


def boxes(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Type and content of each box (ISO 14496-12 4.2), lengths of 32 bits."""
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        require(8 <= size <= len(data) - at, "a box of a wrong length")
        yield kind.decode("latin-1"), data[at + 8 : at + size]
        at += size


def superbox(content: bytes) -> Box:
    """The superbox with this content."""
    (kind, described), *inside = boxes(content)
    require(kind == "jumd" and described[16] & 3 == 3, "a superbox that no URI can name")
    label = described[17:].split(b"\0")[0].decode()
    return Box(label, described[:16].hex(), content, inside)


def check_signature(cose: bytes, claim: bytes, authority: bytes) -> None:
    """13.2: COSE_Sign1 with a detached payload, the claim; the chain is in its protected header."""
    tag, (protected, _, payload, signature) = decoded(cose)
    require(tag == COSE_SIGN1 and payload is None, "not COSE_Sign1 with a detached payload")
    header = decoded(protected)
    given = header[X5CHAIN] if isinstance(header[X5CHAIN], list) else [header[X5CHAIN]]
    chain = [x509.load_der_x509_certificate(each) for each in given]
    # RFC 9052 4.4: what is signed.
    signed = b"\x84" + head(3, 10) + b"Signature1" + head(2, len(protected)) + protected
    signed += head(2, 0) + head(2, len(claim)) + claim
    key: Any = chain[0].public_key()
    try:
        if header[1] in CURVES and isinstance(key, ec.EllipticCurvePublicKey):
            digest, half = CURVES[header[1]]
            require(len(signature) == 2 * half, "a signature of a wrong length")
            r, s = (int.from_bytes(signature[n : n + half], "big") for n in (0, half))
            key.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(digest))
        elif header[1] == EDDSA and isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        elif header[1] == PS256 and isinstance(key, rsa.RSAPublicKey):
            sha = hashes.SHA256()
            key.verify(signature, signed, padding.PSS(padding.MGF1(sha), 32), sha)
        else:
            raise Wrong(f"algorithm {header[1]} does not fit the key")
        check_chain(chain, x509.load_pem_x509_certificate(authority))
    except InvalidSignature as error:
        raise Wrong("a signature does not fit") from error


def check_chain(chain: list[x509.Certificate], authority: x509.Certificate) -> None:
    """14.5: each is issued by the next up to the authority, in time, and the first may sign."""
    now, leaf = datetime.now(timezone.utc), chain[0]
    issuers = [each for each in chain[1:] if each != authority] + [authority]
    for each, issuer in zip([leaf, *issuers[:-1]], issuers, strict=True):
        require(each.issuer == issuer.subject, "signed by an authority that is not known")
        each.verify_directly_issued_by(issuer)
        require(issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca,
                "issued by no authority")  # fmt: skip
    for each in chain:
        require(each.not_valid_before_utc <= now <= each.not_valid_after_utc, "out of date")
    use = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    require(use.digital_signature and SIGNERS & set(purposes), "a certificate for another use")


def check_assertions(claim: dict[str, Any], store: Box) -> dict[str, Any]:
    """15.10: each assertion of the claim has its hash, and the store holds no others."""
    there, kept = store.boxes(), {}
    for entry in [*claim["created_assertions"], *claim.get("gathered_assertions", [])]:
        label = entry["url"].removeprefix("self#jumbf=c2pa.assertions/")
        algorithm = entry.get("alg", claim.get("alg"))  # 15.4
        require(digest(algorithm, there[label].content) == entry["hash"], f"{label} was changed")
        kept[label] = decoded(there[label].cbor())
    require(set(kept) == set(there), "an assertion that the claim does not list")
    return kept


def check_content(binding: dict[str, Any], data: bytes, place: tuple[int, int]) -> None:
    """18.5: the file without the manifest has the hash; nothing else may be left out."""
    left_out = [(each["start"], each["start"] + each["length"]) for each in binding["exclusions"]]
    require(left_out == [place], f"{left_out} is left out, the manifest stands at {place}")
    rest = data[: place[0]] + data[place[1] :]
    require(digest(binding["alg"], rest) == binding["hash"], "the content was changed")


def digest(algorithm: str, data: bytes) -> bytes:
    """13.1: the hashes that C2PA allows."""
    require(algorithm in ("sha256", "sha384", "sha512"), f"hash {algorithm!r}")
    return hashlib.new(algorithm, data).digest()


def head(major: int, count: int) -> bytes:
    """How a CBOR item of a major type begins, in the shortest form (RFC 8949 4.2.1)."""
    if count < 24:
        return bytes([major << 5 | count])
    size = 1 if count < 1 << 8 else 2 if count < 1 << 16 else 4
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26}[size]]) + count.to_bytes(size, "big")


def decoded(raw: bytes) -> Any:
    """The one CBOR item in the bytes (RFC 8949 3); a tagged one is (tag, item)."""
    value, end = item(raw, 0)
    require(end == len(raw), "more than one CBOR item")
    return value


def item(raw: bytes, at: int) -> tuple[Any, int]:
    major, count = raw[at] >> 5, raw[at] & 31
    at += 1
    require(count < 28, "a length that is not given")  # none of the kit's has one
    if count >= 24:
        size = 1 << count - 24
        count, at = int.from_bytes(raw[at : at + size], "big"), at + size
    if major in (0, 1):
        return (count if major == 0 else -1 - count), at
    if major in (2, 3):
        require(at + count <= len(raw), "a string that goes on behind the end")
        data = raw[at : at + count]
        return (data if major == 2 else data.decode()), at + count
    if major == 6:
        value, at = item(raw, at)
        return (count, value), at
    if major == 7:
        require(count in (20, 21, 22), f"simple value {count}")
        return {20: False, 21: True, 22: None}[count], at
    values = []
    for _ in range(count * (major - 3)):
        value, at = item(raw, at)
        values.append(value)
    return (values if major == 4 else dict(zip(values[::2], values[1::2], strict=True))), at
