"""Adjusted prices against the adjusted closes that the sample files bring along."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backend.domain.actions import Dividend, Split
from backend.domain.bars import DAY_NS, HOUR_NS, BarArrays
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from backend.market.adjust import DividendRule, adjust_bars, compute_factors, infer_actions

SAMPLES = Path(__file__).parents[4] / "resources" / "samples"
AAPL = InstrumentId("AAPL", "XNAS")


def sample(name):
    table = pd.read_csv(SAMPLES / f"{name}_1d.csv", parse_dates=["Date"])
    label_ns = table["Date"].to_numpy().astype("datetime64[ns]").astype(np.int64)
    columns = [table[c].to_numpy(np.float64).copy() for c in ("Open", "High", "Low", "Close", "Volume")]
    return BarArrays(label_ns, *columns), table["Adj Close"].to_numpy(np.float64)


def day(text):
    return int(np.datetime64(text, "ns").astype(np.int64))


def test_the_splits_and_dividends_of_apple_are_recovered_to_the_cent():
    bars, adjusted = sample("AAPL")
    assert infer_actions(AAPL, bars.event_ns, bars.close, adjusted) == (
        Split(AAPL, day("2000-06-21"), Decimal(2)),
        Split(AAPL, day("2005-02-28"), Decimal(2)),
        Dividend(AAPL, day("2012-08-09"), Decimal("2.65")),
        Dividend(AAPL, day("2012-11-07"), Decimal("2.65")),
        Dividend(AAPL, day("2013-02-07"), Decimal("2.65")),
    )


def test_microsofts_special_dividend_is_not_taken_for_a_split():
    bars, adjusted = sample("MSFT")
    actions = infer_actions(InstrumentId("MSFT", "XNAS"), bars.event_ns, bars.close, adjusted)
    assert [a.ex_ns for a in actions if isinstance(a, Split)] == [day("2003-02-18")]
    amounts = {a.ex_ns: a.amount for a in actions if isinstance(a, Dividend)}
    assert amounts[day("2004-11-15")] == Decimal("3.08")
    assert len(amounts) == 37
    assert all(amount == amount.quantize(Decimal("0.01")) for amount in amounts.values())


@pytest.mark.parametrize("name", ["AAPL", "MSFT"])
def test_the_files_own_adjusted_close_is_reproduced_by_its_own_rule_and_nearly_by_ours(name):
    bars, adjusted = sample(name)
    actions = infer_actions(InstrumentId(name, "XNAS"), bars.event_ns, bars.close, adjusted)
    wanted = adjusted / adjusted[-1] * bars.close[-1]

    def closes(rule):
        return adjust_bars(bars, compute_factors(actions, bars.event_ns, bars.close, rule=rule)).close

    np.testing.assert_allclose(closes(DividendRule.EX_CLOSE), wanted, rtol=1e-9)
    np.testing.assert_allclose(closes(DividendRule.PREVIOUS_CLOSE), wanted, rtol=5e-3)


@pytest.mark.parametrize("name", ["SP500", "NASDAQ"])
def test_an_adjusted_close_equal_to_the_close_tells_of_no_action(name):
    bars, adjusted = sample(name)
    assert infer_actions(InstrumentId(name, "INDEX"), bars.event_ns, bars.close, adjusted) == ()


@pytest.mark.parametrize("decimals", [6, 4])
def test_rounding_of_the_adjusted_close_is_not_taken_for_dividends(decimals):
    rng = np.random.default_rng(7)
    label_ns = np.arange(400, dtype=np.int64) * DAY_NS
    close = np.round(50 * np.exp(np.cumsum(rng.normal(0, 0.01, 400))), 2)
    actions = [Split(AAPL, 100 * DAY_NS, Decimal(3)), Dividend(AAPL, 200 * DAY_NS, Decimal("0.52"))]
    close[:100] *= 3
    bars = BarArrays(label_ns, close.copy(), close.copy(), close.copy(), close.copy(), np.ones(400))
    adjusted = np.round(adjust_bars(bars, compute_factors(actions, label_ns, close)).close, decimals)
    found = infer_actions(AAPL, label_ns, close, adjusted)
    assert [(type(a), a.ex_ns) for a in found] == [(type(a), a.ex_ns) for a in actions]
    assert found[0].ratio == 3
    assert float(found[1].amount) == pytest.approx(0.52, abs=0.01)


def test_a_split_and_a_dividend_on_one_day_are_told_apart():
    label_ns = np.arange(4, dtype=np.int64) * DAY_NS
    close = np.array([100.0, 102.0, 50.4, 51.0])
    actions = [Split(AAPL, 2 * DAY_NS, Decimal(2)), Dividend(AAPL, 2 * DAY_NS, Decimal("1.02"))]
    bars = BarArrays(label_ns, *(close.copy() for _ in range(4)), np.ones(4))
    adjusted = adjust_bars(bars, compute_factors(actions, label_ns, close)).close
    assert infer_actions(AAPL, label_ns, close, adjusted) == tuple(actions)


def test_volume_follows_splits_and_not_dividends_and_raw_bars_stay():
    label_ns = np.arange(3, dtype=np.int64) * DAY_NS
    price = np.array([100.0, 50.0, 49.0])
    bars = BarArrays(label_ns, *(price.copy() for _ in range(4)), np.array([10.0, np.nan, 30.0]))
    actions = [Split(AAPL, DAY_NS, Decimal(2)), Dividend(AAPL, 2 * DAY_NS, Decimal(1))]
    adjusted = adjust_bars(bars, compute_factors(actions, label_ns, price))
    np.testing.assert_allclose(adjusted.close, [49.0, 49.0, 49.0])
    np.testing.assert_array_equal(adjusted.volume, [20.0, np.nan, 30.0])
    np.testing.assert_array_equal(bars.close, price)


def test_intraday_bars_change_at_the_opening_of_the_ex_session():
    opening = DAY_NS - HOUR_NS  # a venue whose session opens on the evening before its date
    event_ns = np.array([opening - HOUR_NS, opening, opening + HOUR_NS], np.int64)
    price = np.array([100.0, 50.0, 51.0])
    bars = BarArrays(event_ns, *(price.copy() for _ in range(4)), np.ones(3))
    factors = compute_factors([Split(AAPL, DAY_NS, Decimal(2))], np.array([0], np.int64), np.array([100.0]))
    np.testing.assert_allclose(adjust_bars(bars, factors, boundary_ns=np.array([opening])).close, [50.0, 50.0, 51.0])


def test_a_dividend_before_the_first_bar_changes_nothing_and_an_absurd_one_is_refused():
    label_ns, close = np.array([DAY_NS], np.int64), np.array([10.0])
    assert len(compute_factors([Dividend(AAPL, 0, Decimal(1))], label_ns, close).ex_ns) == 0
    with pytest.raises(InvalidInput, match="not below the close"):
        compute_factors([Dividend(AAPL, 2 * DAY_NS, Decimal(11))], label_ns, close)


def test_columns_that_cannot_be_compared_are_refused():
    with pytest.raises(InvalidInput, match="unequal"):
        infer_actions(AAPL, np.arange(2), np.ones(2), np.ones(3))
    with pytest.raises(InvalidInput, match="at or below 0"):
        infer_actions(AAPL, np.arange(2), np.array([1.0, -1.0]), np.ones(2))
    assert infer_actions(AAPL, np.arange(3), np.array([1.0, np.nan, 1.0]), np.ones(3)) == ()


@pytest.mark.parametrize("ratio", ["50", "0.04", "0.001", "1.5", "20", "100"])
def test_a_split_of_any_usual_ratio_is_told_from_a_dividend(ratio):
    label_ns = np.arange(4, dtype=np.int64) * DAY_NS
    adjusted = np.array([20.0, 20.1, 20.2, 20.15])
    close = adjusted * np.array([float(ratio), float(ratio), 1.0, 1.0])
    assert infer_actions(AAPL, label_ns, close, adjusted) == (Split(AAPL, 2 * DAY_NS, Decimal(ratio)),)
    rounded = np.round(adjusted, 2)
    assert infer_actions(AAPL, label_ns, np.round(close, 4), rounded) == (Split(AAPL, 2 * DAY_NS, Decimal(ratio)),)


def test_a_dividend_of_tens_is_written_as_a_person_would():
    label_ns, close = np.arange(3, dtype=np.int64) * DAY_NS, np.array([100.0, 100.0, 90.0])
    (dividend,) = infer_actions(AAPL, label_ns, close, np.array([90.0, 90.0, 90.0]))
    assert str(dividend.amount) == "10"
