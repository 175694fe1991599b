"""What is under way below the list, each with its progress and a way to end it; and downloads that can go on."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QWidget

from backend.assistant.models.models import CutShort
from backend.assistant.models.work import Doing, Work
from trii_desktop.assistant.models.deeds import ModelDeeds
from trii_desktop.assistant.models.words import work_words
from trii_desktop.widgets.layout import button, column, frame, label, row
from trii_desktop.widgets.numbers import format_bytes

STEPS = 1_000
BUTTON_PX = 92
_STOPS = {Doing.DOWNLOADING: "Pause", Doing.COPYING: "Cancel", Doing.EXAMINING: "Cancel"}


class WorkRow(QWidget):
    """One thing under way."""

    def __init__(self, work: Work, deeds: ModelDeeds) -> None:
        super().__init__()
        self.work = work
        self._deeds = deeds
        self._title = label("", "strong")
        self._words = label("", "caption", wraps=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, STEPS)
        self.stop: QPushButton = button("Cancel")
        self.stop.setMinimumWidth(BUTTON_PX)
        self.stop.clicked.connect(self._stop)
        self._words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        told = row(self._title, self._words, gap=16)
        told.setStretch(1, 1)
        middle = column(told, self.bar, gap=5)
        sides = row(middle, self.stop, margins=(12, 8, 12, 8), gap=16)
        sides.setStretch(0, 1)
        self.setLayout(sides)
        self.show_work(work)

    def show_work(self, work: Work) -> None:
        """Say how far it is."""
        self.work = work
        share, words = work.share, work_words(work)
        if self._title.text() != work.title:
            self._title.setText(work.title)
        if self._words.text() != words:
            self._words.setText(words)
        if share is None:
            self.bar.setRange(0, 0)
        else:
            self.bar.setRange(0, STEPS)
            self.bar.setValue(round(share * STEPS))
        self.bar.setAccessibleName(f"{work.title}: {words}")
        self.stop.setText(_STOPS.get(work.doing, "Cancel"))
        self.stop.setAccessibleName(f"{self.stop.text()} {work.title}")

    def _stop(self) -> None:
        self.stop.setEnabled(False)
        self._deeds.stop(self.work)


class CutShortRow(QWidget):
    """A download that can go on, or be given up."""

    def __init__(self, found: CutShort, deeds: ModelDeeds) -> None:
        super().__init__()
        self._found = found
        self._deeds = deeds
        here = f"{format_bytes(found.n_bytes)} of it is here" if found.n_bytes else "nothing of it is here yet"
        self.words: QLabel = label(f"From {found.shown}, {here}.", "caption", wraps=True)
        self.go_on = button("Continue", name=f"Continue the download of {found.name}")
        self.discard = button("Discard", name=f"Discard the download of {found.name}")
        self.go_on.clicked.connect(self._go_on)
        self.discard.clicked.connect(self._discard)
        told = column(label(f"{found.name} was not downloaded to its end", "strong"), self.words, gap=2)
        sides = row(told, self.discard, self.go_on, margins=(12, 8, 12, 8), gap=8)
        sides.setStretch(0, 1)
        self.setLayout(sides)

    def _go_on(self) -> None:
        self._deeds.download(self._found.url, self._found.sha256, _say_nothing)

    def _discard(self) -> None:
        self._deeds.discard(self._found)


class WorkStrip(QWidget):
    """As tall as what there is; nothing at all while nothing is under way."""

    def __init__(self, deeds: ModelDeeds) -> None:
        super().__init__()
        self._deeds = deeds
        self.rows: dict[str, WorkRow] = {}
        self.waiting: dict[str, CutShortRow] = {}
        self._found: tuple[CutShort, ...] = ()
        self._inside = column(gap=0)
        self.setLayout(column(frame("card", self._inside)))
        self.hide()

    def show_works(self, works: tuple[Work, ...], found: tuple[CutShort, ...]) -> None:
        """Show these."""
        for work_id in set(self.rows) - {work.id for work in works}:
            self._drop(self.rows.pop(work_id))
        for work in works:
            if work.id in self.rows:
                self.rows[work.id].show_work(work)
            else:
                self.rows[work.id] = WorkRow(work, self._deeds)
                self._inside.addWidget(self.rows[work.id])
        if found != self._found:
            self._found = found
            for url in list(self.waiting):
                self._drop(self.waiting.pop(url))
            for one in found:
                self.waiting[one.url] = CutShortRow(one, self._deeds)
                self._inside.addWidget(self.waiting[one.url])
        self.setVisible(bool(self.rows or self.waiting))

    def _drop(self, gone: QWidget) -> None:
        self._inside.removeWidget(gone)
        gone.hide()
        gone.deleteLater()


def _say_nothing(_words: str) -> None:
    """A notice tells it."""
