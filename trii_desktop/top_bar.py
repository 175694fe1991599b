"""The bar above the chart: the instrument shown, its time-frames, and the actions used most."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from trii_desktop.actions.action_set import ActionSet
from trii_desktop.actions.look_rows import TYPES
from trii_desktop.engine_side import Shown
from trii_desktop.look import Look
from trii_desktop.market.intervals import IntervalBar
from trii_desktop.notifications import Notices

NAME_LENGTH_MAX = 34


class TopBar(QToolBar):
    """Made from the action table; ``intervals`` is its row of time-frames."""

    def __init__(self, actions: ActionSet, look: Look) -> None:
        super().__init__("Top bar")
        self.setObjectName("topBar")
        self.setMovable(False)
        self.setFloatable(False)
        self.setIconSize(QSize(18, 18))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._actions = actions
        self._look = look
        self.search = QToolButton()
        self.search.setObjectName("searchButton")
        self.search.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.search.setMinimumWidth(220)
        self.search.setToolTip(actions.by_id["chart.search"].toolTip())
        self.search.clicked.connect(actions.by_id["chart.search"].trigger)
        self.addWidget(self.search)
        self.addSeparator()
        self.intervals = IntervalBar()
        self._intervals_action = self.addWidget(self.intervals)
        self.addSeparator()
        self._buttons: dict[str, QToolButton] = {}
        self._worded: list[QToolButton] = []  # keep their words while there is room
        self._words_px, self._is_worded = 0, False  # how much wider they make it
        self._add("chart.adjusted")
        self._types = self._add_menu("Chart type", TYPES)
        self._add("study.add", has_text=True)
        self._add("compare.add", has_text=True)
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spacer)
        self._add("import.files", has_text=True)
        self.addSeparator()
        for action in ("view.bars", "view.notices", "view.theme", "settings.open"):
            self._add(action)
        look.changed.connect(self.paint_icons)
        actions.changed.connect(self._follow_keys)
        self.show_shown(None)
        self._word(is_worded=True)

    def show_shown(self, shown: Shown | None) -> None:
        """Say which instrument is on the chart, and offer its intervals."""
        if shown is None:
            self.search.setText("Find an instrument")
            self.search.setAccessibleName("Find an instrument")
            self._intervals_action.setVisible(False)
            return
        name = shown.instrument.name
        name = name if len(name) <= NAME_LENGTH_MAX else f"{name[: NAME_LENGTH_MAX - 1]}…"
        self.search.setText(f"{shown.instrument.id.code}   {name}".replace("&", "&&"))
        self.search.setAccessibleName(f"{shown.instrument.id} {shown.instrument.name}. Find another instrument")
        self._intervals_action.setVisible(True)
        self.intervals.show_specs(shown.specs, shown.spec)

    def show_unread(self, notices: Notices) -> None:
        """Count the notices that were not looked at."""
        bell = self._buttons["view.notices"]
        n = notices.n_unread
        self._actions.by_id["view.notices"].setIconText(str(n) if n else "")
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if n else Qt.ToolButtonStyle.ToolButtonIconOnly
        bell.setToolButtonStyle(style)
        bell.setAccessibleName(f"Notifications, {n} new" if n else "Notifications")

    def button(self, action_id: str) -> QToolButton | None:
        """The button of an action; None where it has none."""
        return self._buttons.get(action_id)

    def paint_icons(self) -> None:
        """Draw the icons in the theme's colours."""
        self.search.setIcon(self._look.icon("search"))
        self._types.setIcon(self._look.icon("candles"))
        for row in self._actions.rows:
            if row.icon:
                name = "moon" if row.icon == "sun" and self._look.palette.name == "light" else row.icon
                self._actions.by_id[row.id].setIcon(self._look.icon(name))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave words out where they have no room: time-frames are read before them."""
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Look again when its parts need another size."""
        is_done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return is_done

    def _fit(self) -> None:
        without_px = self.sizeHint().width() - (self._words_px if self._is_worded else 0)
        is_worded = self.width() >= without_px + self._words_px
        if is_worded != self._is_worded:
            self._word(is_worded=is_worded)

    def _word(self, *, is_worded: bool) -> None:
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if is_worded else Qt.ToolButtonStyle.ToolButtonIconOnly
        before_px = sum(made.sizeHint().width() for made in self._worded)
        for made in self._worded:
            made.setToolButtonStyle(style)
        self._words_px = abs(sum(made.sizeHint().width() for made in self._worded) - before_px)
        self._is_worded = is_worded

    def _follow_keys(self) -> None:
        """Name the keys that are in force now."""
        self.search.setToolTip(self._actions.by_id["chart.search"].toolTip())
        for action_id, made in self._buttons.items():
            if action_id != "view.notices":  # says how many are new
                made.setAccessibleName(self._actions.by_id[action_id].toolTip())

    def _add_menu(self, title: str, ids: tuple[str, ...]) -> QToolButton:
        made = QToolButton()
        menu = QMenu(made)
        menu.setAccessibleName(title)
        menu.addActions([self._actions.by_id[action_id] for action_id in ids])
        made.setMenu(menu)
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        made.setToolTip(title)
        made.setAccessibleName(title)
        self.addWidget(made)
        return made

    def _add(self, action_id: str, *, has_text: bool = False) -> None:
        made = QToolButton()
        action = self._actions.by_id[action_id]
        made.setDefaultAction(action)
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        if has_text:
            self._worded.append(made)
        made.setAccessibleName(action.toolTip())
        self._buttons[action_id] = made
        self.addWidget(made)
