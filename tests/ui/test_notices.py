"""The notification centre: filter, keys, offers, counting, and what is still there after a restart."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDockWidget

from backend.clock import ManualClock
from backend.events import Level, Notice
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown
from trii_desktop.notices.panel import NoticePanel
from trii_desktop.notifications import Entry, Notices, Offer

FULL = Notice(Level.ERROR, "The disk is full.", "No bytes are left.", "Free some space.")
LATE = Notice(Level.WARNING, "The feed is late.")
DONE = Notice(Level.SUCCESS, "The picture was saved.")


def panel_of(desktop):
    desktop.workbench.view.toggle_notices()
    return desktop.window.docks["notices"].widget()


def listed(panel):
    return [entry.notice for entry in panel.model.rows]


def test_the_list_is_filtered_by_how_much_notices_matter(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            desktop.desk.notices.clear()
            panel = panel_of(desktop)
            for notice in (FULL, LATE, DONE):
                desktop.desk.notices.add(notice)
            assert listed(panel) == [DONE, LATE, FULL]
            QTest.mouseClick(panel.filters.button(1), Qt.MouseButton.LeftButton)
            assert listed(panel) == [LATE, FULL]
            panel.filter(2)
            assert listed(panel) == [FULL]
            panel.view.setCurrentIndex(panel.model.index(0))
            QTest.keyClick(panel.view, Qt.Key.Key_Delete)
            assert listed(panel) == []
            assert panel._empty.isVisible()
            panel.filter(0)
            assert listed(panel) == [DONE, LATE]

    run_on_qt(story())


def test_an_undo_is_taken_from_the_list_later_and_only_once(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            panel, undone = panel_of(desktop), []

            async def take_back():
                undone.append(True)

            desktop.desk.did("A bar was deleted.", take_back)
            desktop.window.toasts.dismiss_all()
            panel.view.setCurrentIndex(panel.model.index(0))
            assert panel._act.isVisible()
            assert panel._act.text() == "Undo"
            QTest.keyClick(panel.view, Qt.Key.Key_Return)
            await shown(lambda: undone == [True])
            panel.act()
            assert not panel._act.isVisible()
            assert undone == [True]

    run_on_qt(story())


def test_the_words_of_a_notice_are_copied(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            desktop.desk.notices.clear()
            panel = panel_of(desktop)
            desktop.desk.notices.add(FULL)
            panel.view.setCurrentIndex(panel.model.index(0))
            QTest.keyClick(panel.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
            assert QGuiApplication.clipboard().text() == "Error: The disk is full. No bytes are left. Free some space."

    run_on_qt(story())


def test_warnings_and_errors_outlive_a_restart_with_what_can_be_done_and_nothing_else_does(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            desktop.desk.notices.clear()
            desktop.desk.notices.add(LATE, Offer("Look", lambda: None, "view.bars"))
            desktop.desk.notices.add(DONE)
            desktop.desk.notices.add(FULL)
            desktop.desk.notices.add(FULL)

    async def come_back():
        async with open_window(sampled) as desktop:
            notices = desktop.desk.notices
            await shown(lambda: any(entry.notice == FULL for entry in notices.entries))
            kept = [entry for entry in notices.entries if entry.notice in (FULL, LATE, DONE)]
            assert [(entry.notice, entry.n_times, entry.is_read) for entry in kept] == [(FULL, 2, False), (LATE, 1, False)]
            assert kept[1].offer.title == "Bar table"
            kept[1].offer.accept()
            assert desktop.workbench.view.shows_bars
            assert not desktop.window.toasts.toasts or FULL.title not in desktop.window.toasts.toasts[-1].accessibleName()
            desktop.workbench.view.toggle_notices()
            notices.remove(next(entry for entry in notices.entries if entry.notice == FULL))

    async def come_back_again():
        async with open_window(sampled) as desktop:
            notices = desktop.desk.notices
            await shown(lambda: any(entry.notice == LATE for entry in notices.entries))
            assert next(entry for entry in notices.entries if entry.notice == LATE).is_read
            assert not any(entry.notice == FULL for entry in notices.entries)

    run_on_qt(story())
    run_on_qt(come_back())
    run_on_qt(come_back_again())


def test_the_settings_say_what_comes_up_in_the_corner(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            notices, toasts, settings = desktop.desk.notices, desktop.window.toasts, desktop.desk.backend.settings
            for choice, titles in (("warnings", [LATE.title]), ("none", []), ("all", [DONE.title, LATE.title])):
                toasts.dismiss_all()
                await desktop.desk.bridge.call(settings.change("notices", toasts=choice))
                notices.add(DONE)
                notices.add(LATE)
                assert [toast.accessibleName() for toast in toasts.toasts] == titles

    run_on_qt(story())


def test_what_comes_up_lies_over_old_bars_and_over_no_dock(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            window = desktop.window
            window.resize(1100, 700)
            desktop.desk.notices.add(LATE)
            (toast,) = window.toasts.toasts[-1:]
            docks = [dock for dock in window.findChildren(QDockWidget) if dock.isVisible()]
            assert docks
            await shown(lambda: toast.x() < window.width() // 2)
            assert not any(dock.geometry().intersects(toast.geometry()) for dock in (*docks, window.statusBar()))
            window.resize(1100, 620)
            await shown(lambda: toast.geometry().bottom() < window.statusBar().y())

    run_on_qt(story())


def test_equal_notices_are_counted_and_unread_ones_stay_marked_until_the_next_look(qapp):
    clock = ManualClock(10**18)
    notices = Notices(clock)
    notices.add(LATE)
    notices.add(DONE)
    clock.advance(10**9)
    notices.add(LATE)
    assert [(entry.notice, entry.n_times) for entry in notices.entries] == [(LATE, 2), (DONE, 1)]
    assert notices.n_unread == 2
    notices.mark_read()
    assert (notices.n_unread, [entry.is_new for entry in notices.entries]) == (0, [True, True])
    notices.add(FULL)
    notices.mark_read()
    assert [entry.is_new for entry in notices.entries] == [True, False, False]


def test_what_is_brought_back_stands_at_its_time_and_not_twice(qapp):
    notices = Notices(ManualClock(100))
    notices.add(LATE)
    notices.restore([Entry(FULL, 200), Entry(LATE, 50), Entry(DONE, 40)])

    assert [(entry.notice, entry.at_ns) for entry in notices.entries] == [(FULL, 200), (LATE, 100), (DONE, 40)]


def test_an_empty_list_says_what_will_stand_there(qtbot, qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            desktop.desk.notices.clear()
            panel = NoticePanel(desktop.desk.notices, desktop.desk.look)
            assert panel._stack.currentIndex() == 0
            assert not panel._clear.isEnabled()
            panel.deleteLater()

    run_on_qt(story())
