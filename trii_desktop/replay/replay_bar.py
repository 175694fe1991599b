"""The bar that steps through the past: shown while replay is on, with the moment, a slider, speed and the way out."""

from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QSlider, QToolButton, QWidget

from backend.charts.replay import SPEEDS, ReplayState
from trii_desktop.actions.action_set import ActionSet
from trii_desktop.look import Look
from trii_desktop.widgets.layout import label, row
from trii_desktop.widgets.numbers import format_time

BUTTONS: Final = ("replay.back", "replay.play", "replay.forward")


class ReplayBar(QFrame):
    """``sought`` carries a row, ``speed_chosen`` bars a second."""

    sought = Signal(int)
    speed_chosen = Signal(float)

    def __init__(self, actions: ActionSet, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self._look = look
        self.setProperty("role", "replay")
        self.setAccessibleName("Replay")
        self._sign = label("REPLAY", "badge")
        self._moment = label("", "strong")
        self._moment.setMinimumWidth(150)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Moment shown")
        self.slider.valueChanged.connect(self.sought)
        self.speed = QComboBox()
        self.speed.setAccessibleName("Speed")
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g} bar{'' if speed == 1 else 's'}/s", speed)
        self.speed.currentIndexChanged.connect(self._choose_speed)
        made = [self._button(action_id) for action_id in BUTTONS]
        self._end = self._button("replay.stop")
        self._end.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setLayout(row(self._sign, self._moment, *made, self.speed, self.slider, self._end, margins=(12, 4, 8, 4), gap=8))
        self._is_playing = False
        look.changed.connect(self.paint_icons)
        self.paint_icons()
        self.hide()

    def show_state(self, state: ReplayState) -> None:
        """Say where replay stands; hidden while it is off."""
        self.setVisible(state.is_on)
        if state.series is None:
            return
        when = format_time(state.now_ns, is_dated=False)
        self._moment.setText(f"{when} UTC")
        self.setAccessibleDescription(f"{'Playing' if state.is_playing else 'Paused'} at {when} UTC")
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(state.n_bars - 1, 0))
            self.slider.setValue(state.row)
        with QSignalBlocker(self.speed):
            self.speed.setCurrentIndex(min(range(len(SPEEDS)), key=lambda place: abs(SPEEDS[place] - state.speed)))
        self._is_playing = state.is_playing
        self.paint_icons()

    def paint_icons(self) -> None:
        """Draw the icons in the theme's colours."""
        for name, icon in zip(BUTTONS, ("step-back", "pause" if self._is_playing else "play", "step-forward"), strict=True):
            self._actions.by_id[name].setIcon(self._look.icon(icon))

    def _choose_speed(self, place: int) -> None:
        self.speed_chosen.emit(SPEEDS[place])

    def _button(self, action_id: str) -> QToolButton:
        made = QToolButton()
        made.setDefaultAction(self._actions.by_id[action_id])
        made.setAccessibleName(self._actions.by_id[action_id].toolTip())
        return made
