"""Facts as of a moment are the facts of data that ends there, whatever came later: prices, volumes, splits, dividends."""

import asyncio
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.actions import Dividend, Split
from backend.domain.bars import DAY_NS, HOUR_NS, BarArrays, BarSpec, Series
from tests.fakes.fact_views import APPLE, DAYS, INDEX, FactMarket, apple_days, gatherer_of, weekdays

SESSIONS = weekdays("2008-01-01", "2013-12-31")
N_DAYS = 700
WEEKS = BarSpec.parse("1w")


def walk(seed):
    """Daily bars on the sessions, with gaps, ties and a spike now and then."""
    rng = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(rng.normal(0.0003, 0.018, N_DAYS)))
    opened = close * np.exp(rng.normal(0, 0.008, N_DAYS))
    high = np.maximum(opened, close) * (1 + np.abs(rng.normal(0, 0.006, N_DAYS)))
    low = np.minimum(opened, close) * (1 - np.abs(rng.normal(0, 0.006, N_DAYS)))
    columns = [np.round(column, 2) for column in (opened, high, low, close)]
    return BarArrays(SESSIONS.label_ns[:N_DAYS].copy(), *columns, rng.integers(1, 10**6, N_DAYS).astype(np.float64))


def market_of(bars, actions):
    market = FactMarket(SESSIONS, {Series(APPLE.id, DAYS): bars}, actions)
    market.stored[Series(INDEX, DAYS)] = BarArrays(bars.event_ns, *(column * 10 + 5 for column in bars.columns()))
    return market


def told(market, spec, as_of_ns, now_ns):
    facts = asyncio.run(gatherer_of(market, now_ns).gather(APPLE.id, spec, as_of_ns=as_of_ns))
    return [(f.id, f.name, f.value, f.why_not, f.as_of_ns, f.known_ns, f.points, f.bars) for f in facts.values()]


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_known=st.integers(2, N_DAYS - 1),
    hours=st.integers(0, 23),
    spec=st.sampled_from((DAYS, WEEKS)),
    split=st.integers(1, N_DAYS - 1),
    paid=st.integers(1, N_DAYS - 1),
)
def test_nothing_that_came_later_changes_a_fact(seed, n_known, hours, spec, split, paid):
    bars = walk(seed)
    days = bars.event_ns
    actions = [Split(APPLE.id, int(days[split]), Decimal(2)), Dividend(APPLE.id, int(days[paid]), Decimal("0.05"))]
    as_of_ns = int(days[n_known]) + hours * HOUR_NS
    is_known = days + 21 * HOUR_NS <= as_of_ns
    if spec == WEEKS and int(np.sum(is_known)) < 7:
        return
    opened = [action for action in actions if action.ex_ns + 14 * HOUR_NS + HOUR_NS // 2 <= as_of_ns]
    cut = bars[: int(np.sum(is_known))]

    whole = told(market_of(bars, actions), spec, as_of_ns, int(days[-1]) + 30 * DAY_NS)
    ended = told(market_of(cut, opened), spec, as_of_ns, as_of_ns)

    assert whole == ended


def test_facts_of_real_bars_rest_on_nothing_later_on_days_through_the_years():
    bars = apple_days()
    market = FactMarket(weekdays("2000-01-01", "2013-12-31"), {Series(APPLE.id, DAYS): bars})
    for row in range(100, len(bars), 400):
        as_of_ns = int(bars.event_ns[row]) + 21 * HOUR_NS
        ended = FactMarket(market.sessions, {Series(APPLE.id, DAYS): bars[: row + 1]})
        now_ns = int(bars.event_ns[-1]) + 400 * DAY_NS
        assert told(market, DAYS, as_of_ns, now_ns) == told(ended, DAYS, as_of_ns, as_of_ns)
