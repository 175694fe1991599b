"""HTTP: joining, signing in and out, passwords and second factors. ``/api/auth/…`` and ``/api/v1/auth/…`` are the same handlers."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from sync_server.accounts.bearer import accounts_of, address_of, once_of
from sync_server.accounts.means import hash_secret
from sync_server.accounts.shapes import (
    CodeAsked,
    LogoutAsked,
    LookAsked,
    PasswordAsked,
    ProofAsked,
    RecoveryCodes,
    RefreshAsked,
    RemovalAsked,
    ResetAsked,
)
from sync_server.accounts.values import Enrolment, InvitedTo, Login, NeedsCode, Registration, Tokens
from sync_server.actor import Actor

Asking = Request[Any, Any, Any]
Asker = NamedDependency[Actor]


@post(["/api/auth/register", "/api/v1/auth/register"], tags=["auth"], summary="Join by an invitation")
async def register(request: Asking, data: JSONBody[Registration]) -> Tokens:
    """Make an account by an invitation's code and sign it in. Takes an Idempotency-Key."""
    once = await once_of(request, f"code {hash_secret(data.code).hex()}")
    return await accounts_of(request).register(data, address_of(request), once)


@post(["/api/auth/login", "/api/v1/auth/login"], status_code=200, tags=["auth"], summary="Sign in")
async def login(request: Asking, data: JSONBody[Login]) -> Tokens | NeedsCode:
    """Sign in with address and password; the answer is tokens, or a ticket to come again with a code."""
    return await accounts_of(request).login(data, address_of(request))


@post(["/api/auth/refresh", "/api/v1/auth/refresh"], status_code=200, tags=["auth"], summary="Renew the tokens")
async def refresh(request: Asking, data: JSONBody[RefreshAsked]) -> Tokens:
    """The next access and refresh token. The same token sent again within ten seconds gives the same successor."""
    return await accounts_of(request).refresh(data.refresh, address_of(request))


@post(["/api/auth/logout", "/api/v1/auth/logout"], status_code=204, tags=["auth"], summary="Sign out")
async def logout(request: Asking, actor: Asker, data: JSONBody[LogoutAsked]) -> None:
    """End this session, or every session of the person."""
    await accounts_of(request).logout(actor, address_of(request), is_everywhere=data.everywhere)


@post("/api/v1/auth/invitation", status_code=200, tags=["auth"], summary="Look at an invitation")
async def look_at_invitation(request: Asking, data: JSONBody[LookAsked]) -> InvitedTo:
    """What the code of an invitation is for."""
    return await accounts_of(request).invitations.look(data.code, address_of(request))


@post("/api/v1/auth/reset", status_code=204, tags=["auth"], summary="Set a new password by a one-time code")
async def reset_password(request: Asking, data: JSONBody[ResetAsked]) -> None:
    """Set a new password by the code of an administrator's link; every session ends."""
    await accounts_of(request).signing_in.reset(data.code, data.password, address_of(request))


@post("/api/v1/auth/password", status_code=204, tags=["auth"], summary="Change the password")
async def change_password(request: Asking, actor: Asker, data: JSONBody[PasswordAsked]) -> None:
    """Change one's own password."""
    signing_in = accounts_of(request).signing_in
    await signing_in.change_password(actor, data.old, data.new, ends_others=data.ends_others, address=address_of(request))


@post("/api/v1/auth/step-up", status_code=204, tags=["auth"], summary="Show the second factor")
async def step_up(request: Asking, actor: Asker, data: JSONBody[CodeAsked]) -> None:
    """Show the second factor within a session, for what asks for it."""
    await accounts_of(request).factors.step_up(actor, data.code, address_of(request))


@post("/api/v1/auth/factor", tags=["auth"], summary="Begin to set up a second factor")
async def enrol_factor(request: Asking, actor: Asker, data: JSONBody[ProofAsked]) -> Enrolment:
    """Address, secret and recovery codes of a second factor; it counts once it is confirmed."""
    return await accounts_of(request).factors.enrol(actor, data.password, address_of(request))


@post("/api/v1/auth/factor/confirm", status_code=204, tags=["auth"], summary="Turn the second factor on")
async def confirm_factor(request: Asking, actor: Asker, data: JSONBody[CodeAsked]) -> None:
    """Turn the second factor on by a first code."""
    await accounts_of(request).factors.confirm(actor, data.code, address_of(request))


@post("/api/v1/auth/factor/remove", status_code=204, tags=["auth"], summary="Take the second factor off")
async def remove_factor(request: Asking, actor: Asker, data: JSONBody[RemovalAsked]) -> None:
    """Take the second factor off, with password and code."""
    await accounts_of(request).factors.remove(actor, data.password, data.code, address_of(request))


@post("/api/v1/auth/factor/recovery-codes", tags=["auth"], summary="Make new recovery codes")
async def make_recovery_codes(request: Asking, actor: Asker, data: JSONBody[ProofAsked]) -> RecoveryCodes:
    """Ten new codes for a lost phone; the old ones stop working."""
    return RecoveryCodes(await accounts_of(request).factors.new_recovery_codes(actor, data.password, address_of(request)))


@get("/.well-known/jwks.json", tags=["auth"], summary="Public keys of access tokens", media_type="application/jwk-set+json")
async def jwks(request: Asking) -> dict[str, Any]:
    """The public keys by which access tokens are checked (RFC 7517)."""
    return accounts_of(request).jwks()
