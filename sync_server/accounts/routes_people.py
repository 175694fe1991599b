"""HTTP: one's own account and its sessions, the people of the organisation, invitations and keys."""

from typing import Annotated, Any

from litestar import Request, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, QueryParameter

from sync_server.accounts.bearer import accounts_of, address_of, cursors_of, once_of
from sync_server.accounts.shapes import (
    EndedSessions,
    InvitationList,
    KeyList,
    OrgAsked,
    PeopleList,
    ProofAsked,
    SessionList,
    UserPage,
)
from sync_server.accounts.values import Invitation, InvitationTerms, KeyRow, KeyTerms, Me, MeChange, Reset, UserChange
from sync_server.actor import Actor

Asking = Request[Any, Any, Any]
Asker = NamedDependency[Actor]
PathId = Annotated[str, PathParameter(max_length=64, pattern="^[0-9A-Za-z-]+$")]
Limit = Annotated[int, QueryParameter(ge=1, le=200)]
Cursor = Annotated[str, QueryParameter(max_length=400)]


@get("/api/v1/users/me", tags=["users"], summary="One's own account")
async def me(request: Asking, actor: Asker) -> Me:
    """One's own account."""
    return await accounts_of(request).directory.me(actor)


@patch("/api/v1/users/me", tags=["users"], summary="Change one's own account")
async def change_me(request: Asking, actor: Asker, data: JSONBody[MeChange]) -> Me:
    """Change name, trading style, risk tolerance or preferences; what is left out stays."""
    return await accounts_of(request).directory.change_me(actor, data, address_of(request))


@delete("/api/v1/users/me", status_code=204, tags=["users"], summary="Delete one's own account")
async def delete_me(request: Asking, actor: Asker, data: JSONBody[ProofAsked]) -> None:
    """Delete one's own account: what tells who it was is destroyed."""
    await accounts_of(request).directory.delete_me(actor, data.password, address_of(request))


@get("/api/v1/users/me/sessions", tags=["users"], summary="One's own sessions")
async def sessions(request: Asking, actor: Asker) -> SessionList:
    """Devices that are signed in with one's own account."""
    return SessionList(await accounts_of(request).sessions.rows(actor))


@delete("/api/v1/users/me/sessions", status_code=200, tags=["users"], summary="End one's other sessions")
async def end_other_sessions(request: Asking, actor: Asker) -> EndedSessions:
    """End every session of one's own but this one."""
    return EndedSessions(await accounts_of(request).sessions.end_others(actor, address_of(request)))


@delete("/api/v1/users/me/sessions/{session:str}", status_code=204, tags=["users"], summary="End a session of one's own")
async def end_session(request: Asking, actor: Asker, session: PathId) -> None:
    """End one session of one's own."""
    await accounts_of(request).sessions.end(actor, session, address_of(request))


@get("/api/v1/users", tags=["users"], summary="Accounts of the organisation")
async def users(request: Asking, actor: Asker, cursor: Cursor = "", limit: Limit = 100) -> UserPage:
    """Accounts with their addresses, for administrators and compliance, page by page."""
    cursors = cursors_of(request)
    rows = await accounts_of(request).directory.users(actor, cursors.read(actor, "users", cursor), limit)
    return UserPage(rows, cursors.sign(actor, "users", rows[-1].id) if len(rows) == limit else "")


@patch("/api/v1/users/{user:str}", status_code=204, tags=["users"], summary="Change an account")
async def change_user(request: Asking, actor: Asker, user: PathId, data: JSONBody[UserChange]) -> None:
    """Change an account's role, or close it and open it again."""
    await accounts_of(request).directory.change(actor, user, data, address_of(request))


@post("/api/v1/users/{user:str}/reset", tags=["users"], summary="Make a link that resets a password")
async def make_reset(request: Asking, actor: Asker, user: PathId) -> Reset:
    """A one-time code by which the person sets a new password. Takes an Idempotency-Key."""
    once = await once_of(request, actor.user)
    return await accounts_of(request).signing_in.make_reset(actor, user, once, address_of(request))


@get("/api/v1/people", tags=["users"], summary="Colleagues")
async def people(request: Asking, actor: Asker) -> PeopleList:
    """Everybody of the organisation, as colleagues see them."""
    return PeopleList(await accounts_of(request).people(actor))


@patch("/api/v1/org", status_code=204, tags=["users"], summary="Rename the organisation")
async def rename_org(request: Asking, actor: Asker, data: JSONBody[OrgAsked]) -> None:
    """Give the organisation another name."""
    await accounts_of(request).orgs.rename(actor, data.name, address_of(request))


@get("/api/v1/invitations", tags=["invitations"], summary="Invitations")
async def invitations(request: Asking, actor: Asker, cursor: Cursor = "", limit: Limit = 100) -> InvitationList:
    """Invitations of the organisation that can still be used, page by page."""
    cursors = cursors_of(request)
    rows = await accounts_of(request).invitations.rows(actor, cursors.read(actor, "invitations", cursor), limit)
    return InvitationList(rows, cursors.sign(actor, "invitations", rows[-1].id) if len(rows) == limit else "")


@post("/api/v1/invitations", tags=["invitations"], summary="Invite people")
async def invite(request: Asking, actor: Asker, data: JSONBody[InvitationTerms]) -> Invitation:
    """A new invitation; its code is told once. Takes an Idempotency-Key."""
    once = await once_of(request, actor.user)
    return await accounts_of(request).invitations.make(actor, data, once, address_of(request))


@delete("/api/v1/invitations/{invitation:str}", status_code=204, tags=["invitations"], summary="Withdraw an invitation")
async def withdraw_invitation(request: Asking, actor: Asker, invitation: PathId) -> None:
    """End an invitation."""
    await accounts_of(request).invitations.withdraw(actor, invitation, address_of(request))


@get("/api/v1/api-keys", tags=["api-keys"], summary="Keys for programs")
async def api_keys(request: Asking, actor: Asker, cursor: Cursor = "", limit: Limit = 100) -> KeyList:
    """Keys of the organisation that have not ended, page by page."""
    cursors = cursors_of(request)
    rows = await accounts_of(request).api_keys.rows(actor, cursors.read(actor, "keys", cursor), limit)
    return KeyList(rows, cursors.sign(actor, "keys", rows[-1].id) if len(rows) == limit else "")


@post("/api/v1/api-keys", tags=["api-keys"], summary="Make a key for a program")
async def make_api_key(request: Asking, actor: Asker, data: JSONBody[KeyTerms]) -> KeyRow:
    """A new key with a bot of its own; it is told once. Takes an Idempotency-Key."""
    once = await once_of(request, actor.user)
    return await accounts_of(request).api_keys.make(actor, data, once, address_of(request))


@delete("/api/v1/api-keys/{key:str}", status_code=204, tags=["api-keys"], summary="End a key")
async def end_api_key(request: Asking, actor: Asker, key: PathId) -> None:
    """End a key at once."""
    await accounts_of(request).api_keys.end(actor, key, address_of(request))
