"""Time and sales and the order book: one panel at a time, on plain values."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from backend.domain.ticks import TradeArrays
from backend.live.tape import Tape
from backend.settings import Appearance
from backend.telemetry.metrics import Metrics
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.shown_market import BITCOIN, ETHER, FakeMarket, make_depth, make_trades
from tests.fakes.window import shown
from trii_desktop.frame import FrameClock
from trii_desktop.live.depth_panel import DepthPanel
from trii_desktop.live.tape_panel import TapePanel
from trii_desktop.look import Look
from trii_desktop.sight.freshness import Sight
from trii_desktop.theme import dress


@pytest.fixture
def look(qapp):
    dress(qapp)
    made = Look(qapp)
    made.wear(Appearance())
    return made


@pytest.fixture
def market():
    made = FakeMarket()
    made.serve(BITCOIN.id)
    tape = made.tapes[BITCOIN.id] = Tape()
    tape.add(make_trades(1_000))
    made.depths[BITCOIN.id] = make_depth(65_000.0)
    return made


@pytest.fixture
def make(look, market):
    """A shown panel of the class asked for, at the active chart's instrument."""
    made = []

    def panel(kind, instrument=BITCOIN, source=market):
        one = kind(look, FrameClock(Metrics()), Sight(source, market.clock_ns))
        made.append(one)
        one.resize(340, 480)
        one.show()
        one.subject.chart_shows(instrument)
        one.look()
        return one

    yield panel
    for one in made:
        one.close_panel()
        one.deleteLater()


def text_of(panel):
    return panel.view.words_of(0).split("\t")


def test_the_newest_print_stands_on_top_with_its_side(make, market):
    panel, trades = make(TapePanel), market.tapes[BITCOIN.id].newest(10)
    time, price, quantity, side = text_of(panel)
    assert price == f"{trades.price[-1]:,.2f}"
    assert float(quantity) == trades.quantity[-1]
    assert side == ("bought" if trades.aggressor[-1] == 1 else "sold")
    assert len(time) == len("00:00:00.000")


def test_any_number_of_trades_between_frames_is_one_look(make, market):
    async def story():
        panel, tape = make(TapePanel), market.tapes[BITCOIN.id]
        frames, looks = panel._frames, []
        take = panel.view.look_at
        panel.view.look_at = lambda t: looks.append(take(t)) or looks[-1]
        await shown(lambda: frames.is_idle)
        looks.clear()
        for n in range(400):
            tape.add(make_trades(5, seed=n))
        await shown(lambda: panel.view.reel.trades.event_ns[-1] == tape.newest(1).event_ns[-1])
        assert looks.count(True) == 1
        assert panel.view.reel.n_rows == 3_000

    run_on_qt(story())


def test_a_hidden_dock_looks_at_nothing(make, market):
    async def story():
        panel = make(TapePanel)
        panel.hide()
        market.tapes[BITCOIN.id].add(make_trades(5, seed=3))
        panel._frames.request()
        await shown(lambda: panel._frames.is_idle)
        assert panel.view.reel.n_rows == 1_000
        assert not panel._timer.isActive()
        assert not panel._pulse.is_running
        panel.show()
        await shown(lambda: panel.view.reel.n_rows == 1_005)

    run_on_qt(story())


def test_looking_further_down_pauses_and_a_button_leads_back(make, market):
    panel, tape = make(TapePanel), market.tapes[BITCOIN.id]
    before = text_of(panel)
    panel.view.verticalScrollBar().setValue(40)
    tape.add(make_trades(12, seed=4))
    panel.look()
    assert text_of(panel) == before
    assert panel.newest.isVisible()
    assert panel.newest.text() == "↑ 12 new"
    QTest.mouseClick(panel.newest, Qt.MouseButton.LeftButton)
    assert panel.view.verticalScrollBar().value() == 0
    assert not panel.newest.isVisible()
    assert panel.view.reel.n_rows == 1_012


def test_scrolling_back_to_the_top_goes_on_by_itself(make, market):
    panel = make(TapePanel)
    panel.view.verticalScrollBar().setValue(3)
    assert panel.view.reel.is_paused
    panel.view.verticalScrollBar().setValue(0)
    assert not panel.view.reel.is_paused


def test_prints_are_read_and_copied_by_keys(make, market):
    panel, view = make(TapePanel), None
    view = panel.view
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.at == 1
    assert view.accessibleDescription() == view.words_of(1).replace("\t", ", ")
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == view.words_of(1)
    QTest.keyClick(view, Qt.Key.Key_End)
    assert view.at == 999
    assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum()
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert (view.at, view.reel.is_paused) == (-1, False)


def test_small_prints_are_left_out_and_the_filter_says_what_it_cannot_read(make):
    panel = make(TapePanel)
    QTest.keyClicks(panel.least, "0.1")
    assert panel.view.reel.trades.quantity.min() >= 0.1
    QTest.keyClicks(panel.least, "x")
    assert panel.least.property("invalid")
    assert panel.view.reel.min_quantity == 0.1


def test_prints_that_were_fetched_afterwards_are_told_apart(make, market):
    market.tapes[BITCOIN.id].add(make_trades(1, seed=8), is_late=True)
    assert text_of(make(TapePanel))[-1] == "late"


def test_a_print_that_stands_out_is_painted_on_another_ground(make, market):
    tape = market.tapes[BITCOIN.id]
    last = tape.newest(1)
    tape.add(TradeArrays(last.event_ns, last.price, np.array([500.0]), np.array([1], np.int8)))
    panel = make(TapePanel)
    ground = panel.view.viewport().grab().toImage().pixelColor(200, panel.view.head_px + 2)
    assert ground == panel.view.inks.up_big
    QTest.keyClicks(panel.big, "1000")
    ground = panel.view.viewport().grab().toImage().pixelColor(200, panel.view.head_px + 2)
    assert ground == panel.view.inks.ground


def test_an_instrument_without_feed_offers_to_connect_one(make):
    panel, asked = make(TapePanel, ETHER), []
    panel.wants_feed.connect(lambda: asked.append(True))
    assert panel._stack.currentWidget() is panel._empty
    QTest.mouseClick(panel._empty.findChild(QPushButton), Qt.MouseButton.LeftButton)
    assert asked == [True]


@pytest.mark.parametrize("kind", [TapePanel, DepthPanel])
def test_stale_data_is_grey_and_says_its_age_and_comes_back(make, market, kind):
    panel = make(kind)
    market.pass_s(0.2)
    panel._pulse.beat()
    painted = panel.view if kind is TapePanel else panel.ladder
    assert panel.badge.text() == "LIVE 0.2 s"
    assert not painted.is_dim
    market.pass_s(42)
    panel._pulse.beat()
    assert panel.badge.text() == "STALE 42 s"
    assert painted.is_dim
    market.serve(BITCOIN.id)
    panel._pulse.beat()
    assert not painted.is_dim


@pytest.mark.parametrize("kind", [TapePanel, DepthPanel])
def test_a_pinned_dock_stays_while_the_chart_changes(make, kind):
    panel = make(kind)
    QTest.mouseClick(panel.pin, Qt.MouseButton.LeftButton)
    panel.subject.chart_shows(ETHER)
    assert panel.subject.instrument == BITCOIN
    assert panel._name.text() == "BTCUSDT.BINANCE"
    QTest.mouseClick(panel.pin, Qt.MouseButton.LeftButton)
    assert panel.subject.instrument == ETHER
    assert not panel.pin.isChecked()


def test_the_ladder_says_best_prices_and_spread_and_is_centred_by_a_key(make, market):
    panel, depth = make(DepthPanel), market.depths[BITCOIN.id]
    ladder = panel.ladder
    bid, ask = (f"{float(p[0]):,.2f}" for p in (depth.bid_price, depth.ask_price))
    assert ladder.spoken.startswith(f"Bid {bid}, ask {ask}, spread ")
    for _ in range(5):
        QTest.keyClick(ladder, Qt.Key.Key_Up)
    assert ladder.offset == 5
    QTest.keyClick(ladder, Qt.Key.Key_C)
    assert ladder.offset == 0
    assert ladder.accessibleDescription() == ladder.spoken


def test_the_wheel_looks_no_further_than_the_book_reaches(make, market):
    ladder = make(DepthPanel).ladder
    for _ in range(200):
        turned = QWheelEvent(
            QPointF(50, 50), QPointF(50, 50), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(ladder.viewport(), turned)
    assert ladder.offset == len(market.depths[BITCOIN.id].ask_price)


def test_prices_are_gathered_by_the_step_that_was_chosen(make):
    panel = make(DepthPanel)
    assert [panel.steps.itemText(n) for n in range(4)] == ["0.01", "0.05", "0.10", "0.50"] or panel.steps.itemText(0) == "0.01"
    QTest.keyClicks(panel.ladder, "+")
    assert panel.factor == 5
    assert panel.ladder.book.step == pytest.approx(0.05)
    assert np.allclose(np.round(panel.ladder.book.bids.price / 0.05), panel.ladder.book.bids.price / 0.05)
    QTest.keyClicks(panel.ladder, "-")
    QTest.keyClicks(panel.ladder, "-")
    assert panel.factor == 1


def test_the_balance_is_told_in_words(make, market):
    panel = make(DepthPanel)
    depth = market.depths[BITCOIN.id]
    bids, asks = depth.bid_quantity[:10].sum(), depth.ask_quantity[:10].sum()
    assert f"bids {100 * bids / (bids + asks):.0f} %" in panel.balance.words
    assert panel.balance.accessibleName() == panel.balance.words


def test_the_curve_is_read_by_keys_and_adds_up(make, market):
    panel = make(DepthPanel)
    panel.as_curve.setChecked(True)
    curve, depth = panel.curve, market.depths[BITCOIN.id]
    for _ in range(40):
        QTest.keyClick(curve, Qt.Key.Key_Right)
    assert curve.reading.startswith("Asks up to ")
    reached = depth.ask_price <= curve.book.middle + curve.reach
    assert curve.reading.endswith(f": {depth.ask_quantity[reached].sum():,.2f}")
    QTest.keyClick(curve, Qt.Key.Key_Home)
    assert curve.reading == ""


def test_another_book_is_taken_once_a_frame_and_the_same_one_not_again(make, market):
    panel = make(DepthPanel)
    assert not panel.take()
    market.depths[BITCOIN.id] = make_depth(65_010.0, seed=5)
    assert panel.is_behind
    assert panel.take()
    assert panel.ladder.book.middle == pytest.approx(65_010.0, abs=1)


def test_a_feed_without_books_says_that_it_waits(make, market):
    del market.depths[BITCOIN.id]
    panel = make(DepthPanel)
    assert panel._stack.currentWidget() is panel._quiet
    market.depths[BITCOIN.id] = make_depth(65_000.0)
    panel.look()
    assert panel._stack.currentWidget() is panel.views
