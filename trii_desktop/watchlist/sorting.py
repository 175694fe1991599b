"""The order in which a watchlist is shown: its own, or by a column inside each section; folded rows are left out."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt

from backend.watchlists.watchlist import Section
from trii_desktop.watchlist.model import ENTRY_ROLE, SORT_ROLE, WatchlistModel

Index = QModelIndex | QPersistentModelIndex


class SectionSorter(QSortFilterProxyModel):
    """Sorts the rows of each section among themselves; headings stay where they are."""

    def __init__(self, model: WatchlistModel) -> None:
        super().__init__(model)
        self._model = model
        self.setSourceModel(model)
        self.setSortRole(SORT_ROLE)

    def is_section(self, row: int) -> bool:
        """Whether a heading stands in ``row`` as shown."""
        return isinstance(self.index(row, 0).data(ENTRY_ROLE), Section)

    def lessThan(self, left: Index, right: Index) -> bool:
        """By section first, whichever way the column is sorted; a heading before its rows."""
        places = (self._model.section_above(left.row()), self._model.section_above(right.row()))
        heads = (places[0] != left.row(), places[1] != right.row())
        if places[0] != places[1] or heads[0] != heads[1]:
            comes_first = (places[0], heads[0]) < (places[1], heads[1])
            return comes_first == (self.sortOrder() is Qt.SortOrder.AscendingOrder)
        return bool(left.data(SORT_ROLE) < right.data(SORT_ROLE)) if heads[0] else False

    def filterAcceptsRow(self, source_row: int, _source_parent: Index) -> bool:
        """Rows of a folded section are not shown."""
        above = self._model.section_above(source_row)
        if above in (-1, source_row):
            return True
        section = self._model.entry_at(above)
        return not (isinstance(section, Section) and section.is_collapsed)
