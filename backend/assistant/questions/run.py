"""Answers plans from stored bars: read-only, off the engine's loop, and to be cancelled between instruments."""

import asyncio
from dataclasses import replace
from typing import Final

from backend.assistant.questions.frames import Frame, load_frame, spans_a_day
from backend.assistant.questions.names import Names
from backend.assistant.questions.offers import Offer, read_offer
from backend.assistant.questions.parsing import parse_question
from backend.assistant.questions.plan import OF_TWO, Ask, Plan, averages_prices, has_levels, is_a_price, spans_bars
from backend.assistant.questions.plan_checks import check_plan
from backend.assistant.questions.result import AnswerTable, Result
from backend.assistant.questions.several import tell_all
from backend.assistant.questions.telling import FactBook, interval_words, prices_words
from backend.assistant.questions.wording import format_plan
from backend.clock import Clock
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.errors import InvalidInput, NotFound
from backend.market.catalog import Catalog
from backend.market.history import History
from backend.watchlists.store import WatchlistStore
from backend.watchlists.watchlist import Watchlist

LISTED_MAX: Final = 200


class Questions:
    """Questions over the platform that code answers alone. Lives on the engine thread."""

    def __init__(self, history: History, catalog: Catalog, watchlists: WatchlistStore, clock: Clock) -> None:
        self._history = history
        self._catalog = catalog
        self._watchlists = watchlists
        self._clock = clock
        self._names: tuple[object, Names] | None = None

    async def parse(self, text: str, *, instrument: InstrumentId | None = None) -> Plan | None:
        """The plan of a question; None where code alone cannot answer it. Raises InvalidInput where a part is not understood.

        instrument : what "it" means, as the chart that the question goes with
        """
        named = "" if instrument is None else str(instrument)
        return await asyncio.to_thread(parse_question, text, await self.names(), instrument=named)

    async def offer(self, text: str, *, instrument: InstrumentId | None = None) -> Offer | None:
        """The parts that code reads of a question, from which a model may propose a plan; None where that would be no answer."""
        named = "" if instrument is None else str(instrument)
        return await asyncio.to_thread(read_offer, text, await self.names(), instrument=named)

    async def names(self) -> Names:
        """How instruments and watchlists are called now."""
        instruments = await self._catalog.all()
        key = (instruments, tuple(one.name for one in await self._watchlists.all()))
        if self._names is None or self._names[0] != key:
            self._names = key, await asyncio.to_thread(Names, *key)
        return self._names[1]

    async def answer(self, plan: Plan, *, as_of_ns: int | None = None) -> Result:
        """What a plan comes to, from bars that were complete at ``as_of_ns``, or now.

        Raises InvalidInput for a plan or an interval that cannot be, NotFound for an instrument or watchlist that is not there.
        """
        check_plan(plan)
        now_ns = self._clock.now_ns() if as_of_ns is None else as_of_ns
        instruments = await self._instruments(plan)
        is_adjusted = spans_bars(plan) if plan.prices == "auto" else plan.prices == "adjusted"
        frames = await self._frames(plan, instruments, now_ns, is_adjusted=is_adjusted)
        if plan.prices == "auto" and not is_adjusted and averages_prices(plan) and await self._span_a_split(frames):
            frames = await self._frames(plan, instruments, now_ns, is_adjusted=True)
        if not frames:
            raise InvalidInput("None of these instruments has such bars.", hint="Ask about other ones.", code="question.no_bars")
        n_skipped = len(instruments) - len(frames)
        return await asyncio.to_thread(_answered, plan, frames, (n_skipped, as_of_ns is not None))

    async def _frames(self, plan: Plan, instruments: tuple[Instrument, ...], now_ns: int, *, is_adjusted: bool) -> list[Frame]:
        """The bars of each instrument that has such bars, with those of the instruments that conditions name beside them."""
        ids = dict.fromkeys(one.instrument for one in plan.where if one.instrument)
        named = {one: await self._catalog.get(InstrumentId.parse(one)) for one in ids}
        beside = {one: await self._frame(plan, named[one], now_ns, is_adjusted=is_adjusted) for one in ids}
        frames: list[Frame] = []
        for instrument in instruments:
            try:
                frame = beside.get(str(instrument.id)) or await self._frame(plan, instrument, now_ns, is_adjusted=is_adjusted)
            except InvalidInput:
                if len(instruments) <= 2 or plan.ask in OF_TWO:
                    raise
                continue  # one instrument of a long list without such bars
            others = {name: other for name, other in beside.items() if name != str(instrument.id)}
            frames.append(replace(frame, others=others))
        return frames

    async def _frame(self, plan: Plan, instrument: Instrument, now_ns: int, *, is_adjusted: bool) -> Frame:
        series = Series(instrument.id, BarSpec.parse(plan.interval))
        frame = await load_frame(self._history, instrument, series, plan.period, now_ns=now_ns, is_adjusted=is_adjusted)
        frame = replace(frame, season=plan.season)
        if not is_adjusted or not (is_a_price(plan) or has_levels(plan)):
            return frame
        traded = (await self._history.bars(series, as_of_ns=now_ns))[: len(frame.bars)]
        return replace(frame, traded=traded if is_a_price(plan) else None, levels=traded if has_levels(plan) else None)

    async def _span_a_split(self, frames: list[Frame]) -> bool:
        """Whether the shares of any of them were split within the period."""
        return any([spans_a_day(one, await self._history.split_labels(one.instrument.id)) for one in frames])

    async def _instruments(self, plan: Plan) -> tuple[Instrument, ...]:
        if plan.watchlist is None:
            return tuple([await self._catalog.get(InstrumentId.parse(text)) for text in plan.instruments])
        found = _list_called(plan.watchlist, await self._watchlists.all())
        ids = found.instruments
        if not ids:
            raise NotFound(f"The watchlist {found.name} is empty.", hint="Add instruments to it.", code="question.empty_list")
        if plan.ask in {Ask.COMPARE, Ask.CORRELATION} and len(ids) < 2:
            raise InvalidInput(f"The watchlist {found.name} holds one instrument.", hint="Name another one.", code="question.plan")
        if len(ids) > LISTED_MAX:
            raise InvalidInput(
                f"The watchlist {found.name} holds {len(ids)} instruments; at most {LISTED_MAX} are looked through.",
                hint="Ask about a shorter one.",
                code="question.too_large",
            )
        return tuple([await self._catalog.get(one) for one in ids])


def _list_called(name: str, lists: tuple[Watchlist, ...]) -> Watchlist:
    wanted = name.casefold()
    found = next((one for one in lists if not name or one.name.casefold() == wanted), None)
    if found is None:
        known = ", ".join(one.name for one in lists)
        raise NotFound(
            f"There is no watchlist {name}." if name else "There is no watchlist.",
            hint=f"There are: {known}." if known else "Make one first.",
            code="question.watchlist",
        )
    return found


def _answered(plan: Plan, frames: list[Frame], circumstances: tuple[int, bool]) -> Result:
    book, (n_skipped, is_past) = FactBook(), circumstances
    told = tell_all(plan, frames, book)
    sentence = told.sentence
    if told.main:
        sentence += f"{interval_words(frames[0], book)} {prices_words(frames[0], plan, is_past=is_past)}".rstrip()
    if n_skipped:
        left_out = book.asked(n_skipped, frames[0], "Instruments without such bars")
        sentence += f" Left out for want of such bars: {left_out}."
    table = AnswerTable(told.heads, tuple(told.rows)) if told.rows else None
    return Result(plan, format_plan(plan), sentence, book.set(), told.matches, table, bool(told.main))
