"""How a table is sorted and how wide its columns are, as words that are kept and shown again."""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTableView

_DOWN: Final = "down"
_WIDTH_PX_MAX: Final = 2_000
_UP, _DOWNWARDS = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


def sort_words(column: int, order: Qt.SortOrder) -> str:
    """``2`` or ``2 down``; nothing where rows stand in their own order."""
    return "" if column < 0 else f"{column} {_DOWN}" if order is _DOWNWARDS else str(column)


def read_sort(words: str, n_columns: int) -> tuple[int, Qt.SortOrder]:
    """What ``sort_words`` wrote; no sorting for anything else."""
    number, _, way = words.partition(" ")
    column = int(number) if number.isascii() and number.isdigit() else -1
    return (column, _DOWNWARDS if way == _DOWN else _UP) if column < n_columns else (-1, _UP)


def kept_table(table: QTableView, of: str = "") -> dict[str, str]:
    """Sorting and widths of a table whose columns are sorted by clicks and drawn wider by hand; names begin with ``of``."""
    header = table.horizontalHeader()
    widths = " ".join(str(header.sectionSize(n)) if _is_free(header, n) else "0" for n in range(header.count()))
    return {f"{of}sort": sort_words(header.sortIndicatorSection(), header.sortIndicatorOrder()), f"{of}widths": widths}


def show_kept_table(table: QTableView, values: Mapping[str, str], of: str = "") -> None:
    """Let it stand as ``kept_table`` said; what is missing or not known is left as it is, and rows in their own order."""
    header = table.horizontalHeader()
    header.setSortIndicator(*read_sort(values.get(f"{of}sort", ""), header.count()))
    for place, word in enumerate(values.get(f"{of}widths", "").split()[: header.count()]):
        width_px = int(word) if word.isascii() and word.isdigit() else 0
        if header.minimumSectionSize() <= width_px <= _WIDTH_PX_MAX and _is_free(header, place):
            header.resizeSection(place, width_px)


def _is_free(header: QHeaderView, place: int) -> bool:
    return header.sectionResizeMode(place) is QHeaderView.ResizeMode.Interactive
