"""The Binance feed against the simulated venue: every trade once, in order, whatever happens on the way."""

import asyncio

import numpy as np
import pytest

from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId, InstrumentKind
from backend.errors import InvalidInput, NotFound, Unavailable
from backend.market.feeds.binance import BinanceFeed, check_options
from backend.market.feeds.binance_heal import HealRules
from backend.market.feeds.connection import FRAMES_AT_ONCE
from backend.market.feeds.feed import FeedState, Wants
from backend.market.feeds.line_watch import ConnectionRules
from backend.simulator.answers import Answer
from backend.simulator.bad_frames import Harm
from tests.fakes.followed_venue import BTC, ETH, SOL, following, open_venue, tape_of, up_to_date
from tests.fakes.waiting import until

ALL = Wants(quotes=True, depth=True)


async def started(feed, taken, n=20, instruments=(BTC, ETH)):
    await until(lambda: all(taken.n_trades(each) > n for each in instruments), what=f"{n} trades of each; {feed.status}")


async def test_every_trade_comes_once_and_in_order_with_quotes_and_the_clock_of_the_venue():
    async with open_venue() as venue, following(venue) as (feed, taken):
        await started(feed, taken, 100)
        await up_to_date(venue, taken, (BTC, ETH))
        status = feed.status

        assert status.state is FeedState.LIVE
        assert status.words == ""
        assert status.n_trades == taken.n_trades(BTC) + taken.n_trades(ETH)
        assert status.n_quotes >= len(taken.quotes) > 0
        assert (status.n_bad, status.n_gaps, status.n_reconnects) == (0, 0, 0)
        assert abs(status.skew_ns) < 200_000_000
        assert not any(batch.is_late for batch in taken.batches)
        assert all(quote.bid <= quote.ask for quotes in taken.quotes for quote in quotes.values())


async def test_a_clock_that_is_wrong_by_minutes_is_seen():
    async with open_venue() as venue:
        venue.market.clock.skew_ns = -90_000_000_000
        async with following(venue) as (feed, _):
            await until(lambda: abs(feed.status.skew_ns + 90_000_000_000) < 500_000_000)


async def test_dropped_doubled_and_swapped_messages_lose_and_double_nothing():
    async with open_venue() as venue, following(venue) as (feed, taken):
        await started(feed, taken)
        faults = venue.binance.faults
        for _ in range(3):
            faults.drop_next(2, containing=b"btcusdt@trade")
            faults.repeat_next(5, containing=b"@trade")
            faults.swap_next(3, containing=b"ethusdt@trade")
            await until(lambda: faults.is_quiet)
        await started(feed, taken, taken.n_trades(ETH) + 20)
        await up_to_date(venue, taken, (BTC, ETH))

        assert not taken.gaps
        assert feed.status.n_gaps >= 1
        assert any(batch.is_late for batch in taken.batches)


async def test_what_was_missed_while_the_line_was_down_comes_late_before_what_is_live():
    async with open_venue() as venue, following(venue) as (feed, taken):
        await started(feed, taken)
        for n in range(1, 4):
            n_before = taken.n_trades(BTC)
            await venue.binance.faults.disconnect(None if n % 2 else 1012)
            await until(lambda n=n: feed.status.n_reconnects >= n and feed.status.state is FeedState.LIVE)
            await until(lambda n=n_before: taken.n_trades(BTC) > n + 30)
        await up_to_date(venue, taken, (BTC, ETH))

        assert not taken.gaps
        times = [batch.trades[BTC].event_ns for batch in taken.batches if BTC in batch.trades]
        assert np.all(np.diff(np.concatenate(times)) >= 0)


async def test_trades_of_a_pause_come_though_nothing_trades_afterwards():
    async with open_venue() as venue, following(venue) as (feed, taken):
        await started(feed, taken)
        venue.binance.faults.stall()
        at = venue.market.at_ns
        await until(lambda: venue.market.at_ns > at + 500_000_000)
        venue.market.rate = 0.0
        at = venue.market.at_ns
        await until(lambda: venue.market.at_ns > at + 300_000_000)
        venue.binance.faults.resume()
        await venue.binance.faults.disconnect()
        await up_to_date(venue, taken, (BTC, ETH))


@pytest.mark.parametrize("harm", list(Harm))
async def test_bad_messages_are_counted_refused_and_healed(harm):
    async with open_venue() as venue, following(venue, wants=ALL) as (feed, taken):
        await started(feed, taken)
        await until(lambda: len(taken.depths) > 2)
        venue.binance.faults.harm_next(harm, 10)
        await until(lambda: feed.status.n_bad >= 3, what=f"bad messages counted: {feed.status}")
        await until(lambda: venue.binance.faults.is_quiet)
        n_depths = len(taken.depths)
        await until(lambda: len(taken.depths) > n_depths + 3)
        await up_to_date(venue, taken, (BTC, ETH))

        assert not taken.gaps
        assert feed.status.n_reconnects == 0
        assert all(np.isfinite([quote.bid, quote.ask]).all() for quotes in taken.quotes for quote in quotes.values())


async def test_while_the_rest_service_is_away_live_trades_wait_and_then_come_in_order():
    async with open_venue() as venue, following(venue) as (feed, taken):
        await started(feed, taken)
        venue.binance.faults.refuse_calls(Answer(b"<html>", 503, "text/html"), 5)
        venue.binance.faults.drop_next(1, containing=b"btcusdt@trade")
        await until(lambda: feed.status.n_gaps == 1)
        await until(lambda: any(batch.is_late for batch in taken.batches))
        await up_to_date(venue, taken, (BTC, ETH))

        assert not taken.gaps


async def test_what_cannot_be_fetched_becomes_a_gap_and_live_trading_goes_on():
    impatient = HealRules(reorder_s=0.01, patience_s=0.3, retry_s=0.05, retry_s_max=0.1)
    async with open_venue() as venue, following(venue, (BTC,), healing=impatient) as (feed, taken):
        await started(feed, taken, instruments=(BTC,))
        venue.binance.faults.refuse_calls(Answer(b"", 503, "text/html"), 1000)
        venue.binance.faults.drop_next(3, containing=b"btcusdt@trade")
        await until(lambda: taken.gaps)
        venue.binance.faults.clear()
        n_before = taken.n_trades(BTC)
        await until(lambda: taken.n_trades(BTC) > n_before + 50)
        venue.market.rate = 0.0
        await until(lambda: tape_of(venue, BTC)[-1] == taken.trades(BTC)[-1])
        tape, got = tape_of(venue, BTC), taken.trades(BTC)
        first = next(i for i in range(len(tape)) if tape[i : i + 10] == got[:10])
        missing = list((set(tape[first:])) - set(got))

        assert len(tape[first:]) == len(got) + 3
        assert [row for row in got if row in set(tape)] == got
        assert len(taken.gaps) == 1
        gap = taken.gaps[0]
        assert gap.instrument == BTC
        assert all(gap.from_ns <= row[0] * 1_000_000 < gap.to_ns for row in missing)


async def test_too_many_missed_trades_become_a_gap():
    strict = HealRules(reorder_s=0.01, trades_max=20, patience_s=2.0, retry_s=0.05)
    async with open_venue(2000.0) as venue, following(venue, (BTC,), healing=strict) as (feed, taken):
        await started(feed, taken, instruments=(BTC,))
        n_dropped = 100
        venue.binance.faults.drop_next(n_dropped, containing=b"btcusdt@trade")
        await until(lambda: taken.gaps)
        n_before = taken.n_trades(BTC)
        await until(lambda: taken.n_trades(BTC) > n_before + 50)

        assert len(taken.gaps) == 1


async def test_a_reader_that_stops_loses_no_trade_in_a_burst():
    async with open_venue(500.0) as venue, following(venue) as (feed, taken):
        await started(feed, taken)
        taken.gate.clear()
        n_batches = len(taken.batches)
        venue.market.burst(20_000.0, 1.0)
        at = venue.market.at_ns
        await until(lambda: venue.market.at_ns > at + 1_500_000_000, 20)
        assert len(taken.batches) <= n_batches + 1
        taken.gate.set()
        await up_to_date(venue, taken, (BTC, ETH))

        assert feed.status.n_gaps == 0
        assert len(taken.batches) < n_batches + 200


async def test_beyond_what_may_wait_the_venue_is_not_read_and_still_no_trade_is_lost():
    async with open_venue(500.0) as venue, following(venue, n_waiting_max=1000) as (feed, taken):
        await started(feed, taken)
        taken.gate.clear()
        tape, n_before = venue.market.listings["BTCUSDT"].tape, feed.status.n_trades
        venue.market.rate, until_id = 20_000.0, tape.next_id + 8000
        await until(lambda: tape.next_id > until_id, 20)
        assert feed.status.n_trades - n_before < 1000 + 2 * FRAMES_AT_ONCE
        taken.gate.set()
        await up_to_date(venue, taken, (BTC, ETH))

        assert feed.status.n_trades - n_before > 8000
        assert not taken.gaps


async def test_books_are_those_of_the_venue_after_a_lost_difference_too():
    async with open_venue() as venue, following(venue, (BTC,), wants=ALL) as (_, taken):
        await until(lambda: len(taken.depths) > 3)
        venue.binance.faults.drop_next(2, containing=b"@depth")
        await until(lambda: venue.binance.faults.is_quiet)
        n_before = len(taken.depths)
        await until(lambda: len(taken.depths) > n_before + 3)
        venue.market.rate = 0.0
        book = venue.market.listings["BTCUSDT"].book

        def is_same() -> bool:
            shown = taken.depths[-1][BTC]
            bids = [(price / 100, lots / 100_000) for price, lots in sorted(book.bids.items(), reverse=True)][:100]
            asks = [(price / 100, lots / 100_000) for price, lots in sorted(book.asks.items())][:100]
            return (
                list(zip(shown.bid_price.tolist(), shown.bid_quantity.tolist(), strict=True)) == bids
                and list(zip(shown.ask_price.tolist(), shown.ask_quantity.tolist(), strict=True)) == asks
            )

        await until(is_same, what="the venue's book")


async def test_what_is_wanted_changes_while_it_runs_and_the_rest_goes_on_unbroken():
    async with open_venue() as venue, following(venue, (BTC,)) as (feed, taken):
        await started(feed, taken, instruments=(BTC,))
        feed.want({BTC: Wants(), SOL: Wants(quotes=False)})
        await until(lambda: taken.n_trades(SOL) > 20)
        assert not any(SOL in quotes for quotes in taken.quotes)
        feed.want({BTC: Wants(depth=True)})
        await until(lambda: any(BTC in depths for depths in taken.depths))
        n_sol = taken.n_trades(SOL)
        await until(lambda: not any("sol" in name for talk in venue.binance._talks.values() for name in talk.streams))
        await up_to_date(venue, taken, (BTC,))

        assert taken.n_trades(SOL) <= n_sol + 5
        assert feed.status.n_reconnects == 0


async def test_an_empty_batch_is_a_sign_of_life_when_nothing_trades():
    async with open_venue(0.0) as venue, following(venue, (BTC,), wants=Wants(quotes=False)) as (feed, taken):
        await until(lambda: len(taken.batches) >= 1)

        assert not taken.batches[0].trades
        assert taken.batches[0].received_ns == feed.status.received_ns


async def test_a_region_that_is_not_served_is_told_and_not_asked_again_and_again():
    async with open_venue() as venue:
        venue.binance.faults.refuse_handshakes(451, 1)
        patient = ConnectionRules(beat_s=0.05, close_s=0.2, wait_s=0.01, refused_s=60.0)
        async with following(venue, rules=patient) as (feed, _):
            await until(lambda: feed.status.state is FeedState.REFUSED)

            assert "does not serve this region (451)" in feed.status.words
            assert feed.status.connected_ns == 0
            assert venue.binance.faults.counts["turned away"] == 1


async def test_streams_that_do_not_fit_are_said_and_trades_come_before_quotes():
    many = [InstrumentId(f"C{n}USDT", "BINANCE") for n in range(700)]
    async with open_venue() as venue, following(venue, (BTC, *many, ETH)) as (feed, taken):
        await started(feed, taken)
        await until(lambda: feed.status.words)

        assert feed.status.words.startswith("380 streams are left out: Binance carries 1024 at most.")
        assert feed.status.state is FeedState.LIVE


async def test_closing_is_prompt_and_leaves_nothing_in_any_state():
    loop = asyncio.get_running_loop()
    async with open_venue() as venue:
        for wait in (False, True):
            async with following(venue) as (feed, taken):
                if wait:
                    await started(feed, taken)
                    taken.gate.clear()
                    venue.binance.faults.refuse_calls(Answer(b"", 503, "text/html"), 1000)
                    venue.binance.faults.drop_next(1, containing=b"@trade")
                    await until(lambda: feed.status.n_gaps)
                began_s = loop.time()
            assert loop.time() - began_s < 1.5
            assert feed.status.state is FeedState.OFF


async def test_a_feed_that_is_run_again_fetches_what_it_missed_in_between():
    async with open_venue() as venue:
        async with following(venue, (BTC,)) as (feed, first):
            await started(feed, first, instruments=(BTC,))
        at = venue.market.at_ns
        await until(lambda: venue.market.at_ns > at + 500_000_000)
        async with following(venue, (BTC,), feed=feed) as (_, second):
            await started(feed, second, instruments=(BTC,))
            second.batches[:0] = first.batches
            await up_to_date(venue, second, (BTC,))


# --- history ------------------------------------------------------------------------------------------------------------


async def test_bars_are_paged_complete_and_agree_with_the_trades():
    async with open_venue(20.0) as venue, following(venue, ()) as (feed, _):
        now_ns = venue.market.clock.now_ns()
        minute = Series(BTC, BarSpec.parse("1m"))
        bars = await feed.fetch_bars(minute, now_ns - 2 * 86_400_000_000_000, now_ns)

        assert len(bars) > 2000
        assert np.all(np.diff(bars.event_ns) == 60_000_000_000)
        assert bars.event_ns[-1] + 60_000_000_000 <= now_ns + 1_000_000_000
        seconds = await feed.fetch_bars(Series(BTC, BarSpec.parse("1s")), now_ns - 30_000_000_000, now_ns)
        trades = await feed.fetch_trades(BTC, int(seconds.event_ns[0]), int(seconds.event_ns[-1]) + 1_000_000_000)
        assert trades is not None
        assert trades.price.max() == seconds.high.max()
        assert trades.price.min() == seconds.low.min()
        assert trades.quantity.sum() == pytest.approx(seconds.volume.sum())
        assert len(await feed.fetch_bars(minute, now_ns + 86_400_000_000_000, now_ns + 2 * 86_400_000_000_000)) == 0


async def test_a_page_boundary_neither_loses_nor_doubles_a_trade():
    async with open_venue(100.0) as venue, following(venue, ()) as (feed, _):
        tape = tape_of(venue, BTC)
        first_ns, last_ns = tape[0][0] * 1_000_000, tape[-1][0] * 1_000_000
        trades = await feed.fetch_trades(BTC, first_ns, last_ns)

        assert trades is not None
        assert len(tape) > 1500
        expected = [row for row in tape if first_ns <= row[0] * 1_000_000 < last_ns]
        assert (trades.event_ns // 1_000_000).tolist() == [row[0] for row in expected]
        assert trades.price.tolist() == [row[1] for row in expected]


async def test_instruments_come_with_their_steps_and_lots():
    async with open_venue() as venue, following(venue, ()) as (feed, _):
        listed = {each.id: each for each in await feed.fetch_instruments()}

        assert set(listed) == {BTC, ETH, SOL}
        assert listed[BTC].kind is InstrumentKind.CRYPTO
        assert listed[BTC].currency == "USDT"
        assert str(listed[BTC].price_steps[0].step) == "0.01"
        assert str(listed[BTC].lot) == "0.00001"
        assert listed[BTC].name == "BTC / USDT"


async def test_questions_that_cannot_be_answered_say_why():
    minute = BarSpec.parse("1m")
    async with open_venue() as venue, following(venue, ()) as (feed, _):
        with pytest.raises(NotFound, match="does not know this instrument"):
            await feed.fetch_bars(Series(InstrumentId("NOPE", "BINANCE"), minute), 0, 10**18)
        with pytest.raises(NotFound, match=r"end in \.BINANCE"):
            await feed.fetch_bars(Series(InstrumentId("AAPL", "XNAS"), minute), 0, 10**18)
        with pytest.raises(InvalidInput, match="no bars of 7m"):
            await feed.fetch_bars(Series(BTC, BarSpec.parse("7m")), 0, 10**18)
        venue.binance.faults.refuse_calls(Answer(b"{}", 451), 1)
        with pytest.raises(Unavailable, match="region"):
            await feed.fetch_bars(Series(BTC, minute), 0, 10**18)
        venue.binance.refuse_next(status=429, retry_after_s=30)
        with pytest.raises(Unavailable, match="slow down") as limited:
            await feed.fetch_bars(Series(BTC, minute), 0, 10**18)
        assert limited.value.retry_after_s == 30
        with pytest.raises(Unavailable, match="asked not to be asked"):
            await feed.fetch_instruments()


def test_options_that_are_none_are_refused():
    check_options({})
    with pytest.raises(InvalidInput, match="'plan'"):
        check_options({"plan": "gold"})


def test_only_its_own_venue_is_served():
    assert BinanceFeed.serves(None, BTC)
    assert not BinanceFeed.serves(None, InstrumentId("XBTUSD", "KRAKEN"))
