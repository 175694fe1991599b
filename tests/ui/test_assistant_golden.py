"""The assistant's dock, the dialog of models, and what an analysis draws, against stored pictures; see ``test_chart_golden``."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QWidget

from backend.assistant.analysis.card import Sketch, SketchKind
from backend.assistant.answers import Checks, Mode, Provenance
from backend.assistant.facts.fact import BarRange
from backend.assistant.grounding.span import Mark, Span
from backend.assistant.stages import Stage
from backend.charts.anchor_map import AnchorMap
from backend.charts.chart_state import ChartState
from backend.commands.picture import ChartRequest
from backend.settings import Appearance
from tests.fakes.assistant_window import DAY_NS, DAYS, analysis_of, bench_of, facts_of, number
from tests.fakes.bars import INSTRUMENT, make_days
from tests.fakes.model_deeds import BROKEN, EXAMINING, GEMMA, QWEN, STARTER, NotingDeeds
from tests.ui.test_chart_golden import check_golden, check_widget
from trii_desktop.assistant.models.models_dialog import ModelsDialog
from trii_desktop.assistant.sketches import SketchLayer
from trii_desktop.charts.render import draw_chart
from trii_desktop.drawings.layer import DrawingLayer
from trii_desktop.look import Look
from trii_desktop.theme import dress, load_fonts

NEWEST_NS = 20_413 * DAY_NS
BARS = make_days(40, seed=3)
LOW, HIGH = float(BARS.low.min()), float(BARS.high.max())
EVERY_THEME = pytest.mark.parametrize("theme", ["dark", "light", "high_contrast"])
TWO_THEMES = pytest.mark.parametrize("theme", ["dark", "light"])


@EVERY_THEME
def test_a_question_answered_by_code_looks_as_it_did(qapp, theme):
    async def tell(hand):
        facts = facts_of(NEWEST_NS)
        below = Span("below", Mark.JUDGED, "F7", "41.3 is below 50.")
        answer = await hand.ask("How did Apple close, and its RSI?")
        said = (Span("Apple closed at "), number(facts, "F1", "187.45"), Span(", "), number(facts, "F2", "-1.25 %"))
        more = (
            Span(" on the session. Its RSI of 14 bars stands at "),
            number(facts, "F7", "41.3"),
            Span(", "),
            below,
            Span(" 50."),
        )
        days = tuple(BarRange(DAYS, NEWEST_NS - n * DAY_NS, NEWEST_NS - n * DAY_NS) for n in (3, 9))
        await hand.say(answer, *said, *more, facts=facts, matches=days)
        await hand.finish(answer, provenance=Provenance(Mode.FAST, chosen="code can compute it", total_ms=42.0))
        check_widget(f"assistant-answer-{theme}", hand.panel)

    bench_of(tell, width_px=400, height_px=420, theme=theme)


@EVERY_THEME
def test_an_analysis_with_a_source_that_was_cut_looks_as_it_did(qapp, theme):
    async def tell(hand):
        facts = facts_of(NEWEST_NS)
        hand.composer.choose_mode(Mode.ANALYSIS)
        answer = await hand.ask("Analyse AAPL.XNAS 1d")
        await hand.say(answer, analysis=analysis_of(facts, NEWEST_NS), facts=facts)
        stages = (
            Stage("bars", 12.0, 12.0, 1_000.0),
            Stage("news", 1_000.0, 1_000.0, 1_000.0, is_cut=True),
            Stage("card", 84.0, 1_084.0, 2_000.0),
            Stage("wording", 1_716.0, 2_800.0, 2_800.0, is_cut=True, by="Qwen3 4B"),
        )
        sent = (("user", "Word this."),)
        await hand.finish(answer, provenance=Provenance(Mode.ANALYSIS, sent=sent, total_ms=2_810.0, stages=stages))
        check_widget(f"assistant-card-{theme}", hand.panel)

    bench_of(tell, width_px=400, height_px=960, theme=theme)


@TWO_THEMES
def test_what_a_model_said_and_thought_unchecked_looks_as_it_did_in_a_narrow_dock(qapp, theme):
    async def tell(hand):
        facts = facts_of(NEWEST_NS)
        thought = (Span("First I look at the close.\n\nIt may reach "), Span("512.80", Mark.UNVERIFIED), Span(", I guess."))
        answer = await hand.ask("I hold 250 shares of Apple. What next?")
        await hand.say(
            answer,
            Span("You hold "), Span("250", Mark.QUOTED, why="quoted: 250"), Span(" shares. The close of "),
            number(facts, "F1", "187.45"), Span(" is "), Span("above", Mark.UNTRUE, why="It is lower."), Span(" resistance at "),
            number(facts, "F4", "198.70"), Span(". Volume was "), Span("54 million", Mark.UNVERIFIED), Span(". Analysts "),
            Span("agree", Mark.UNCHECKED), Span(" that it is **cheap**, see [here](https://www.sec.gov/x)."),
            facts=facts, thought=thought, thought_ms=4_200.0,
            checks=Checks(n_numbers=3, n_unverified=1, n_claims=2, n_untrue=1, n_unjudged=1),
        )  # fmt: skip
        made = Provenance(Mode.DEEP, "Qwen3 4B", "this process", "Answered here.", first_token_ms=400.0, total_ms=21_000.0)
        await hand.finish(answer, provenance=replace(made, chosen="it asks for reasons or a plan"))
        hand.view(answer).thought.toggle.click()
        check_widget(f"assistant-unchecked-{theme}", hand.panel)

    bench_of(tell, width_px=280, height_px=640, theme=theme)


@TWO_THEMES
def test_an_empty_dock_looks_as_it_did(qapp, theme):
    async def tell(hand):
        check_widget(f"assistant-empty-{theme}", hand.panel)

    bench_of(tell, width_px=400, height_px=420, theme=theme)


@TWO_THEMES
def test_the_dialog_of_models_looks_as_it_did(qapp, theme):
    dress(qapp)
    look = Look(qapp)
    look.wear(Appearance(theme=theme))
    parent = QWidget()
    dialog = ModelsDialog(parent, look, NotingDeeds(GEMMA, BROKEN, QWEN, STARTER, works=(EXAMINING,)))
    dialog.choose(QWEN.id)
    dialog.show()
    dialog.resize(1_280, 480)
    dialog.grab()  # lays it out
    check_widget(f"assistant-models-{theme}", dialog)
    parent.deleteLater()


# --- what an analysis draws -------------------------------------------------------------------------------------------


def at(bar, price):
    return int(BARS.event_ns[bar]), float(price)


def between(share):
    return LOW + share * (HIGH - LOW)


SKETCHES = (
    Sketch(SketchKind.LEVEL, "Support 1", (at(5, between(0.12)),), "F1"),
    Sketch(SketchKind.LEVEL, "Support 2", (at(5, between(0.15)),), "F2"),
    Sketch(SketchKind.LEVEL, "Resistance", (at(8, between(0.9)),), "F3"),
    Sketch(SketchKind.LINE, "Trend line", (at(10, BARS.high[10]), at(30, BARS.high[30])), "F4"),
    Sketch(SketchKind.MARK, "Swing low", (at(12, BARS.low[12]),), "F5"),
    Sketch(SketchKind.MARK, "Swing high", (at(14, BARS.high[14]),), "F6"),
    Sketch(SketchKind.MARK, "Swing high", (at(38, BARS.high[38]),), "F7"),  # where a level is named already
)


@EVERY_THEME
def test_what_an_analysis_draws_looks_as_it_did_in_every_theme(qapp, theme):
    letters = load_fonts()
    drawings = DrawingLayer()
    drawings.map, drawings.family = AnchorMap(DAYS.spec), letters
    sketches = SketchLayer(drawings)
    sketches.sketches, sketches.is_dated = SKETCHES, True
    if theme == "dark":  # beside the bars behind a number
        sketches.marked = (BarRange(DAYS, int(BARS.event_ns[18]), int(BARS.event_ns[24])),)
        sketches.words = "RSI of 14 bars"
    request = ChartRequest(INSTRUMENT, DAYS.spec, BARS, theme, 520, 320, state=ChartState(is_volume_shown=False))
    check_golden(f"assistant-sketches-{theme}", draw_chart(request, letters, (drawings, sketches)))
