"""How an answer came about: mode, model, place, times, cost, what checking found, and on demand all that was sent."""

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from backend.assistant.answers import Answer
from trii_desktop.assistant.text_button import TextButton
from trii_desktop.assistant.wording import checks_words, chosen_words, provenance_words, stages_words
from trii_desktop.look import Look
from trii_desktop.widgets.layout import column, label, row

SENT_PX = 220
_CLOSED = "What was sent"


class ProvenanceLine(QWidget):
    """A caption, a button that unfolds what was sent, and one that says which mode was chosen for the question.

    grew : it needs another height; modes_wanted : where on screen other modes are to be offered
    """

    grew = Signal()
    modes_wanted = Signal(QPoint)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._answer: Answer | None = None
        self._words = label("", "caption", wraps=True)
        self._stages = label("", "caption", wraps=True)
        self._checks = label("", "caption", wraps=True)
        self._why = label("", "caption", wraps=True)
        self.toggle = TextButton(_CLOSED)
        self.toggle.clicked.connect(self._toggle)
        self.chosen = TextButton()
        self.chosen.setToolTip("Answer again in another mode")
        self.chosen.clicked.connect(self._offer_modes)
        self.sent: QPlainTextEdit | None = None  # made when it is asked for
        told, below = (self._words, self._stages, self._checks, self._why), row(self.toggle, None)
        self._column = column(row(self.chosen, None), *told, below, gap=2, margins=(0, 2, 0, 0))
        self.setLayout(self._column)

    @property
    def stops(self) -> list[QWidget]:
        """What the keyboard can reach in it."""
        return [self.chosen, self.toggle] if self.sent is None else [self.chosen, self.toggle, self.sent]

    def show_answer(self, answer: Answer) -> None:
        """Say how this one came about."""
        self._answer = answer
        made = answer.provenance
        if made is None:
            return
        self._words.setText(provenance_words(answer))
        chosen = chosen_words(made)
        self.chosen.setText(chosen)
        self.chosen.setAccessibleName(chosen)
        self.chosen.setVisible(bool(chosen))
        told = ((self._stages, stages_words(made)), (self._checks, checks_words(answer)), (self._why, made.reason))
        for shown, words in told:
            shown.setText(words)
            shown.setVisible(bool(words))
        self.toggle.setVisible(bool(made.sent))

    def forget(self) -> None:
        """Be ready for another answer."""
        if self.sent is not None:
            self._column.removeWidget(self.sent)
            self.sent.hide()
            self.sent.deleteLater()
            self.sent = None
            self.toggle.setText(_CLOSED)

    def _offer_modes(self) -> None:
        self.modes_wanted.emit(self.chosen.mapToGlobal(QPoint(0, self.chosen.height())))

    def _toggle(self) -> None:
        if self._answer is None or self._answer.provenance is None:
            return
        if self.sent is None:
            self.sent = QPlainTextEdit()
            self.sent.setReadOnly(True)
            self.sent.setAccessibleName("What was sent to the model")
            self.sent.setFixedHeight(SENT_PX)
            self.sent.setTabChangesFocus(True)
            self.sent.setPlainText("\n\n".join(f"[{who}]\n{said}" for who, said in self._answer.provenance.sent))
            self._column.addWidget(self.sent)
            self.sent.show()
        else:
            self.sent.setVisible(not self.sent.isVisible())
        self.toggle.setText(_CLOSED if not self.sent.isVisible() else "Hide what was sent")
        self.grew.emit()
