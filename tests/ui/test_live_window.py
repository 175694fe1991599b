"""Live data in the whole window: followed while it is shown, told how fresh it is, stale where it is."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from backend.domain.bars import BarSpec
from backend.domain.instruments import InstrumentId
from backend.errors import NotFound
from backend.events import FeedLagging, ReplayMoved
from tests.fakes.dialogs import opened
from tests.fakes.live_feed import LIVE, WAITING, LiveFeed
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.shown_market import BITCOIN, ETHER
from tests.fakes.window import open_window, shown
from trii_desktop.sight.freshness import Freshness
from trii_desktop.watchlist.model import BID, STANDING_ROLE

MINUTES = BarSpec.parse("1m")
AAPL = InstrumentId("AAPL", "XNAS")


def test_an_instrument_that_only_a_feed_knows_is_found_opened_and_followed(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            live, chart = await LiveFeed(desktop).start(), desktop.panels.chart
            found = await desktop.desk.bridge.call(desktop.desk.engine.find("ethu"))
            assert [one.instrument.id for one in found] == [ETHER.id]
            await chart.open(BITCOIN.id, MINUTES)
            assert str(chart.shown.spec) == "1m"
            n_bars = len(chart.view.model.snapshot)
            assert n_bars >= 200
            await shown(lambda: live.wanted == {BITCOIN.id: False})
            await live.give()
            last = await _last_price(desktop)
            await shown(lambda: chart.view.model.snapshot.bar(len(chart.view.model.snapshot) - 1).close == last)

    run_on_qt(story(), 40)


def test_an_instrument_that_nobody_serves_is_still_refused_at_once(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            await LiveFeed(desktop).start()
            with pytest.raises(NotFound):
                await desktop.panels.chart.open(InstrumentId("NOSUCH", "BINANCE"), MINUTES)
            assert desktop.panels.chart.shown.instrument.id == AAPL

    run_on_qt(story(), 40)


def test_a_chart_says_how_fresh_its_price_is_and_draws_a_stale_one_hollow(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            live, chart = await LiveFeed(desktop).start(), desktop.panels.chart
            chart.look_at_age()
            assert chart.view.model.worth.badge == ""
            await chart.open(BITCOIN.id, MINUTES)
            await live.give()
            await shown(lambda: _worth(chart).badge.startswith("LIVE "))
            chart.view.grab()
            assert not _price_label(chart).is_hollow
            assert "Binance, " in chart.view.legend_text
            await live.say(WAITING, "The connection was lost.", age_s=42)
            await shown(lambda: _worth(chart).is_doubtful)
            chart.view.grab()
            assert (_price_label(chart).is_hollow, _price_label(chart).ink) == (True, "muted")
            assert _worth(chart).tip.endswith("The connection was lost.")
            await live.say(LIVE)
            await shown(lambda: not _worth(chart).is_doubtful)

    run_on_qt(story(), 40)


def test_a_kept_picture_and_a_replay_say_nothing_of_the_present(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            live, chart, desk = await LiveFeed(desktop).start(), desktop.panels.chart, desktop.desk
            await chart.open(BITCOIN.id, MINUTES)
            await live.give()
            await shown(lambda: _worth(chart).badge)
            with chart.view.still() as picture:
                assert picture.legend.words.worth.badge == ""
            assert chart.view.model.worth.badge
            start_ns = chart.view.model.snapshot.event_ns_at(50)
            moved = []
            desk.bridge.subscribe(ReplayMoved, moved.append)
            await desk.bridge.call(desk.backend.replay.start(chart.shown.series, start_ns))
            await shown(lambda: moved)
            assert _worth(chart).badge == ""
            await desk.bridge.call(desk.backend.replay.stop())

    run_on_qt(story(), 40)


def test_what_is_shown_is_followed_and_let_go_when_it_is_not(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            live, panels = await LiveFeed(desktop).start(), desktop.panels
            await panels.chart.open(BITCOIN.id, MINUTES)
            await shown(lambda: live.wanted == {BITCOIN.id: False})
            desktop.workbench.live.toggle_depth()
            await shown(lambda: live.wanted == {BITCOIN.id: True})
            await panels.watchlist.create_list("Crypto", (ETHER.id,))
            await shown(lambda: live.wanted == {BITCOIN.id: True, ETHER.id: False})
            desktop.workbench.view.toggle_watchlist()
            await shown(lambda: live.wanted == {BITCOIN.id: True})
            desktop.workbench.live.toggle_depth()
            await shown(lambda: live.wanted == {BITCOIN.id: False})
            await panels.chart.open(AAPL)
            await shown(lambda: live.wanted == {})

    run_on_qt(story(), 40)


def test_docks_show_the_market_of_the_active_chart(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            live, market = await LiveFeed(desktop).start(), desktop.panels.market
            await desktop.panels.chart.open(BITCOIN.id, MINUTES)
            desktop.workbench.live.toggle_tape()
            assert desktop.workbench.live.shows_tape
            await shown(lambda: live.wanted)
            await live.give(30)
            await shown(lambda: market.tape.view.reel.n_rows == 30)
            await live.give(12)
            await shown(lambda: market.tape.view.reel.n_rows == 42)
            desktop.workbench.live.toggle_depth()
            await shown(lambda: live.wanted == {BITCOIN.id: True})
            await live.give()
            await shown(lambda: market.depth.ladder.book is not None)
            assert market.depth.ladder.spoken.startswith("Bid 6")

    run_on_qt(story(), 40)


def test_rows_of_the_watchlist_say_who_serves_them_and_what_is_quoted(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            live, panel = await LiveFeed(desktop).start(), desktop.panels.watchlist
            await panel.create_list("Crypto", (BITCOIN.id, AAPL))
            await shown(lambda: desktop.desk.backend.live.is_joined(BITCOIN.id))
            await live.give()
            await shown(lambda: _standing(panel).freshness is Freshness.LIVE)
            await shown(lambda: panel.model.index(0, BID).data().startswith("6"))
            assert panel.model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole).splitlines()[-1].startswith("Binance, ")
            assert panel.model.index(1, 0).data(STANDING_ROLE).freshness is Freshness.NONE
            await live.say(WAITING, age_s=42)
            await shown(lambda: _standing(panel).freshness is Freshness.STALE)
            assert "stale for " in panel.model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
            panel.grab()

    run_on_qt(story(), 40)


def test_the_status_bar_tells_the_worst_of_the_feeds_and_leads_to_them(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            part, desk = desktop.window.status.parts["feed"], desktop.desk
            assert part.text() == "No feed"
            live = await LiveFeed(desktop).start()
            await shown(lambda: part.text().startswith("Binance live, "))
            await desk.bridge.call(_publish(desk.backend, FeedLagging("binance", 1_500.0, 30_000)))
            await shown(lambda: part.text() == "Binance lags 1.5 s")
            assert "30,000 trades wait" in part.accessibleName()
            await desk.bridge.call(_publish(desk.backend, FeedLagging("binance", 0.0, 0)))
            await shown(lambda: part.text().startswith("Binance live, "))
            await live.say(WAITING, "The connection was lost.")
            await shown(lambda: part.text() == "Binance: waiting")
            assert part.property("level") == "warning"
            QTest.mouseClick(part, Qt.MouseButton.LeftButton)
            await shown(lambda: opened("FeedsDialog"))
            opened("FeedsDialog").close()

    run_on_qt(story(), 40)


async def _last_price(desktop):
    live = desktop.desk.backend.live
    await shown(lambda: (tape := live.tape(BITCOIN.id)) is not None and tape.n_trades)
    return float(live.tape(BITCOIN.id).newest(1).price[-1])


async def _publish(backend, event):
    backend.bus.publish(event)


def _worth(chart):
    chart.look_at_age()
    return chart.view.model.worth


def _price_label(chart):
    return chart.view._picture.main.labels[0]


def _standing(panel):
    panel._look_at_ages()
    return panel.model.index(0, 0).data(STANDING_ROLE)
