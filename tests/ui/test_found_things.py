"""What a search in the assistant's dock finds opens where it belongs, over the real assistant."""

from PySide6.QtCore import QUrl

from backend.assistant.answers import Mode
from backend.assistant.hits import HitKind
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown
from trii_desktop.assistant.turn_view import AnswerView


async def found(desktop, text, mode=Mode.SEARCH):
    """The view and the answer of a search for ``text``, asked in the dock."""
    panel = desktop.panels.assistant
    panel.begin_new()
    panel.ask(text, mode)
    await shown(lambda: panel.talk.running is None and len(panel.talk.entries) == 2, "the answer")
    entry = panel.talk.entries[-1]
    answer = panel.talk.answer_of(entry)
    await shown(lambda: isinstance(panel.timeline.view_of(entry.id), AnswerView), "its view")
    return panel.timeline.view_of(entry.id), answer


def press(view, answer, kind, holds=""):
    """Press the link of the first hit of this kind whose target holds these letters."""
    place = next(at for at, hit in enumerate(answer.hits) if hit.kind is kind and holds in hit.target)
    link = f"hit:{place}"
    document = view.text.document()
    block, titles = document.begin(), []
    while block.isValid():
        fragments = [it.fragment() for it in block]
        titles += [one.text() for one in fragments if one.charFormat().anchorHref() == link]
        block = block.next()
    assert "".join(titles) == answer.hits[place].title
    view.text.anchorClicked.emit(QUrl(link))


def story(tell, home):
    async def whole():
        async with open_window(home) as desktop:
            desktop.window.docks["assistant"].show()
            await shown(lambda: desktop.panels.assistant is not None, "the assistant's dock")
            await tell(desktop)

    run_on_qt(whole(), timeout_s=90)


def test_a_found_instrument_opens_on_the_chart_and_a_found_bar_at_its_day(qapp, home):
    async def tell(desktop):
        chart = desktop.panels.chart
        await shown(lambda: chart.shown is not None)
        other = "MSFT" if chart.shown.instrument.id.code != "MSFT" else "AAPL"
        press(*await found(desktop, other), HitKind.INSTRUMENT, other)
        await shown(lambda: chart.shown.instrument.id.code == other, "the instrument on the chart")

    story(tell, home)


def test_a_found_indicator_is_put_on_the_chart_and_a_found_action_is_done(qapp, home):
    async def tell(desktop):
        chart = desktop.panels.chart
        n_before = len(chart.state.studies)
        press(*await found(desktop, "relative strength index"), HitKind.INDICATOR, "rsi")
        await shown(lambda: len(chart.state.studies) == n_before + 1, "the indicator on the chart")
        done = []
        desktop.workbench.actions.by_id["settings.open"].triggered.connect(lambda: done.append(1))
        press(*await found(desktop, "settings"), HitKind.ACTION, "settings.open")
        assert done == [1]
        await shown(lambda: desktop.workbench.view.settings is not None)
        desktop.workbench.view.settings.close()

    story(tell, home)


def test_a_found_setting_opens_at_its_field_and_found_help_is_shown_whole_beside_its_title(qapp, home):
    async def tell(desktop):
        view, answer = await found(desktop, "adjusted prices")
        press(view, answer, HitKind.SETTING, "chart.adjusted")
        await shown(lambda: desktop.workbench.view.settings is not None)
        desktop.workbench.view.settings.close()
        press(view, answer, HitKind.HELP, "adjusted-prices")
        cards = desktop.panels.assistant.cards
        await shown(lambda: cards.popover is not None and cards.popover.isVisible(), "the page")
        assert cards.popover.text.toPlainText().endswith("always say which.")
        cards.close()

    story(tell, home)


def test_a_found_conversation_opens_again(qapp, home):
    async def tell(desktop):
        panel = desktop.panels.assistant
        await found(desktop, "What do you think of the wombats of the quarter?", Mode.FAST)  # searches do not find searches
        first = panel.talk.id
        view, answer = await found(desktop, "wombats")
        assert panel.talk.id != first
        press(view, answer, HitKind.CONVERSATION, first)
        await shown(lambda: panel.talk.id == first, "the earlier conversation")

    story(tell, home)
