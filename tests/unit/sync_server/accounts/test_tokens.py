"""Access tokens: what is believed, and the many things that are not."""

import base64

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from sync_server.accounts.tokens import ACCESS_MS, TICKET_MS, AccessTokens, Claims, TicketClaims
from sync_server.actor import Role
from sync_server.errors import Refused
from sync_server.protocol.codes import Code

NOW = 1_790_000_000_000
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TOKENS = AccessTokens(KEY, "trii:pin")
CLAIMS = Claims("user", "org", Role.TRADER, "session", "device", NOW + ACCESS_MS)
TOKEN = TOKENS.issue(CLAIMS, "jti", NOW)


def signed(key=KEY, algorithm="EdDSA", header=None, **changes):
    said = jwt.decode(TOKEN, options={"verify_signature": False}) | changes
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(said, key, algorithm, {"kid": TOKENS.kid, "typ": "at+jwt"} | (header or {}))


def refused(token, now_ms=NOW):
    with pytest.raises(Refused) as refusal:
        TOKENS.check(token, now_ms)
    assert refusal.value.status == 401
    return refusal.value.code


def test_a_token_says_what_was_put_in():
    assert TOKENS.check(TOKEN, NOW) == CLAIMS


def test_the_payload_holds_the_claims_of_an_access_token_and_no_address():
    said = jwt.decode(TOKEN, options={"verify_signature": False})

    assert set(said) == {"sub", "org", "role", "sid", "dev", "jti", "iat", "exp", "iss", "aud"}
    assert jwt.get_unverified_header(TOKEN) == {"alg": "EdDSA", "kid": TOKENS.kid, "typ": "at+jwt"}
    assert said["exp"] - said["iat"] == 15 * 60


def test_it_is_believed_until_its_last_millisecond():
    assert TOKENS.check(TOKEN, NOW + ACCESS_MS - 1)
    assert refused(TOKEN, NOW + ACCESS_MS) == Code.EXPIRED


def test_a_token_from_a_clock_that_was_ahead_is_too_old_as_well():
    ahead = TOKENS.issue(Claims("user", "org", Role.TRADER, "session", "device", NOW + 10 * ACCESS_MS), "jti", NOW + 9 * ACCESS_MS)

    assert refused(ahead) == Code.EXPIRED


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        TOKEN + "x",
        TOKEN[:-4] + "AAAA",
        "x" * 5_000,
        signed(Ed25519PrivateKey.generate()),
        signed(key="", algorithm="none"),
        signed(key=b"0" * 32, algorithm="HS256"),
        # The public key as the secret of a symmetric algorithm.
        signed(key=KEY.public_key().public_bytes_raw(), algorithm="HS256"),
        signed(header={"typ": "JWT"}),
        signed(header={"typ": "trii-ticket+jwt"}),
        signed(header={"kid": "other"}),
        signed(header={"jku": "https://evil.example/jwks.json"}),
        signed(header={"jwk": {"kty": "OKP"}}),
        signed(header={"crit": ["exp"]}),
        signed(iss="trii:other"),
        signed(aud="other"),
        signed(aud=None),
        signed(exp=None),
        signed(exp="9999999999"),
        signed(role="emperor"),
    ],
)
def test_anything_that_is_not_whole_and_ours_is_refused_alike(token):
    assert refused(token) == Code.NOT_SIGNED_IN


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("ABCDEFGHabcdefgh0123456789-_."))
def test_no_changed_letter_goes_unseen(place, letter):
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    if changed != TOKEN and _bits(changed) != _bits(TOKEN):
        refused(changed)


def _bits(token):
    """What base64 decodes: the last letter of a part has bits that mean nothing."""
    return [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) if len(part) % 4 != 1 else part for part in token.split(".")]


def test_a_ticket_is_no_access_token_and_ends_after_five_minutes():
    ticket = TOKENS.issue_ticket(TicketClaims("user", "device", 7), NOW)

    assert TOKENS.check_ticket(ticket, NOW + TICKET_MS - 1) == TicketClaims("user", "device", 7)
    assert refused(ticket) == Code.NOT_SIGNED_IN
    with pytest.raises(Refused):
        TOKENS.check_ticket(TOKEN, NOW)
    with pytest.raises(Refused) as late:
        TOKENS.check_ticket(ticket, NOW + TICKET_MS)
    assert late.value.code == Code.EXPIRED


def test_the_published_key_is_the_one_that_signs():
    (key,) = TOKENS.jwks()["keys"]
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "="))

    assert key["kid"] == jwt.get_unverified_header(TOKEN)["kid"]
    assert jwt.decode(TOKEN, public, algorithms=["EdDSA"], audience="trii.sync", options={"verify_exp": False, "verify_iat": False})
    assert "d" not in key  # no private part
