"""The two edges between the charts of a grid, and the shares of the room that they divide."""

from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtWidgets import QWidget

from trii_desktop.grid.edge import GridEdge
from trii_desktop.grid.places import Places, share_at


class GridEdges(QObject):
    """``moved`` carries ``across`` and the share left of the upright edge, or ``down`` and the share above the level one."""

    moved = Signal(str, float)

    def __init__(self, grid: QWidget) -> None:
        super().__init__(grid)
        self._grid = grid
        self._upright, self._level = GridEdge(grid, is_upright=True), GridEdge(grid, is_upright=False)
        self._upright.moved.connect(self._move_upright)
        self._upright.centred.connect(self._centre_upright)
        self._level.moved.connect(self._move_level)
        self._level.centred.connect(self._centre_level)

    def place(self, places: Places, *, is_shown: bool) -> None:
        """Stand where ``places`` says."""
        self._place(self._upright, places.upright, is_shown=is_shown)
        self._place(self._level, places.level, is_shown=is_shown)

    @staticmethod
    def _place(edge: GridEdge, rect: QRect | None, *, is_shown: bool) -> None:
        edge.setVisible(rect is not None and is_shown)
        if rect is not None:
            edge.setGeometry(rect)
            edge.raise_()

    def _move_upright(self, by: int) -> None:
        self.moved.emit("across", share_at(self._upright.x() + by, self._grid.width()))

    def _centre_upright(self) -> None:
        self.moved.emit("across", 0.5)

    def _move_level(self, by: int) -> None:
        self.moved.emit("down", share_at(self._level.y() + by, self._grid.height()))

    def _centre_level(self) -> None:
        self.moved.emit("down", 0.5)
