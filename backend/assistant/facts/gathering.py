"""Facts gathered from what is stored: bars as they were known at a moment, adjusted for what had gone ex by then."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from backend.assistant.facts.computing import compute_facts
from backend.assistant.facts.fact import FactSet
from backend.assistant.facts.settings import YEAR
from backend.assistant.facts.sources import Sources
from backend.assistant.facts.view import ADJUSTED_FOR, Person, Position, Seen, View
from backend.assistant.stages import CARD_S, INPUTS_S, Stages
from backend.clock import Clock
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId, InstrumentKind
from backend.errors import NotFound, TriiError
from backend.market.catalog import Catalog
from backend.market.history import DAILY, History

MARKET: Final = InstrumentId("SPX", "INDEX")
NOBODY: Final = Sources()
_HAS_BETA: Final = {InstrumentKind.STOCK, InstrumentKind.FUND}


class FactGatherer:
    """Gathers the facts of an instrument. Lives on the engine thread; what takes long runs on a thread of its own.

    person : how the person trades, read each time
    market : the index of betas, where its daily bars are stored
    sources : who tells news, moods and ratios of filings; nobody while none is connected
    """

    def __init__(
        self,
        history: History,
        catalog: Catalog,
        clock: Clock,
        person: Callable[[], Person],
        market: InstrumentId = MARKET,
        sources: Sources = NOBODY,
    ) -> None:
        self._history = history
        self._catalog = catalog
        self._clock = clock
        self._person = person
        self._market = market
        self._sources = sources

    async def gather(
        self,
        instrument: InstrumentId,
        spec: BarSpec,
        *,
        as_of_ns: int | None = None,
        position: Position | None = None,
        stages: Stages | None = None,
    ) -> FactSet:
        """Facts of ``instrument`` in bars of ``spec``, as they were known at ``as_of_ns``, or now; ``stages`` keeps the times.

        Raises NotFound for an unknown instrument and where no bar was complete by then, InvalidInput for bars that cannot
        be made of what is stored.
        """
        stages = stages or Stages(self._clock)
        moment_ns = self._clock.now_ns() if as_of_ns is None else as_of_ns
        known = await self._catalog.get(instrument)
        outside = asyncio.ensure_future(self._sources.ask(known, moment_ns, stages))  # asked while the bars are read
        try:
            with stages.timed("bars", INPUTS_S):
                view = replace(await self._view(known, spec, moment_ns), position=position)
            view = replace(view, outside=await outside)
        finally:
            outside.cancel()
            await asyncio.wait((outside,))
        with stages.timed("facts", CARD_S):
            return await asyncio.to_thread(compute_facts, view)

    async def _view(self, known: Instrument, spec: BarSpec, moment_ns: int) -> View:
        """What the facts are computed from, but for what is outside."""
        instrument = known.id
        main = await self._seen(Series(instrument, spec), moment_ns)
        if main is None:
            raise NotFound(
                f"No {spec} bar of {instrument} was complete by then.",
                hint=f"Import bars, or ask for a later moment: trii bars {instrument}",
                code="facts.no_bars",
            )
        days = main if spec == DAILY else await self._days(instrument, moment_ns)
        index, why = await self._index(known, days, moment_ns)
        seen = View(known, main, days, moment_ns, self._person(), index=index, why_no_index=why)
        return replace(seen, now=await self._now(seen))

    async def _seen(self, series: Series, as_of_ns: int, from_ns: int | None = None) -> Seen | None:
        """The complete bars of a series; None where there are none."""
        bars = await self._history.bars(series, from_ns=from_ns, adjusted=True, as_of_ns=as_of_ns)
        known_ns = await self._history.known(series, bars.event_ns)
        n_complete = int(np.searchsorted(known_ns, as_of_ns, side="right"))
        if not n_complete:
            return None
        raw = await self._history.bars(series, from_ns=from_ns, as_of_ns=as_of_ns)
        is_adjusted = not np.array_equal(raw.close, bars.close)
        source = await self._source(series, is_adjusted=is_adjusted)
        traded = raw[:n_complete] if is_adjusted else None
        return Seen(series, bars[:n_complete], known_ns[:n_complete], source, traded)

    async def _source(self, series: Series, *, is_adjusted: bool) -> str:
        """Which stored bars these are, in words."""
        origin, sources = await self._history.origin(series)
        made = "" if origin == series.spec else f", resampled from {origin}"
        return f"{series}{made}, from {' and '.join(sources)}{ADJUSTED_FOR if is_adjusted else ''}"

    async def _now(self, view: View) -> Seen | None:
        """Bars of the shortest interval since the newest price was known; None where nothing is shorter or later."""
        specs = await self._history.specs(view.instrument.id)
        if not specs or not specs[0].is_intraday or specs[0] == view.main.series.spec:
            return None
        return await self._seen(Series(view.instrument.id, specs[0]), view.as_of_ns, int(view.latest.known_ns[-1]))

    async def _days(self, instrument: InstrumentId, as_of_ns: int) -> Seen | None:
        if not self._history.can_make(instrument, DAILY):
            return None
        return await self._seen(Series(instrument, DAILY), as_of_ns)

    async def _index(self, instrument: Instrument, days: Seen | None, as_of_ns: int) -> tuple[Seen | None, str]:
        """Daily bars of the index over the newest year of ``days``, or why there are none."""
        if instrument.kind not in _HAS_BETA:
            return None, "A beta is told of stocks and funds."
        if days is None or not self._history.can_make(self._market, DAILY):
            return None, f"No daily bars of {self._market} are stored."
        first_ns = int(days.bars.event_ns[-min(YEAR + 1, len(days))])
        try:
            index = await self._seen(Series(self._market, DAILY), as_of_ns, first_ns)
        except TriiError as error:
            return None, error.message
        return index, "" if index is not None else f"No daily bar of {self._market} is as old."
