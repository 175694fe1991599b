"""The bus: order, isolation of handlers, dead letters, the closed list."""

import threading
from dataclasses import dataclass
from typing import ClassVar

import pytest

from backend.bus import Bus
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from backend.events import EVENTS, BarsChanged, BarsSaved, Event, Level, Notice, SettingsChanged, WindowRequested, notice_of

DAILY = Series(InstrumentId("AAPL", "XNAS"), BarSpec.parse("1d"))


def test_handlers_get_events_of_their_class_alone_until_they_are_closed():
    bus = Bus()
    seen: list[Event] = []
    subscription = bus.subscribe(SettingsChanged, seen.append)
    bus.publish(SettingsChanged("chart"))
    bus.publish(WindowRequested())
    subscription.close()
    subscription.close()
    bus.publish(SettingsChanged("data"))
    assert seen == [SettingsChanged("chart")]


def test_all_handlers_see_events_in_one_order_when_a_handler_publishes():
    bus = Bus()
    early: list[str] = []
    late: list[str] = []

    def answer(event: SettingsChanged) -> None:
        early.append(event.section)
        if event.section == "chart":
            bus.publish(SettingsChanged("data"))

    bus.subscribe(SettingsChanged, answer)
    bus.subscribe(SettingsChanged, lambda event: late.append(event.section))
    bus.publish(SettingsChanged("chart"))
    assert early == late == ["chart", "data"]


def test_a_handler_closed_by_an_earlier_one_is_not_called_for_the_same_event():
    bus = Bus()
    seen: list[Event] = []
    bus.subscribe(WindowRequested, lambda _event: second.close())
    second = bus.subscribe(WindowRequested, seen.append)
    bus.publish(WindowRequested())
    assert seen == []


@pytest.mark.logs("A handler failed on settings.changed.v1")
def test_a_failing_handler_is_noticed_once_and_does_not_stop_the_others():
    bus = Bus()
    seen: list[Event] = []
    notices: list[Notice] = []

    def fail(event: SettingsChanged) -> None:
        raise ZeroDivisionError(f"no {event.section}")

    bus.subscribe(SettingsChanged, fail)
    bus.subscribe(SettingsChanged, seen.append)
    bus.subscribe(Notice, notices.append)
    bus.publish(SettingsChanged("chart"))
    bus.publish(SettingsChanged("data"))
    assert seen == [SettingsChanged("chart"), SettingsChanged("data")]
    assert [n.text for n in notices] == ["ZeroDivisionError: no chart"]
    assert notices[0].title == "Reacting to settings.changed.v1 failed."
    assert [(d.event, d.error) for d in bus.dead_letters] == [
        (SettingsChanged("chart"), "ZeroDivisionError: no chart"),
        (SettingsChanged("data"), "ZeroDivisionError: no data"),
    ]
    assert "fail" in bus.dead_letters[0].handler
    assert "raise ZeroDivisionError" in bus.dead_letters[0].stack


@pytest.mark.logs("A handler failed on app.notice.v1")
def test_a_handler_that_fails_on_notices_does_not_make_more_of_them():
    bus = Bus()

    def fail(_event: Notice) -> None:
        raise ValueError("cannot show it")

    bus.subscribe(Notice, fail)
    bus.publish(Notice(Level.INFO, "Hello"))
    assert len(bus.dead_letters) == 1
    assert bus.n_published == 1


@pytest.mark.logs("A handler failed")
def test_dead_letters_are_a_ring_of_the_newest():
    bus = Bus(n_dead_letters=3)

    def fail(event: SettingsChanged) -> None:
        raise ValueError(event.section)

    bus.subscribe(SettingsChanged, fail)
    for i in range(5):
        bus.publish(SettingsChanged(str(i)))
    assert [d.error for d in bus.dead_letters] == ["ValueError: 2", "ValueError: 3", "ValueError: 4"]


def test_another_thread_may_not_publish():
    bus = Bus()
    errors: list[BaseException] = []

    def publish() -> None:
        try:
            bus.publish(WindowRequested())
        except AssertionError as e:
            errors.append(e)

    thread = threading.Thread(target=publish)
    thread.start()
    thread.join()
    assert "Only the engine thread publishes" in str(errors[0])


def test_events_outside_the_list_are_refused_until_a_bus_is_made_with_them():
    @dataclass(frozen=True, slots=True)
    class Blinked(Event):
        NAME: ClassVar[str] = "plugin.org.example.lamp.blinked.v1"

    with pytest.raises(AssertionError, match="not in this bus's list"):
        Bus().subscribe(Blinked, print)
    with pytest.raises(AssertionError, match="not in this bus's list"):
        Bus().publish(Blinked())
    seen: list[Event] = []
    bus = Bus((*EVENTS, Blinked))
    bus.subscribe(Blinked, seen.append)
    bus.publish(Blinked())
    assert seen == [Blinked()]


def test_coroutine_functions_are_refused_as_handlers():
    async def handler(_event: Event) -> None:
        raise AssertionError("never called")

    with pytest.raises(AssertionError, match="coroutines read an EventQueue"):
        Bus().subscribe(WindowRequested, handler)


def test_every_event_has_its_own_versioned_name():
    names = [kind.NAME for kind in EVENTS]
    assert len(set(names)) == len(names)
    assert all(name.rpartition(".v")[2].isdigit() for name in names)


def test_merged_changes_of_bars_reach_back_to_the_earlier_start_at_the_higher_version():
    first, second = BarsChanged(DAILY, from_ns=50, version=7), BarsChanged(DAILY, from_ns=90, version=8)
    assert first.conflation_key() == second.conflation_key()
    assert first.merged_into(second) == BarsChanged(DAILY, from_ns=50, version=8)


def test_merged_watermarks_never_go_back():
    assert BarsSaved(9, 100).merged_into(BarsSaved(5, 90)) == BarsSaved(9, 100)


def test_a_notice_of_a_known_error_has_its_words_and_of_a_defect_says_so():
    known = notice_of(InvalidInput("No time column.", hint="Choose one.", code="import.time"), "The import failed.")
    assert known == Notice(Level.ERROR, "The import failed.", "No time column.", "Choose one.", "import.time")
    defect = notice_of(KeyError("x"), "The import failed.")
    assert defect.text == "KeyError: 'x'"
    assert defect.code == "app.defect"
