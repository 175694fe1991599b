"""What the docks of the live market share: whose market it is, how fresh it is, and what is said while there is nothing."""

from abc import abstractmethod
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QSizePolicy, QStackedWidget, QToolButton, QWidget

from backend.domain.instruments import Instrument
from trii_desktop.frame import FrameClock
from trii_desktop.live.subject import Subject
from trii_desktop.look import Look
from trii_desktop.sight.follows import Followed, ShownFollows
from trii_desktop.sight.freshness import Freshness, Sight, Standing
from trii_desktop.sight.pulse import Pulse
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import column, frame, label, restyle, row

BODY_PX_MIN: Final = 96
LEVELS: Final = {Freshness.STALE: "warning", Freshness.CONNECTING: "warning", Freshness.LIVE: "good"}


class MarketPanel(QWidget):
    """Looks at the market once a frame while it is shown and something is new, and at its age once a second.

    ``wants_feed`` asks for the dialog of feeds. Subclasses show one thing in ``body`` and say when it is another one.
    """

    wants_feed = Signal()
    title = ""

    def __init__(self, look: Look, frames: FrameClock, sight: Sight) -> None:
        super().__init__()
        self.sight = sight
        self._frames = frames
        self._look = look
        self._follows: ShownFollows | None = None
        self.subject = Subject(self)
        self.standing = Standing()
        self._name = label("", "strong")
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.badge = label("", "badgeText")
        self.pin = QToolButton()
        self.pin.setCheckable(True)
        self.pin.setProperty("role", "cellButton")
        self.pin.setIconSize(QSize(16, 16))
        self.pin.toggled.connect(self._pin)
        self._empty = EmptyState("", "", look, "pulse", (("Connect a feed…", self.wants_feed.emit),))
        self._quiet = EmptyState("", "", look, "pulse")
        self._stack = QStackedWidget()
        self.setProperty("role", "panel")
        self._listener = frames.listen(self.look, is_visible=self.isVisible)
        self._timer = QTimer(self)  # asks for a frame where there is something new; the frame looks
        self._timer.timeout.connect(self._glance)
        self._pulse = Pulse(self, self._beat)
        self.subject.changed.connect(self._subject_changed)
        look.changed.connect(self._paint_icons)

    def compose(self, body: QWidget, tools: QBoxLayout, foot: QWidget | None = None) -> None:
        """Stand ``tools`` below the name, and ``body`` below them."""
        for part in (body, self._empty, self._quiet):
            self._stack.addWidget(part)
        for part in (self._empty, self._quiet):  # words that are not shown take no room from other docks
            part.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        body.setMinimumHeight(BODY_PX_MIN)
        name = row(self._name, self.badge, self.pin, gap=6)
        name.setStretch(0, 1)
        head = frame("panelHead", column(name, tools, margins=(10, 4, 6, 5), gap=4))
        self.setLayout(column(head, self._stack, *((foot,) if foot is not None else ()), gap=0))
        self._paint_icons()
        self._subject_changed()

    def follow_by(self, follows: ShownFollows) -> None:
        """Have what is shown followed from now on."""
        self._follows = follows
        self._subject_changed()

    # --- what subclasses say ------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def has_anything(self) -> bool:
        """Whether there is something to show of the subject."""

    @property
    @abstractmethod
    def is_behind(self) -> bool:
        """Whether there is something newer than what is shown."""

    @abstractmethod
    def take(self) -> bool:
        """Show what is new, and say whether it will be painted."""

    @abstractmethod
    def begin(self, instrument: Instrument | None) -> None:
        """Show another instrument."""

    @abstractmethod
    def stand(self, standing: Standing) -> None:
        """Show what it is worth."""

    def wanted(self, instrument: Instrument) -> Followed:
        """What is followed for it."""
        return Followed(instrument.id)

    # --- looking ------------------------------------------------------------------------------------------------------

    def look(self) -> bool:
        """The one look a frame."""
        is_new = self.take()
        if is_new:
            self._choose_page()
        return is_new

    def feeds_changed(self) -> None:
        """Feeds came or went, or stand otherwise."""
        self._beat()

    def close_panel(self) -> None:
        """Look no more and let everything go."""
        self._listener.close()
        self._timer.stop()
        self._pulse.stop()
        if self._follows is not None:
            self._follows.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for frames from now on."""
        super().showEvent(event)
        self._timer.start(self._frames.frame_ms)

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask for no more."""
        self._timer.stop()
        super().hideEvent(event)

    def _glance(self) -> None:
        if self.is_behind:
            self._frames.request()

    def _beat(self) -> None:
        instrument = self.subject.instrument
        self.standing = self.sight.standing(instrument.id) if instrument is not None else Standing()
        badge = self.standing.badge
        if self.badge.text() != badge:
            self.badge.setText(badge)
            self.badge.setToolTip(self.standing.tip)
        level = LEVELS.get(self.standing.freshness, "")
        if self.badge.property("level") != level:
            restyle(self.badge, level=level)
        self.stand(self.standing)
        self._choose_page()

    def _choose_page(self) -> None:
        instrument = self.subject.instrument
        freshness = self.standing.freshness
        if instrument is not None and self.has_anything:
            self._stack.setCurrentIndex(0)
        elif instrument is None:
            self._quiet.say("No chart yet", "What the active chart shows is followed here.")
            self._stack.setCurrentIndex(2)
        elif freshness is Freshness.NONE:
            self._empty.say(
                f"No feed for {instrument.id}", f"{self.title} come from a live feed, and none of yours serves this instrument."
            )
            self._stack.setCurrentIndex(1)
        else:
            title = "The market is closed" if freshness is Freshness.CLOSED else f"Waiting for {self.title.lower()}"
            self._quiet.say(title, f"{self.standing.tip}.".replace("..", "."))
            self._stack.setCurrentIndex(2)

    def _subject_changed(self) -> None:
        instrument = self.subject.instrument
        self._name.setText(str(instrument.id) if instrument is not None else "")
        self._name.setToolTip(instrument.name if instrument is not None else "")
        self.pin.setEnabled(instrument is not None)
        self.pin.setChecked(self.subject.is_pinned)
        words = "Go with the active chart" if self.subject.is_pinned else "Stay at this instrument"
        self.pin.setToolTip(words)
        self.pin.setAccessibleName(words)
        self.begin(instrument)
        if self._follows is not None:
            self._follows.show((self.wanted(instrument),) if instrument is not None else ())
        self._beat()
        self._frames.request()

    def _pin(self, is_pinned: bool) -> None:  # noqa: FBT001 - a signal's
        self.subject.pin(is_pinned=is_pinned)

    def _paint_icons(self) -> None:
        self.pin.setIcon(self._look.icon("pin"))


def tool_label(text: str) -> QLabel:
    """A small word before a field."""
    made = label(text, "caption")
    made.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
    return made
