"""The dialog of feeds and the form of one: by keys, with errors beside their fields, and what is stored in the end."""

import asyncio
import contextlib
from dataclasses import dataclass, replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QWidget

from backend.domain.bars import BarSpec
from backend.errors import InvalidInput, Unavailable
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.feed import FeedState, FeedStatus
from backend.market.feeds.kinds import KINDS, FeedKind, FeedOption
from backend.settings import Appearance
from tests.fakes.dialogs import nameless, opened, walk
from tests.fakes.followed_venue import open_venue
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.shown_market import START_NS
from tests.fakes.window import open_window, shown
from trii_desktop.live.feed_form import FeedForm
from trii_desktop.live.feed_table import FeedRow
from trii_desktop.live.feeds_dialog import FeedsDialog
from trii_desktop.live.live_actions import FIRST_OF
from trii_desktop.look import Look
from trii_desktop.sight.feed_words import skew_words
from trii_desktop.theme import dress


@dataclass(frozen=True)
class PlainKind(FeedKind):
    """A kind whose client lies nowhere: only its form is looked at."""

    @property
    def urls(self):
        return "wss://stream.example/ws", "https://rest.example"


KEYED = PlainKind(
    "keyed", "Keyed venue", "A venue with keys.", "", "", ("key", "secret"),
    (FeedOption("plan", "Data plan", "free", ("free", "paid"), "What you pay for."), FeedOption("symbols", "Symbols")),
)  # fmt: skip
BINANCE = PlainKind("binance", "Binance", "Free.", "", "")
CONFIG = FeedConfig("binance", "binance")
LIVE = FeedStatus(FeedState.LIVE, connected_ns=START_NS, received_ns=START_NS, n_trades=12_345)


@pytest.fixture
def look(qapp):
    dress(qapp)
    made = Look(qapp)
    made.wear(Appearance())
    return made


class Deeds:
    """Notes what was asked for."""

    def __init__(self, *rows):
        self.shown = rows
        self.asked = []
        self.kinds = (BINANCE, KEYED)

    def rows(self):
        return self.shown

    def add(self, kind):
        self.asked.append(("add", kind.kind))

    def add_at_once(self, kind):
        self.asked.append(("at once", kind.kind))

    def edit(self, config):
        self.asked.append(("edit", config.name))

    def switch(self, config, *, is_on):
        self.asked.append(("on" if is_on else "off", config.name))

    def remove(self, config):
        self.asked.append(("remove", config.name))


@pytest.fixture
def dialog_of(look):
    made = []

    def make(*rows, now_ns=START_NS + 200_000_000):
        parent = QWidget()
        deeds = Deeds(*rows)
        dialog = FeedsDialog(parent, look, deeds, lambda: now_ns)
        dialog.show()
        made.append(parent)
        return dialog, deeds

    yield make
    for parent in made:
        parent.deleteLater()


def cells(dialog, place=0):
    return [dialog.table.item(place, column).text() for column in range(dialog.table.columnCount())]


def test_without_feeds_it_says_what_they_are_and_one_click_connects_a_free_one(dialog_of):
    dialog, deeds = dialog_of()
    assert dialog._stack.currentIndex() == 0
    offers = [b.text() for b in dialog._stack.currentWidget().findChildren(QPushButton)]
    assert offers == ["Binance", "Another one…"]
    QTest.mouseClick(dialog._stack.currentWidget().findChildren(QPushButton)[0], Qt.MouseButton.LeftButton)
    assert deeds.asked == [("at once", "binance")]


def test_a_feed_is_told_in_figures(dialog_of):
    status = replace(LIVE, skew_ns=300_000_000, n_bad=2, n_gaps=1, n_reconnects=3)
    dialog, _ = dialog_of(FeedRow(CONFIG, status, 812.0))
    assert cells(dialog) == ["binance", "Live", "0.2 s ago", "0.3 s ahead", "812", "12.3K", "2", "1", "3"]


def test_a_feed_that_is_down_says_why_below_the_list(dialog_of):
    status = FeedStatus(FeedState.REFUSED, "The key is not accepted: 401.")
    dialog, _ = dialog_of(FeedRow(CONFIG, status))
    assert (dialog.words.text(), dialog.words.property("role")) == ("The key is not accepted: 401.", "warning")
    assert cells(dialog)[1] == "Refused"


def test_a_clock_that_is_more_than_a_second_off_is_said(dialog_of):
    dialog, _ = dialog_of(FeedRow(CONFIG, replace(LIVE, skew_ns=-3_000_000_000)))
    assert dialog.words.text().startswith("The venue's clock is 3.0 s behind: set this computer's clock")
    assert skew_words(0.01) == "the same"


def test_feeds_are_changed_switched_and_removed_by_keys(qapp, dialog_of):
    off = FeedConfig("other", "keyed", is_on=False)

    async def story():
        dialog, deeds = dialog_of(FeedRow(CONFIG, LIVE), FeedRow(off, FeedStatus()))
        dialog.activateWindow()
        await shown(dialog.isActiveWindow)
        dialog.table.setFocus()
        for key in (Qt.Key.Key_Space, Qt.Key.Key_Delete, Qt.Key.Key_Return):
            QTest.keyClick(dialog.table, key)
        dialog.choose("other")
        assert dialog.switch_button.text() == "Turn on"
        QTest.keyClick(dialog.table, Qt.Key.Key_Space)
        assert deeds.asked == [("off", "binance"), ("remove", "binance"), ("edit", "binance"), ("on", "other")]
        assert cells(dialog, 1)[1] == "Off"

    run_on_qt(story())


def test_the_chosen_feed_stays_chosen_while_others_come_and_go(dialog_of):
    other = FeedRow(FeedConfig("alpaca", "keyed"), FeedStatus())
    dialog, deeds = dialog_of(FeedRow(CONFIG, LIVE))
    deeds.shown = (other, *deeds.shown)
    dialog.refresh()
    assert dialog.table.current.config == CONFIG


# --- the form -----------------------------------------------------------------------------------------------------------


class Store:
    """Takes what is saved and tried, or fails as a test says."""

    def __init__(self, error=None, status=LIVE):
        self.saved, self.tried, self.error, self.status = [], [], error, status

    async def save(self, config, secrets):
        if self.error:
            raise self.error
        self.saved.append((config, secrets))

    async def try_out(self, config, secrets):
        if self.error:
            raise self.error
        self.tried.append((config, secrets))
        return self.status


@pytest.fixture
def form_of(look):
    parents = []

    def make(store, kind=KEYED, config=None, *, is_new=True):
        parent, tasks = QWidget(), []
        parents.append(parent)
        form = FeedForm(parent, kind, config or FeedConfig(kind.kind, kind.kind), is_new=is_new)
        form.serve(lambda _name, coro: tasks.append(asyncio.ensure_future(coro)), store.save, store.try_out)
        form.show()
        return form, tasks

    yield make
    for parent in parents:
        parent.deleteLater()


def error_of(form, name):
    return form._errors[name].text() if form._errors[name].isVisibleTo(form) else ""


def test_a_form_asks_for_what_its_kind_needs_and_keys_are_not_shown(qapp, form_of):
    async def story():
        store = Store()
        form, tasks = form_of(store)
        assert list(form.fields) == [
            "name", "option.plan", "option.symbols", "secret.key", "secret.secret", "stream_url", "rest_url",
        ]  # fmt: skip
        assert isinstance(form.fields["option.plan"], QComboBox)
        assert form.fields["secret.key"].echoMode() is QLineEdit.EchoMode.Password
        assert form.fields["stream_url"].placeholderText() == "wss://stream.example/ws"
        QTest.keyClicks(form.fields["secret.key"], "abc")
        QTest.keyClicks(form.fields["option.symbols"], "AAPL MSFT")
        form.fields["option.plan"].setCurrentText("paid")
        QTest.mouseClick(form.save_button, Qt.MouseButton.LeftButton)
        await tasks.pop()
        options = {"plan": "paid", "symbols": "AAPL MSFT"}
        assert store.saved == [(FeedConfig("keyed", "keyed", options=options), {"key": "abc"})]
        assert opened("FeedForm") is None

    run_on_qt(story())


def test_what_goes_without_saying_is_not_stored(qapp, form_of):
    async def story():
        store = Store()
        form, tasks = form_of(store)
        form.save()
        await tasks.pop()
        assert store.saved == [(FeedConfig("keyed", "keyed"), {})]

    run_on_qt(story())


@pytest.mark.parametrize(
    ("code", "field"), [("feed.stream_url", "stream_url"), ("feed.symbols", "option.symbols"), ("feed.key", "secret.key")]
)
def test_an_error_stands_beside_the_field_it_is_about_and_the_form_stays(qapp, form_of, code, field):
    async def story():
        form, tasks = form_of(Store(InvalidInput("It cannot be.", hint="Try another.", code=code)))
        form.save()
        await tasks.pop()
        assert error_of(form, field) == "It cannot be. Try another."
        assert form.fields[field].property("invalid")
        assert [name for name in form.fields if error_of(form, name)] == [field]
        assert form.isVisible()
        assert form.save_button.isEnabled()

    run_on_qt(story())


def test_an_error_about_nothing_in_particular_stands_below(qapp, form_of):
    async def story():
        form, tasks = form_of(Store(Unavailable("The keyring is locked.", hint="Unlock it.")))
        form.save()
        await tasks.pop()
        assert (form.outcome.text(), form.outcome.property("role")) == ("The keyring is locked. Unlock it.", "error")

    run_on_qt(story())


def test_a_name_that_cannot_be_one_is_told_before_anything_is_stored(qapp, form_of):
    async def story():
        store = Store()
        form, tasks = form_of(store)
        form.fields["name"].setText("My Feed")
        form.save()
        await tasks.pop()
        assert store.saved == []
        assert error_of(form, "name")

    run_on_qt(story())


def test_a_connection_is_tried_with_what_is_typed_and_its_failure_told_in_the_venues_words(qapp, form_of):
    async def story():
        store = Store(status=FeedStatus(FeedState.REFUSED, "402: auth failed"))
        form, tasks = form_of(store)
        QTest.keyClicks(form.fields["secret.secret"], "s3")
        QTest.mouseClick(form.test_button, Qt.MouseButton.LeftButton)
        assert form.outcome.text() == "Connecting…" or tasks
        await tasks.pop()
        assert store.tried == [(FeedConfig("keyed", "keyed"), {"secret": "s3"})]
        assert (form.outcome.text(), form.outcome.property("role")) == ("402: auth failed", "error")
        store.status = LIVE
        form.test()
        await tasks.pop()
        assert (form.outcome.text(), form.outcome.property("role")) == ("Connected.", "good")
        assert form.isVisible()
        assert store.saved == []

    run_on_qt(story())


def test_a_changed_feed_keeps_its_name_its_switch_and_the_keys_that_are_not_typed(qapp, form_of):
    async def story():
        store = Store()
        before = FeedConfig("mine", "keyed", "wss://other.example", options={"plan": "paid"}, is_on=False)
        form, tasks = form_of(store, config=before, is_new=False)
        assert not form.fields["name"].isEnabled()
        assert form.fields["secret.key"].placeholderText() == "As it is kept; type to replace it"
        form.save()
        await tasks.pop()
        assert store.saved == [(before, {})]

    run_on_qt(story())


def test_the_form_speaks_and_is_walked_by_keys(qapp, form_of):
    async def story():
        form, _ = form_of(Store())
        form.activateWindow()
        await shown(form.isActiveWindow)
        form.fields["name"].setFocus()
        assert nameless(form) == []
        assert walk(form) == []
        assert all(label.textFormat() is Qt.TextFormat.PlainText for label in form.findChildren(QLabel) if label.text())
        QTest.keyClick(form, Qt.Key.Key_Escape)
        assert opened("FeedForm") is None

    run_on_qt(story())


# --- in the window ------------------------------------------------------------------------------------------------------


def test_feeds_are_stored_changed_and_removed_with_undo(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            live, desk = desktop.workbench.live, desktop.desk
            book = desk.backend.live.feeds
            before = FeedConfig("old", "kraken", is_on=False)
            await desk.bridge.call(_insert(book, before))
            live.open_feeds()
            await shown(lambda: opened("FeedsDialog"))
            dialog = opened("FeedsDialog")
            assert cells(dialog)[:2] == ["old", "Off"]
            live.remove(before)
            await shown(lambda: dialog._stack.currentIndex() == 0)
            assert "was removed" in desk.notices.entries[0].notice.title
            await desk.undo.undo()
            await shown(lambda: dialog._stack.currentIndex() == 1)
            assert await desk.bridge.call(book.list()) == (before,)
            dialog.close()
            assert live.dialog is None

    run_on_qt(story(), 40)


async def _insert(book, config):
    await book.put(config)


def test_from_the_form_to_live_candles_of_a_venue_and_back_to_a_stale_chart(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            desk, live, stack = desktop.desk, desktop.workbench.live, contextlib.AsyncExitStack()
            started = []

            async def begin():
                started.append(await stack.enter_async_context(open_venue()))

            await desk.bridge.call(begin())
            venue = started[0].binance
            live.open_feeds()
            await shown(lambda: opened("FeedsDialog"))
            live.add(KINDS["binance"])
            form = live.form
            form.fields["stream_url"].setText("http://elsewhere.example")
            form.save()
            await shown(lambda: error_of(form, "stream_url"), "the error")
            form.fields["stream_url"].setText(venue.stream_url)
            form.fields["rest_url"].setText(venue.rest_url)
            form.test()
            await shown(lambda: form.outcome.text() == "Connected.", "the trial")
            form.save()
            await shown(lambda: live.form is None, "stored")
            assert [config.name for config in await desk.bridge.call(desk.backend.live.feeds.list())] == ["binance"]
            chart = desktop.panels.chart
            await chart.open(FIRST_OF["binance"], BarSpec.parse("1m"))
            await shown(lambda: chart.view.model.worth.badge.startswith("LIVE "), "live")
            version = chart.view.model.shown.version
            await shown(lambda: chart.view.model.shown.version > version, "another candle")
            assert cells(opened("FeedsDialog"))[1] == "Live"
            await desk.bridge.call(stack.aclose())
            await shown(lambda: chart.view.model.worth.is_doubtful, "stale")
            opened("FeedsDialog").close()

    run_on_qt(story(), 60)
