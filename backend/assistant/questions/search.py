"""Normal search: everything that the workstation knows and can do, found by a few words, with no model and nothing changed."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from backend.assistant.conversations.store import ConversationStore
from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.assistant.hits import Hit, HitKind
from backend.assistant.questions.definitions import asked_indicator
from backend.assistant.questions.entries import EntryIndex, SearchEntry
from backend.assistant.questions.help_topics import HelpTopic, load_topics
from backend.assistant.questions.names import Mention
from backend.assistant.questions.periods import take_period
from backend.assistant.questions.plain_text import plain_question
from backend.assistant.questions.plan import Ask, Plan, Previous, Price, Recent, Span
from backend.assistant.questions.result import Result
from backend.assistant.questions.run import Questions
from backend.domain.bars import SECOND_NS
from backend.domain.instruments import Instrument, InstrumentId
from backend.errors import TriiError
from backend.indicators.catalogue import CATALOGUE
from backend.market.catalog import Catalog
from backend.market.instrument_index import plain
from backend.settings import SECTIONS, fields_of, section_title

N_HITS: Final = 12
CHARS_MAX: Final = 400
_N_EACH: Final = 6
_COLUMNS: Final = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True, eq=False)
class SearchResult:
    """What a search found, the best first.

    answer : where the words are a question over bars: its answer, computed by code
    problem : where they are nearly one: which part is not understood
    facts : the numbers that hits of bars tell by tags
    """

    hits: tuple[Hit, ...] = ()
    answer: Result | None = None
    problem: str = ""
    facts: FactSet = field(default_factory=lambda: FactSet(()))


class PlatformSearch:
    """Finds instruments, bars, help, actions, indicators, settings and what was said. Lives on the engine thread."""

    def __init__(self, questions: Questions, catalog: Catalog, conversations: ConversationStore) -> None:
        self._questions = questions
        self._catalog = catalog
        self._conversations = conversations
        self._offered: tuple[SearchEntry, ...] = ()
        self._index: EntryIndex | None = None
        self._topics: tuple[HelpTopic, ...] = ()

    def offer(self, entries: Iterable[SearchEntry]) -> None:
        """What else can be found from now on, in the place of what was offered before: the actions of the window."""
        self._offered = tuple(entries)
        self._index = None

    async def topic(self, name: str) -> HelpTopic | None:
        """A page of help by the name that a hit gives."""
        await self.index()
        return next((topic for topic in self._topics if topic.name == name), None)

    async def index(self) -> EntryIndex:
        """Pages of help, indicators, settings and what was offered, to be ranked by words."""
        if self._index is None:
            if not self._topics:
                self._topics = await asyncio.to_thread(load_topics)
            self._index = await asyncio.to_thread(index_of, self._topics, self._offered)
        return self._index

    async def find(self, text: str, n_max: int = N_HITS, *, with_answer: bool = True, turn: str = "") -> SearchResult:
        """The best of everything for what somebody typed; nothing for nothing. Raises nothing for any text.

        turn : the one that asks, which does not find itself
        """
        text = text[:CHARS_MAX].encode(errors="replace").decode().strip()
        if not text:
            return SearchResult()
        answer, problem = await self._answer(text) if with_answer else (None, "")
        mentions = (await self._questions.names()).mentions(text)
        bar = await self._bar(text, mentions)
        index = await self.index()
        own = await asyncio.to_thread(index.find, text, 2 * _N_EACH)
        hits = [*(await self._instruments(text, mentions)), *(await self._said(text, turn)), *own]
        if (spec := asked_indicator(text)) is not None:
            hits = [hit for hit in hits if (hit.kind, hit.target) != (HitKind.INDICATOR, spec.name)]
            hits.append(Hit(HitKind.INDICATOR, spec.name, f"{spec.title} ({spec.short})", spec.description, 1.0))
        if bar is not None:
            hits.append(_bar_hit(bar))
        ranked = sorted(hits, key=lambda hit: (-hit.score, hit.kind, hit.title, hit.target))
        facts = FactSet(()) if bar is None else bar.facts
        return SearchResult(tuple(ranked[: max(1, n_max)]), answer, problem, facts)

    async def _answer(self, text: str) -> tuple[Result | None, str]:
        try:
            plan = await self._questions.parse(text)
            return (None, "") if plan is None else (await self._questions.answer(plan), "")
        except TriiError as error:  # a question that cannot be answered is still something to look for
            return None, str(error)

    async def _instruments(self, text: str, mentions: tuple[Mention, ...]) -> list[Hit]:
        """By what is typed as a whole, else by the instruments that it mentions."""
        found = await self._catalog.find(text, _N_EACH)
        hits = [_instrument_hit(one, _closeness(one, plain(text), place)) for place, one in enumerate(found)]
        known = {hit.target for hit in hits}
        mentioned = dict.fromkeys(one for mention in mentions for one in mention.ids if one not in known)
        hits += [_instrument_hit(await self._catalog.get(InstrumentId.parse(one)), 0.85) for one in list(mentioned)[:_N_EACH]]
        return hits

    async def _said(self, text: str, turn: str) -> list[Hit]:
        found = await self._conversations.search(text, _N_EACH, beside_searches=True, but=turn)
        return [
            Hit(HitKind.CONVERSATION, f"{one.conversation}/{one.turn}", one.title, one.words, max(0.1, 0.6 - 0.03 * place))
            for place, one in enumerate(found)
        ]

    async def _bar(self, text: str, mentions: tuple[Mention, ...]) -> Result | None:
        """The bar of one instrument on one day, as "AAPL 2012-05-01" asks for it."""
        try:
            period, _ = take_period(plain_question(text))
        except TriiError:
            return None
        is_day = (isinstance(period, Span) and period.first == period.last) or period in {Previous("day"), Recent(1, "day")}
        if len(mentions) != 1 or len(mentions[0].ids) != 1 or not is_day:
            return None
        parts = []
        try:
            for column in _COLUMNS:
                plan = Plan(ask=Ask.VALUE, instruments=mentions[0].ids, period=period, measure=Price(column), prices="raw")
                parts.append(await self._questions.answer(plan))
        except TriiError:
            return None
        return _one_bar(parts)


def index_of(topics: Iterable[HelpTopic], offered: Iterable[SearchEntry] = ()) -> EntryIndex:
    """What can be found by its words, folded once."""
    return EntryIndex([*_own_entries(topics), *offered])


def _own_entries(topics: Iterable[HelpTopic]) -> list[SearchEntry]:
    entries = [SearchEntry(HitKind.HELP, topic.name, topic.title, topic.text, topic.words) for topic in topics]
    for spec in CATALOGUE:
        if spec.is_listed:
            words = " ".join((spec.short, spec.name, *spec.aliases, spec.family, "indicator"))
            entries.append(SearchEntry(HitKind.INDICATOR, spec.name, spec.title, spec.description, words))
    for section in SECTIONS:
        for one in fields_of(section):
            words = f"{section_title(section)} settings {one.name.replace('_', ' ')}"
            entries.append(SearchEntry(HitKind.SETTING, f"{section}.{one.name}", one.title, one.description, words))
    return entries


def _closeness(instrument: Instrument, typed: str, place: int) -> float:
    if typed in {plain(instrument.id.code), plain(str(instrument.id))}:
        return 1.0
    name = plain(instrument.name)
    starts = name == typed or plain(instrument.id.code).startswith(typed)
    return max(0.1, (0.95 if starts else 0.8 if name.startswith(typed) else 0.7) - 0.03 * place)


def _instrument_hit(instrument: Instrument, score: float) -> Hit:
    words = f"{instrument.kind.value.capitalize()} in {instrument.currency}"
    return Hit(HitKind.INSTRUMENT, str(instrument.id), f"{instrument.id.code}: {instrument.name}", words, score)


def _one_bar(parts: list[Result]) -> Result | None:
    """The first part, with a sentence of all columns; None where there is no such bar."""
    if not all(part.is_answered for part in parts[:4]):
        return None
    facts: list[Fact] = []
    cells = []
    for column, part in zip(_COLUMNS, parts, strict=True):
        value = part.facts.named("value")
        if value is not None and value.is_available:
            named = replace(value, id=f"B{len(facts) + 1}", name=f"bar.{column}", label=column.capitalize())
            facts.append(named)
            cells.append(f"{column} {{{named.id}}}")
    first = parts[0]
    return Result(first.plan, first.understood, ", ".join(cells), FactSet(facts), first.matches)


def _bar_hit(bar: Result) -> Hit:
    fact = next(iter(bar.facts.values()))
    assert fact.bars is not None, "A value of a bar knows its bar."
    assert fact.unit is Unit.PRICE, "The first column is the open."
    instrument = bar.plan.instruments[0]
    day = _day_of(fact.bars.from_ns)
    return Hit(HitKind.BAR, f"{instrument} {bar.plan.interval} {day}", f"{instrument} on {day}", bar.sentence, 0.97)


def _day_of(event_ns: int) -> str:
    return datetime.fromtimestamp(event_ns // SECOND_NS, UTC).date().isoformat()
