"""The models as rows: what each is, how fast it writes here, and how well it does as told in each mode."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QTableWidgetItem

from backend.assistant.answers import Mode
from backend.assistant.models.model import ModelCard, Standing
from trii_desktop.assistant.models.words import SHORT, TITLES, format_context, format_share, format_speed
from trii_desktop.look import Look
from trii_desktop.palettes import Palette
from trii_desktop.widgets.numbers import DASH, format_bytes, format_count
from trii_desktop.widgets.table import RowTable

FIXED: Final = ("Name", "Size", "Quantised", "Context", "Licence", "Tokens/s")
HEADERS: Final = (*FIXED, *SHORT.values())
TIPS: Final = (
    "As its file calls it",
    "Of its file",
    "How its weights were rounded: fewer bits are smaller, faster and worse",
    "Tokens that it was made to look back on",
    "As its file says",
    "Tokens a second on this computer, as last examined",
    *(f"{title}: how often it did as told there; a dot marks the model in use" for title in TITLES.values()),
)
ROW_PX: Final = 34
_LICENCE: Final = FIXED.index("Licence")
USED: Final = "\u25cf"
_NAME_PX_MIN: Final = 170
_LICENCE_PX_MAX: Final = 100


class ModelTable(RowTable):
    """Rows of models; the one chosen stays chosen while they are brought up to date."""

    def __init__(self, look: Look) -> None:
        super().__init__("Models", HEADERS, tips=TIPS, numbers=(1, 3, *range(5, len(HEADERS))))
        self._look = look
        self.cards: tuple[ModelCard, ...] = ()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(48)
        self.setWordWrap(False)
        look.changed.connect(self._paint)

    @property
    def current(self) -> ModelCard | None:
        """The chosen model."""
        place = self.currentRow()
        return self.cards[place] if 0 <= place < len(self.cards) else None

    def show_cards(self, cards: tuple[ModelCard, ...]) -> None:
        """Show these models."""
        if cards == self.cards:
            return
        chosen, place = self.current, max(self.currentRow(), 0)
        is_other = [card.id for card in cards] != [card.id for card in self.cards]
        self.cards = cards
        if is_other:
            self.setRowCount(len(cards))
            for row in range(len(cards)):
                for column in range(len(HEADERS)):
                    item = QTableWidgetItem()
                    item.setTextAlignment(self.alignment(column))
                    self.setItem(row, column, item)
            ids = [card.id for card in cards]
            if cards:
                self.selectRow(ids.index(chosen.id) if chosen and chosen.id in ids else min(place, len(cards) - 1))
        self._paint()

    def choose(self, model_id: str) -> None:
        """Put the cursor on a model."""
        for place, card in enumerate(self.cards):
            if card.id == model_id:
                self.selectRow(place)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the names what room there is."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Every column as wide as it needs, and names at least readable."""
        for column in range(1, len(HEADERS)):
            self.resizeColumnToContents(column)
        self.setColumnWidth(_LICENCE, min(self.columnWidth(_LICENCE), _LICENCE_PX_MAX))
        taken = sum(self.columnWidth(column) for column in range(1, len(HEADERS)))
        self.setColumnWidth(0, max(_NAME_PX_MIN, self.viewport().width() - taken))

    def _paint(self) -> None:
        palette = self._look.palette
        for place, card in enumerate(self.cards):
            for column, (text, said) in enumerate(_cells(card)):
                item = self.item(place, column)
                if item is not None:
                    item.setText(text)
                    item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{HEADERS[column]} {said}")
                    item.setToolTip(said)
                    item.setForeground(QColor(_ink(card, column, palette)))
        self._fit()


def _cells(card: ModelCard) -> list[tuple[str, str]]:
    """What each cell shows, and what it says to a screen reader and in its tip."""
    name = f"{card.name}, refused: {card.words}" if card.standing is Standing.REFUSED else card.name
    context = f"{format_count(card.n_ctx_train)} tokens" if card.n_ctx_train else "not said"
    fixed = [
        (card.name, name),
        (format_bytes(card.n_bytes),) * 2,
        (card.quantisation or DASH,) * 2,
        (format_context(card.n_ctx_train), context),
        (card.licence or DASH,) * 2,
        (format_speed(card),) * 2,
    ]
    return [*fixed, *(_mode_cell(card, mode) for mode in SHORT)]


def _mode_cell(card: ModelCard, mode: Mode) -> tuple[str, str]:
    examined = card.examined_for(mode)
    share = format_share(examined.obedience) if examined is not None else DASH
    is_used = mode in card.modes
    said = "not examined" if examined is None else f"did as told in {share} of cases, {'fit' if examined.is_fit else 'not fit'}"
    return (f"{USED} {share}" if is_used else share), f"{'in use, ' if is_used else ''}{said}"


def _ink(card: ModelCard, column: int, palette: Palette) -> str:
    if column == 0:
        return palette.error if card.standing is Standing.REFUSED else palette.text
    if column < len(FIXED):
        return palette.muted
    mode = list(SHORT)[column - len(FIXED)]
    examined = card.examined_for(mode)
    if examined is not None:
        return palette.up if examined.is_fit else palette.warning
    return palette.text if mode in card.modes else palette.muted
