"""Two sheets that only inform: every shortcut, made from the action table, and what the program is made of."""

import platform
from importlib import metadata
from typing import Final

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QLineEdit, QScrollArea, QTableWidgetItem, QWidget

from backend import __version__
from trii_desktop.actions.action_set import ActionSet
from trii_desktop.actions.keymap import shortcut_text
from trii_desktop.actions.row import MENUS, ActionRow, plain_title
from trii_desktop.charts.keys import CHART_KEYS
from trii_desktop.theme import RESOURCES
from trii_desktop.widgets.layout import button, column, holding, label, line, row
from trii_desktop.widgets.table import RowTable

POINTER_KEYS: Final = (
    ("Letters", "Find an instrument"),
    ("Digits", "Change the interval"),
    ("Wheel", "Zoom around the pointer, with Shift pan"),
    ("Drag", "Pan; on an axis stretch it"),
    ("Double-click on an axis", "Scale it automatically again"),
)
TABLE_KEYS: Final = (
    ("Enter", "Show the instrument of the row"),
    ("Delete", "Remove the row, with undo"),
    ("Alt ↑ ↓", "Move the row"),
    ("Drag onto a chart", "Show the instrument there, with Ctrl compare with it"),
)
LIBRARIES: Final = (
    ("PySide6-Essentials", "LGPL-3.0"),
    ("pyqtgraph", "MIT"),
    ("qasync", "BSD-2-Clause"),
    ("duckdb", "MIT"),
    ("pyarrow", "Apache-2.0"),
    ("numpy", "BSD-3-Clause"),
    ("numba", "BSD-2-Clause"),
    ("sqlcipher3", "Zlib"),
    ("cryptography", "Apache-2.0 or BSD-3-Clause"),
    ("argon2-cffi", "MIT"),
    ("keyring", "MIT"),
    ("mnemonic", "MIT"),
    ("exchange-calendars", "Apache-2.0"),
    ("msgspec", "BSD-3-Clause"),
    ("httpx", "BSD-3-Clause"),
    ("websockets", "BSD-3-Clause"),
    ("python-calamine", "MIT"),
    ("charset-normalizer", "MIT"),
    ("watchfiles", "MIT"),
    ("psutil", "BSD-3-Clause"),
    ("platformdirs", "MIT"),
    ("tomli-w", "MIT"),
    ("tzdata", "Apache-2.0"),
)


class ShortcutSheet(QDialog):
    """Every key that is in force, by menu, with the chart's own; a word typed leaves those it is part of."""

    def __init__(self, parent: QWidget, actions: ActionSet) -> None:
        super().__init__(parent)
        self._actions = actions
        self.setWindowTitle("Keyboard shortcuts")
        self.setAccessibleName("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(920, 680)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search keys and actions")
        self.field.setAccessibleName("Search keys and actions")
        self.field.setClearButtonEnabled(True)
        self.field.setMaxLength(64)
        self.field.textChanged.connect(self.refresh)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setAccessibleName("Keys by menu")
        close = button("Close", primary=True)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        change = label("Keys can be changed in Settings, Shortcuts.", "caption")
        head = row(self.field, margins=(16, 12, 16, 12))
        self.setLayout(column(head, line(), self._scroll, line(), row(change, None, close, margins=(16, 10, 16, 10)), gap=0))
        actions.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the keys as they are now."""
        left, right = column(gap=20), column(gap=20)
        heights = [0, 0]
        words = self.field.text().casefold().split()
        for title, keys in self._groups():
            found = tuple((key, text) for key, text in keys if all(word in f"{title} {key} {text}".casefold() for word in words))
            if found:
                side = 0 if heights[0] <= heights[1] else 1
                heights[side] += len(found) + 2
                (left, right)[side].addWidget(_group(title, found))
        if not any(heights):
            left.addWidget(label("No key and no action has these words.", "muted", wraps=True))
        left.addStretch(1)
        right.addStretch(1)
        body = row(left, right, margins=(24, 20, 24, 20), gap=40)
        body.setStretch(0, 1)
        body.setStretch(1, 1)
        self._scroll.setWidget(holding(body))

    def _groups(self) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
        own = tuple(("  ".join(map(shortcut_text, entry.keys)), entry.words) for entry in CHART_KEYS)
        groups = [("On the chart", (*POINTER_KEYS, *own)), ("On the watchlist", TABLE_KEYS)]
        for menu in MENUS:
            keys = tuple(
                ("  ".join(map(shortcut_text, self._actions.keys(found.id))), _title(found))
                for found in self._actions.rows
                if found.menu == menu and self._actions.keys(found.id)
            )
            groups.append((menu.replace("&", ""), keys))
        return groups


class AboutDialog(QDialog):
    """Versions and licences."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("About TRII Desktop")
        self.setAccessibleName("About TRII Desktop")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(520, 560)
        sign = QLabel()
        sign.setPixmap(QIcon(str(RESOURCES / "icons" / "trii.svg")).pixmap(56, 56))
        system = f"Python {platform.python_version()}, Qt {qVersion()}, {platform.system()} {platform.machine()}"
        words = column(label("TRII Desktop", "title"), label(f"Version {__version__}", "muted"), label(system, "caption"), gap=2)
        text = (
            "A native, local-first trading workstation. Apache License 2.0. "
            "Letters: TRII Sans, cut from Inter, SIL Open Font License 1.1."
        )
        table = RowTable("Libraries", ("Library", "Version", "Licence"))
        table.verticalHeader().setDefaultSectionSize(26)
        table.horizontalHeader().setStretchLastSection(True)
        table.setColumnWidth(0, 180)
        for name, licence in LIBRARIES:
            place = table.rowCount()
            table.insertRow(place)
            for number, cell in enumerate((name, _version(name), licence)):
                table.setItem(place, number, QTableWidgetItem(cell))
        close = button("Close", primary=True)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        top = row(sign, words, None, gap=16)
        self.setLayout(column(top, label(text, "muted", wraps=True), table, row(None, close), margins=(24, 20, 24, 16), gap=16))


def _title(found: ActionRow) -> str:
    inside = found.submenu.replace("&", "")
    return f"{inside}: {plain_title(found)}" if inside else plain_title(found)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _group(title: str, keys: tuple[tuple[str, str], ...]) -> QWidget:
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(1, 1)
    grid.setColumnMinimumWidth(0, 184)
    for place, (key, words) in enumerate(keys):
        grid.addWidget(label(words, "muted", wraps=True), place, 1)
        grid.addLayout(row(*(label(k, "key") for k in key.split("  ")), None, gap=4), place, 0)
    return holding(column(label(title, "heading"), grid, gap=10))
