"""Which streams a connection to Binance carries: what to ask for next, in messages small and few enough.

Source: binance-spot-api-docs, web-socket-streams.md: at most 5 messages a second to the venue, 1024 streams a connection.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

STREAMS_MAX: Final = 1024
NAMES_AT_ONCE: Final = 100
ANSWER_NS: Final = 10_000_000_000


@dataclass(frozen=True, slots=True)
class _Asked:
    names: tuple[str, ...]
    is_more: bool
    steady_ns: int


class Subscriptions:
    """Compares what is wanted with what the connection carries.

    refused : streams that the venue does not have; they are not asked for again on this connection
    """

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self._wanted: dict[str, None] = {}
        self._carried: set[str] = set()
        self._asked: dict[int, _Asked] = {}
        self._alone: list[str] = []
        self._number = 0

    @property
    def n_too_many(self) -> int:
        """Streams that are wanted and do not fit on a connection."""
        return max(0, len(self._wanted) - STREAMS_MAX)

    def want(self, names: Iterable[str]) -> None:
        """Carry exactly these, the most important first; those beyond ``STREAMS_MAX`` are left out."""
        self._wanted = dict.fromkeys(names)

    def begin(self) -> None:
        """A fresh connection carries nothing."""
        self.refused.clear()
        self._carried.clear()
        self._asked.clear()
        self._alone.clear()

    def next_request(self, steady_ns: int) -> bytes | None:
        """The next message to send; None while there is nothing to change. Asks again for what was never answered."""
        for number in [n for n, asked in self._asked.items() if steady_ns - asked.steady_ns > ANSWER_NS]:
            del self._asked[number]
        pending = {name for asked in self._asked.values() for name in asked.names}
        wanted = dict.fromkeys(list(self._wanted)[:STREAMS_MAX])
        gone = [name for name in sorted(self._carried) if name not in wanted and name not in pending]
        if gone:
            return self._ask(gone[:NAMES_AT_ONCE], steady_ns, is_more=False)
        self._alone = [name for name in self._alone if name in wanted]
        if self._alone:
            return self._ask([self._alone.pop()], steady_ns, is_more=True)
        new = [name for name in wanted if name not in self._carried | pending | self.refused]
        return self._ask(new[:NAMES_AT_ONCE], steady_ns, is_more=True) if new else None

    def answered(self, number: int, *, is_accepted: bool) -> tuple[str, ...]:
        """The venue answered a request; the streams that it carries from now on."""
        asked = self._asked.pop(number, None)
        if asked is None:
            return ()
        if not asked.is_more:
            self._carried.difference_update(asked.names)
            return ()
        if is_accepted:
            self._carried.update(asked.names)
            return asked.names
        if len(asked.names) > 1:
            self._alone += asked.names  # one of them is wrong: each is asked for by itself
        else:
            self.refused.update(asked.names)
        return ()

    def _ask(self, names: list[str], steady_ns: int, *, is_more: bool) -> bytes:
        self._number += 1
        self._asked[self._number] = _Asked(tuple(names), is_more, steady_ns)
        method = "SUBSCRIBE" if is_more else "UNSUBSCRIBE"
        return msgspec.json.encode({"method": method, "params": names, "id": self._number})
