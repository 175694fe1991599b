"""The trades of one instrument that a venue numbers one by one: in order, each once, with holes seen and held open."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from backend.domain.bars import SECOND_NS

# A number this far ahead, or behind at a later time, is believed once others follow it closely: one alone is a wrong number.
REACH: Final = 100_000
_RESTART_NS: Final = 60 * SECOND_NS
_WITNESSES: Final = 3
_CLOSELY: Final = 1000


class Print(NamedTuple):
    """A checked trade with its number at the venue; the rest as in ``TradeArrays``."""

    id: int
    event_ns: int
    price: float
    quantity: float
    aggressor: int


class Missing(NamedTuple):
    """Trades that will not come, by the event times of their neighbours: [from_ns, to_ns)."""

    from_ns: int
    to_ns: int


class Released(NamedTuple):
    """What may be handed on: trades in order, and what is missing before them."""

    prints: tuple[Print, ...] = ()
    missing: Missing | None = None


NOTHING: Final = Released()


class TradeSequence:
    """``take`` what comes live, ``fill`` what was fetched, ``give_up`` what cannot be had.

    next_id : of the trade that comes next; None before the first one
    last_ns : the latest event time handed on
    """

    def __init__(self) -> None:
        self.next_id: int | None = None
        self.last_ns = 0
        self._waiting: dict[int, Print] = {}
        self._doubted: list[Print] = []
        self._is_adrift = False

    @property
    def n_waiting(self) -> int:
        """Trades that wait for others before them; above 0 there is a hole."""
        return len(self._waiting)

    @property
    def n_missing(self) -> int:
        """Numbers between the last trade handed on and the first that waits."""
        return min(self._waiting) - self.next_id if self._waiting and self.next_id is not None else 0

    def accept(self, number: int, event_ns: int) -> bool:
        """Whether this is the trade that comes next, with nothing waiting: the short way of ``take``, which is for the others."""
        if number != self.next_id or self._waiting:
            return False
        self.next_id = number + 1
        if event_ns > self.last_ns:  # noqa: PLR1730 - half as long as max(), on the way of every trade
            self.last_ns = event_ns
        return True

    def take(self, trade: Print) -> Released:
        """A trade that came live."""
        expected = self.next_id
        if expected is None or (trade.id == expected and not self._waiting):  # nearly always
            self._advance(trade)
            return Released((trade,))
        if self._is_adrift and expected < trade.id:
            self._is_adrift = False
            missing = self._missing_until(trade)
            self._advance(trade)
            return Released((trade,), missing)
        if trade.id >= expected + REACH or (trade.id < expected and trade.event_ns > self.last_ns + _RESTART_NS):
            return self._doubt(trade)
        if trade.id < expected:
            return NOTHING  # it came before
        self._waiting.setdefault(trade.id, trade)
        return self.resume()

    def fill(self, prints: Iterable[Print]) -> tuple[Print, ...]:
        """Trades that the venue has from ``next_id`` on, rising: numbers that they leave out do not exist.

        Those that came live as well are left to ``resume``.
        """
        assert self.next_id is not None, "Nothing is fetched before the first trade."
        found: list[Print] = []
        end = min(self._waiting, default=None)
        for trade in prints:
            if end is not None and trade.id >= end:
                self.next_id = end
                break
            if trade.id >= self.next_id:
                self._advance(trade)
                found.append(trade)
        return tuple(found)

    def resume(self) -> Released:
        """What waited and is in order by now."""
        if not self._waiting:
            return NOTHING
        found: list[Print] = []
        assert self.next_id is not None
        while (trade := self._waiting.pop(self.next_id, None)) is not None:
            self._advance(trade)
            found.append(trade)
        return Released(tuple(found))

    def give_up(self) -> Released:
        """Go on with the first trade that waits, and say what is missing before it."""
        if not self._waiting:
            return NOTHING
        first = self._waiting[min(self._waiting)]
        missing = self._missing_until(first)
        self.next_id = first.id
        return Released(self.resume().prints, missing)

    def drift(self) -> None:
        """Too much was missed to be fetched: go on with whatever comes next, and say then what is missing."""
        self._is_adrift = True

    def _advance(self, trade: Print) -> None:
        self.next_id = trade.id + 1
        self.last_ns = max(self.last_ns, trade.event_ns)

    def _missing_until(self, trade: Print) -> Missing:
        return Missing(self.last_ns, max(trade.event_ns, self.last_ns) + 1)

    def _doubt(self, trade: Print) -> Released:
        """A number out of reach; believed, it means that the venue counts anew or that we missed too much."""
        doubted = self._doubted
        if not doubted or not doubted[-1].id < trade.id <= doubted[-1].id + _CLOSELY:
            self._doubted = [trade]
            return NOTHING
        doubted.append(trade)
        if len(doubted) < _WITNESSES:
            return NOTHING
        missing, before = self._missing_until(doubted[0]), sorted(self._waiting.values())
        for each in before:
            self._advance(each)
        self.next_id, self._waiting, self._doubted = doubted[0].id, {each.id: each for each in doubted}, []
        return Released((*before, *self.resume().prints), missing)
