"""A throw-away certificate to try signing with: what it says about the signer, nobody checked."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from device.files import make_folder, write_atomic

FILES = ("key.pem", "chain.pem", "authority.pem")
DAYS = 90


def make_certificate(out: Path, name: str) -> None:
    """Write key.pem (only its owner reads it), chain.pem and authority.pem, which `--trust` takes.

    An authority of its own signs the signer's certificate, as C2PA wants it (specification 2.2,
    14.5), and its key is thrown away. ValueError where a file is there already.
    """
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    for each in FILES:
        if (out / each).exists():
            raise ValueError(f"{out / each} is there already; name another --out")
    if not name.strip() or len(name) > 64:
        raise ValueError("--name: want 1 to 64 characters")
    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate(f"{name} test authority", authority, f"{name} test authority", authority)
    leaf = _certificate(name, key, f"{name} test authority", authority)
    make_folder(out)
    secret = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    handle = os.open(out / FILES[0], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
    write_atomic(out / FILES[1], leaf + root)
    write_atomic(out / FILES[2], root)


def _certificate(subject: str, key: Any, issuer: str, authority: Any) -> bytes:
    """PEM of a certificate of `key`; of an authority where it signs itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import ExtendedKeyUsageOID

    is_authority, now = key is authority, datetime.now(timezone.utc)
    builder = (
        x509.CertificateBuilder(_name(issuer), _name(subject), key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(is_authority, 0 if is_authority else None), True)
        .add_extension(_usage(is_authority), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), False
        )
    )
    if not is_authority:
        use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(use, False)
    return bytes(builder.sign(authority, hashes.SHA256()).public_bytes(Encoding.PEM))


def _name(text: str) -> Any:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    names = {NameOID.COMMON_NAME: text, NameOID.ORGANIZATION_NAME: "nobody checked this name"}
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in names.items()])


def _usage(is_authority: bool) -> Any:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not is_authority, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=is_authority,
        crl_sign=is_authority, encipher_only=False, decipher_only=False,
    )  # fmt: skip
