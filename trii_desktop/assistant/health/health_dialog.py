"""The dialog of diagnostics: device, engine, pace of each mode against its goal, services and money; read anew while it is seen."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QWidget

from backend.assistant.engines.hardware import Hardware
from backend.assistant.health import AssistantHealth, engine_words, service_words
from backend.assistant.pace import pace_words
from trii_desktop.assistant.models.words import TITLES
from trii_desktop.widgets.layout import button, column, frame, label, restyle, row
from trii_desktop.widgets.numbers import format_bytes

READ_MS: Final = 1_000
_REACH: Final = {
    "local_only": "Answers are made on this computer only",
    "prefer_local": "A service is asked only where no model here will do",
    "allow_cloud": "Services may be asked",
}


class HealthDialog(QDialog):
    """Not modal. ``read`` is called every second while it is seen; what comes of it is given to ``show_health``."""

    def __init__(self, parent: QWidget, read: Callable[[], None]) -> None:
        super().__init__(parent)
        self._read = read
        self.setWindowTitle("Assistant diagnostics")
        self.setAccessibleName("Assistant diagnostics")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(720, 460)
        self.values: dict[str, QLabel] = {}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(20)
        self._grid.setVerticalSpacing(10)
        self._grid.setColumnStretch(1, 1)
        self._grid.setContentsMargins(14, 12, 14, 12)
        copy, close = button("Copy"), button("Close")
        copy.clicked.connect(self._copy)
        close.clicked.connect(self.accept)
        foot = row(copy, None, close, margins=(0, 6, 0, 0))
        self.setLayout(column(frame("card", self._grid), None, foot, margins=(16, 16, 16, 12)))
        self._timer = QTimer(self)
        self._timer.setInterval(READ_MS)
        self._timer.timeout.connect(read)
        for name in ("Device", "Memory", "Engine", *TITLES.values(), "Services", "Spent"):
            self._say(name, "Reading…", "muted")

    def show_hardware(self, hardware: Hardware) -> None:
        """Say what models can compute on."""
        gpu = hardware.gpu
        if gpu is not None:
            words = f"{gpu.name}, {format_bytes(gpu.free_bytes)} of {format_bytes(gpu.total_bytes)} free"
        elif hardware.gpus:
            words = f"{hardware.n_cores} cores; {hardware.gpus[0].name} is there, but the installed engine cannot compute on it"
        else:
            words = f"{hardware.n_cores} cores, no graphics card"
        self._say("Device", words, "warning" if hardware.gpus and gpu is None else "")
        self._say("Memory", f"{format_bytes(hardware.available_bytes)} of {format_bytes(hardware.total_bytes)} free")

    def show_health(self, health: AssistantHealth) -> None:
        """Say how everything stands."""
        stats = health.engine
        is_broken = stats.state == "broken"
        self._say(
            "Engine", f"{engine_words(stats)} {stats.words}".strip() if is_broken else engine_words(stats), "error" * is_broken
        )
        for pace in health.paces:
            role = "muted" if not pace.waits.n else "good" if pace.is_met else "warning"
            words = pace_words(pace)
            self._say(TITLES[pace.mode], words[:1].upper() + words[1:], role)
        services = service_words(health.services)
        self._say("Services", f"{_REACH[health.reach]}; {services}.", "warning" if any(s.is_down for s in health.services) else "")
        is_used = health.budget_usd > 0 and health.spent_usd >= health.budget_usd
        spent = f"{health.spent_usd:.2f} of {health.budget_usd:.2f} US$ in {health.month}"
        self._say("Spent", f"{spent}: no service is asked until the next month" if is_used else spent, "warning" if is_used else "")

    def text(self) -> str:
        """All of it as lines."""
        return "\n".join(f"{name}: {value.text()}" for name, value in self.values.items())

    def _say(self, name: str, words: str, role: str = "") -> None:
        if name not in self.values:
            place = len(self.values)
            self.values[name] = label("", wraps=True)
            self.values[name].setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._grid.addWidget(label(name, "muted"), place, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(self.values[name], place, 1)
        shown = self.values[name]
        if shown.text() != words:
            shown.setText(words)
            shown.setAccessibleName(f"{name}: {words}")
        if (shown.property("role") or "") != role:
            restyle(shown, role=role)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text())

    def showEvent(self, event: QShowEvent) -> None:
        """Read while it is seen."""
        self._read()
        self._timer.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Read no more."""
        self._timer.stop()
        super().hideEvent(event)
