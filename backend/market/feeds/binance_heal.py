"""Fetching from Binance what the stream did not bring: trades in holes and after a pause, and books to begin with."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from backend.clock import Clock
from backend.domain.bars import SECOND_NS
from backend.errors import InvalidInput, NotFound, TriiError, Unavailable
from backend.market.feeds.binance_rest import BinanceRest
from backend.market.feeds.binance_strand import BinanceStrand

_AT_ONCE: Final = 4
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HealRules:
    """How much is tried before trades are given up as missing.

    reorder_s : a late message may close a hole by itself; trades_max : fetched for one hole; patience_s : without success
    behind_s_max : of a pause; retry_s : between attempts, doubled up to ``retry_s_max``
    """

    reorder_s: float = 0.2
    trades_max: int = 50_000
    patience_s: float = 60.0
    behind_s_max: float = 6 * 3600.0
    retry_s: float = 0.5
    retry_s_max: float = 10.0


class BinanceHealer:
    """``look`` names an instrument that needs something; ``run`` fetches it.

    n_breaks : met so far, whether or not they could be healed
    """

    def __init__(
        self, rest: BinanceRest, clock: Clock, rules: HealRules, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.n_breaks = 0
        self._rest = rest
        self._clock = clock
        self._rules = rules
        self._sleep = sleep
        self._due: dict[BinanceStrand, None] = {}
        self._in_work: set[BinanceStrand] = set()
        self._came = asyncio.Event()
        self.on_progress: Callable[[], None] = lambda: None

    @property
    def n_held(self) -> int:
        """Trades that wait for what is being fetched."""
        return sum(strand.sequence.n_waiting for strand in (*self._due, *self._in_work))

    def look(self, strand: BinanceStrand) -> None:
        """Something must be fetched for this instrument; calling again while that goes on changes nothing."""
        if strand not in self._in_work:
            self._due[strand] = None
            self._came.set()

    async def run(self) -> None:
        """Work until cancelled, on a few instruments at a time."""
        async with asyncio.TaskGroup() as group:
            for number in range(_AT_ONCE):
                group.create_task(self._work(), name=f"feed/heal-{number}")

    async def _work(self) -> None:
        while True:
            while not self._due:
                self._came.clear()
                await self._came.wait()
            strand = next(iter(self._due))
            del self._due[strand]
            self._in_work.add(strand)
            try:
                if strand.needs_book:
                    await self._load_book(strand)
                if strand.needs_trades:
                    await self._heal(strand)
            finally:
                self._in_work.discard(strand)
            if strand.needs_trades or strand.needs_book:
                self.look(strand)  # it broke again meanwhile

    # --- trades -------------------------------------------------------------------------------------------------------

    async def _heal(self, strand: BinanceStrand) -> None:
        """Until nothing is missing any more, or what is missing is given up."""
        if not strand.is_behind:
            await self._sleep(self._rules.reorder_s)
            if not strand.needs_trades:
                return
        self.n_breaks += 1
        if strand.is_behind and self._is_long_ago(strand):
            self._give_up(strand, "it was too long ago", is_drifting=True)
        since_ns, n_fetched, wait_s = self._clock.monotonic_ns(), 0, self._rules.retry_s
        while strand.needs_trades:
            if strand.sequence.n_missing + n_fetched > self._rules.trades_max:
                self._give_up(strand, "there were too many", is_drifting=True)
                return
            before = strand.sequence.next_id
            try:
                n_fetched += await self._fetch(strand)
            except (InvalidInput, NotFound) as e:
                self._give_up(strand, str(e))
                return
            except TriiError as e:
                asked_s = (e.retry_after_s or 0.0) if isinstance(e, Unavailable) else 0.0
                if self._is_over(since_ns, asked_s):
                    self._give_up(strand, str(e))
                    return
                await self._sleep(max(wait_s, asked_s))
                wait_s = min(2 * wait_s, self._rules.retry_s_max)
                continue
            if strand.sequence.next_id != before:
                since_ns, wait_s = self._clock.monotonic_ns(), self._rules.retry_s
            elif strand.needs_trades:
                if self._is_over(since_ns, 0.0):
                    self._give_up(strand, "the venue does not have them")
                    return
                await self._sleep(wait_s)  # its history is behind its stream
                wait_s = min(2 * wait_s, self._rules.retry_s_max)

    async def _fetch(self, strand: BinanceStrand) -> int:
        """One page; how many trades of it were missing."""
        from_id = strand.sequence.next_id
        if from_id is None:
            strand.is_behind = False
            return 0
        prints, is_more = await self._rest.fetch_prints(strand.instrument.code, from_id)
        received_ns = self._clock.now_ns()
        found = strand.sequence.fill(prints)
        strand.release_late(found, received_ns)
        strand.release(strand.sequence.resume(), received_ns)
        if not is_more:
            strand.is_behind = False
        self.on_progress()
        return len(found)

    def _give_up(self, strand: BinanceStrand, why: str, *, is_drifting: bool = False) -> None:
        """Tell what is missing and go on live."""
        log.info("Trades of %s are missing: %s", strand.instrument, why)
        strand.is_behind = False
        if strand.sequence.n_waiting:
            strand.release(strand.sequence.give_up(), self._clock.now_ns())
        elif is_drifting:
            strand.sequence.drift()
        self.on_progress()

    def _is_over(self, since_ns: int, more_s: float) -> bool:
        return (self._clock.monotonic_ns() - since_ns) / SECOND_NS + more_s > self._rules.patience_s

    def _is_long_ago(self, strand: BinanceStrand) -> bool:
        return self._clock.now_ns() - strand.heard_ns > self._rules.behind_s_max * SECOND_NS

    # --- books --------------------------------------------------------------------------------------------------------

    async def _load_book(self, strand: BinanceStrand) -> None:
        wait_s = self._rules.retry_s
        while strand.needs_book:
            asked_s = 0.0
            try:
                answer = await self._rest.fetch_book(strand.instrument.code)
                if strand.book.load(answer):
                    strand.show_book(self._clock.now_ns())
                    return
            except ValueError:
                self._rest.n_bad += 1
            except TriiError as e:
                asked_s = (e.retry_after_s or 0.0) if isinstance(e, Unavailable) else self._rules.retry_s_max
            await self._sleep(max(wait_s, asked_s))
            wait_s = min(2 * wait_s, self._rules.retry_s_max)
