"""Facts of bars against pandas and numpy, computed here in another way, and what makes each unavailable."""

import numpy as np
import pandas as pd
import pytest
import talib

from backend.assistant.facts.fact import Unit
from backend.assistant.facts.view import Position
from tests.fakes.fact_views import apple_days, facts_of, line_of, view_of, with_columns
from tests.fakes.hostile_bars import hostile_series


@pytest.fixture(scope="module")
def apple():
    return apple_days()


@pytest.fixture(scope="module")
def facts(apple):
    index = with_columns(apple, close=1000.0 + 3.0 * apple.close + 20.0 * np.sin(np.arange(len(apple))))
    return facts_of(apple, index=index)


@pytest.fixture(scope="module")
def frame(apple):
    columns = {"open": apple.open, "high": apple.high, "low": apple.low, "close": apple.close, "volume": apple.volume}
    return pd.DataFrame(columns, index=pd.to_datetime(apple.event_ns))


def value(facts, name):
    fact = facts.named(name)
    assert fact is not None, name
    assert fact.is_available, (name, fact.why_not)
    return fact.value


def test_ids_run_from_one_and_names_are_unique(facts):
    assert list(facts) == [f"F{place}" for place in range(1, len(facts) + 1)]
    assert len({fact.name for fact in facts.values()}) == len(facts)


def test_every_fact_has_a_source_or_a_reason_and_a_formula(facts):
    for fact in facts.values():
        assert fact.formula, fact.name
        assert fact.label, fact.name
        assert (fact.value is None) == bool(fact.why_not), fact.name
        assert fact.source or not fact.is_available, fact.name


def test_inputs_that_name_facts_lead_to_facts_before_or_beside_them(facts):
    for fact in facts.values():
        for given in fact.inputs:
            assert given in facts, (fact.name, given)


def test_changes_over_sessions_are_those_of_pandas(facts, frame):
    for n in (1, 5, 21, 63, 252):
        assert value(facts, f"price.change_{n}") == pytest.approx(100 * frame.close.pct_change(n).iloc[-1], rel=1e-12)


def test_the_year_to_date_begins_at_the_last_close_of_the_year_before(facts, frame):
    before = frame.close[str(frame.index[-1].year - 1)].iloc[-1]
    assert value(facts, "price.change_ytd") == pytest.approx(100 * (frame.close.iloc[-1] / before - 1), rel=1e-12)


def test_the_range_of_a_year_is_that_of_the_last_52_weeks(facts, frame):
    year = frame[frame.index > frame.index[-1] - pd.Timedelta(weeks=52)]
    assert value(facts, "price.high_52w") == year.high.max()
    assert value(facts, "price.low_52w") == year.low.min()
    place = (frame.close.iloc[-1] - year.low.min()) / (year.high.max() - year.low.min())
    assert value(facts, "price.position_52w") == pytest.approx(100 * place)
    assert pd.Timestamp(facts.named("price.high_52w").points[0][0]) == year.high.idxmax()


def test_the_highest_high_is_that_of_all_bars(facts, frame):
    assert value(facts, "price.highest") == frame.high.max()
    assert value(facts, "price.from_highest") == pytest.approx(100 * (frame.close.iloc[-1] / frame.high.max() - 1))


def test_volume_is_set_against_the_bars_before_it(facts, frame):
    before = frame.volume.iloc[-21:-1].mean()
    assert value(facts, "volume.last") == frame.volume.iloc[-1]
    assert value(facts, "volume.ratio_20") == pytest.approx(frame.volume.iloc[-1] / before)
    assert value(facts, "volume.percentile_252") == pytest.approx(100 * (frame.volume.iloc[-253:-1] < frame.volume.iloc[-1]).mean())


@pytest.mark.parametrize(
    ("name", "compute"),
    [
        ("oscillator.rsi", lambda b: talib.RSI(b.close, 14)),
        ("macd.line", lambda b: talib.MACD(b.close, 12, 26, 9)[0]),
        ("macd.signal", lambda b: talib.MACD(b.close, 12, 26, 9)[1]),
        ("macd.histogram", lambda b: talib.MACD(b.close, 12, 26, 9)[2]),
        ("stochastic.k", lambda b: talib.STOCH(b.high, b.low, b.close, 14, 3, 0, 3, 0)[0]),
        ("stochastic.d", lambda b: talib.STOCH(b.high, b.low, b.close, 14, 3, 0, 3, 0)[1]),
        ("trend.adx", lambda b: talib.ADX(b.high, b.low, b.close, 14)),
        ("direction.plus", lambda b: talib.PLUS_DI(b.high, b.low, b.close, 14)),
        ("direction.minus", lambda b: talib.MINUS_DI(b.high, b.low, b.close, 14)),
        ("band.upper", lambda b: talib.BBANDS(b.close, 20, 2.0, 2.0)[0]),
        ("band.lower", lambda b: talib.BBANDS(b.close, 20, 2.0, 2.0)[2]),
        ("volatility.atr", lambda b: talib.ATR(b.high, b.low, b.close, 14)),
        ("average.sma_20", lambda b: talib.SMA(b.close, 20)),
        ("average.sma_50", lambda b: talib.SMA(b.close, 50)),
        ("average.sma_200", lambda b: talib.SMA(b.close, 200)),
    ],
)
def test_indicators_meet_talib(facts, apple, name, compute):
    assert value(facts, name) == pytest.approx(compute(apple)[-1], rel=1e-9)


def test_averages_tell_their_distance_slope_and_last_cross(facts, frame):
    middle, long = frame.close.rolling(50).mean(), frame.close.rolling(200).mean()
    assert value(facts, "average.distance_50") == pytest.approx(100 * (frame.close.iloc[-1] / middle.iloc[-1] - 1))
    assert value(facts, "average.slope_50") == pytest.approx(100 * (middle.iloc[-1] / middle.iloc[-6] - 1))
    sign = np.sign((middle - long).dropna())
    crossed = sign.index[sign.diff().fillna(0) != 0][-1]
    assert value(facts, "average.cross_age") == len(frame) - 1 - frame.index.get_loc(crossed)
    assert value(facts, "average.cross") == ("golden" if sign.iloc[-1] > 0 else "death")


def test_bands_tell_place_width_and_the_rank_of_the_width(facts, frame):
    middle, spread = frame.close.rolling(20).mean(), frame.close.rolling(20).std(ddof=0)
    width = 100 * 4 * spread / middle
    assert value(facts, "band.position") == pytest.approx(
        100 * ((frame.close - middle + 2 * spread) / (4 * spread)).iloc[-1], rel=1e-6
    )
    assert value(facts, "band.width") == pytest.approx(width.iloc[-1], rel=1e-6)
    assert value(facts, "band.width_percentile") == pytest.approx(100 * (width.iloc[-253:-1] < width.iloc[-1]).mean())


def test_realised_volatility_and_its_rank_are_those_of_pandas(facts, frame):
    line = 100 * np.log(frame.close).diff().rolling(20).std() * np.sqrt(252)
    assert value(facts, "volatility.realised") == pytest.approx(line.iloc[-1], rel=1e-9)
    assert value(facts, "volatility.percentile_252") == pytest.approx(100 * (line.iloc[-253:-1] < line.iloc[-1]).mean())
    assert value(facts, "volatility.regime") in {"low", "usual", "high", "extreme"}


def test_risk_figures_follow_their_formulas(facts, frame):
    returns = frame.close.pct_change().iloc[-252:]
    closes = frame.close.iloc[-253:]
    falls = closes / closes.cummax() - 1
    at_risk = np.percentile(returns, 5)
    assert value(facts, "risk.drawdown") == pytest.approx(100 * falls.min())
    assert value(facts, "risk.drawdown_now") == pytest.approx(100 * falls.iloc[-1])
    assert value(facts, "risk.var") == pytest.approx(-100 * at_risk)
    assert value(facts, "risk.cvar") == pytest.approx(-100 * returns[returns <= at_risk].mean())
    assert value(facts, "risk.cvar") >= value(facts, "risk.var")
    assert value(facts, "risk.downside") == pytest.approx(100 * np.sqrt((returns.clip(upper=0) ** 2).mean() * 252))
    assert value(facts, "risk.sharpe") == pytest.approx(np.sqrt(252) * returns.mean() / returns.std())
    assert -100 <= value(facts, "risk.drawdown") <= value(facts, "risk.drawdown_now") <= 0


def test_beta_is_the_slope_of_a_line_through_the_returns_of_both(facts, apple):
    other = 1000.0 + 3.0 * apple.close + 20.0 * np.sin(np.arange(len(apple)))
    mine, theirs = (pd.Series(column).pct_change().iloc[-252:] for column in (apple.close, other))
    slope = np.polyfit(theirs, mine, 1)[0]
    assert value(facts, "risk.beta") == pytest.approx(slope)
    assert value(facts, "risk.correlation") == pytest.approx(mine.corr(theirs))
    assert value(facts, "risk.index") == "SPX"


def test_a_beta_needs_days_that_both_have(apple):
    facts = facts_of(apple, index=with_columns(apple)[:-200])
    assert not facts.named("risk.beta").is_available
    assert "sessions that both have" in facts.named("risk.beta").why_not


def test_the_regression_line_is_that_of_numpy(facts, frame):
    closes = np.log(frame.close.iloc[-63:].to_numpy())
    slope, _ = np.polyfit(np.arange(63), closes, 1)
    assert value(facts, "trend.slope_63") == pytest.approx(100 * np.expm1(slope), rel=1e-6)
    assert value(facts, "trend.fit_63") == pytest.approx(100 * np.corrcoef(np.arange(63), closes)[0, 1] ** 2)


def test_pivots_are_the_classic_ones_of_the_newest_session(facts, apple):
    high, low, close = apple.high[-1], apple.low[-1], apple.close[-1]
    point = (high + low + close) / 3
    told = [value(facts, f"pivot.{name}") for name in ("support_2", "support_1", "point", "resistance_1", "resistance_2")]
    assert told == pytest.approx([point - (high - low), 2 * point - high, point, 2 * point - low, point + high - low])


@pytest.mark.parametrize("kind", list(hostile_series()))
def test_strange_series_give_facts_or_reasons_and_never_what_is_not_finite(kind):
    bars = hostile_series()[kind]
    if not len(bars):
        return
    for fact in facts_of(bars).values():
        if isinstance(fact.value, float):
            assert np.isfinite(fact.value), fact.name
        assert (fact.value is None) == bool(fact.why_not), fact.name


def test_without_volume_its_facts_are_unavailable_and_not_zero(apple):
    for volume in (np.full(len(apple), np.nan), np.zeros(len(apple))):
        facts = facts_of(with_columns(apple, volume=volume))
        assert [fact.value for fact in facts.under("volume.")] == [None] * 4
        assert {fact.why_not for fact in facts.under("volume.")} == {"No volume is stored for it."}


def test_a_volume_missing_among_those_before_leaves_the_ratio_out(apple):
    volume = apple.volume.copy()
    volume[-5] = np.nan
    facts = facts_of(with_columns(apple, volume=volume))
    assert facts.named("volume.last").is_available
    assert not facts.named("volume.ratio_20").is_available


def test_a_series_of_closes_has_no_ranges_candles_or_levels():
    facts = facts_of(line_of(100 + np.cumsum(np.random.default_rng(3).normal(0, 1, 600))))
    for name in ("volatility.atr", "stochastic.k", "trend.adx", "level.support.1", "candle.any", "pivot.point", "gap.up"):
        assert not facts.named(name).is_available, name
        assert "closes only" in facts.named(name).why_not
    assert facts.named("oscillator.rsi").is_available
    assert facts.named("risk.var").is_available


def test_prices_below_zero_give_no_percent_but_keep_what_makes_sense():
    closes = 5 * np.sin(np.arange(600) / 20)
    closes[-1] = -1.0
    facts = facts_of(line_of(closes))
    assert value(facts, "price.last") == -1.0
    assert facts.named("price.change").is_available
    percents = [fact for fact in facts.under("price.change_") if fact.name != "price.change_bar"]
    assert not any(fact.is_available for fact in percents)
    for name in ("risk.var", "volatility.realised", "price.from_highest", "average.distance_20", "idea.entry"):
        assert not facts.named(name).is_available, name


def test_a_short_record_says_how_many_bars_are_missing():
    facts = facts_of(apple_days(10))
    assert facts.named("price.change_5").is_available
    assert facts.named("average.sma_20").why_not == "It takes 20 complete 1d bars, and there are 10."
    assert facts.named("volume.ratio_20").why_not == "It takes 21 complete 1d bars, and there are 10."
    assert facts.named("price.high_52w").why_not == "It takes 52 weeks of daily bars."
    assert not facts.named("trend.direction").is_available


def test_one_bar_has_a_price_and_no_change():
    facts = facts_of(apple_days(1))
    assert facts.named("price.last").is_available
    assert not facts.named("price.change_1").is_available
    assert not facts.named("price.change_bar").is_available


def test_a_position_is_told_from_its_side(apple):
    close = float(apple.close[-1])
    long = facts_of(apple, position=Position(10.0, close / 1.1))
    short = facts_of(apple, position=Position(-10.0, close / 1.1))
    assert long.named("position.gain_percent").number == pytest.approx(10.0)
    assert short.named("position.gain_percent").number == pytest.approx(-10.0)
    assert long.named("position.gain").number == pytest.approx(10 * (close - close / 1.1))
    assert short.named("position.gain").number == pytest.approx(-long.named("position.gain").number)
    assert facts_of(apple).named("position.quantity").why_not == "No position is known."


def test_what_no_source_gives_is_unavailable(facts):
    for prefix in ("news.", "sentiment.", "fundamental."):
        assert not any(fact.is_available for fact in facts.under(prefix))


def test_digests_are_equal_where_the_facts_are(apple):
    assert facts_of(apple).digest == facts_of(apple).digest
    assert facts_of(apple).digest != facts_of(apple[:-1]).digest


def test_a_digest_is_computed_once_for_a_set_that_never_changes(apple):
    facts = facts_of(apple)
    assert facts.digest is facts.digest


def test_numbers_of_prices_have_the_decimals_in_which_they_are_written():
    assert view_of(apple_days()).price_decimals == 2
    small = apple_days(50)
    small = with_columns(small, **{name: np.round(getattr(small, name) * 1e-6, 8) for name in ("open", "high", "low", "close")})
    assert view_of(small).price_decimals == 8


def test_units_hold_what_they_say(facts):
    for fact in facts.values():
        if fact.is_available and fact.unit is Unit.FLAG:
            assert isinstance(fact.value, bool), fact.name
        if fact.is_available and fact.unit in {Unit.WORD, Unit.DATE}:
            assert isinstance(fact.value, str), fact.name
        if fact.is_available and fact.unit is Unit.COUNT:
            assert isinstance(fact.value, int), fact.name
