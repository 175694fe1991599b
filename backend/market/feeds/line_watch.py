"""When a connection must be made anew, and how long to wait before: judged from two clocks, without any waiting."""

import random
from dataclasses import dataclass
from typing import Final

from backend.domain.bars import SECOND_NS

_SLEPT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class ConnectionRules:
    """How a connection to a venue is kept.

    open_s : for the network, TLS and the WebSocket handshake together
    ping_s : of silence until a ping is sent; idle_s : of silence until the connection counts as dead
    lifetime_s : until it is made anew, below what the venue allows; 0 for no limit
    beat_s : between two looks at it; close_s : a parting may take
    wait_s, wait_s_max : before the first and at most before any later attempt; each doubles the one before
    steady_s : a connection must last for the waits to start over; refused_s : before asking again who turned us away
    frame_bytes_max : of one message; more ends the connection
    """

    open_s: float = 10.0
    ping_s: float = 15.0
    idle_s: float = 45.0
    lifetime_s: float = 0.0
    beat_s: float = 1.0
    close_s: float = 1.0
    wait_s: float = 0.5
    wait_s_max: float = 60.0
    steady_s: float = 30.0
    refused_s: float = 900.0
    frame_bytes_max: int = 4 << 20


class LineWatch:
    """Signs of life of one connection. All times are steady ns, ``utc_ns`` alone is UTC."""

    def __init__(self, rules: ConnectionRules, utc_ns: int, steady_ns: int) -> None:
        self._rules = rules
        self._opened_ns = steady_ns
        self._heard_ns = steady_ns
        self._pinged_ns = steady_ns
        self._beat_ns = (utc_ns, steady_ns)

    def hear(self, steady_ns: int) -> None:
        """A message or a pong came, or we ourselves did not read."""
        self._heard_ns = steady_ns

    def age_s(self, steady_ns: int) -> float:
        """How long it has been open."""
        return (steady_ns - self._opened_ns) / SECOND_NS

    def beat(self, utc_ns: int, steady_ns: int) -> str:
        """Why the connection must be made anew, in words; empty while it may stay. Called every ``beat_s``."""
        (utc_before_ns, steady_before_ns), self._beat_ns = self._beat_ns, (utc_ns, steady_ns)
        # Steady clocks stand still while some systems sleep and go on in others: whichever went further tells.
        passed_s = max(utc_ns - utc_before_ns, steady_ns - steady_before_ns) / SECOND_NS
        if passed_s > self._rules.beat_s + _SLEPT_S:
            return f"This machine slept for {passed_s:.0f} s."
        late_ns = steady_ns - steady_before_ns - round(self._rules.beat_s * SECOND_NS)
        if late_ns > 2 * self._rules.beat_s * SECOND_NS:
            self._heard_ns = min(self._heard_ns + late_ns, steady_ns)  # we were held up: what came may still lie unread
        silent_s = (steady_ns - self._heard_ns) / SECOND_NS
        if silent_s > self._rules.idle_s:
            return f"Nothing was heard for {silent_s:.0f} s."
        if self._rules.lifetime_s and self.age_s(steady_ns) > self._rules.lifetime_s:
            return "The connection has lasted as long as the venue allows."
        return ""

    def should_ping(self, steady_ns: int) -> bool:
        """Whether it is time for a ping; says yes once every ``ping_s`` of silence."""
        if steady_ns - max(self._heard_ns, self._pinged_ns) < self._rules.ping_s * SECOND_NS:
            return False
        self._pinged_ns = steady_ns
        return True


class Backoff:
    """Waits that double from attempt to attempt, each shortened by chance by up to half so that clients do not march in step."""

    def __init__(self, rules: ConnectionRules, chance: random.Random) -> None:
        self._rules = rules
        self._chance = chance
        self._n_failures = 0

    def next_s(self) -> float:
        """Seconds to wait now."""
        doubled_s = self._rules.wait_s * 2.0 ** min(self._n_failures, 30)
        self._n_failures += 1
        return min(self._rules.wait_s_max, doubled_s) * self._chance.uniform(0.5, 1.0)

    def start_over(self) -> None:
        """The next wait is the shortest again."""
        self._n_failures = 0
