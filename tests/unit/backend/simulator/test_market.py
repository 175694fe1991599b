"""The simulated market: seeded, consistent with itself to the digit, and as live as its clock."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from backend.clock import ManualClock
from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS
from backend.errors import InvalidInput
from backend.simulator.bar_table import WEEK_ANCHOR_NS, Cut
from backend.simulator.binance_text import CUTS
from backend.simulator.book import N_LEVELS
from backend.simulator.listed import ALPACA_LISTED, BINANCE_LISTED, KRAKEN_LISTED
from backend.simulator.market import SLEEP_NS, Market, MarketConfig, Movement, prints_of

START_NS = 1_704_724_245_678_900_000
ALL = (*BINANCE_LISTED, *KRAKEN_LISTED, *ALPACA_LISTED)


def run(market: Market, clock: ManualClock, duration_ns: int, step_ns: int = 50_000_000) -> list[Movement]:
    found: list[Movement] = []
    for _ in range(duration_ns // step_ns):
        clock.advance(step_ns)
        found += market.advance()
    return found


def made(config: MarketConfig, listed=BINANCE_LISTED) -> tuple[Market, ManualClock]:
    clock = ManualClock(START_NS)
    return Market(listed, config, clock), clock


def everything(market: Market) -> list[tuple[object, ...]]:
    found = []
    for listing in market.listings.values():
        tape = listing.tape
        prints = tape.between(tape.first_id, tape.next_id)
        columns = (prints.event_ns, prints.price, prints.lots, prints.is_buyer, prints.order)
        found.append((*(column.tolist() for column in columns), listing.book.levels(99), listing.bars(CUTS["1h"], 0, 1 << 62)))
    return found


def test_the_same_seed_makes_the_same_market_however_often_it_is_looked_at():
    config = MarketConfig(seed=5, rate=500)
    often, seldom = made(config), made(config)
    run(*often, 3 * SECOND_NS, 10_000_000)
    run(*seldom, 3 * SECOND_NS, SECOND_NS)

    assert everything(often[0]) == everything(seldom[0])


def test_another_seed_makes_another_market():
    first, second = (everything(made(MarketConfig(seed=seed))[0]) for seed in (1, 2))

    assert all(a[1] != b[1] and a[6] != b[6] for a, b in zip(first, second, strict=True))


def test_an_instrument_moves_the_same_whatever_else_is_listed():
    alone, among = made(MarketConfig(rate=0), BINANCE_LISTED[:1]), made(MarketConfig(rate=0))
    for each in (alone, among):
        run(*each, SECOND_NS)

    assert everything(alone[0])[0] == everything(among[0])[0]


@pytest.mark.parametrize("rate", [20, 20_000])
def test_every_trade_prints_at_the_best_price_of_its_moment(rate):
    market, clock = made(MarketConfig(seed=2, rate=rate), ALL)
    n = 0
    for movement in run(market, clock, 4 * SECOND_NS):
        prints = prints_of(movement)
        n += len(prints)
        assert np.array_equal(prints.price, np.where(prints.is_buyer, movement.best.ask, movement.best.bid))
        assert np.all((prints.event_ns >= movement.begin_ns) & (prints.event_ns < movement.end_ns))
        assert np.all(prints.lots > 0)
    assert n > rate


def test_trades_are_numbered_without_a_gap_and_never_go_back_in_time():
    market, clock = made(MarketConfig(seed=2, rate=900))
    movements = run(market, clock, 2 * SECOND_NS)
    for listing in market.listings.values():
        own = [each for each in movements if each.listing is listing]
        assert all(a.next_id == b.first_id for a, b in itertools.pairwise(own))
        prints = listing.tape.between(0, listing.tape.next_id)
        assert len(prints) == listing.tape.next_id - prints.first_id > 1000
        assert np.all(np.diff(prints.event_ns) >= 0)
        assert set(np.diff(prints.order).tolist()) == {0, 1}


def test_trades_of_one_order_share_price_side_and_time():
    market, _ = made(MarketConfig(seed=2, rate=60))
    prints = market.listings["BTCUSDT"].tape.between(0, 1 << 40)
    same = np.flatnonzero(np.diff(prints.order) == 0)

    assert len(same) > 100
    for column in (prints.price, prints.is_buyer, prints.event_ns):
        assert np.array_equal(column[same], column[same + 1])


def test_the_changes_of_a_book_lead_from_each_state_to_the_next():
    market, clock = made(MarketConfig(seed=4, rate=50), ALL)
    copies = {code: (dict(each.book.bids), dict(each.book.asks), each.book.update) for code, each in market.listings.items()}
    clock.advance(3 * SECOND_NS)
    for movement in market.advance():
        bids, asks, update = copies[movement.listing.listed.code]
        for change in movement.changes:
            side = bids if change.is_bid else asks
            side.pop(change.price, None)
            if change.lots:
                side[change.price] = change.lots
        assert movement.best.update == update + len(movement.changes)
        copies[movement.listing.listed.code] = bids, asks, movement.best.update
        assert (bids, asks) == (movement.listing.book.bids, movement.listing.book.asks)
        assert max(bids) == movement.best.bid < movement.best.ask == min(asks)
        assert len(bids) >= N_LEVELS <= len(asks)


def test_bars_are_the_aggregation_of_the_trades():
    market, clock = made(MarketConfig(seed=9, rate=80, past_minutes=3))
    run(market, clock, 40 * SECOND_NS, SECOND_NS)
    listing = market.listings["ETHUSDT"]
    prints = listing.tape.between(0, 1 << 40)
    for cut in (CUTS["1s"], CUTS["1m"], CUTS["3m"]):
        bars = [bar for bar in listing.bars(cut, int(prints.event_ns[0]) // cut.period_ns * cut.period_ns, 1 << 62) if bar.n_trades]
        starts = prints.event_ns - prints.event_ns % cut.period_ns
        assert [bar.start_ns for bar in bars if bar.start_ns >= starts[0]] == sorted(set(starts.tolist()))
        for bar in bars:
            rows = starts == bar.start_ns
            if bar.start_ns < listing.seconds.first_ns:
                continue
            price, lots, taken = prints.price[rows], prints.lots[rows], prints.is_buyer[rows]
            assert bar[2:6] == (price[0], price.max(), price.min(), price[-1])
            assert (bar.lots, bar.value, bar.n_trades) == (lots.sum(), (price * lots).sum(), len(price))
            assert (bar.taken_lots, bar.taken_value) == (lots[taken].sum(), (price * lots)[taken].sum())


@pytest.mark.parametrize("name", ["5m", "1h", "4h", "1d", "3d", "1w", "1M"])
def test_long_bars_are_the_aggregation_of_minutes(name):
    market, _ = made(MarketConfig(bar_days=35), BINANCE_LISTED[:1])
    listing = market.listings["BTCUSDT"]
    minutes = listing.bars(CUTS["1m"], 0, 1 << 62)
    bars = listing.bars(CUTS[name], 0, 1 << 62)
    assert minutes[0].start_ns % DAY_NS == 0
    starts = np.array([each.start_ns for each in minutes])
    covered = 0
    for bar in bars:
        inside = minutes[np.searchsorted(starts, bar.start_ns) : np.searchsorted(starts, bar.end_ns)]
        covered += len(inside)
        assert bar[2:6] == (inside[0].open, max(e.high for e in inside), min(e.low for e in inside), inside[-1].close)
        assert bar[6:] == tuple(sum(each[column] for each in inside) for column in range(6, 11))
    assert covered == len(minutes)


def test_minutes_join_without_a_jump_where_made_history_meets_the_trades():
    market, _ = made(MarketConfig(past_minutes=5, rate=300))
    for listing in market.listings.values():
        minutes = listing.bars(CUTS["1m"], 0, 1 << 62)
        row = next(row for row, bar in enumerate(minutes) if bar.start_ns == listing.seconds.first_ns)
        assert len(minutes) - row == 6
        assert abs(minutes[row].open / minutes[row - 1].close - 1) < 0.001


def test_a_bar_without_trades_repeats_the_last_close():
    market, clock = made(MarketConfig(rate=0, past_minutes=0))
    listing = market.listings["BTCUSDT"]
    close = listing.bars(CUTS["1m"], 0, 1 << 62)[-2].close
    run(market, clock, 5 * SECOND_NS)
    bar = listing.bars(CUTS["1s"], START_NS, 1 << 62)[-1]

    assert bar[2:] == (close, close, close, close, 0, 0, 0, 0, 0)


def test_the_market_keeps_to_its_rate_and_to_that_of_a_burst():
    market, clock = made(MarketConfig(seed=1, rate=1000))
    calm = sum(each.next_id - each.first_id for each in run(market, clock, 5 * SECOND_NS))
    market.burst(20_000, 2.0)
    wild = sum(each.next_id - each.first_id for each in run(market, clock, 2 * SECOND_NS))
    after = sum(each.next_id - each.first_id for each in run(market, clock, 5 * SECOND_NS))

    assert 4500 < calm < 5500
    assert 36_000 < wild < 42_000
    assert 4400 < after < 8000  # the burst ends with its block


def test_the_market_stands_still_while_the_clock_goes_back():
    market, clock = made(MarketConfig(rate=100))
    run(market, clock, SECOND_NS)
    at_ns = market.at_ns
    clock.jump(START_NS - HOUR_NS)

    assert list(market.advance()) == []
    clock.jump(START_NS + 2 * SECOND_NS)
    assert next(iter(market.advance())).begin_ns == at_ns


def test_a_market_whose_machine_slept_has_slept_too():
    market, clock = made(MarketConfig(rate=100))
    run(market, clock, SECOND_NS)
    before = market.listings["BTCUSDT"].tape.next_id
    clock.advance(SLEEP_NS + HOUR_NS)

    woken = [prints_of(each) for each in market.advance()]
    assert all(np.all(prints.event_ns > clock.now_ns() - SECOND_NS) for prints in woken)
    assert market.listings["BTCUSDT"].tape.next_id < before + 20
    flat = market.listings["BTCUSDT"].bars(CUTS["1m"], START_NS + 5 * MINUTE_NS, START_NS + HOUR_NS)
    assert len(flat) >= 54
    assert {bar.n_trades for bar in flat} == {0}
    assert sum(each.next_id - each.first_id for each in run(market, clock, SECOND_NS)) > 50


def test_the_tape_forgets_old_trades_and_keeps_their_numbers():
    market, clock = made(MarketConfig(seed=1, rate=6000, past_minutes=1, n_kept=2000), BINANCE_LISTED[:1])
    tape = market.listings["BTCUSDT"].tape
    newest = {}
    for _ in range(10):
        run(market, clock, SECOND_NS)
        prints = tape.between(tape.next_id - 1, tape.next_id)
        newest[prints.first_id] = (int(prints.event_ns[0]), int(prints.price[0]))
    kept = tape.between(0, 1 << 40)

    assert kept.first_id == tape.first_id > 1_000_001
    assert 2000 <= len(kept) < 40_000
    assert kept.first_id + len(kept) == tape.next_id
    for number, (event_ns, price) in newest.items():
        again = tape.between(number, number + 1)
        if number >= tape.first_id:
            assert (int(again.event_ns[0]), int(again.price[0])) == (event_ns, price)
            assert tape.id_at(event_ns) <= number
        else:
            assert len(again) == 0


def test_what_the_tape_gives_cannot_be_changed():
    market, _ = made(MarketConfig())
    with pytest.raises(ValueError, match="read-only"):
        market.listings["BTCUSDT"].tape.between(0, 1 << 40).price[0] = 1


def test_a_venue_whose_clock_is_off_dates_everything_by_it():
    market, clock = made(MarketConfig(rate=100, skew_ns=7 * SECOND_NS))
    movement = run(market, clock, SECOND_NS)[-1]

    assert movement.end_ns > clock.now_ns() + 6 * SECOND_NS


@pytest.mark.parametrize("change", [{"rate": -1.0}, {"past_minutes": -1}, {"bar_days": 5000}])
def test_an_impossible_market_is_refused(change):
    with pytest.raises(InvalidInput):
        made(replace(MarketConfig(), **change))


def test_days_of_a_zone_begin_at_its_midnight_across_a_change_of_its_clocks():
    cut = Cut(DAY_NS, zone="America/New_York")
    march_2024 = 1_709_942_400 * SECOND_NS  # Saturday 9th, 00:00 UTC
    starts = cut.starts(march_2024 + 12 * HOUR_NS, march_2024 + 3 * DAY_NS)

    assert np.diff(starts).tolist() == [24 * HOUR_NS, 23 * HOUR_NS, 24 * HOUR_NS]
    assert (starts[0] - march_2024) == 5 * HOUR_NS


def test_weeks_begin_on_monday_and_months_on_their_first_day():
    monday = 1_704_672_000 * SECOND_NS  # 2024-01-08
    assert Cut(7 * DAY_NS, WEEK_ANCHOR_NS).start_of(START_NS) == monday
    assert Cut(7 * DAY_NS, zone="America/New_York").start_of(START_NS) == monday + 5 * HOUR_NS
    assert Cut(n_months=1).start_of(START_NS) == 1_704_067_200 * SECOND_NS
    assert Cut(n_months=3).start_of(START_NS + 40 * DAY_NS) == 1_704_067_200 * SECOND_NS
