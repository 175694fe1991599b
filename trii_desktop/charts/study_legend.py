"""The legend of studies and comparisons in a pane: a row each, with values, and buttons where the pointer is."""

import math
from typing import Final, NamedTuple

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.glyphs import BUTTON_PX, Glyph, draw_button
from trii_desktop.charts.last_values import ink_of, value_text
from trii_desktop.charts.lettering import Letterings
from trii_desktop.charts.painters import Inks
from trii_desktop.charts.pane_item import ChartItem
from trii_desktop.charts.pane_model import PaneModel
from trii_desktop.charts.study_looks import comparison_looks

ROW: Final = 21  # logical pixels
TOP: Final = 4
_LEFT: Final = 12
_GAP: Final = 8
_BUTTONS: Final = (Glyph.SETTINGS, Glyph.REMOVE)
_SHARE_MAX: Final = 0.4  # of the pane's height; beyond it the legend folds


class RowValue(NamedTuple):
    """A value and its colour."""

    text: str
    ink: str


class LegendRow(NamedTuple):
    """What the legend says of one study or comparison."""

    id: str
    title: str
    values: tuple[RowValue, ...]
    error: str
    is_shown: bool
    is_selected: bool

    @property
    def spoken(self) -> str:
        """The same for a screen reader."""
        said = self.error or ", ".join(value.text for value in self.values)
        return f"{self.title} {said}" if said else self.title


class LegendButton(NamedTuple):
    """A button of a row; one that folds or unfolds the legend has words."""

    glyph: Glyph
    place: QRect
    words: str = ""


class _Laid(NamedTuple):
    row: LegendRow
    place: QRect
    buttons: tuple[LegendButton, ...]


def n_legend_rows(model: ChartModel, pane: PaneModel) -> int:
    """How many rows a pane has."""
    return len(model.comparisons) * pane.is_main + sum(look.pane == pane.id for look in model.looks)


def legend_rows(model: ChartModel, pane: PaneModel, row: int, decimals: int | None, selected: str) -> list[LegendRow]:
    """The rows of a pane, comparisons first, with the values of the bar at ``row``."""
    rows = [_compared_rows(model, row, selected)] if pane.is_main else []
    made = [one for some in rows for one in some]
    for look in model.looks:
        if look.pane == pane.id:
            values = tuple(
                RowValue(value_text(value, decimals), ink_of(output, value))
                for output in look.shown_outputs
                if math.isfinite(value := _value(model, output.key, row))
            )
            error = model.shown.errors.get(look.id, "")
            made.append(LegendRow(look.id, look.title, () if error else values, error, look.is_shown, look.id == selected))
    return made


def _compared_rows(model: ChartModel, row: int, selected: str) -> list[LegendRow]:
    rows = []
    for look in comparison_looks(model.comparisons):
        compared = model.in_view.compared(look.key, row)
        is_known = compared is not None and math.isfinite(compared.value) and look.is_shown
        values = (
            (RowValue(value_text(compared.value), look.ink), RowValue(compared.text, look.ink)) if is_known and compared else ()
        )
        error = model.shown.errors.get(look.key[0], "")
        rows.append(LegendRow(look.key[0], look.title, values, error, look.is_shown, look.key[0] == selected))
    return rows


def _value(model: ChartModel, key: tuple[str, str], row: int) -> float:
    line = model.shown.lines.get(key)
    return line.value(row) if line is not None and 0 <= row < len(line) else math.nan


class StudyLegendItem(ChartItem):
    """Rows below each other from the pane's upper left corner on. ``hovered`` is the id of the row below the pointer.

    is_open : whether all rows are shown that fit into the pane; else only such as leave most of it to what is painted there,
        at least one, and a button says how many more there are
    """

    def __init__(self, inks: Inks) -> None:
        super().__init__(inks)
        self.rows: list[LegendRow] = []
        self.hovered = ""
        self.pointed: Glyph | None = None
        self.is_open = False
        self._laid: list[_Laid] = []
        self._fold: LegendButton | None = None
        self._letters: Letterings | None = None

    def prepare(self, rows: list[LegendRow], letters: Letterings, top_px: int) -> None:
        """Lay ``rows`` out below ``top_px``."""
        self.rows, self._letters = rows, letters
        ratio = letters.pixel_ratio
        tall, left = round(ROW * ratio), round(_LEFT * ratio)
        n_calm = min(max(int((_SHARE_MAX * self.height_px - top_px) // tall), 1), self._n_fit(top_px, tall), len(rows))
        if self.is_open:  # where there is no room below the prices' legend, over it
            top_px = max(min(top_px, self.height_px - len(rows) * tall), 0)
        self._laid = []
        for n, row in enumerate(rows[: self._n_fit(top_px, tall) if self.is_open else n_calm]):
            y = top_px + n * tall
            title = math.ceil(letters.legend.width(row.title) + _GAP * ratio)
            buttons = self._buttons(row, left + title, y, tall, ratio) if row.id == self.hovered else ()
            wide = title + (len(buttons) * round(BUTTON_PX * ratio) if buttons else self._values_width(row, letters, ratio))
            self._laid.append(_Laid(row, QRect(left, y, min(wide, max(self.width_px - 2 * left, 1)), tall), buttons))
        self._fold = self._fold_button(letters) if n_calm < len(rows) else None

    def _n_fit(self, top_px: int, tall: int) -> int:
        return max((self.height_px - top_px) // tall, 0)

    @property
    def told(self) -> str:
        """What all rows say, one a line."""
        return "\n".join(row.spoken for row in self.rows)

    @property
    def area(self) -> QRect:
        """What the rows cover."""
        covered = QRect()
        for laid in self._laid:
            covered |= laid.place
        return covered | self._fold.place if self._fold is not None and self._laid else covered

    def hit(self, x: float, y: float) -> tuple[str, Glyph | None] | None:
        """The id of the row at a point of the pane, and the button there if any; None beside all rows."""
        at = (int(x), int(y))
        if self._fold is not None and self._fold.place.contains(*at):
            return "", self._fold.glyph
        for laid in self._laid:
            for button in laid.buttons:
                if button.place.contains(*at):
                    return laid.row.id, button.glyph
            if laid.place.contains(*at):
                return laid.row.id, None
        return None

    def paint(self, painter: QPainter) -> None:
        """Write the rows over a plate that keeps them readable."""
        letters = self._letters
        if letters is None:
            return
        painter.setClipRect(self.bounds)
        for laid in self._laid:
            pad = round(4 * letters.pixel_ratio)
            plate = laid.place.adjusted(-pad, 0, 0, 0)
            painter.fillRect(plate, self.inks["border" if laid.row.is_selected else "background"])
            ink = "muted" if not laid.row.is_shown else "title" if laid.row.is_selected else "text"
            middle = laid.place.center().y() + 0.5
            letters.legend.draw(painter, laid.place.left(), middle, laid.row.title, self.inks[ink])
            if laid.buttons:
                for button in laid.buttons:
                    draw_button(painter, button.glyph, button.place, self.inks, is_hovered=button.glyph is self.pointed)
            else:
                self._paint_values(painter, laid, middle, letters)
        if self._fold is not None:
            self._paint_fold(painter, self._fold, letters)

    def _paint_fold(self, painter: QPainter, fold: LegendButton, letters: Letterings) -> None:
        is_hovered = fold.glyph is self.pointed
        painter.fillRect(fold.place, self.inks["border" if is_hovered else "background"])
        x = fold.place.left() + _GAP / 2 * letters.pixel_ratio
        ink = self.inks["title" if is_hovered else "muted"]
        letters.legend.draw(painter, x, fold.place.center().y() + 0.5, fold.words, ink)

    def _paint_values(self, painter: QPainter, laid: _Laid, middle: float, letters: Letterings) -> None:
        x = laid.place.left() + letters.legend.width(laid.row.title) + _GAP * letters.pixel_ratio
        for text, ink in self._texts(laid.row):
            width = letters.legend.width(text)
            if x + width > self.width_px:
                return
            letters.legend.draw(painter, x, middle, text, self.inks[ink])
            x += width + _GAP * letters.pixel_ratio

    def _fold_button(self, letters: Letterings) -> LegendButton:
        """Behind the last row, where it stays while that row is pointed at; at the lower right where no row has room."""
        ratio, n_hidden = letters.pixel_ratio, len(self.rows) - len(self._laid)
        words = f"+{n_hidden} more" if n_hidden else "fewer"
        wide, tall = math.ceil(letters.legend.width(words) + _GAP * ratio), round(ROW * ratio)
        x, y = self.width_px, self.height_px - tall
        if self._laid:
            row, place, _ = self._laid[-1]
            told = max(self._values_width(row, letters, ratio), (1 + len(_BUTTONS)) * round(BUTTON_PX * ratio))
            x, y = place.left() + math.ceil(letters.legend.width(row.title) + _GAP * ratio) + told, place.top()
        glyph = Glyph.FEWER if self.is_open else Glyph.MORE
        return LegendButton(glyph, QRect(max(min(x, self.width_px - wide), 0), y, wide, tall), words)

    @staticmethod
    def _texts(row: LegendRow) -> tuple[RowValue, ...]:
        return (RowValue(row.error, "down_text"),) if row.error else row.values

    def _values_width(self, row: LegendRow, letters: Letterings, ratio: float) -> int:
        return math.ceil(sum(letters.legend.width(value.text) + _GAP * ratio for value in self._texts(row)))

    @staticmethod
    def _buttons(row: LegendRow, x: int, y: int, tall: int, ratio: float) -> tuple[LegendButton, ...]:
        size = round(BUTTON_PX * ratio)
        glyphs = (Glyph.HIDE if row.is_shown else Glyph.SHOW, *_BUTTONS)
        return tuple(LegendButton(g, QRect(x + n * size, y + (tall - size) // 2, size, size)) for n, g in enumerate(glyphs))
