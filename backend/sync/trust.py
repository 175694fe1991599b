"""Which server is believed: the one whose long-lived key an invite named, proved by TLS; else whom the system trusts."""

import base64
import ssl
from typing import Final
from urllib.parse import urlsplit

from backend.errors import InvalidInput, Unavailable
from sync_server.protocol.invites import parse_address

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PIN_CHARS: Final = 43


def check_url(url: str) -> str:
    """A server's address in the one form that is kept. Raises InvalidInput for anything that is no https address."""
    try:
        return parse_address(url.strip() if "//" in url else f"https://{url.strip()}")
    except ValueError as error:
        raise InvalidInput(str(error), hint="Write it as https://host:8443.", code="server.address") from error


def is_loopback(url: str) -> bool:
    """Whether an address is on this computer, where no proxy stands between."""
    return (urlsplit(url).hostname or "") in LOOPBACK


def check_authority(pem: str, pin: str) -> str:
    """The server's own certificate, once it is proved to be the pinned key's. Raises InvalidInput where it is not.

    ``pin``: the raw Ed25519 public key in URL-safe base64, 43 characters. The certificate must be signed by that very key.
    """
    from cryptography import x509  # noqa: PLC0415 - not on the way to the first chart
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - the same

    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        key = certificate.public_key()
        if not isinstance(key, Ed25519PublicKey):
            raise other_server()
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != pin:
            raise other_server()
        key.verify(certificate.signature, certificate.tbs_certificate_bytes)
    except (ValueError, InvalidSignature) as error:
        raise other_server() from error
    return certificate.public_bytes(Encoding.PEM).decode()


def check_pin(pin: str) -> str:
    """A pin as invites carry it. Raises InvalidInput."""
    try:
        if not pin or (len(pin) == _PIN_CHARS and len(base64.urlsafe_b64decode(pin + "=")) == 32):
            return pin
    except ValueError:
        pass
    raise InvalidInput("The invite link is damaged: its pin is no key.", hint="Ask for a new link.", code="server.pin")


def trusting(authority: str) -> ssl.SSLContext:
    """TLS that believes the given certificate and nobody else, or the system's where there is none.

    With a certificate of its own the server's name does not matter: only the pinned key can sign for it.
    """
    context = ssl.create_default_context() if not authority else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if authority:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=authority)
    return context


def doubting() -> ssl.SSLContext:
    """TLS that believes anybody: only to fetch the certificate that is then held against the pin."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def other_server() -> InvalidInput:
    """The one who answers is not the one who was joined."""
    return InvalidInput(
        "This is not the server that the invite names: its key is another one. Nothing was sent to it.",
        hint="Ask whoever runs the server; if its key was changed on purpose, you need a new invite link.",
        code="server.pin_mismatch",
    )


def unreachable(url: str, why: str) -> Unavailable:
    """Nobody answers at an address."""
    return Unavailable(
        f"The server {url} cannot be reached: {why}.",
        hint="Check the network and the address; what you write is kept and sent later.",
        code="server.unreachable",
    )
