"""Who is there: a person is as present as the most present of their connections, and was last seen when the last one ended."""

from typing import Final

import msgspec

from sync_server.protocol.limits import PRESENCE_MS
from sync_server.protocol.messages import Said

GRACE_MS: Final = 5_000  # a reconnection within this time is no absence
_ORDER: Final = ("online", "busy", "away", "offline")  # the first that any connection says is what others hear
_TELLINGS: Final = 20_000  # what is told again in one period at most: people times hearers


class _Desk(msgspec.Struct):
    """One person. ``states`` by connection · ``left_ms`` when the last connection ended, 0 while there is one."""

    org: str
    states: dict[str, str]
    told: str = "offline"
    told_ms: int = 0
    left_ms: int = 0


class Presence:
    """Presence of everybody who is connected here. Pure: ``tick`` says what others should hear."""

    def __init__(self) -> None:
        self._desks: dict[str, _Desk] = {}
        self._seen_ms: dict[str, int] = {}

    def came(self, user: str, org: str, sid: str, now_ms: int) -> None:
        """A connection of this person began."""
        desk = self._desks.setdefault(user, _Desk(org, {}))
        desk.states[sid] = "online"
        desk.left_ms = 0
        self._seen_ms[user] = now_ms

    def says(self, user: str, sid: str, state: str, now_ms: int) -> None:
        """This person says so on one connection."""
        desk = self._desks.get(user)
        if desk is not None and sid in desk.states:
            desk.states[sid] = state
            self._seen_ms[user] = now_ms

    def went(self, user: str, sid: str, now_ms: int) -> None:
        """A connection of this person ended."""
        desk = self._desks.get(user)
        if desk is None or desk.states.pop(sid, None) is None:
            return
        self._seen_ms[user] = now_ms
        if not desk.states:
            desk.left_ms = now_ms

    def state(self, user: str) -> str:
        """What others hear of this person now."""
        desk = self._desks.get(user)
        if desk is None or not desk.states:
            return "offline"
        said = set(desk.states.values())
        return next(state for state in _ORDER if state in said)

    def seen_ms(self, user: str) -> int:
        """UTC ms of the last sign of life since the server began, 0 for none."""
        return self._seen_ms.get(user, 0)

    def present(self, org: str) -> list[Said]:
        """Everybody of an organisation who is there as others were told, for whoever comes: they hear the next ``tick`` too."""
        ttl = self._ttl_ms()
        here = ((user, desk.told) for user, desk in self._desks.items() if desk.org == org and desk.told != "offline")
        return [Said("presence", user, "", told, ttl) for user, told in here]

    def tick(self, now_ms: int) -> list[tuple[str, Said]]:
        """What organisations should hear now: changes, and from time to time what still holds."""
        told: list[tuple[str, Said]] = []
        ttl = self._ttl_ms()
        for user, desk in list(self._desks.items()):
            state = self.state(user)
            is_away_briefly = not desk.states and 0 <= now_ms - desk.left_ms < GRACE_MS
            if is_away_briefly:
                continue
            if state != desk.told or (state != "offline" and not 0 <= now_ms - desk.told_ms < ttl * 2 // 3):
                told.append((desk.org, self._said(user, ttl)))
                desk.told, desk.told_ms = state, now_ms
            if not desk.states:
                del self._desks[user]
        return told

    def _said(self, user: str, ttl_ms: int) -> Said:
        return Said("presence", user, "", self.state(user), ttl_ms)

    def _ttl_ms(self) -> int:
        """How long what is told holds: the more people, the longer, so that telling again stays cheap."""
        return PRESENCE_MS * max(1, len(self._desks) ** 2 // _TELLINGS)
