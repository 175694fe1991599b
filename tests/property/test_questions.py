"""Any plan is read back from its words, windows are those of a naive search, and no text breaks the reading."""

from contextlib import suppress

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backend.assistant.questions.names import Names
from backend.assistant.questions.parsing import parse_question
from backend.assistant.questions.plan import (
    CONDITIONED,
    MAY_BE_CONDITIONED,
    MEASURED,
    MONTHS,
    OF_TWO,
    SEASONAL,
    SPLITTABLE,
    WEEKDAYS,
    Ask,
    Change,
    Condition,
    Current,
    Distance,
    Extreme,
    Gap,
    Indicator,
    Number,
    Op,
    Plan,
    Previous,
    Price,
    Range,
    Recent,
    Span,
    Whole,
)
from backend.assistant.questions.plan_checks import check_plan
from backend.assistant.questions.reckoning import window_max
from backend.assistant.questions.wording import format_plan
from backend.domain.instruments import Instrument, InstrumentId
from backend.errors import InvalidInput
from backend.indicators.catalogue import CATALOGUE
from backend.indicators.spec import SOURCES
from tests.fakes.asking import SAMPLE_NAMES

IDS = ("AAPL.XNAS", "MSFT.XNAS", "BRK B.XNYS", "BTC/USD.KRAKEN", "DAY.XNYS", "2012.HK", "ABOVE.XNYS", "SMA.XNAS", "^GSPC.INDEX"[1:])
LISTS = ("Tech", 'My "best" list', "back\\slash", "close above 5", "2012")
NAMES = Names([Instrument(InstrumentId.parse(text), "Some name") for text in IDS], LISTS)

whole = st.integers(1, 5_000)
days = st.dates().filter(lambda day: day.year >= 1800).map(str)
FIELDS = ("open", "high", "low", "close", "volume", "hl2", "hlc3", "ohlc4", "hlcc4")
UNITS = ("day", "week", "month", "quarter", "year")


@st.composite
def indicators(draw):
    spec = draw(st.sampled_from([spec for spec in CATALOGUE if spec.is_listed]))
    numbers = tuple(
        float(draw(st.integers(int(p.low), int(p.high)))) if p.is_whole else draw(st.integers(2, 40)) / 2 for p in spec.parameters
    )
    sources = [""] + [source for source in SOURCES if source != spec.default_source] if spec.has_source else [""]
    return Indicator(spec.name, draw(st.sampled_from([o.name for o in spec.outputs])), numbers, draw(st.sampled_from(sources)))


extremes = st.builds(
    Extreme,
    st.sampled_from(["highest", "lowest"]),
    st.sampled_from(["high", "low", "close", "volume"]),
    whole,
    st.sampled_from(["bar", "day", "week", "month", "year"]),
    st.booleans(),
) | st.builds(Extreme, st.sampled_from(["highest", "lowest"]), st.sampled_from(["high", "close"]), st.just(0), st.just("bar"))
simple = st.builds(Price, st.sampled_from(FIELDS)) | indicators() | extremes
distances = st.builds(Distance, simple, simple).filter(lambda one: one.value != one.base)
measures = simple | st.builds(Change, whole, st.sampled_from(["percent", "points"])) | st.just(Gap()) | st.just(Range()) | distances
numbers = st.builds(Number, st.integers(-10_000, 10_000).map(float) | st.integers(-10_000, 10_000).map(lambda n: n / 8))
conditions = st.builds(Condition, measures, st.sampled_from(Op), measures | numbers).filter(lambda one: one.left != one.right)


@st.composite
def spans(draw):
    first, last = sorted((draw(days), draw(days)))
    return draw(st.sampled_from([Span(first, last), Span(first, ""), Span("", last)]))


periods = (
    st.just(Whole())
    | spans()
    | st.builds(Recent, st.integers(1, 100_000), st.sampled_from(["bar", *UNITS]))
    | st.builds(Previous, st.sampled_from(UNITS))
    | st.builds(Current, st.sampled_from(UNITS))
)


SEASONS_OF = {"1d": (*WEEKDAYS, *MONTHS), "1mo": MONTHS}
INTERVALS_OF = {Ask.SHARPE: ("1d",), Ask.SEASONS: ("1d", "1mo")}


@st.composite
def plans(draw):
    ask = draw(st.sampled_from(Ask))
    n_max, n_min = (2, 2) if ask in OF_TWO else (4, 2 if ask in {Ask.COMPARE, Ask.WHICH} else 1)
    ids = draw(st.lists(st.sampled_from(IDS), min_size=n_min, max_size=n_max, unique=True))
    watchlist = draw(st.none() | st.sampled_from(["", *LISTS])) if ask not in OF_TWO else None
    where = ()
    if ask in MAY_BE_CONDITIONED:
        where = tuple(draw(st.lists(conditions, min_size=ask in CONDITIONED, max_size=3, unique_by=repr)))
    if watchlist is None and len(ids) > 1 and ask is not Ask.WHICH and draw(st.booleans()):
        where = tuple(replace(one, instrument=ids[place % len(ids)]) for place, one in enumerate(where))
        ids = ids[: len(where)] if ask in CONDITIONED and len(where) > 1 else ids
        where = where if ask not in CONDITIONED or len(where) > 1 else tuple(replace(one, instrument="") for one in where)
    measure = draw(measures) if ask in MEASURED else None
    n = draw(st.integers(1, 50)) if ask in {Ask.HIGHEST, Ask.LOWEST} else 1
    interval = draw(st.sampled_from(INTERVALS_OF.get(ask, ("1m", "15m", "1h", "4h", "1d", "2d", "1w", "1mo", "3mo"))))
    seasons = SEASONS_OF.get(interval, ("",)) if ask in SEASONAL else ("",)
    season, period = draw(st.just("") | st.sampled_from(seasons)), draw(periods)
    is_split = ask in SPLITTABLE and watchlist is None and len(ids) == 1 and n == 1 and interval == "1d"
    return Plan(
        ask=ask,
        instruments=() if watchlist is not None else tuple(ids),
        watchlist=watchlist,
        interval=interval,
        period=period,
        measure=Price("volume") if ask is Ask.SUM else measure,
        where=where,
        n=n,
        prices=draw(st.sampled_from(["auto", "raw", "adjusted"])),
        by=draw(st.sampled_from(["", "week", "month", "quarter", "year"])) if is_split else "",
        season="" if period == Recent(1, "bar") else season,
    )


@given(plans())
@settings(max_examples=250, deadline=None)
def test_any_plan_is_read_back_from_its_words(plan):
    assert parse_question(format_plan(plan), NAMES) == plan


PIECES = (
    """
how many days|how often|AAPL|MSFT|close|above|below|its 50-day average|RSI|in 2012|last|first|highest|average|volume|rose|fell
more than|3 %|which|of my watchlist|yesterday|between|and|30|52 week high|biggest|drop|compare|correlation|in a row|since|{0}|(
sma(|MACD|?|not|é|\x00|how far|5 biggest|on down days|crossed|golden cross|daily|weekly bars|adjusted|a new|record high
""".strip()
    .replace("\n", "|")
    .split("|")
)


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join) | st.text(max_size=200))
@settings(max_examples=350, deadline=None)
def test_whatever_is_asked_is_a_plan_that_can_be_run_or_none_or_refused_in_words(text):
    plan = None
    with suppress(InvalidInput):
        plan = parse_question(text, SAMPLE_NAMES, instrument="AAPL.XNAS")
    if plan is not None:
        assert check_plan(plan) == plan
        assert parse_question(format_plan(plan), SAMPLE_NAMES) == plan


@given(st.lists(st.integers(-50, 50) | st.none(), max_size=60), st.data())
@settings(max_examples=150, deadline=None)
def test_the_highest_of_any_windows_is_that_of_a_naive_search(values, data):
    column = np.array([np.nan if value is None else float(value) for value in values])
    n = len(column)
    pairs = data.draw(st.lists(st.tuples(st.integers(0, n), st.integers(0, n)).map(sorted), max_size=30))
    start, stop = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))

    found = window_max(column, start, stop)

    for row, (first, last) in enumerate(pairs):
        inside = [value for value in column[first:last].tolist() if not np.isnan(value)]
        assert found[row] == max(inside) if inside else np.isnan(found[row])
