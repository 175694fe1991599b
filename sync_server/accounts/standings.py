"""What the process knows of sessions without asking the database: who acts by each, and which have ended.

Bounded. What is not here is looked up; what ended here is known at once, what another process ended
when :meth:`Sessions.look` runs.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from sync_server.accounts.tokens import Claims
from sync_server.actor import Actor

SESSIONS_MAX: Final = 50_000
TOKENS_MAX: Final = 50_000
Listener = Callable[[frozenset[str]], None]


class Standing(msgspec.Struct, frozen=True):
    """An actor as the database has it, without the token's end. ``until_ms``: when the session or key ends by itself (UTC).

    ``maker`` and ``networks`` of a key: whose rights bound its own, and from where it may be used (none: anywhere).
    """

    actor: Actor
    until_ms: int
    maker: str = ""
    networks: tuple[str, ...] = ()


class Standings:
    """Standings by session, users' sessions, ended sessions, and tokens whose signature was checked."""

    def __init__(self, sessions_max: int = SESSIONS_MAX, tokens_max: int = TOKENS_MAX) -> None:
        self._sessions_max = sessions_max
        self._tokens_max = tokens_max
        self._by_session: OrderedDict[str, Standing] = OrderedDict()
        self._of_user: dict[str, set[str]] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._claims: OrderedDict[bytes, Claims] = OrderedDict()
        self._listeners: list[Listener] = []
        self.n_changes = 0  # grows whenever something that was looked up before may be out of date

    def find(self, session: str) -> Standing | None:
        """The standing of a session, None where it has to be looked up."""
        found = self._by_session.get(session)
        if found is not None:
            self._by_session.move_to_end(session)
        return found

    def keep(self, session: str, standing: Standing, n_changes: int) -> None:
        """Know a standing that was looked up when there had been ``n_changes``; after a later one it may be old and is not kept."""
        if n_changes != self.n_changes:
            return
        self._drop(session)
        self._by_session[session] = standing
        for user in {standing.actor.user, standing.maker}:
            self._of_user.setdefault(user, set()).add(session)
        while len(self._by_session) > self._sessions_max:
            self._drop(next(iter(self._by_session)))

    def forget_user(self, user: str) -> None:
        """Look up everything of a person anew, and of the keys the person made: role, name or second factor changed."""
        self.n_changes += 1
        for session in tuple(self._of_user.get(user, ())):
            self._drop(session)

    def end(self, sessions: Iterable[str]) -> None:
        """Sessions that have ended, durably; listeners are told of those that were not known to have."""
        fresh = [session for session in dict.fromkeys(sessions) if session not in self._ended]
        self.n_changes += bool(fresh)
        for session in fresh:
            self._ended[session] = None
            self._drop(session)
        while len(self._ended) > 2 * self._sessions_max:
            self._ended.popitem(last=False)
        if fresh:
            for listener in tuple(self._listeners):
                listener(frozenset(fresh))

    def is_ended(self, session: str) -> bool:
        """Whether a session is known to have ended."""
        return session in self._ended

    def on_ended(self, listener: Listener) -> None:
        """Call ``listener(sessions)`` whenever sessions end."""
        self._listeners.append(listener)

    def _drop(self, session: str) -> None:
        standing = self._by_session.pop(session, None)
        if standing is None:
            return
        for user in {standing.actor.user, standing.maker}:
            sessions = self._of_user[user]
            sessions.discard(session)
            if not sessions:
                del self._of_user[user]

    def claims(self, digest: bytes) -> Claims | None:
        """What a token with this hash says, where its signature was checked before."""
        return self._claims.get(digest)

    def keep_claims(self, digest: bytes, claims: Claims) -> None:
        """Remember a token whose signature was right."""
        self._claims[digest] = claims
        while len(self._claims) > self._tokens_max:
            self._claims.popitem(last=False)
