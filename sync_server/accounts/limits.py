"""Rate limits by the generic cell rate algorithm: one time a key says whether the next may pass, bursts allowed.

Times are steady milliseconds, so no jump of the wall clock opens or closes a limit. Pure apart from the given clock.
"""

from collections import OrderedDict
from typing import Final

import msgspec

from sync_server.clock import Clock

KEYS_MAX: Final = 100_000


class Rule(msgspec.Struct, frozen=True):
    """``n_burst`` at once, then one every ``every_ms``."""

    name: str
    n_burst: int
    every_ms: int


LOGIN: Final = Rule("login", 5, 60_000)  # one account from one address
LOGIN_ADDRESS: Final = Rule("login address", 30, 2_000)
LOGIN_ACCOUNT: Final = Rule("login account", 20, 60_000)
FACTOR: Final = Rule("factor", 5, 180_000)  # five tries in fifteen minutes for one account, from wherever
SECRET: Final = Rule("secret", 10, 30_000)  # codes of invitations and resets, from one address
REFRESH: Final = Rule("refresh", 1_000, 20)  # from one address: a whole office may come back at once
FORGED: Final = Rule("forged", 5, 60_000)  # tokens that are none, from one address, as far as they are worth an audit entry
PASSWORD: Final = Rule("password", 5, 60_000)  # passwords asked again within a session, for one account
USERS: Final = Rule("users", 100, 600)  # 100 a minute for one person
MAKE: Final = Rule("make", 20, 3_000)  # invitations, keys and resets by one person


class RateLimits:
    """Limits of any number of keys, bounded in memory: the ones longest unused are forgotten first."""

    def __init__(self, clock: Clock, keys_max: int = KEYS_MAX) -> None:
        self._clock = clock
        self._keys_max = keys_max
        self._full_at_ms: OrderedDict[tuple[str, str], int] = OrderedDict()  # when the whole burst is there again

    def take(self, key: str, rule: Rule, n: int = 1) -> int:
        """Take ``n`` now and return 0, or take nothing and return after how many ms they could be had."""
        now = self._clock.steady_ms()
        name = (rule.name, key)
        full_at = max(self._full_at_ms.get(name, now), now) + n * rule.every_ms
        after_ms = full_at - now - rule.n_burst * rule.every_ms
        if after_ms > 0:
            return after_ms
        self._full_at_ms[name] = full_at
        self._full_at_ms.move_to_end(name)
        self._forget(now)
        return 0

    def give_back(self, key: str, rule: Rule, n: int = 1) -> None:
        """Return what was taken for something that does not count, as a sign-in that succeeded."""
        name = (rule.name, key)
        if name in self._full_at_ms:
            self._full_at_ms[name] -= n * rule.every_ms

    def n_keys(self) -> int:
        """How many keys are remembered."""
        return len(self._full_at_ms)

    def _forget(self, now: int) -> None:
        """Drop what is full again at the old end; over the bound, drop the oldest whatever it is."""
        while self._full_at_ms:
            name, full_at = next(iter(self._full_at_ms.items()))
            if full_at > now and len(self._full_at_ms) <= self._keys_max:
                return
            del self._full_at_ms[name]
