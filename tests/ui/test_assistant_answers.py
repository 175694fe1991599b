"""What an answer leads to: facts of numbers, addresses of links, analyses and their sketches, how it came about."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication, QTextCharFormat
from PySide6.QtTest import QTest

from backend.assistant.answers import Checks, Mode, Provenance
from backend.assistant.engines.engine import EngineState, EngineStats
from backend.assistant.facts.fact import BarRange
from backend.assistant.grounding.span import Mark, Span
from backend.assistant.stages import Stage
from backend.domain.instruments import InstrumentId
from tests.fakes.assistant_window import DAYS, analysed, facts_of, newest_of, number, story_of
from tests.fakes.window import shown
from trii_desktop.assistant.wording import KEPT

# --- numbers ----------------------------------------------------------------------------------------------------------


def test_a_number_leads_by_keys_to_its_fact_and_marks_its_bars(qapp, sampled):
    async def tell(hand):
        facts = facts_of(newest_of(hand))
        answer = await hand.answered("Close?", Span("It closed **at "), number(facts, "F2", "-1.25 %"), Span("**."), facts=facts)
        hand.timeline.setFocus()
        text = hand.view(answer).text
        text.setFocus()
        QTest.keyClick(text, Qt.Key.Key_Tab)
        QTest.keyClick(text, Qt.Key.Key_Return)
        card = hand.panel.cards.popover
        assert card.isVisible()
        words = card.text.toPlainText()
        told = (
            "Change over one session",
            "-1.25%",
            "close[n] / close[n-1] - 1",
            "bars of AAPL.XNAS 1d",
            "Last close 187.45",
        )
        for said_of_it in told:
            assert said_of_it in words
        on_chart = hand.actions._on(hand.desktop.panels.chart)
        assert on_chart.layer.marked == (facts["F2"].bars,)
        hand.desktop.panels.chart.view.grab()
        QTest.keyClick(card.text, Qt.Key.Key_Escape)
        assert not card.isVisible()
        assert not on_chart.layer.marked

    story_of(tell, sampled)


def test_an_input_of_a_fact_leads_on_to_its_own_fact(qapp, home):
    async def tell(hand):
        facts = facts_of(1_704_724_200 * 1_000_000_000)
        hand.panel.cards.show_fact("F2", facts, QRect(300, 300, 10, 10))
        hand.panel.cards.popover.text.fact_wanted.emit("F1", QRect())
        assert hand.panel.cards.popover.accessibleName().startswith("Last close: 187.45.")
        hand.panel.cards.show_fact("F6", facts, QRect(300, 300, 10, 10))
        assert "Unavailable. no news source is set up" in hand.panel.cards.popover.text.toPlainText()

    story_of(tell, home)


def test_unverified_numbers_are_struck_through_and_say_so(qapp, home):
    async def tell(hand):
        answer = await hand.answered(
            "How many?", Span("About "), Span("54 million", Mark.UNVERIFIED), Span("."), checks=Checks(1, 1)
        )
        text = hand.view(answer).text
        cursor = text.document().find("54 million")
        look = cursor.charFormat()
        assert look.fontStrikeOut()
        assert look.foreground().color().name() == hand.desktop.desk.look.palette.muted
        assert "Unverified" in look.toolTip()
        assert not look.isAnchor()
        assert "1 number is unverified" in hand.view(answer).provenance._checks.text()

    story_of(tell, home)


def test_a_persons_own_number_is_underlined_quietly_and_says_whose_it_is(qapp, home):
    async def tell(hand):
        spans = (Span("You hold "), Span("250", Mark.QUOTED, why="quoted: 250"), Span(" shares."))
        answer = await hand.answered("I hold 250 shares.", *spans)
        look = hand.view(answer).text.document().find("250").charFormat()
        assert look.underlineStyle() is QTextCharFormat.UnderlineStyle.DashUnderline
        assert "Your number" in look.toolTip()
        assert not look.isAnchor()
        hand.panel.deeds.copy(next(one for one in hand.entries if one.id == answer))
        assert QGuiApplication.clipboard().text() == "You hold 250 (your number) shares."

    story_of(tell, home)


def test_stating_words_show_what_code_found_of_them(qapp, home):
    async def tell(hand):
        facts = facts_of(1_704_724_200 * 1_000_000_000)
        spans = (
            Span("It is "),
            Span("above", Mark.UNTRUE, why="The last close is lower."),
            Span(" it, "),
            Span("below", Mark.JUDGED, "F1", "The last close is lower."),
            Span(" that: "),
            Span("no", Mark.UNCHECKED),
            Span("."),
        )
        answer = await hand.answered("Is it?", *spans, facts=facts, checks=Checks(n_claims=2, n_untrue=1, n_unjudged=1))
        document = hand.view(answer).text.document()
        untrue, true, unchecked = (document.find(word).charFormat() for word in ("above", "below", "no"))
        assert untrue.fontStrikeOut()
        assert untrue.toolTip() == "Untrue. The last close is lower."
        assert (true.isAnchor(), true.toolTip()) == (True, "True. The last close is lower.")
        assert unchecked.underlineStyle() is QTextCharFormat.UnderlineStyle.WaveUnderline
        assert "Not checked" in unchecked.toolTip()
        said = hand.view(answer).provenance._checks.text()
        assert "1 statement is untrue" in said
        assert "1 statement is not checked" in said

    story_of(tell, home)


def test_a_link_opens_nothing_before_its_address_was_shown(qapp, home):
    async def tell(hand):
        answer = await hand.answered("Where?", Span("See [here](https://www.sec.gov/x?y=1) or [there](javascript:alert(1))."))
        text = hand.view(answer).text
        assert text.toPlainText() == "See here (www.sec.gov) or [there](javascript:alert(1))."
        text.setFocus()
        QTest.keyClick(text, Qt.Key.Key_Tab)
        QTest.keyClick(text, Qt.Key.Key_Return)
        card = hand.panel.cards.popover
        assert card.isVisible()
        assert "https://www.sec.gov/x?y=1" in card.text.toPlainText()
        next(made for made in card._buttons if made.text() == "Copy the address").click()
        assert QGuiApplication.clipboard().text() == "https://www.sec.gov/x?y=1"

    story_of(tell, home)


# --- analyses ---------------------------------------------------------------------------------------------------------


def test_an_analysis_asks_about_what_the_chart_shows(qapp, sampled):
    async def tell(hand):
        await analysed(hand)
        (question,) = hand.script.questions
        assert (question.mode, str(question.instrument)) == (Mode.ANALYSIS, "AAPL.XNAS")
        assert question.chart.series == hand.desktop.panels.chart.shown.series
        assert question.chart.from_ns < question.chart.to_ns == newest_of(hand)

    story_of(tell, sampled)


def test_the_card_has_five_sections_and_an_idea_only_where_there_is_one(qapp, sampled):
    async def tell(hand):
        answer, _ = await analysed(hand)
        words = hand.view(answer).card.text.toPlainText()
        places = [words.index(title) for title in ("Technical", "Fundamental", "Sentiment", "Trade idea", "Risk")]
        assert places == sorted(places)
        assert "Reward to risk" in words
        assert hand.view(answer).card._plain.isVisible()
        assert "Inputs" not in words
        height = hand.view(answer).height()
        hand.view(answer).card.inputs_button.click()
        assert "not available: no news source is set up" in hand.view(answer).card.text.toPlainText()
        assert hand.view(answer).height() > height
        other, _ = await analysed(hand, has_idea=False)
        assert "Reward to risk" not in hand.view(other).card.text.toPlainText()

    story_of(tell, sampled)


def test_a_widget_that_showed_an_analysis_shows_plain_words_without_its_card(qapp, sampled):
    async def tell(hand):
        answer, _ = await analysed(hand)
        view, first = hand.view(answer), hand.panel.talk.id
        view.card.inputs_button.click()
        hand.panel.begin_new()
        other = await hand.answered("What?", Span("Words."))
        assert hand.view(other) is view
        assert not view.card.isVisible()
        assert hand.text(other) == "Words."
        await hand.panel.talk.open(first)
        again = hand.view(answer)
        assert again.card.isVisible()
        assert not again.text.isVisible()
        assert "no news source is set up" not in again.card.text.toPlainText().partition("Risk")[2]

    story_of(tell, sampled)


def test_an_analysis_says_how_long_its_stages_took_and_offers_what_was_cut(qapp, sampled):
    async def tell(hand):
        bars = Stage("bars", 12.0, 12.0, 1_000.0)
        plain, _ = await analysed(hand, stages=(bars, Stage("card", 1_990.0, 2_002.0, 2_000.0)))
        view = hand.view(plain)
        assert view.provenance._stages.text() == f"bars 12{KEPT}ms · card 2.0{KEPT}s, late"
        assert not view.retry.isVisible()
        cut, _ = await analysed(hand, stages=(bars, Stage("wording", 2_700.0, 2_800.0, 2_800.0, is_cut=True, by="Big")))
        view = hand.view(cut)
        assert view.provenance._stages.text() == f"bars 12{KEPT}ms · wording not there by 2.8{KEPT}s, cut"
        assert (view.retry.text(), view.retry.isVisible()) == ("Let the model word it", True)
        n_turns = len(hand.script.conversations.turns)
        view.retry.click()
        await shown(lambda: hand.panel.is_answering)
        assert len(hand.script.conversations.turns) == n_turns

    story_of(tell, sampled)


def test_sketches_are_drawn_until_escape_and_kept_only_as_drawings(qapp, sampled):
    async def tell(hand):
        answer, analysis = await analysed(hand)
        chart = hand.desktop.panels.chart
        drawings = hand.desktop.workbench.drawings.of(chart)
        await shown(lambda: drawings.layer.map is not None)
        card, layer = hand.view(answer).card, hand.actions._on(chart).layer
        before = chart.view.grab().toImage()
        card.show_button.click()
        assert layer.sketches == analysis.sketches
        assert chart.view.grab().toImage() != before
        assert not drawings.book.drawings
        QTest.keyClick(chart.view, Qt.Key.Key_Escape)
        assert not layer.sketches
        card.show_button.click()
        card.keep_button.click()
        kinds = sorted(one.kind for one in drawings.book.drawings)
        assert kinds == ["horizontal", "horizontal", "text", "trend_line"]
        assert not layer.sketches

    story_of(tell, sampled)


def test_sketches_go_when_the_chart_shows_another_instrument(qapp, sampled):
    async def tell(hand):
        answer, _ = await analysed(hand)
        chart = hand.desktop.panels.chart
        hand.view(answer).card.show_button.click()
        await chart.open(InstrumentId("MSFT", "XNAS"))
        assert not hand.actions.has_sketches
        wanted = []
        hand.actions.chart_wanted.connect(lambda *what: wanted.append(what))
        hand.view(answer).card.show_button.click()
        assert [str(instrument) for instrument, _ in wanted] == ["AAPL.XNAS"]
        await chart.open(wanted[0][0])
        await shown(lambda: hand.actions.has_sketches)

    story_of(tell, sampled)


def test_bars_that_an_answer_found_are_marked_on_their_chart_until_escape(qapp, sampled):
    async def tell(hand):
        newest, day_ns = newest_of(hand), 86_400_000_000_000
        found = tuple(BarRange(DAYS, newest - n * day_ns, newest - n * day_ns) for n in (30, 29, 10, 3))
        answer = await hand.answered("How many days?", Span("Four."), matches=found)
        chart = hand.desktop.panels.chart
        await shown(lambda: hand.desktop.workbench.drawings.of(chart).layer.map is not None)
        before = chart.view.grab().toImage()
        assert hand.view(answer).matches.text() == "Show all 4 on the chart"
        hand.view(answer).matches.click()
        assert hand.actions.has_sketches
        assert chart.view.grab().toImage() != before
        QTest.keyClick(chart.view, Qt.Key.Key_Escape)
        assert not hand.actions.has_sketches

    story_of(tell, sampled)


# --- models -----------------------------------------------------------------------------------------------------------


def test_without_a_model_it_says_what_needs_none_and_offers_models(qapp, home):
    async def tell(hand):
        assert not hand.panel.strip.isVisible()
        await hand.call(hand.script.choose_none())
        await shown(hand.panel.strip.isVisible)
        assert hand.panel.strip.said.words == "No model for Fast yet."
        wanted = []
        hand.actions.models_wanted.connect(lambda: wanted.append(1))
        hand.panel.strip.offer.click()
        assert wanted
        hand.composer.choose_mode(Mode.SEARCH)
        await shown(lambda: not hand.panel.strip.isVisible())

    story_of(tell, home)


def test_loading_shows_progress_and_can_be_cancelled(qapp, home):
    async def tell(hand):
        await hand.call(hand.script.load(0.4))
        await shown(lambda: hand.panel.strip.isVisible() and hand.panel.strip._bar.value() == 400)
        assert hand.panel.strip._bar.isVisible()
        hand.panel.strip.offer.click()
        await shown(lambda: hand.script.n_unloads == 1 and not hand.panel.strip.isVisible())

    story_of(tell, home)


def test_a_broken_engine_and_a_queue_are_told(qapp, home):
    async def tell(hand):
        await hand.ask("Soon?")
        await hand.call(hand.script.stand(EngineStats(EngineState.BUSY, n_waiting=3)))
        await shown(lambda: hand.panel.strip.said.words == "2 questions are answered before this one.")
        await hand.call(hand.script.stand(EngineStats(EngineState.BROKEN, words="The engine stopped.")))
        await shown(lambda: hand.panel.strip.said.words == "The engine stopped.")
        assert "Ask again" in hand.panel.strip.said.hint
        await hand.finish(hand.panel.talk.running.id)

    story_of(tell, home)


def test_what_was_sent_is_unfolded_whole(qapp, home):
    async def tell(hand):
        sent = (("system", "Be brief."), ("user", "What?"))
        made = Provenance(Mode.FAST, "M", "api.example", "The card asked for it", sent, 10.0, 20.0, is_cached=True, cost_usd=0.0123)
        answer = await hand.answered("What?", Span("That."), provenance=made)
        line = hand.view(answer).provenance
        assert line._words.text() == "Fast · M · api.example · repeated from before · US$ 0.0123"
        assert line.sent is None
        height = hand.view(answer).height()
        line.toggle.click()
        assert line.sent.toPlainText() == "[system]\nBe brief.\n\n[user]\nWhat?"
        assert hand.view(answer).height() > height

    story_of(tell, home)
