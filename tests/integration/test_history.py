"""History over a real ledger and a real store: stored, resampled, adjusted, and cut at any moment."""

import asyncio
from contextlib import asynccontextmanager
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.clock import SystemClock
from backend.domain.actions import Dividend, Split
from backend.domain.bars import DAY_NS, HOUR_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import CENT, Instrument, InstrumentId, InstrumentKind
from backend.errors import InvalidInput, NotFound
from backend.market.action_log import ActionLog
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.market.history import History
from backend.storage import money
from backend.storage.ledger import open_ledger
from backend.storage.market_store import open_market_store
from backend.storage.paths import Home

AAPL = InstrumentId("AAPL", "XNAS")
APPLE = Instrument(AAPL, "Apple Inc.", calendar="XNYS", timezone="America/New_York", price_steps=CENT)
HOURLY, DAILY, WEEKLY = (BarSpec.parse(text) for text in ("30m", "1d", "1w"))


@asynccontextmanager
async def open_history(home):
    ledger = open_ledger(home.ledgers / "money.db", bytes(32), money.MIGRATIONS, backups=home.backups, quarantine=home.quarantine)
    async with ledger as opened, open_market_store(home, opened, SystemClock()) as store:
        catalog, actions = Catalog(opened), ActionLog(opened)
        await catalog.put(APPLE)
        calendars = Calendars(home.cache, SystemClock())
        yield History(store, catalog, actions, calendars, SystemClock()), store, catalog, actions


def bars_at(event_ns, seed=0):
    rng = np.random.default_rng(seed)
    close = 100 + rng.normal(0, 1, len(event_ns)).cumsum()
    opened = close + rng.normal(0, 0.5, len(event_ns))
    high, low = np.maximum(opened, close) + 0.1, np.minimum(opened, close) - 0.1
    return BarArrays(np.asarray(event_ns, np.int64), opened, high, low, close, rng.integers(1, 99, len(close)).astype(np.float64))


async def keep(store, spec, bars, source="import"):
    with store.stage(Series(AAPL, spec), source) as stage:
        stage.add(bars)
        await store.publish(stage)


def session_half_hours(sessions, first, n_sessions):
    """Openings of 30-minute bars of whole New York sessions."""
    row = int(np.searchsorted(sessions.label_ns, first))
    opens = sessions.open_ns[row : row + n_sessions]
    closes = sessions.close_ns[row : row + n_sessions]
    return np.concatenate([np.arange(o, c, HOUR_NS // 2, dtype=np.int64) for o, c in zip(opens, closes, strict=True)])


def test_what_is_stored_is_given_as_it_is_and_longer_bars_are_built_from_it(home):
    async def check():
        async with open_history(home) as (history, store, *_):
            labels = np.arange(19_700, 19_720, dtype=np.int64) * DAY_NS
            daily = bars_at(labels[(labels // DAY_NS + 3) % 7 < 5])
            await keep(store, DAILY, daily)
            same = await history.bars(Series(AAPL, DAILY))
            weeks = await history.bars(Series(AAPL, WEEKLY))
            assert same.close.tolist() == daily.close.tolist()
            assert weeks.volume.sum() == daily.volume.sum()
            assert weeks.close[-1] == daily.close[-1]
            some = await history.bars(Series(AAPL, DAILY), from_ns=int(daily.event_ns[2]), to_ns=int(daily.event_ns[5]))
            assert some.event_ns.tolist() == daily.event_ns[2:5].tolist()
            cut = await history.bars(Series(AAPL, WEEKLY), from_ns=int(weeks.event_ns[1]), to_ns=int(weeks.event_ns[-1]))
            assert cut.event_ns.tolist() == weeks.event_ns[1:-1].tolist()
            np.testing.assert_array_equal(cut.volume, weeks.volume[1:-1])
            assert [str(spec) for spec in await history.specs(AAPL)] == ["1d", "1w", "1mo"]
            with pytest.raises(InvalidInput, match="stored as 1d"):
                await history.bars(Series(AAPL, HOURLY))

    asyncio.run(check())


def test_an_unknown_instrument_is_not_found_and_one_without_bars_is_empty(home):
    async def check():
        async with open_history(home) as (history, *_):
            assert len(await history.bars(Series(AAPL, DAILY))) == 0
            with pytest.raises(NotFound) as caught:
                await history.bars(Series(InstrumentId("APPL", "XNAS"), DAILY))
            assert "AAPL.XNAS" in caught.value.hint

    asyncio.run(check())


def test_an_import_is_shown_instead_of_the_sample(home):
    async def check():
        async with open_history(home) as (history, store, *_):
            labels = np.arange(5, dtype=np.int64) * DAY_NS + 19_700 * DAY_NS
            await keep(store, DAILY, bars_at(labels, 1), "sample")
            assert len(await history.bars(Series(AAPL, DAILY))) == 5
            await keep(store, DAILY, bars_at(labels[:2], 2), "import")
            assert (await history.bars(Series(AAPL, DAILY))).close.tolist() == bars_at(labels[:2], 2).close.tolist()
            assert len(await history.bars(Series(AAPL, DAILY), source="sample")) == 5

    asyncio.run(check())


def test_adjusted_prices_follow_the_log_and_raw_ones_never_change(home):
    async def check():
        async with open_history(home) as (history, store, _, actions):
            labels = np.array([19_783, 19_784, 19_785], np.int64) * DAY_NS  # Friday 2024-03-01 and two days that follow
            price = np.array([100.0, 50.0, 51.0])
            await keep(store, DAILY, BarArrays(labels, *(price.copy() for _ in range(4)), np.full(3, 10.0)))
            split = Split(AAPL, int(labels[1]), Decimal(2))
            assert await actions.add([split, split]) == 1
            assert await actions.add([split]) == 0
            assert (await history.bars(Series(AAPL, DAILY))).close.tolist() == [100.0, 50.0, 51.0]
            assert (await history.bars(Series(AAPL, DAILY), adjusted=True)).close.tolist() == [50.0, 50.0, 51.0]
            before = await history.bars(Series(AAPL, DAILY), adjusted=True, as_of_ns=int(labels[1]) - 1)
            assert before.close.tolist() == [100.0]
            assert await actions.remove(split)
            assert await actions.list(AAPL) == ()

    asyncio.run(check())


@settings(max_examples=12)
@given(cut=st.integers(0, 30 * 48), target=st.sampled_from(["30m", "1h", "1d", "1w", "1mo"]), adjusted=st.booleans())
def test_history_as_of_a_moment_is_the_history_of_data_that_ends_there(tmp_path_factory, cut, target, adjusted):
    async def check(home):
        first = 19_785 * DAY_NS  # Sunday 2024-03-03; clocks change a week later
        series = Series(AAPL, BarSpec.parse(target))
        as_of_ns = first + cut * HOUR_NS // 2
        async with open_history(home) as (history, store, _, actions):
            sessions = Calendars(home.cache, SystemClock()).sessions("XNYS")
            full = bars_at(session_half_hours(sessions, first, 20), 5)
            await actions.add([Split(AAPL, 19_794 * DAY_NS, Decimal(4)), Dividend(AAPL, 19_800 * DAY_NS, Decimal("0.5"))])
            await keep(store, HOURLY, full, "full")
            past = full[: int(np.searchsorted(full.event_ns + HOUR_NS // 2, as_of_ns, side="right"))]
            if not len(past):
                return
            await keep(store, HOURLY, past, "past")
            whole = await history.bars(series, adjusted=adjusted, as_of_ns=as_of_ns, source="full")
            cut_off = await history.bars(series, adjusted=adjusted, as_of_ns=as_of_ns, source="past")
            for ours, theirs in zip((whole.event_ns, *whole.columns()), (cut_off.event_ns, *cut_off.columns()), strict=True):
                np.testing.assert_array_equal(ours, theirs)
            later = await history.bars(series, source="full")
            known = await history.known(series, later.event_ns)
            n_known = int(np.searchsorted(known, as_of_ns, side="right"))
            raw = await history.bars(series, as_of_ns=as_of_ns, source="full")
            np.testing.assert_array_equal(raw.close[:n_known], later.close[:n_known])

    home = Home(tmp_path_factory.mktemp("home"))
    home.make()
    asyncio.run(check(home))


def test_instruments_are_found_by_what_someone_types(home):
    async def check():
        async with open_history(home) as (_, _, catalog, _):
            others = [("MSFT.XNAS", "Microsoft"), ("AAP.XNYS", "Advance Auto Parts"), ("AAPL.XMEX", "Apple Inc. (Mexico)")]
            await catalog.put(*(Instrument(InstrumentId.parse(i), name) for i, name in others))
            await catalog.put(Instrument(InstrumentId("SPX", "INDEX"), "Índice S&P 500", InstrumentKind.INDEX))

            async def ids(text):
                return [str(i.id) for i in await catalog.find(text)]

            assert await ids("aap") == ["AAP.XNYS", "AAPL.XMEX", "AAPL.XNAS"]
            assert await ids("indice") == ["SPX.INDEX"]
            assert await ids("auto adv") == ["AAP.XNYS"]
            assert await ids("mircosoft") == ["MSFT.XNAS"]
            assert await ids("") == sorted(["AAP.XNYS", "AAPL.XMEX", "AAPL.XNAS", "MSFT.XNAS", "SPX.INDEX"])
            assert await ids("'; DROP TABLE instruments; --") == []
            assert (await catalog.resolve("msft")).name == "Microsoft"
            with pytest.raises(InvalidInput, match="2 instruments"):
                await catalog.resolve("aapl")
            with pytest.raises(NotFound):
                await catalog.resolve("nothing at all")
            assert await catalog.get(AAPL) == APPLE

    asyncio.run(check())
