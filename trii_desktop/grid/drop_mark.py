"""The mark over a chart that would take the instrument which is dragged over it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QWidget

from trii_desktop.widgets.layout import column, label, row


class DropMark(QFrame):
    """A frame and words over ``chart``; the pointer goes through it."""

    def __init__(self, chart: QWidget) -> None:
        super().__init__(chart)
        self.setProperty("role", "dropMark")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._words = label("", "dropWords")
        self.setLayout(column(None, row(None, self._words, None), None))
        self.hide()

    @property
    def words(self) -> str:
        """What it says."""
        return self._words.text()

    def say(self, words: str) -> None:
        """Cover the chart and say what letting go would do."""
        chart = self.parentWidget()
        assert chart is not None, "The mark lies over a chart."
        self._words.setText(words)
        self.setGeometry(chart.rect())
        self.show()
        self.raise_()
