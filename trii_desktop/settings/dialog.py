"""The settings dialog, generated from the settings themselves; every change takes effect at once."""

from typing import Protocol

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QScrollArea, QStackedWidget, QWidget

from backend.events import SettingsChanged
from backend.settings import SECTIONS, fields_of
from trii_desktop.actions.action_set import ActionSet
from trii_desktop.desk import Desk
from trii_desktop.settings.changes import SettingChanges
from trii_desktop.settings.section_page import SectionPage
from trii_desktop.settings.security_page import SecurityPage
from trii_desktop.settings.shortcuts_page import ShortcutsPage
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, frame, holding, label, line, row

SHORTCUTS = "shortcuts"
SECURITY = "security"


class Page(Protocol):
    """What the dialog asks of a page."""

    title: str

    def filter(self, words: tuple[str, ...]) -> bool:
        """Show what holds every word; whether there is something."""
        ...


class SettingsDialog(QDialog):
    """Sections on the left, their fields on the right, a search above both. Not modal; ``closed`` comes at the end."""

    closed = Signal()
    wants_recovery = Signal()
    wants_passphrase = Signal()

    def __init__(self, desk: Desk, actions: ActionSet, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self._changes = SettingChanges(desk)
        self.setWindowTitle("Settings")
        self.setAccessibleName("Settings")
        self.resize(860, 620)
        self.setMinimumSize(640, 440)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search settings")
        self.search.setAccessibleName("Search settings")
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(64)
        self.search.textChanged.connect(self._filter)
        self.sections = QListWidget()
        self.sections.setAccessibleName("Sections")
        self._stack = QStackedWidget()
        self._names: list[str] = []
        self._all: dict[str, Page] = {}
        self.pages = {name: SectionPage(desk, self._changes, name) for name in SECTIONS if fields_of(name)}
        self.shortcuts = ShortcutsPage(desk, actions, self._changes)
        security = SecurityPage(desk)
        security.wants_recovery.connect(self.wants_recovery)
        security.wants_passphrase.connect(self.wants_passphrase)
        for name, page in self.pages.items():
            self._add(name, page, page)
        self._add(SECURITY, security, security)
        self._add(SHORTCUTS, self.shortcuts, self.shortcuts, scrolls=False)
        self._nothing = EmptyState("No such setting", "Try another word, or a part of one.", desk.look, "search")
        self._stack.addWidget(self._nothing)
        self.sections.currentRowChanged.connect(self._stack.setCurrentIndex)
        self.sections.setCurrentRow(0)
        self._lay_out()
        QShortcut(QKeySequence.StandardKey.Find, self, self._find)
        self._subscription = desk.bridge.subscribe(SettingsChanged, self._changed)
        self.finished.connect(self._end)
        self.search.setFocus()

    def show_field(self, section: str, name: str = "") -> None:
        """Turn to a section, and give one of its fields the keyboard."""
        self.search.clear()
        self.sections.setCurrentRow(self._names.index(section))
        page = self.pages.get(section)
        if page is not None and name in page.rows:
            found = page.rows[name]
            area = self._stack.currentWidget()
            if isinstance(area, QScrollArea):
                area.ensureWidgetVisible(found)
            found.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _lay_out(self) -> None:
        close, everything = button("Close", primary=True), button("Reset everything", quiet=True)
        close.clicked.connect(self.close)
        everything.clicked.connect(self._reset_all)
        where = label(str(self._desk.backend.home.settings), "caption")
        where.setToolTip("The file that holds the settings")
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        where.setMaximumWidth(420)
        left = frame("panel", column(self.search, self.sections, margins=(10, 12, 10, 12), gap=10))
        left.setFixedWidth(216)
        body = row(left, self._stack, gap=0)
        body.setStretch(1, 1)
        self.setLayout(column(body, line(), row(where, None, everything, close, margins=(16, 10, 16, 10)), gap=0))

    def _add(self, name: str, page: Page, widget: QWidget, *, scrolls: bool = True) -> None:
        item = QListWidgetItem(page.title)
        item.setSizeHint(QSize(100, 34))
        self.sections.addItem(item)
        self._names.append(name)
        self._all[name] = page
        if not scrolls:
            self._stack.addWidget(widget)
            return
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(holding(column(widget)))
        self._stack.addWidget(scroll)

    def _filter(self, text: str) -> None:
        words = tuple(text.casefold().split())
        found = [self._all[name].filter(words) for name in self._names]
        for place, is_found in enumerate(found):
            self.sections.item(place).setHidden(not is_found)
        if not any(found):
            self._stack.setCurrentWidget(self._nothing)
        elif not found[self.sections.currentRow()]:
            self.sections.setCurrentRow(found.index(True))
        else:
            self._stack.setCurrentIndex(self.sections.currentRow())

    def _find(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _reset_all(self) -> None:
        self._desk.start("Resetting the settings", self._changes.reset_all())

    def _changed(self, event: SettingsChanged) -> None:
        if event.section in self.pages:
            self.pages[event.section].refresh()
        elif event.section == SHORTCUTS:
            self.shortcuts.refresh()

    def _end(self) -> None:
        self._subscription.close()
        self.closed.emit()
