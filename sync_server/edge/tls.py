"""The server's certificates: an identity that never changes and that desktops pin, and a leaf of a week that it signs.

The identity's certificate is made anew from the key at every start and is the same every time: nothing but the key is kept.
"""

import datetime as dt
import hashlib
import ipaddress
import os
import secrets
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LEAF_DAYS: Final = 7
RENEW_BEFORE_MS: Final = 3 * 24 * 3_600_000
_BEGIN: Final = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_END: Final = dt.datetime(2119, 12, 31, tzinfo=dt.UTC)
_DAY: Final = dt.timedelta(days=1)


class Certificates:
    """Certificates under one identity. ``names``: hosts and addresses that leaves are for; ``folder``: where a leaf passes by."""

    def __init__(self, identity: Ed25519PrivateKey, names: Sequence[str], folder: Path) -> None:
        self._identity = identity
        self._names = tuple(names)
        self._folder = folder
        self._until_ms = 0
        self.authority = make_authority(identity)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3

    @property
    def pem(self) -> str:
        """The identity's certificate, as ``/v1/identity`` tells it."""
        return self.authority.public_bytes(Encoding.PEM).decode("ascii")

    def refresh(self, now_ms: int) -> bool:
        """Make a new leaf where the last has three days left or fewer; new connections use it. Whether one was made."""
        if now_ms < self._until_ms - RENEW_BEFORE_MS and self._until_ms - now_ms <= LEAF_DAYS * 24 * 3_600_000:
            return False
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = sign_leaf(self._identity, self.authority, key.public_key(), self._names, now_ms)
        chain = leaf.public_bytes(Encoding.PEM) + self.authority.public_bytes(Encoding.PEM)
        self._load(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + chain)
        self._until_ms = int(leaf.not_valid_after_utc.timestamp() * 1000)
        return True

    def _load(self, pem: bytes) -> None:
        """OpenSSL reads keys from files alone: one for this user's eyes, gone as soon as it was read."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f".leaf-{secrets.token_hex(8)}.pem"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - wraps the descriptor that carries the mode
                file.write(pem)
            self.context.load_cert_chain(path)
        finally:
            path.unlink(missing_ok=True)


def make_authority(identity: Ed25519PrivateKey) -> x509.Certificate:
    """The identity as a certificate that may sign leaves and nothing else: always the same bytes for the same key."""
    raw = identity.public_key().public_bytes_raw()
    digest = hashlib.sha256(raw).digest()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"TRII sync server {digest.hex()[:16]}")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(identity.public_key())
        .serial_number(int.from_bytes(digest[:19]) | 1)
        .not_valid_before(_BEGIN)
        .not_valid_after(_END)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(identity.public_key()), critical=False)
        .sign(identity, None)
    )


def sign_leaf(
    identity: Ed25519PrivateKey, authority: x509.Certificate, key: ec.EllipticCurvePublicKey, names: Sequence[str], now_ms: int
) -> x509.Certificate:
    """A certificate for connections, from yesterday for :data:`LEAF_DAYS` days."""
    now = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])]))
        .issuer_name(authority.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + LEAF_DAYS * _DAY)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(identity.public_key()), critical=False)
        .sign(identity, None)
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
