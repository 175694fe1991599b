"""The bar of drawing tools at the left, made from the action table; its buttons show the tool in use."""

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QToolBar, QToolButton

from trii_desktop.actions.action_set import ActionSet
from trii_desktop.look import Look

GROUPS: Final = (
    ("drawing.select",),
    ("drawing.trend_line", "drawing.ray", "drawing.horizontal", "drawing.vertical", "drawing.channel"),
    ("drawing.rectangle", "drawing.fibonacci", "drawing.text"),
    ("drawing.measure", "drawing.long", "drawing.short"),
    ("drawing.magnet", "drawing.keep_tool", "drawing.hide"),
)


class DrawingBar(QToolBar):
    """One button an action, by group."""

    def __init__(self, actions: ActionSet, look: Look) -> None:
        super().__init__("Drawing tools")
        self.setObjectName("drawingBar")
        self.setAccessibleName("Drawing tools")
        self.setMovable(False)
        self.setFloatable(False)
        self.setOrientation(Qt.Orientation.Vertical)
        self.setIconSize(QSize(18, 18))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._actions = actions
        self._look = look
        for place, group in enumerate(GROUPS):
            if place:
                self.addSeparator()
            for action_id in group:
                made = QToolButton()
                made.setDefaultAction(actions.by_id[action_id])
                made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
                made.setAccessibleName(actions.by_id[action_id].toolTip())
                self.addWidget(made)
        look.changed.connect(self.paint_icons)
        self.paint_icons()

    def paint_icons(self) -> None:
        """Draw the icons in the theme's colours."""
        for row in self._actions.rows:
            if row.icon and row.id.startswith("drawing."):
                self._actions.by_id[row.id].setIcon(self._look.icon(row.icon))
