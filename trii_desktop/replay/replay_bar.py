"""The bar that steps through the past: shown while replay is on, with the moment, a slider, speed and the way out."""

from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QSlider, QToolButton, QWidget

from backend.charts.pace import BY_BARS, PACES, Pace
from backend.charts.replay import ReplayState
from trii_desktop.actions.action_set import ActionSet
from trii_desktop.look import Look
from trii_desktop.widgets.layout import label, row
from trii_desktop.widgets.numbers import format_time

BUTTONS: Final = ("replay.back", "replay.play", "replay.forward")


class ReplayBar(QFrame):
    """``sought`` carries a row, ``pace_chosen`` a Pace."""

    sought = Signal(int)
    pace_chosen = Signal(object)

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
        self.speed.setToolTip("Bars a second, or how many times as fast time passes; then bars are seen to grow")
        for pace in PACES:
            self.speed.addItem(words_of(pace), pace)
        self.speed.insertSeparator(len(BY_BARS))
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
        doing = f"Playing at {words_of(state.pace)}," if state.is_playing else "Paused at"
        self.setAccessibleDescription(f"{doing} {when} UTC")
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(state.n_bars - 1, 0))
            self.slider.setValue(state.row)
        with QSignalBlocker(self.speed):
            self._show_pace(state.pace)
        self._is_playing = state.is_playing
        self.paint_icons()

    def paint_icons(self) -> None:
        """Draw the icons in the theme's colours."""
        for name, icon in zip(BUTTONS, ("step-back", "pause" if self._is_playing else "play", "step-forward"), strict=True):
            self._actions.by_id[name].setIcon(self._look.icon(icon))

    def _show_pace(self, pace: Pace) -> None:
        """Choose the pace in the box, or the next one to it of its kind where somebody set one that is not offered."""
        alike = [one for one in PACES if one.unit is pace.unit]
        self.speed.setCurrentIndex(self.speed.findData(min(alike, key=lambda one: abs(one.speed - pace.speed))))

    def _choose_speed(self, place: int) -> None:
        pace = self.speed.itemData(place)
        if pace is not None:
            self.pace_chosen.emit(pace)

    def _button(self, action_id: str) -> QToolButton:
        made = QToolButton()
        made.setDefaultAction(self._actions.by_id[action_id])
        made.setAccessibleName(self._actions.by_id[action_id].toolTip())
        return made


def words_of(pace: Pace) -> str:
    """A pace in the fewest words: "2 bars/s", or sixty times."""
    if pace.is_by_time:
        return f"{pace.speed:,g}\N{MULTIPLICATION SIGN}"
    return f"{pace.speed:g} bar{'' if pace.speed == 1 else 's'}/s"
