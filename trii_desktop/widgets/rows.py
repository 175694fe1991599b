"""Rows of one kind as Qt's list."""

from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

Row = TypeVar("Row")
Index = QModelIndex | QPersistentModelIndex


class RowsModel(QAbstractListModel, Generic[Row]):
    """The row itself under UserRole; what is read and heard of it is for subclasses to say in ``words``."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: tuple[Row, ...] = ()

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """Replace what is shown."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """How many rows there are."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The row, or its words."""
        row = self.rows[index.row()]
        return row if role == Qt.ItemDataRole.UserRole else self.words(row, role)

    def words(self, row: Row, role: int) -> str | None:
        """What is shown, spoken or told of a row; None where there is nothing of that role."""
        return str(row) if role == Qt.ItemDataRole.DisplayRole else None
