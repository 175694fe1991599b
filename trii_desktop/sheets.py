"""Two sheets that only inform: every shortcut, made from the action table, and what the program is made of."""

import platform
from importlib import metadata
from typing import Final

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QScrollArea, QTableWidget, QTableWidgetItem, QWidget

from backend import __version__
from trii_desktop.actions.keymap import shortcut_text
from trii_desktop.actions.row import MENUS, ActionRow, plain_title
from trii_desktop.theme import RESOURCES
from trii_desktop.widgets.layout import button, column, holding, label, line, row

CHART_KEYS: Final = (
    ("Letters", "Find an instrument"),
    ("Digits or ,", "Change the interval"),
    ("← →", "Pan by one bar, with Ctrl by ten"),
    ("+ -", "Zoom in and out"),
    ("Home  End", "Oldest and newest bar"),
    ("Shift ← →", "Read bar by bar"),
    ("Wheel", "Zoom around the pointer, with Shift pan"),
    ("Drag", "Pan; on an axis stretch it"),
    ("Double-click on an axis", "Scale it automatically again"),
)
TABLE_KEYS: Final = (
    ("Enter", "Show the instrument of the row"),
    ("Delete", "Remove the row, with undo"),
    ("Alt ↑ ↓", "Move the row"),
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
    """Every key, by menu."""

    def __init__(self, parent: QWidget, rows: tuple[ActionRow, ...]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAccessibleName("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(860, 620)
        groups = [("On the chart", CHART_KEYS), ("On the watchlist", TABLE_KEYS)]
        for menu in MENUS:
            keys = tuple(
                ("  ".join(shortcut_text(k) for k in r.shortcuts), plain_title(r)) for r in rows if r.menu == menu and r.shortcuts
            )
            groups.append((menu.replace("&", ""), keys))
        left, right = column(gap=20), column(gap=20)
        heights = [0, 0]
        for title, keys in groups:
            side = 0 if heights[0] <= heights[1] else 1
            heights[side] += len(keys) + 2
            (left, right)[side].addWidget(_group(title, keys))
        left.addStretch(1)
        right.addStretch(1)
        body = row(left, right, margins=(24, 20, 24, 20), gap=40)
        body.setStretch(0, 1)
        body.setStretch(1, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(holding(body))
        close = button("Close", primary=True)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        self.setLayout(column(scroll, line(), row(None, close, margins=(16, 10, 16, 10)), gap=0))


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
        table = QTableWidget(0, 3)
        table.setProperty("framed", True)
        table.setAccessibleName("Libraries")
        table.setHorizontalHeaderLabels(["Library", "Version", "Licence"])
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(26)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.horizontalHeader().setStretchLastSection(True)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
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
    grid.setColumnMinimumWidth(0, 150)
    for place, (key, words) in enumerate(keys):
        grid.addWidget(label(words, "muted", wraps=True), place, 1)
        grid.addLayout(row(*(label(k, "key") for k in key.split("  ")), None, gap=4), place, 0)
    return holding(column(label(title, "heading"), grid, gap=10))
