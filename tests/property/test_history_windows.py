"""A window of a history is the slice of the whole that it names: any spec, raw or adjusted, as of any moment."""

import asyncio
from contextlib import AsyncExitStack
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.clock import ManualClock
from backend.domain.actions import Dividend, Split
from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.market.action_log import ActionLog
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.market.history import History
from backend.storage import money
from backend.storage.ledger import open_ledger
from backend.storage.market_store import open_market_store
from backend.storage.paths import Home

FIRST_NS = 19_768 * DAY_NS  # 2024-02-15, so that the clocks of New York change inside
N_DAYS = 60
NOW_NS = FIRST_NS + 55 * DAY_NS
CALENDARS = ("XNYS", "XHKG", "FX", "24/7", "CMES")
SPECS = {
    "30m": ("30m", "1h", "4h", "7h", "1d", "2d", "1w", "2w", "1mo", "3mo"),
    "1d": ("1d", "3d", "1w", "1mo"),
    "1w": ("1w", "2w"),
    "100t": ("100t",),
}


def made_bars(event_ns):
    rng = np.random.default_rng(11)
    close = 100 + rng.normal(0, 1, len(event_ns)).cumsum()
    opened = close + rng.normal(0, 0.5, len(event_ns))
    volume = rng.integers(1, 99, len(event_ns)).astype(np.float64)
    volume[rng.random(len(event_ns)) < 0.2] = np.nan
    return BarArrays(event_ns, opened, np.maximum(opened, close) + 0.1, np.minimum(opened, close) - 0.1, close, volume)


def times_of(stored):
    """Event times that also lie where no session is: nights, weekends, holidays, and off the grid."""
    end_ns = FIRST_NS + N_DAYS * DAY_NS
    if stored == "30m":
        return np.arange(FIRST_NS, end_ns, 30 * MINUTE_NS, dtype=np.int64)
    if stored == "100t":
        return FIRST_NS + np.cumsum(np.random.default_rng(5).integers(1, 3 * HOUR_NS, 900, dtype=np.int64))
    return np.arange(FIRST_NS, end_ns, (1 if stored == "1d" else 7) * DAY_NS, dtype=np.int64)


def instrument_of(calendar, stored):
    venue = {"XNYS": "XNYS", "XHKG": "XHKG", "FX": "FX", "24/7": "KRAKEN", "CMES": "XCME"}[calendar]
    return InstrumentId(f"S{stored.upper()}", venue)


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Ask one history, opened once, for bars: (calendar, stored spec, spec, options) → bars."""
    home, clock = Home(tmp_path_factory.mktemp("windows")), ManualClock(NOW_NS)
    home.make()
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        history = runner.run(fill(stack, home, clock))

        def bars(calendar, stored, spec, **options):
            return runner.run(history.bars(Series(instrument_of(calendar, stored), BarSpec.parse(spec)), **options))

        yield bars
        runner.run(stack.aclose())


async def fill(stack, home, clock):
    ledger = await stack.enter_async_context(
        open_ledger(home.ledgers / "money.db", bytes(32), money.MIGRATIONS, backups=home.backups, quarantine=home.quarantine)
    )
    store = await stack.enter_async_context(open_market_store(home, ledger, clock))
    catalog, actions = Catalog(ledger), ActionLog(ledger)
    for calendar in CALENDARS:
        for stored in SPECS:
            instrument = instrument_of(calendar, stored)
            await catalog.put(Instrument(instrument, instrument.code, calendar=calendar))
            with store.stage(Series(instrument, BarSpec.parse(stored)), "import") as stage:
                stage.add(made_bars(times_of(stored)))
                await store.publish(stage)
            await actions.add(
                [
                    Split(instrument, FIRST_NS + 18 * DAY_NS, Decimal(4)),
                    Dividend(instrument, FIRST_NS + 18 * DAY_NS, Decimal("0.75")),
                    Dividend(instrument, FIRST_NS + 40 * DAY_NS, Decimal("1.5")),
                    Split(instrument, FIRST_NS + 58 * DAY_NS, Decimal(10)),  # announced, and still to come
                ]
            )
    history = History(store, catalog, actions, Calendars(home.cache, clock), clock)
    for calendar in CALENDARS:  # starts the threads, which stay, before the first test
        await history.bars(Series(instrument_of(calendar, "1d"), BarSpec.parse("1w")), adjusted=True)
    return history


def rows(bars):
    return np.column_stack((bars.event_ns.astype(np.float64), *bars.columns()))


quarters = st.integers(-4 * 24 * 5, 4 * 24 * (N_DAYS + 5))


@given(
    calendar=st.sampled_from(CALENDARS),
    pair=st.sampled_from([(stored, spec) for stored, specs in SPECS.items() for spec in specs]),
    edges=st.tuples(quarters, quarters),
    on_a_bar=st.booleans(),
    view=st.tuples(st.booleans(), st.none() | quarters),
)
@example(calendar="XHKG", pair=("1d", "1mo"), edges=(96, 5000), on_a_bar=False, view=(True, None))
@example(calendar="XNYS", pair=("100t", "100t"), edges=(0, 1000), on_a_bar=True, view=(False, 4000))
def test_a_window_is_the_slice_of_the_whole_that_it_names(ask, calendar, pair, edges, on_a_bar, view):
    adjusted, as_of = view
    options = {"adjusted": adjusted, "as_of_ns": None if as_of is None else FIRST_NS + as_of * 15 * MINUTE_NS}
    whole = ask(calendar, *pair, **options)
    from_ns, to_ns = (FIRST_NS + quarter * 15 * MINUTE_NS for quarter in edges)
    if on_a_bar and len(whole):
        from_ns, to_ns = (int(whole.event_ns[quarter % len(whole)]) for quarter in edges)
    for bounds in ({"from_ns": from_ns}, {"to_ns": to_ns}, {"from_ns": from_ns, "to_ns": to_ns}):
        window = ask(calendar, *pair, **options, **bounds)
        inside = (whole.event_ns >= bounds.get("from_ns", -(2**63))) & (whole.event_ns < bounds.get("to_ns", 2**63 - 1))
        np.testing.assert_array_equal(rows(window), rows(whole)[inside])


@pytest.mark.parametrize("pair", [(stored, spec) for stored, specs in SPECS.items() for spec in specs])
def test_every_window_that_begins_or_ends_at_a_bar_is_a_slice(ask, pair):
    whole = ask("XNYS", *pair, adjusted=True)
    for row in range(0, len(whole), max(1, len(whole) // 12)):
        at_ns = int(whole.event_ns[row])
        after, before = ask("XNYS", *pair, adjusted=True, from_ns=at_ns), ask("XNYS", *pair, adjusted=True, to_ns=at_ns)
        np.testing.assert_array_equal(rows(after), rows(whole[row:]))
        np.testing.assert_array_equal(rows(before), rows(whole[:row]))


@pytest.mark.parametrize("stored", SPECS)
def test_an_action_that_is_only_announced_changes_no_price(ask, stored):
    raw, adjusted = ask("XNYS", stored, stored), ask("XNYS", stored, stored, adjusted=True)
    assert adjusted.close[-1] == raw.close[-1]
    assert raw.close[0] / 4.2 < adjusted.close[0] < raw.close[0] / 3.9


@pytest.mark.parametrize("stored", ["1d", "30m", "100t"])
def test_a_dividends_factor_comes_from_the_close_before_its_session(ask, stored):
    raw, adjusted = ask("XNYS", stored, stored), ask("XNYS", stored, stored, adjusted=True)
    ex_ns = FIRST_NS + 40 * DAY_NS  # Tuesday 2024-03-26
    if stored == "1d":
        row = int(np.searchsorted(raw.event_ns, ex_ns))
        close = raw.close[row - 1]
    else:
        row = int(np.searchsorted(raw.event_ns, ex_ns + 27 * HOUR_NS // 2))
        monday_close_ns = ex_ns - 4 * HOUR_NS
        close = raw.close[np.searchsorted(raw.event_ns, monday_close_ns) - 1]
    factor = adjusted.close[row - 1] / raw.close[row - 1]
    assert factor == pytest.approx(1 - 1.5 / close, rel=1e-12)
    assert adjusted.close[row] == raw.close[row]


def test_empty_and_turned_windows_are_empty(ask):
    for stored in SPECS:
        assert len(ask("XNYS", stored, stored, from_ns=FIRST_NS + DAY_NS, to_ns=FIRST_NS)) == 0
        assert len(ask("XNYS", stored, stored, from_ns=FIRST_NS + 1000 * DAY_NS)) == 0
        assert len(ask("XNYS", stored, stored, adjusted=True, to_ns=FIRST_NS - 9000 * DAY_NS)) == 0
