"""Follows the instruments that a panel shows while it is shown, and lets them go when it is hidden or closed."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, NamedTuple, Protocol

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from backend.domain.instruments import InstrumentId
from backend.errors import TriiError


class Followed(NamedTuple):
    """An instrument to follow, and whether its book too."""

    instrument: InstrumentId
    depth: bool = False


class LetGo(Protocol):
    """What is followed; awaited to end it."""

    def __call__(self) -> Awaitable[object]:
        """Follow it no more."""
        ...


Follow = Callable[[InstrumentId, bool], Awaitable[LetGo]]
Start = Callable[[str, Coroutine[Any, Any, Any]], object]


class Follows:
    """Brings what is followed to what is wanted, one step after the other, however often that changes meanwhile.

    What cannot be followed is left alone until it is wanted anew.
    """

    def __init__(self, follow: Follow, start: Start) -> None:
        self._follow = follow
        self._start = start
        self._wanted: frozenset[Followed] = frozenset()
        self._held: dict[Followed, LetGo] = {}
        self._refused: set[Followed] = set()
        self._is_settling = False

    @property
    def held(self) -> frozenset[Followed]:
        """What is followed now."""
        return frozenset(self._held)

    @property
    def is_settled(self) -> bool:
        """Whether what is followed is what is wanted, as far as it can be."""
        return not self._is_settling

    def want(self, wanted: Iterable[Followed]) -> None:
        """Follow exactly these from now on."""
        self._wanted = frozenset(wanted)
        self._refused &= self._wanted
        self._settle_soon()

    def _settle_soon(self) -> None:
        if not self._is_settling and self._next() is not None:
            self._is_settling = True
            self._start("following prices", self._settle())

    def _next(self) -> tuple[Followed, bool] | None:
        """The next step: what, and whether to follow it or let it go. What is new comes before what ends."""
        for one in self._wanted:
            if one not in self._held and one not in self._refused:
                return one, True
        return next(((one, False) for one in self._held if one not in self._wanted), None)

    async def _settle(self) -> None:
        try:
            while (step := self._next()) is not None:
                one, is_new = step
                if is_new:
                    await self._take(one)
                else:
                    await self._held.pop(one)()
        finally:
            self._is_settling = False

    async def _take(self, one: Followed) -> None:
        try:
            self._held[one] = await self._follow(one.instrument, one.depth)
        except TriiError:
            self._refused.add(one)


class ShownFollows(QObject):
    """Wants what ``widget`` shows while it is visible, and nothing while it is not."""

    def __init__(self, widget: QWidget, follows: Follows) -> None:
        super().__init__(widget)
        self.follows = follows
        self._widget = widget
        self._shown: frozenset[Followed] = frozenset()
        self._is_closed = False
        widget.installEventFilter(self)

    def show(self, shown: Iterable[Followed]) -> None:
        """The widget shows exactly these from now on."""
        self._shown = frozenset(shown)
        self._tell(is_visible=self._widget.isVisible())

    def close(self) -> None:
        """Let everything go for good."""
        self._is_closed = True
        self._tell(is_visible=False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow and let go with the widget."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._tell(is_visible=event.type() == QEvent.Type.Show)
        return super().eventFilter(watched, event)

    def _tell(self, *, is_visible: bool) -> None:
        self.follows.want(self._shown if is_visible and not self._is_closed else ())
