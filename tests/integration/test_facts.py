"""Facts of stored bars: the bits that charts show, sources, resampled and intraday series, other venues' indexes."""

import numpy as np
import pytest

from backend.app import open_backend
from backend.assistant.analysis.card import SketchKind
from backend.assistant.analysis.sketching import sketch_facts
from backend.assistant.facts.gathering import FactGatherer
from backend.assistant.facts.view import Person
from backend.charts.chart_state import ChartState, Study
from backend.charts.still_chart import ChartReader, Stretch
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import NotFound
from backend.market.samples import load_samples
from tests.fakes.bars import INSTRUMENT, MINUTES, make_bars
from tests.fakes.market import publish

APPLE = InstrumentId("AAPL", "XNAS")
DAYS = BarSpec.parse("1d")
SHOWN = {
    ("rsi", "value"): "oscillator.rsi",
    ("macd", "line"): "macd.line",
    ("macd", "signal"): "macd.signal",
    ("macd", "histogram"): "macd.histogram",
    ("stochastic", "k"): "stochastic.k",
    ("adx", "adx"): "trend.adx",
    ("bollinger", "upper"): "band.upper",
    ("atr", "value"): "volatility.atr",
    ("sma", "value"): "average.sma_200",
}
STUDIES = tuple(
    Study(name, name, params)
    for name, params in (
        ("rsi", ()), ("macd", ()), ("stochastic", ()), ("adx", ()), ("bollinger", ()), ("atr", ()), ("sma", (("period", 200),)),
    )
)  # fmt: skip


def gatherer(backend):
    return FactGatherer(backend.history, backend.catalog, backend.clock, lambda: Person("swing", "medium"))


async def test_indicators_have_the_bits_that_the_chart_shows(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        reader = ChartReader(backend.history, backend.catalog, backend.calendars)
        for spec in (DAYS, BarSpec.parse("1w")):
            last = (await backend.history.bars(Series(APPLE, DAYS))).event_ns[-400]
            as_of_ns = int(last)
            state = ChartState(is_adjusted=True, studies=STUDIES)
            chart = await reader.read(Series(APPLE, spec), state, Stretch(as_of_ns=as_of_ns))
            facts = await gatherer(backend).gather(APPLE, spec, as_of_ns=as_of_ns)
            newest = facts.named("bars.count").value - 1  # the chart may show one more, under way
            for key, name in SHOWN.items():
                assert chart.lines[key][newest] == facts.named(name).value, name


async def test_facts_tell_which_stored_bars_they_come_from(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        weeks = await gatherer(backend).gather(APPLE, BarSpec.parse("1w"))
        assert weeks.named("oscillator.rsi").source == (
            "AAPL.XNAS 1w, resampled from 1d, from sample, adjusted for splits and dividends"
        )
        assert weeks.named("oscillator.rsi").bars.series == Series(APPLE, BarSpec.parse("1w"))
        assert weeks.named("risk.var").bars.series == Series(APPLE, DAYS)
        assert "SPX.INDEX 1d" in weeks.named("risk.beta").source
        assert weeks.named("bars.adjusted").value is True


async def test_the_highest_high_is_told_adjusted_and_as_it_was_traded(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        facts = await gatherer(backend).gather(APPLE, DAYS)
        index = await gatherer(backend).gather(InstrumentId("SPX", "INDEX"), DAYS)
        adjusted, raw = [await backend.history.bars(Series(APPLE, DAYS), adjusted=one) for one in (True, False)]

    row = int(np.argmax(adjusted.high))
    assert (facts.named("price.highest").value, facts.named("price.highest_traded").value) == (adjusted.high[row], raw.high[row])
    assert facts.named("price.highest_traded").source.endswith(", as traded")
    assert not index.named("price.highest_traded").is_available


async def test_intraday_bars_change_against_the_session_before(home):
    async with open_backend(home) as backend:
        await backend.catalog.put(INSTRUMENT)
        series = Series(INSTRUMENT.id, MINUTES)
        day_ns = 86_400 * 10**9
        days = [make_bars(390, seed=seed, start_ns=1_704_724_200 * 10**9 + seed * day_ns) for seed in range(3)]
        for bars in days:
            await publish(backend.store, bars, series)
        noon_ns = int(days[2].event_ns[100])
        facts = await gatherer(backend).gather(INSTRUMENT.id, MINUTES, as_of_ns=noon_ns)
        assert facts.named("bars.last").value == "2024-01-10"
        assert facts.named("price.last").value == days[2].close[99]
        assert facts.named("price.previous_close").value == days[1].close[-1]
        assert facts.named("price.change_1").value == pytest.approx(100 * (days[2].close[99] / days[1].close[-1] - 1))
        evening_ns = int(days[2].event_ns[-1]) + 120 * 10**9
        facts = await gatherer(backend).gather(INSTRUMENT.id, MINUTES, as_of_ns=evening_ns)
        assert facts.named("price.last").value == days[2].close[-1]
        assert facts.named("price.previous_close").value == days[1].close[-1]


async def test_days_tell_the_newest_price_from_the_minutes_of_the_session_under_way(home):
    async with open_backend(home) as backend:
        await backend.catalog.put(INSTRUMENT)
        day_ns = 86_400 * 10**9
        minutes = [make_bars(390, seed=seed, start_ns=1_704_724_200 * 10**9 + seed * day_ns) for seed in range(2)]
        for bars in minutes:
            await publish(backend.store, bars, Series(INSTRUMENT.id, MINUTES))
        noon_ns = int(minutes[1].event_ns[100])
        facts = await gatherer(backend).gather(INSTRUMENT.id, DAYS, as_of_ns=noon_ns)
        assert facts.named("price.last").value == minutes[0].close[-1]
        assert facts.named("price.now").value == minutes[1].close[99]
        assert facts.named("price.now").as_of_ns == noon_ns
        assert facts.named("bars.age").value == 0
        midnight_ns = (noon_ns // day_ns + 1) * day_ns  # this instrument trades around the clock
        closed = await gatherer(backend).gather(INSTRUMENT.id, DAYS, as_of_ns=midnight_ns)
        assert closed.named("price.last").value == minutes[1].close[-1]
        assert not closed.named("price.now").is_available


async def test_before_the_first_complete_bar_there_are_no_facts(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        with pytest.raises(NotFound, match="complete by then"):
            await gatherer(backend).gather(APPLE, DAYS, as_of_ns=0)
        with pytest.raises(NotFound):
            await gatherer(backend).gather(InstrumentId("NONE", "XNAS"), DAYS)


async def test_an_index_has_no_beta_and_closes_alone_have_no_range(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        facts = await gatherer(backend).gather(InstrumentId("VIX", "INDEX"), DAYS)
        assert facts.named("risk.beta").why_not == "A beta is told of stocks and funds."
        assert "closes only" in facts.named("volatility.atr").why_not
        assert np.isfinite(facts.named("volatility.realised").value)


async def test_what_is_drawn_of_facts_stands_at_the_prices_of_its_own_day(home):
    """Microsoft split 2 for 1 on 2003-02-18: what was drawn at adjusted prices before would lie at half the height."""
    microsoft = InstrumentId("MSFT", "XNAS")
    as_of_ns = int(np.datetime64("2003-03-10", "ns").astype(np.int64))
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        raw = await backend.history.bars(Series(microsoft, DAYS))
        facts = await gatherer(backend).gather(microsoft, DAYS, as_of_ns=as_of_ns)
    assert facts.named("bars.adjusted").value is True
    before_split, on_bars = 0, 0
    for sketch in sketch_facts(facts):
        fact = facts[sketch.fact]
        if sketch.kind is SketchKind.LEVEL:
            assert sketch.points[-1][1] == pytest.approx(fact.number, rel=1e-9), "where it is now"
        if fact.name.startswith("swing."):
            event_ns, price = sketch.points[0]
            row = int(np.searchsorted(raw.event_ns, event_ns))
            assert raw.low[row] - 1e-6 <= price <= raw.high[row] + 1e-6, sketch
            on_bars += 1
            before_split += price > 1.5 * fact.number
    assert on_bars
    assert before_split, "none of them shows the difference"
