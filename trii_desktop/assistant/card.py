"""The card of a stock analysis: five sections, claims that code found true, and an idea only where there is one."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from backend.assistant.analysis.card import StockAnalysis
from backend.assistant.answers import Answer
from trii_desktop.assistant.card_blocks import analysis_blocks
from trii_desktop.assistant.elided import ElidedLabel
from trii_desktop.assistant.flow import FlowRow
from trii_desktop.assistant.rich_text import RichText
from trii_desktop.assistant.text_button import TextButton
from trii_desktop.look import Look
from trii_desktop.widgets.layout import column, label, row
from trii_desktop.widgets.numbers import format_time

PLAIN_TIP = "The sentences are the program's own: no model here has passed its examination for this mode."


class AnalysisCard(QFrame):
    """Shows one analysis. ``show_wanted``, ``keep_wanted`` : a StockAnalysis whose sketches are to be drawn, or kept."""

    show_wanted = Signal(object)
    keep_wanted = Signal(object)
    grew = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._answer: Answer | None = None
        self._shows_inputs = False
        self.setProperty("role", "card")
        self._name = ElidedLabel("strong")
        self._plain = label("Plain wording", "badgeText")
        self._plain.setToolTip(PLAIN_TIP)
        self._when = label("", "caption", wraps=True)
        self.text = RichText(look, "Stock analysis")
        self.show_button, self.keep_button, self.inputs_button = (
            TextButton(words) for words in ("Show on the chart", "Keep as drawings", "Inputs")
        )
        self.show_button.clicked.connect(self._show)
        self.keep_button.clicked.connect(self._keep)
        self.inputs_button.clicked.connect(self._toggle_inputs)
        head = row(self._name, self._plain, gap=8)
        head.setStretch(0, 1)
        self._deeds = FlowRow((self.show_button, self.keep_button, self.inputs_button), gap_px=14)
        self.setLayout(column(head, self._when, 8, self.text, self._deeds, margins=(12, 10, 12, 10), gap=4))

    @property
    def stops(self) -> list[QWidget]:
        """What the keyboard can reach in it."""
        return [self.text, self.show_button, self.keep_button, self.inputs_button]

    @property
    def analysis(self) -> StockAnalysis | None:
        """What it shows."""
        return self._answer.analysis if self._answer is not None else None

    def show_analysis(self, answer: Answer) -> None:
        """Show the analysis of an answer."""
        analysis = answer.analysis
        if analysis is None:
            return
        self._answer = answer
        self._name.say(f"{analysis.instrument} {analysis.series.spec}")
        self._when.setText(f"As of {format_time(analysis.as_of_ns, is_dated=analysis.series.spec.is_dated)}")
        self._plain.setVisible(analysis.is_plain_wording)
        self.show_button.setVisible(bool(analysis.sketches))
        self.keep_button.setVisible(bool(analysis.sketches))
        self.inputs_button.setVisible(bool(analysis.inputs))
        self._fill()

    def forget(self) -> None:
        """Be ready for another analysis."""
        self._shows_inputs = False

    def wear(self) -> None:
        """Follow the theme."""
        self.text.wear()

    def _fill(self) -> None:
        if self._answer is None or self._answer.analysis is None:
            return
        analysis = self._answer.analysis
        self.inputs_button.setText("Hide inputs" if self._shows_inputs else f"Inputs ({len(analysis.inputs)})")
        self.text.show_blocks(analysis_blocks(analysis, self._answer.facts, shows_inputs=self._shows_inputs))
        self._deeds.refresh()

    def _toggle_inputs(self) -> None:
        self._shows_inputs = not self._shows_inputs
        self._fill()
        self.grew.emit()

    def _show(self) -> None:
        self.show_wanted.emit(self.analysis)

    def _keep(self) -> None:
        self.keep_wanted.emit(self.analysis)
