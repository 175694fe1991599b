"""Access tokens: signed statements for a quarter of an hour (JWT, EdDSA); tickets between two steps of a sign-in; the JWKS."""

import base64
import hashlib
from typing import Any, Final

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sync_server.actor import Role
from sync_server.errors import Refused
from sync_server.protocol.codes import Code

ACCESS_MS: Final = 15 * 60_000
TICKET_MS: Final = 5 * 60_000
SKEW_MS: Final = 60_000  # a token that lasts longer than it could was made under a wrong clock
LETTERS_MAX: Final = 4_096
AUDIENCE: Final = "trii.sync"
_ACCESS: Final = "at+jwt"
_TICKET: Final = "trii-ticket+jwt"
_ALGORITHM: Final = "EdDSA"


class Claims(msgspec.Struct, frozen=True):
    """What an access token says. ``exp_ms`` UTC."""

    user: str
    org: str
    role: Role
    session: str
    device: str
    exp_ms: int


class TicketClaims(msgspec.Struct, frozen=True):
    """Whose password was right, for which device, and which secret (``secret_ms``: when it was set) it was."""

    user: str
    device: str
    secret_ms: int


class AccessTokens:
    """Signs with one key and believes nothing else: one algorithm, one issuer, one audience, one type for each use."""

    def __init__(self, key: Ed25519PrivateKey, issuer: str) -> None:
        self._key = key
        self._public = key.public_key()
        self._raw = self._public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._issuer = issuer
        self.kid = _text(hashlib.sha256(self._raw).digest()[:12])

    def issue(self, claims: Claims, jti: str, now_ms: int) -> str:
        """The token for ``claims``. Seconds on the wire, so it ends up to one second early, never late."""
        said = {"sub": claims.user, "org": claims.org, "role": str(claims.role), "sid": claims.session, "dev": claims.device}
        return self._sign(said | {"jti": jti}, _ACCESS, now_ms, claims.exp_ms)

    def check(self, token: str, now_ms: int) -> Claims:
        """What a token says. Raises Refused (401): ``expired`` when it is genuine and too old, else ``not_signed_in``."""
        said = self._open(token, _ACCESS)
        try:
            claims = Claims(said["sub"], said["org"], Role(said["role"]), said["sid"], said["dev"], said["exp"] * 1000)
        except ValueError as error:
            raise _forged() from error
        check_in_time(claims.exp_ms, now_ms)
        return claims

    def issue_ticket(self, claims: TicketClaims, now_ms: int) -> str:
        """What stands for address and password until the code comes."""
        said = {"sub": claims.user, "dev": claims.device, "sec": claims.secret_ms}
        return self._sign(said, _TICKET, now_ms, now_ms + TICKET_MS)

    def check_ticket(self, ticket: str, now_ms: int) -> TicketClaims:
        """What a ticket says. Raises Refused as :meth:`check`."""
        said = self._open(ticket, _TICKET)
        if not now_ms < said["exp"] * 1000 <= now_ms + TICKET_MS + SKEW_MS:
            raise expired("The sign-in took too long.")
        return TicketClaims(said["sub"], said["dev"], said["sec"])

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public key, as other programs look it up (RFC 7517, RFC 8037)."""
        key = {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": _ALGORITHM, "kid": self.kid, "x": _text(self._raw)}
        return {"keys": [key]}

    def _sign(self, said: dict[str, Any], kind: str, now_ms: int, exp_ms: int) -> str:
        times = {"iss": self._issuer, "aud": AUDIENCE, "iat": now_ms // 1000, "exp": exp_ms // 1000}
        return jwt.encode(said | times, self._key, algorithm=_ALGORITHM, headers={"kid": self.kid, "typ": kind})

    def _open(self, token: str, kind: str) -> dict[str, Any]:
        """The statement of a genuine token of this kind, whenever it was made. Keys named in the token are never followed."""
        if len(token) > LETTERS_MAX:
            raise _forged()
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") != kind or header.get("kid") != self.kid or not set(header) <= {"alg", "typ", "kid"}:
                raise _forged()
            said: dict[str, Any] = jwt.decode(
                token,
                self._public,
                algorithms=[_ALGORITHM],
                audience=AUDIENCE,
                issuer=self._issuer,
                # Our own clock judges the times, so that a test or a simulation can move it.
                options={"verify_exp": False, "verify_iat": False, "require": ["sub", "exp", "iat", "iss", "aud", "dev"]},
            )
        except (jwt.InvalidTokenError, ValueError) as error:
            raise _forged() from error
        if not isinstance(said["exp"], int):
            raise _forged()
        return said


def check_in_time(exp_ms: int, now_ms: int) -> None:
    """Refuse (``expired``) a token that has ended, or that ends later than any made now would: its clock was wrong."""
    if not now_ms < exp_ms <= now_ms + ACCESS_MS + SKEW_MS:
        raise expired("The access token is too old.")


def expired(why: str) -> Refused:
    """The refusal that a device answers by renewing its token."""
    return Refused(Code.EXPIRED, why, status=401, hint="Renew it, or sign in again.")


def _forged() -> Refused:
    return Refused(Code.NOT_SIGNED_IN, "This is no access token of this server.", status=401, hint="Sign in.")


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
