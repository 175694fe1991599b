"""A device's way to its server: when to connect, with which token, whether the other side still lives, and when to come back."""

import enum
from collections.abc import Callable
from typing import Final

from sync_server.protocol.actions import Action, Connect, Disconnect, NeedToken, Send, Stands
from sync_server.protocol.codes import CloseCode
from sync_server.protocol.limits import HEARTBEAT_MS, RETRY_MS
from sync_server.protocol.messages import Bye, Renew, Welcome

OPENING_MS: Final = 30_000
GREETING_MS: Final = 15_000
CLOSING_MS: Final = 10_000
STEADY_MS: Final = 10_000  # a connection that lived so long forgives the failures before it
RENEWED_MS: Final = 300_000  # how long a renewed token is taken to last where nobody says
RENEW_EARLY_MS: Final = 60_000
_LATEST_MS: Final = 600_000  # no server sends a device away for longer
_HEARTBEATS: Final = (1_000, 300_000)  # what a server may ask for
_FINAL: Final = {CloseCode.ENDED: "The session was ended: sign in again.", CloseCode.VERSION: "The server speaks another version."}


class Phase(enum.Enum):
    """Where a device is on its way."""

    OFF = "off"
    RESTING = "resting"
    ASKING = "asking"  # for a token
    OPENING = "opening"
    GREETING = "greeting"
    UP = "up"
    CLOSING = "closing"
    REFUSED = "refused"


class Connection:
    """One way to one server. Times are the caller's, in ms, and never go back. ``chance`` is uniform in [0, 1)."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self.phase = Phase.OFF
        self.access = ""
        self._is_wanted = False
        self._n_failures = 0
        self._due_ms: int | None = None  # of the phase: its end, or the next try
        self._heartbeat_ms = HEARTBEAT_MS
        self._up_since_ms = 0
        self._renew_ms: int | None = None
        self._is_renewing = False
        self._retry: tuple[int, int] | None = None
        self._why = ""
        self._verdict = ""  # why there is no use in trying again
        self.stands = Stands("offline")

    def _enter(self, phase: Phase, due_ms: int | None = None, why: str = "") -> None:
        self.phase, self._due_ms = phase, due_ms
        if phase is not Phase.UP:
            self._renew_ms, self._is_renewing = None, False
            state = {Phase.OFF: "offline", Phase.REFUSED: "refused"}.get(phase, "connecting")
            if phase is Phase.CLOSING:
                return
            at_ms = due_ms if phase is Phase.RESTING and due_ms is not None else 0
            self.stands = Stands("offline" if phase is Phase.RESTING else state, why, at_ms)

    # What the person and the driver say.

    def want(self, now_ms: int, *, is_on: bool) -> list[Action]:
        """Go online, at once, or stay offline."""
        self._is_wanted, self._verdict = is_on, ""
        if is_on and self.phase in {Phase.OFF, Phase.RESTING, Phase.REFUSED}:
            self._n_failures = 0
            return self._ask()
        if not is_on and self.phase in {Phase.OPENING, Phase.GREETING, Phase.UP}:
            return self.hang_up(now_ms, 1000, "")
        if not is_on and self.phase is not Phase.CLOSING:
            self._enter(Phase.OFF)
        return []

    def _ask(self) -> list[Action]:
        self._enter(Phase.ASKING)
        return [NeedToken()]

    def token(self, access: str, now_ms: int, life_ms: int) -> list[Action]:
        """A fresh access token; ``life_ms`` how long it is good for, 0 where nobody says."""
        if self.phase is Phase.ASKING:
            self.access = access
            self._enter(Phase.OPENING, now_ms + OPENING_MS)
            return [Connect()]
        if self.phase is Phase.UP and self._is_renewing:
            self.access = access
            self._renew_after(now_ms, life_ms or RENEWED_MS)
            return [Send(Renew(access))]
        return []

    def no_token(self, now_ms: int, why: str, *, is_final: bool) -> list[Action]:
        """No token: the person has to sign in again, or there is none for the moment."""
        if is_final:
            return self.refuse(now_ms, why)
        if self.phase is Phase.ASKING:
            self._rest(now_ms, why)
        elif self._is_renewing:
            self._is_renewing = False
            self._renew_ms = now_ms + RENEW_EARLY_MS // 4
        return []

    def refuse(self, now_ms: int, why: str) -> list[Action]:
        """Not to be tried again before somebody asks for it."""
        self._is_wanted = False
        if self.phase in {Phase.OPENING, Phase.GREETING, Phase.UP, Phase.CLOSING}:
            actions = [] if self.phase is Phase.CLOSING else self.hang_up(now_ms, 1000, "")
            self._verdict = why
            return actions
        if self.phase is not Phase.OFF:
            self._enter(Phase.REFUSED, why=why)
        return []

    def opened(self, now_ms: int) -> list[Action]:
        """The connection stands; the caller greets when the phase is then GREETING."""
        if self.phase is Phase.OPENING:
            self._enter(Phase.GREETING, now_ms + GREETING_MS)
            return []
        return [Disconnect()] if self.phase is Phase.CLOSING else []

    def welcomed(self, welcome: Welcome, now_ms: int) -> None:
        """The server took the greeting."""
        least, most = _HEARTBEATS
        self._heartbeat_ms = min(max(welcome.hb, least), most)
        self._up_since_ms = now_ms
        self._enter(Phase.UP, now_ms + self._silence_ms())
        if welcome.texp:
            self._renew_after(now_ms, welcome.texp - welcome.now)

    def _renew_after(self, now_ms: int, life_ms: int) -> None:
        """In the last quarter of a token's life, but for its last minute: those who came together do not renew together."""
        self._is_renewing = False
        latest = max(life_ms - RENEW_EARLY_MS, life_ms // 2, 1_000)
        soonest = min(life_ms * 3 // 4, latest)
        self._renew_ms = now_ms + soonest + int(self._chance() * (latest - soonest))

    def _silence_ms(self) -> int:
        return self._heartbeat_ms * 5 // 2

    def heard(self, now_ms: int) -> None:
        """Something came from the server."""
        if self.phase is Phase.UP:
            self._due_ms = now_ms + self._silence_ms()

    def bye(self, bye: Bye, now_ms: int) -> list[Action]:
        """The server closes and says when to return."""
        actions = self.hang_up(now_ms, 1000, "")
        if not actions:
            return []
        self._retry = bye.retry
        self._why = bye.why
        self._judge(bye.code)
        return actions

    def _judge(self, code: int) -> None:
        if code in _FINAL:
            self._is_wanted, self._verdict = False, _FINAL[CloseCode(code)]

    def hang_up(self, now_ms: int, code: int, why: str) -> list[Action]:
        """Close the connection from here."""
        if self.phase not in {Phase.OPENING, Phase.GREETING, Phase.UP}:
            return []
        self._forgive(now_ms)
        self._why = why
        self._enter(Phase.CLOSING, now_ms + CLOSING_MS)
        return [Disconnect(code, why)]

    def _forgive(self, now_ms: int) -> None:
        if self.phase is Phase.UP and now_ms - self._up_since_ms >= STEADY_MS:
            self._n_failures = 0

    def closed(self, code: int, why: str, now_ms: int) -> list[Action]:
        """The connection is gone, or could not be made."""
        if self.phase not in {Phase.OPENING, Phase.GREETING, Phase.UP, Phase.CLOSING}:
            return []
        self._forgive(now_ms)
        self._judge(code)
        if self._is_wanted:
            self._rest(now_ms, self._why or why)
        else:
            self._enter(Phase.REFUSED if self._verdict else Phase.OFF, why=self._verdict)
        self._why, self._retry = "", None
        return []

    def _rest(self, now_ms: int, why: str) -> None:
        least, most = RETRY_MS
        bound_ms = min(most, least << min(self._n_failures, 16))
        wait_ms = int(self._chance() * bound_ms)
        if self._retry is not None:
            soonest, latest = sorted(min(bound, _LATEST_MS) for bound in self._retry)
            wait_ms = soonest + int(self._chance() * (latest - soonest))
        self._n_failures += 1
        self._enter(Phase.RESTING, now_ms + wait_ms, why)

    # Time.

    def tick(self, now_ms: int) -> list[Action]:
        """What has become due."""
        if self.phase is Phase.UP and self._renew_ms is not None and self._renew_ms <= now_ms and not self._is_renewing:
            self._is_renewing, self._renew_ms = True, None
            return [NeedToken()]
        if self._due_ms is None or now_ms < self._due_ms:
            return []
        if self.phase is Phase.RESTING:
            return self._ask()
        if self.phase is Phase.CLOSING:
            return self.closed(1006, "", now_ms)
        return self.hang_up(now_ms, 1001, "The server has not been heard for too long.")

    def next_ms(self) -> int | None:
        """When something becomes due; None for never."""
        return min((at_ms for at_ms in (self._due_ms, self._renew_ms) if at_ms is not None), default=None)
