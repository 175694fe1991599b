"""A window with the assistant's dock in it, driven by a scripted assistant; what is asked, answered and clicked."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from backend.assistant.analysis.card import Direction, Section, SectionKey, Sketch, SketchKind, StockAnalysis, TradeIdea
from backend.assistant.answers import Mode, Provenance
from backend.assistant.facts.fact import BarRange, Fact, FactSet, Unit
from backend.assistant.grounding.claim import Claim, Op, Verdict
from backend.assistant.grounding.span import Mark, Span
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from tests.fakes.bench import open_bench
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.scripted_assistant import ScriptedAssistant
from tests.fakes.window import open_window, shown
from trii_desktop.assistant.panel import AssistantPanel
from trii_desktop.main_window import RIGHT

AAPL = InstrumentId("AAPL", "XNAS")
DAYS = Series(AAPL, BarSpec.parse("1d"))
DAY_NS = 86_400_000_000_000


class DockHand:
    """A hand on the dock's panel, and on the scripted assistant behind it."""

    def __init__(self, desk, script, panel) -> None:
        self.script, self.panel = script, panel
        self.call = desk.bridge.call

    @property
    def composer(self):
        return self.panel.composer

    @property
    def timeline(self):
        return self.panel.timeline

    @property
    def entries(self):
        return self.panel.talk.entries

    def type(self, text):
        QTest.keyClicks(self.composer.field, text)

    def press(self, key, modifiers=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(self.composer.field, key, modifiers)

    async def ask(self, text):
        """Ask by the keyboard; the id of the answer."""
        n_before = len(self.script.questions)
        self.type(text)
        self.press(Qt.Key.Key_Return)
        await shown(lambda: len(self.script.questions) > n_before and self.panel.talk.running is not None, "the answer under way")
        return self.panel.talk.running.id

    async def say(self, answer_id, *spans, **fields):
        await self.call(self.script.say(answer_id, *spans, **fields))

    async def finish(self, answer_id, **fields):
        await self.call(self.script.finish(answer_id, **fields))
        await shown(lambda: self.kept(answer_id), "the kept answer")

    def kept(self, answer_id):
        return any(entry.id == answer_id and entry.turn is not None for entry in self.entries)

    def view(self, answer_id):
        return self.timeline.view_of(answer_id)

    def text(self, answer_id):
        return self.view(answer_id).text.toPlainText()

    async def answered(self, question, *spans, **fields):
        """A question and its whole answer."""
        answer_id = await self.ask(question)
        await self.say(answer_id, *spans, **fields)
        await self.finish(answer_id)
        return answer_id


class AssistantHand(DockHand):
    """The same in the product's window, in the place of what the dock stands on there."""

    def __init__(self, desktop) -> None:
        desk, work = desktop.desk, desktop.workbench
        script = ScriptedAssistant(desk.backend.bus)
        super().__init__(desk, script, AssistantPanel(desk, script, script.decode))
        self.desktop = desktop
        self.actions, self.dock = work.assistant, desktop.window.docks["assistant"]
        desktop.panels.assistant.close_panel()
        self.dock.setWidget(self.panel)
        desktop.panels.assistant = self.panel
        self.actions.adopt(self.panel)

    def trigger(self, action):
        self.desktop.workbench.actions.refresh()
        self.desktop.workbench.actions.by_id[action].trigger()

    def show(self):
        self.actions.focus_composer()

    def close(self):
        self.panel.close_panel()
        self.actions.close()


def bench_of(tell, *, width_px=420, height_px=640, theme="dark", timeout_s=60):
    """Tell a story about the dock's panel alone."""

    async def story():
        async with open_bench(width_px + 500, height_px, theme) as (window, desk):
            script = ScriptedAssistant(desk.backend.bus)
            hand = DockHand(desk, script, AssistantPanel(desk, script, script.decode))
            window.add_dock("assistant", "Assistant", hand.panel, RIGHT, is_shown=True)
            hand.panel.setFixedSize(width_px, height_px)
            try:
                hand.panel.focus_composer()
                await tell(hand)
            finally:
                hand.panel.close_panel()

    run_on_qt(story(), timeout_s)


def story_of(tell, home, *, timeout_s=60):
    """Tell a story about the dock in a window on ``home``."""

    async def story():
        async with open_window(home) as desktop:
            await shown(lambda: desktop.panels.assistant is not None, "the assistant's dock")
            hand = AssistantHand(desktop)
            try:
                hand.show()
                await tell(hand)
            finally:
                hand.close()

    run_on_qt(story(), timeout_s)


def newest_of(hand):
    """The newest bar of the active chart."""
    bars = hand.desktop.panels.chart.view.model.snapshot
    return bars.event_ns_at(len(bars) - 1)


async def analysed(hand, *, has_idea=True, stages=()):
    """An analysis of the active chart, and its answer's id."""
    newest, bars = newest_of(hand), hand.desktop.panels.chart.view.model.snapshot
    facts = facts_of(newest, bars.bar(len(bars) - 1).close)
    hand.trigger("assistant.analyse")
    await shown(lambda: hand.panel.is_answering)
    answer = hand.panel.talk.running.id
    analysis = analysis_of(facts, newest, has_idea=has_idea)
    await hand.say(answer, analysis=analysis, facts=facts)
    await hand.finish(answer, provenance=Provenance(Mode.ANALYSIS, is_plain_wording=True, total_ms=86.0, stages=stages))
    return answer, analysis


def facts_of(newest_ns, close=187.45):
    """Facts as code computes them, of daily bars that end at ``newest_ns``."""
    bars = BarRange(DAYS, newest_ns - 20 * DAY_NS, newest_ns)
    more = {"as_of_ns": newest_ns, "source": "bars of AAPL.XNAS 1d"}
    return FactSet(
        (
            Fact(id="F1", name="price.last", label="Last close", value=close, unit=Unit.PRICE, formula="close[n]",
                 bars=bars, **more),
            Fact(id="F2", name="price.change_1d", label="Change over one session", value=-1.25, unit=Unit.PERCENT,
                 formula="close[n] / close[n-1] - 1", inputs=("F1", "closes of 2 bars"), bars=bars, **more),
            Fact(id="F3", name="level.support.1", label="Nearest support", value=round(close * 0.95, 2), unit=Unit.PRICE,
                 formula="lowest low of a swing", known_ns=newest_ns - 5 * DAY_NS, bars=bars, **more),
            Fact(id="F4", name="level.resistance.1", label="Nearest resistance", value=round(close * 1.06, 2), unit=Unit.PRICE,
                 formula="highest high of a swing", bars=bars, **more),
            Fact(id="F5", name="idea.reward_to_risk", label="Reward to risk", value=1.2, unit=Unit.RATIO,
                 formula="(target - entry) / (entry - stop)", inputs=("F1", "F3", "F4"), **more),
            Fact(id="F6", name="sentiment.score", label="Sentiment", value=None, unit=Unit.INDEX, formula="",
                 why_not="no news source is set up", **more),
            Fact(id="F7", name="trend.rsi", label="RSI of 14 bars", value=41.3, unit=Unit.INDEX, decimals=1, formula="rsi(14)",
                 bars=bars, **more),
        )
    )  # fmt: skip


def number(facts, fact_id, text):
    return Span(text, Mark.NUMBER, fact_id, f"{fact_id} rounded")


def analysis_of(facts, newest_ns, *, has_idea=True):
    """An analysis in its five sections, with claims, an idea and sketches."""
    last, support, resistance = (facts[key].number for key in ("F1", "F3", "F4"))

    def words(fact_id):
        return number(facts, fact_id, f"{facts[fact_id].number:,.2f}")

    above = Verdict(Claim(Op.ABOVE, ("F1", "F3"), "The close {F1} is above support {F3}."), True, "F1 > F3")
    sections = (
        Section(SectionKey.TECHNICAL, "Technical", "", (
            Span("The last close is "), words("F1"), Span(", between support at "), words("F3"), Span(" and resistance at "),
            words("F4"), Span(". RSI stands at "), number(facts, "F7", "41.3"), Span(", **neither** overbought nor oversold."),
        ), (above,), ("F1", "F3", "F4", "F7")),
        Section(SectionKey.FUNDAMENTAL, "Fundamental", "", (Span("No fundamental figures are at hand."),)),
        Section(SectionKey.SENTIMENT, "Sentiment", "", (Span("Sentiment is unavailable: no news source is set up."),)),
        Section(SectionKey.TRADE_IDEA, "Trade idea", "", (
            Span("A long position from the last close." if has_idea else "No idea has a reward worth its risk."),)),
        Section(SectionKey.RISK, "Risk", "", (Span("The stop lies below the nearest support."),)),
    )  # fmt: skip
    idea = TradeIdea(Direction.LONG, "F1", "F3", "F4", "F5", "Stop at {F3}, target at {F4}.") if has_idea else None
    start = newest_ns - 40 * DAY_NS
    sketches = (
        Sketch(SketchKind.LEVEL, "Support", ((start, support),), "F3"),
        Sketch(SketchKind.LEVEL, "Resistance", ((start, resistance),), "F4"),
        Sketch(SketchKind.LINE, "Falling", ((start, last * 1.05), (newest_ns, last)), "F2"),
        Sketch(SketchKind.MARK, "Swing low", ((newest_ns - 9 * DAY_NS, support),), "F3"),
    )
    return StockAnalysis(AAPL, DAYS, newest_ns, sections, idea, sketches, ("F1", "F2", "F6", "F7"))
