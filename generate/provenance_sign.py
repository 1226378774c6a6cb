"""Content Credentials (C2PA): a signed manifest in a file, and what one says. Extra `c2pa`.

The manifest says that the kit created the file, with IPTC's source type, and binds that to the
content by a hash: whoever changes a pixel breaks it, whoever has no key of the signer cannot make
it. Nothing asks the network: no time stamps, no revocation lists, no manifests from elsewhere.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.version import VERSION
from generate.provenance import SOURCES, Provenance
from generate.provenance_files import kind_of, read

MIME = {"jpeg": "image/jpeg", "png": "image/png", "mp4": "video/mp4", "flac": "audio/flac",
        "wav": "audio/wav"}  # fmt: skip
OFFLINE = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
    "builder": {"thumbnail": {"enabled": False}},
}
"""A thumbnail would be 170 kB and 70 ms a picture."""
UNTRUSTED = "signingCredential.untrusted"


@dataclass(frozen=True)
class Credentials:
    """Who signs: a private key, the certificates from the signer's to the authority's."""

    key: bytes
    """PEM, PKCS#8."""
    chain: bytes
    """PEM."""
    algorithm: str
    """C2PA's name of the signature's algorithm."""


@dataclass(frozen=True)
class Credential:
    """What the manifest of a file says and whether that holds."""

    state: str
    """Trusted, Valid (by a signer whom no given authority knows) or Invalid."""
    signer: str
    source: str
    """IPTC's URI in the action c2pa.created; "" where there is none."""
    tool: str
    faults: tuple[str, ...]
    """C2PA's codes of what is wrong, without that of a signer who is not known."""


def read_credentials(key: Path, chain: Path) -> Credentials:
    """Read key and certificates; ValueError where one cannot be read or they do not fit.

    OSError where a file cannot be opened.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization as form

    try:
        private = form.load_pem_private_key(key.read_bytes(), None)
    except TypeError as error:
        raise ValueError(f"--key {key}: has a passphrase; want a key without") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"--key {key}: not a private key in PEM") from error
    try:
        certificates = x509.load_pem_x509_certificates(chain.read_bytes())
    except ValueError as error:
        raise ValueError(f"--certificate {chain}: not certificates in PEM") from error
    spki = form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo
    if certificates[0].public_key().public_bytes(*spki) != private.public_key().public_bytes(*spki):
        raise ValueError(f"--certificate {chain}: its first certificate is of another key than "
                         f"{key}")  # fmt: skip
    pem = private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    return Credentials(pem, chain.read_bytes(), _algorithm(private, key))


def read_trust(path: Path) -> str:
    """PEM certificates of authorities; ValueError for anything else, OSError without the file."""
    from cryptography import x509

    data = path.read_bytes()
    try:
        x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise ValueError(f"--trust {path}: not certificates in PEM") from error
    return data.decode("ascii", "ignore")


def _algorithm(private: Any, key: Path) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(private, ec.EllipticCurvePrivateKey):
        curves = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
        if private.curve.name in curves:
            return curves[private.curve.name]
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return "ED25519"
    if isinstance(private, rsa.RSAPrivateKey) and private.key_size >= 2048:
        return "PS256"
    raise ValueError(f"--key {key}: want an elliptic curve P-256, P-384 or P-521, Ed25519, or RSA "
                     "of 2048 bits or more")  # fmt: skip


def signed(data: bytes, title: str, by: Credentials) -> bytes:
    """The file with a manifest of what it says itself.

    ValueError for a kind without manifests, a file that does not say that the kit made it, one that
    is signed already, and certificates that C2PA refuses (their dates, their use).
    """
    import c2pa

    kind, said = kind_of(data), read(data)
    if kind not in MIME:
        raise ValueError(f"want one of {', '.join(MIME)}")
    if said is None or not said.version or said.source not in SOURCES:
        raise ValueError("does not say that the kit made it; collodi provenance show tells more")
    if credential(data) is not None:
        raise ValueError("is signed already")
    information = c2pa.C2paSignerInfo(
        getattr(c2pa.C2paSigningAlg, by.algorithm), by.chain, by.key, None
    )
    out = io.BytesIO()
    try:
        with (
            c2pa.Context(c2pa.Settings.from_dict(OFFLINE)) as context,
            c2pa.Signer.from_info(information) as signer,
            c2pa.Builder(json.dumps(_manifest(said, title)), context) as builder,
        ):
            builder.sign(signer, MIME[kind], io.BytesIO(data), out)
    except c2pa.C2paError as error:
        raise ValueError(f"cannot be signed: {error}") from error
    return out.getvalue()


def _manifest(said: Provenance, title: str) -> dict[str, Any]:
    created = {
        "action": "c2pa.created", "digitalSourceType": said.uri,
        "softwareAgent": {"name": "Collodi", "version": said.version},
    }  # fmt: skip
    created |= {} if said.seed is None else {"parameters": {"collodi.seed": said.seed}}
    actions = {"label": "c2pa.actions.v2", "data": {"actions": [created]}}
    maker = {"name": "Collodi", "version": VERSION}
    return {"claim_generator_info": [maker], "title": title, "assertions": [actions]}


def credential(data: bytes, trust: str = "") -> Credential | None:
    """What the manifest in a file says; None without one, or in a kind that has none.

    trust: PEM certificates of authorities. A manifest that cannot be read is Invalid.
    """
    import c2pa

    kind = kind_of(data)
    if kind not in MIME:
        return None
    options = OFFLINE | ({"trust": {"trust_anchors": trust}} if trust else {})
    try:
        with c2pa.Context(c2pa.Settings.from_dict(options)) as context:
            found = c2pa.Reader.try_create(MIME[kind], io.BytesIO(data), context=context)
            if found is None:
                return None
            with found as reader:
                told, state = json.loads(reader.json()), reader.get_validation_state()
    except c2pa.C2paError as error:
        return Credential("Invalid", "", "", "", (str(error),))
    try:
        return _told(told, str(state))
    except (AttributeError, LookupError, TypeError):
        return Credential("Invalid", "", "", "", ("a manifest of another form",))


def _told(told: dict[str, Any], state: str) -> Credential:
    manifest = told.get("manifests", {}).get(told.get("active_manifest"), {})
    maker: dict[str, Any] = next(iter(manifest.get("claim_generator_info", [])), {})
    signature = manifest.get("signature_info", {})
    results = told.get("validation_results", {}).get("activeManifest", {})
    faults = tuple(fault["code"] for fault in results.get("failure", []))
    return Credential(
        state,
        ", ".join(str(signature[n]) for n in ("common_name", "issuer") if signature.get(n)),
        _created(manifest),
        f"{maker.get('name', '')} {maker.get('version', '')}".strip(),
        tuple(fault for fault in faults if fault != UNTRUSTED),
    )


def _created(manifest: dict[str, Any]) -> str:
    for assertion in manifest.get("assertions", []):
        if str(assertion.get("label", "")).startswith("c2pa.actions"):
            for action in assertion["data"].get("actions", []):
                if action.get("action") == "c2pa.created":
                    return str(action.get("digitalSourceType", ""))
    return ""
