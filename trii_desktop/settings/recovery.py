"""The recovery phrase: shown once as 24 numbered words, then three of them are asked for."""

import random
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QDialog, QFrame, QGridLayout, QLineEdit, QStackedWidget, QWidget

from trii_desktop.widgets.layout import button, column, frame, holding, label, restyle, row

N_ASKED: Final = 3
N_COLUMNS: Final = 4


class RecoveryDialog(QDialog):
    """Shows ``phrase`` and asks for three of its words; ``confirmed`` comes when they were right."""

    confirmed = Signal()

    def __init__(self, parent: QWidget, phrase: str, *, choose: Callable[[int], list[int]] | None = None) -> None:
        super().__init__(parent)
        self._words = phrase.split()
        pick = choose or (lambda n: random.SystemRandom().sample(range(n), N_ASKED))
        self._asked = sorted(pick(len(self._words)))
        self.setWindowTitle("Recovery phrase")
        self.setAccessibleName("Recovery phrase")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(640)
        self.fields: list[QLineEdit] = []
        self._stack = QStackedWidget()
        self._stack.addWidget(self._make_words_page())
        self._stack.addWidget(self._make_quiz_page())
        self.setLayout(column(self._stack))

    def _make_words_page(self) -> QWidget:
        grid = QGridLayout()
        grid.setSpacing(8)
        n_rows = -(-len(self._words) // N_COLUMNS)
        for place, word in enumerate(self._words):
            number = label(f"{place + 1}", "caption")
            number.setFixedWidth(20)
            number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            text = label(word)
            text.setStyleSheet("font-weight: 600;")
            text.setAccessibleName(f"Word {place + 1}: {word}")
            cell = frame("card", row(number, text, None, margins=(8, 7, 8, 7)))
            grid.addWidget(cell, place % n_rows, place // n_rows)
        self._copied = label("", "caption")
        copy = button("Copy", quiet=True)
        copy.clicked.connect(self._copy)
        self.noted = QCheckBox("I have written them down, in order")
        later = button("Later")
        later.clicked.connect(self.reject)
        self.go_on = button("Continue", primary=True)
        self.go_on.setEnabled(False)
        self.noted.toggled.connect(self.go_on.setEnabled)
        self.go_on.clicked.connect(self._ask)
        return holding(
            column(
                label("Write down these 24 words", "title"),
                label(
                    "They are the key to your orders, notes and messages. With them you can open your data on any computer "
                    "when this one, its keyring or your passphrase is lost. Whoever has them can read everything: keep them "
                    "on paper, away from this computer.",
                    "muted",
                    wraps=True,
                ),
                grid,
                row(copy, self._copied, None),
                row(self.noted, None, later, self.go_on),
                margins=(24, 20, 24, 20),
                gap=14,
            )
        )

    def _make_quiz_page(self) -> QWidget:
        rows = column(
            label("Check what you wrote", "title"),
            label("Type these words from your paper.", "muted"),
            margins=(24, 20, 24, 20),
            gap=12,
        )
        for place in self._asked:
            field = QLineEdit()
            field.setMaxLength(16)
            field.setAccessibleName(f"Word {place + 1}")
            field.setFixedWidth(240)
            field.returnPressed.connect(self.check)
            field.textEdited.connect(self._forget_problem)
            self.fields.append(field)
            number = label(f"Word {place + 1}", "muted")
            number.setFixedWidth(72)
            rows.addLayout(row(number, field, None))
        self.problem = label("", "error", wraps=True)
        back, check = button("Show the words again"), button("Check", primary=True)
        back.clicked.connect(self._show_words)
        check.clicked.connect(self.check)
        rows.addWidget(self.problem)
        rows.addStretch(1)
        rows.addLayout(row(None, back, check))
        return holding(rows)

    def check(self) -> None:
        """Compare what was typed; right words confirm and close."""
        wrong = []
        for field, place in zip(self.fields, self._asked, strict=True):
            is_right = field.text().strip().casefold() == self._words[place].casefold()
            restyle(field, invalid=not is_right)
            if not is_right:
                wrong.append(str(place + 1))
        if not wrong:
            self.confirmed.emit()
            self.accept()
            return
        words = f"Word {wrong[0]} is" if len(wrong) == 1 else f"Words {', '.join(wrong[:-1])} and {wrong[-1]} are"
        self.problem.setText(f"{words} not the same as on your list. Look at the words again and correct your paper.")

    def _forget_problem(self) -> None:
        self.problem.setText("")

    def _ask(self) -> None:
        self._stack.setCurrentIndex(1)
        self.fields[0].setFocus()

    def _show_words(self) -> None:
        self._stack.setCurrentIndex(0)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(" ".join(self._words))
        self._copied.setText("Copied. Other programs can read the clipboard: clear it afterwards.")


class RecoveryBanner(QFrame):
    """The quiet line above the chart until the phrase was written down."""

    wants_recovery = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "banner")
        self.setAccessibleName("Recovery phrase not written down yet")
        words = label("Your recovery phrase has not been written down yet. Without it, a lost key means lost data.", "muted")
        show = button("Show the phrase", quiet=True)
        show.clicked.connect(self.wants_recovery)
        self.setLayout(row(words, None, show, margins=(12, 2, 8, 2)))
