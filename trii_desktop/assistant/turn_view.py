"""One turn on screen: a question as it was typed, or an answer with its text, its card and how it came about."""

from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from backend.assistant.answers import Answer, Phase
from backend.assistant.conversations.conversation import Speaker
from trii_desktop.assistant.card import AnalysisCard
from trii_desktop.assistant.elided import ElidedLabel
from trii_desktop.assistant.entry import Entry
from trii_desktop.assistant.markdown.blocks import Block, BlockKind, Run
from trii_desktop.assistant.markdown.parsing import MarkdownReader, shown_text
from trii_desktop.assistant.provenance import ProvenanceLine
from trii_desktop.assistant.rich_text import RichText
from trii_desktop.assistant.text_button import TextButton
from trii_desktop.assistant.thought_block import ThoughtBlock
from trii_desktop.assistant.wording import PHASES, mode_words
from trii_desktop.look import Look
from trii_desktop.timeline.row_view import RowView
from trii_desktop.widgets.layout import column, frame, label, row

EDGE_PX: Final = 12
_CURRENT_PX: Final = 2


class TurnView(RowView):
    """What both kinds share: who says it, the branch switcher, the menu.

    menu_wanted : where on screen; branch_wanted : -1 or 1
    fact_wanted, link_wanted, hit_wanted : as of ``RichText``
    """

    speaker: Speaker
    menu_wanted = Signal(QPoint)
    branch_wanted = Signal(int)
    fact_wanted = Signal(str, QRect)
    link_wanted = Signal(str, QRect)
    hit_wanted = Signal(int, QRect)

    def __init__(self, look: Look, name: str) -> None:
        super().__init__()
        self.look = look
        self.entry: Entry
        self._who = label(name, "strong")
        self._note = ElidedLabel("caption")
        self._back, self._on = _small("Earlier version"), _small("Later version")
        self._place = label("", "caption")
        self._switch = frame("", row(self._back, self._place, self._on, gap=0))
        self._menu = _small("More about this turn")
        self._head = row(self._who, self._note, self._switch, self._menu, gap=6)
        self._head.setStretch(1, 1)
        self.text = RichText(look, name)
        self.body: QVBoxLayout = column(self._head, self.text, margins=(EDGE_PX, 8, EDGE_PX, 10), gap=4)
        self.setLayout(self.body)
        self._back.clicked.connect(self._go_back)
        self._on.clicked.connect(self._go_on)
        self._menu.clicked.connect(self._menu_pressed)
        self.text.menu_wanted.connect(self.menu_wanted)
        self.text.fact_wanted.connect(self.fact_wanted)
        self.text.link_wanted.connect(self.link_wanted)
        self.text.hit_wanted.connect(self.hit_wanted)
        self._paint_icons()

    @property
    def stops(self) -> list[QWidget]:
        """What the keyboard can reach in it, in order."""
        return [self._back, self._on, self._menu, self.text]

    @property
    def nested(self) -> list[QWidget]:
        """Parts that lay out parts of their own, inner ones before what they stand in."""
        return []

    def show_entry(self, entry: Entry) -> None:
        """Show a turn."""
        self.entry = entry
        place = entry.turn.sibling + 1 if entry.turn is not None else 1
        self._switch.setVisible(entry.n_siblings > 1)
        self._place.setText(f"{place} of {entry.n_siblings}")
        self._place.setAccessibleName(f"Version {place} of {entry.n_siblings}")
        self._back.setEnabled(place > 1)
        self._on.setEnabled(place < entry.n_siblings)

    def wear(self) -> None:
        """Follow the theme."""
        self.text.wear()
        self._paint_icons()

    def height_at(self, width: int) -> int:
        """Logical pixels that it needs."""
        for part in self.nested:
            inside = part.layout()
            if inside is not None:
                inside.invalidate()
            part.updateGeometry()
        self.body.invalidate()
        if not self.body.hasHeightForWidth():  # nothing in it wraps, as while a model only thinks
            return self.body.totalSizeHint().height()
        return self.body.totalHeightForWidth(width)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The turn's menu."""
        self.menu_wanted.emit(event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        """A bar at the left of the turn that keys act on."""
        super().paintEvent(event)
        if self._is_current:
            painter = QPainter(self)
            painter.fillRect(0, 6, _CURRENT_PX, self.height() - 12, QColor(self.look.palette.focus))
            painter.end()

    def _paint_icons(self) -> None:
        self._back.setIcon(self.look.icon("step-back"))
        self._on.setIcon(self.look.icon("step-forward"))
        self._menu.setIcon(self.look.icon("more"))

    def _go_back(self) -> None:
        self.branch_wanted.emit(-1)

    def _go_on(self) -> None:
        self.branch_wanted.emit(1)

    def _menu_pressed(self) -> None:
        self.menu_wanted.emit(self._menu.mapToGlobal(QPoint(0, self._menu.height())))


class QuestionView(TurnView):
    """What a person asked, as it was typed."""

    speaker = Speaker.PERSON

    def __init__(self, look: Look) -> None:
        super().__init__(look, "You")
        self.setProperty("role", "question")

    def show_entry(self, entry: Entry) -> None:
        """Show a question; nothing of it is markdown."""
        super().show_entry(entry)
        self.text.show_blocks((Block(BlockKind.PARAGRAPH, (Run(shown_text(entry.text)),)),))


class AnswerView(TurnView):
    """An answer as far as it is.

    retry_wanted : what a failed one offers, and one whose wording was cut
    modes_wanted : where on screen other modes are to be offered
    matches_wanted : bars to be shown; card_made : an analysis' card is there
    """

    retry_wanted = Signal()
    modes_wanted = Signal(QPoint)
    matches_wanted = Signal(object)
    card_made = Signal(object)

    speaker = Speaker.ASSISTANT

    def __init__(self, look: Look) -> None:
        super().__init__(look, "Assistant")
        self.setProperty("role", "answer")
        self._reader = MarkdownReader()
        self._shown: Answer | None = None
        self.card: AnalysisCard | None = None
        self._state = label("", "muted", wraps=True)
        self._problem = label("", "error", wraps=True)
        self._hint = label("", "caption", wraps=True)
        self.thought = ThoughtBlock(look)
        self.thought.grew.connect(self._told)
        self.thought.text.menu_wanted.connect(self.menu_wanted)
        self.thought.text.fact_wanted.connect(self.fact_wanted)
        self.body.insertWidget(1, self.thought)
        self.provenance = ProvenanceLine(look)
        self.provenance.grew.connect(self._told)
        self.provenance.modes_wanted.connect(self.modes_wanted)
        self.retry, self.matches = TextButton("Try again"), TextButton()
        self.retry.clicked.connect(self.retry_wanted)
        self.matches.clicked.connect(self._show_matches)
        for part in (self._state, self._problem, self._hint, self.retry, self.matches, self.provenance):
            part.hide()
            self.body.addWidget(part)
        for deed in (self.retry, self.matches):
            self.body.setAlignment(deed, Qt.AlignmentFlag.AlignLeft)

    @property
    def stops(self) -> list[QWidget]:
        """What the model thought, the text, the card, and what was sent."""
        inside = self.card.stops if self.card is not None else []
        *head, text = super().stops
        return [*head, *self.thought.stops, text, *inside, self.retry, self.matches, *self.provenance.stops]

    @property
    def nested(self) -> list[QWidget]:
        """What the model thought, the card, and how it came about."""
        return [part for part in (self.thought.inside, self.thought, self.card, self.provenance) if part is not None]

    def show_answer(self, entry: Entry, answer: Answer | None) -> None:
        """Show an answer; the words alone where what is kept of it cannot be read."""
        self.show_entry(entry)
        if answer is None:
            self._show_words(entry)
            return
        if answer is self._shown:
            return
        self._shown = answer
        analysis = answer.analysis
        if analysis is not None:
            self._show_card(answer)
        self.text.setVisible(analysis is None and bool(answer.spans))
        if analysis is None:
            self.text.show_blocks(self._reader.read(answer.spans, is_over=answer.is_over))
        self.thought.show_answer(answer)
        self._note.say(mode_words(answer))
        self._say_state(answer)
        self.provenance.show_answer(answer)
        self.provenance.setVisible(answer.provenance is not None and answer.is_over)
        self._told()

    def forget(self) -> None:
        """Be ready for another answer."""
        super().forget()
        self._reader, self._shown = MarkdownReader(), None
        for part in (self._state, self._problem, self._hint, self.retry, self.matches, self.provenance):
            part.hide()
        self.provenance.forget()
        self.thought.forget()
        if self.card is not None:
            self.card.forget()
            self.card.hide()

    def wear(self) -> None:
        """Follow the theme."""
        super().wear()
        self.thought.wear()
        if self.card is not None:
            self.card.wear()

    def _show_words(self, entry: Entry) -> None:
        self.text.show()
        self._note.say("")
        self.text.show_blocks((Block(BlockKind.PARAGRAPH, (Run(shown_text(entry.text)),)),))
        self._hint.setText("Only the words of this answer can still be read; its numbers no longer say where they came from.")
        self._hint.show()

    def _show_card(self, answer: Answer) -> None:
        if self.card is None:
            self.card = AnalysisCard(self.look)
            self.card.text.menu_wanted.connect(self.menu_wanted)
            self.card.text.fact_wanted.connect(self.fact_wanted)
            self.card.text.link_wanted.connect(self.link_wanted)
            self.card.grew.connect(self._told)
            self.body.insertWidget(1, self.card)
            self.card_made.emit(self.card)
        self.card.show()
        self.card.show_analysis(answer)

    def _say_state(self, answer: Answer) -> None:
        is_failed = answer.phase is Phase.FAILED
        is_said = answer.is_over or answer.phase is Phase.THINKING  # thinking is said by the block of its own
        running = "" if is_said else answer.words or PHASES[answer.phase]
        stopped = "Stopped here." if answer.phase is Phase.STOPPED else ""
        self._state.setText(f"{running}\u2026" if running and not running.endswith(("\u2026", ".")) else running or stopped)
        self._state.setVisible(bool(self._state.text()))
        self._problem.setText((answer.words or PHASES[Phase.FAILED]) if is_failed else "")
        self._problem.setVisible(is_failed)
        self._hint.setText(answer.hint if is_failed else "")
        self._hint.setVisible(bool(self._hint.text()))
        is_cut = answer.provenance is not None and answer.provenance.cut_wording is not None
        self.retry.setText("Let the model word it" if is_cut else "Try again")
        self.retry.setVisible(is_cut or answer.phase in (Phase.FAILED, Phase.STOPPED))
        n = len(answer.matches)
        self.matches.setText(f"Show all {n:,} on the chart" if n > 1 else "Show it on the chart")
        self.matches.setVisible(n > 0)

    def _show_matches(self) -> None:
        if self._shown is not None:
            self.matches_wanted.emit(self._shown.matches)

    def _told(self) -> None:
        self.grew.emit()


def make_view(look: Look, speaker: Speaker) -> TurnView:
    """A view for what this speaker says."""
    return QuestionView(look) if speaker is Speaker.PERSON else AnswerView(look)


def _small(name: str) -> QToolButton:
    made = QToolButton()
    made.setAccessibleName(name)
    made.setToolTip(name)
    made.setProperty("role", "cellButton")
    made.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    return made
