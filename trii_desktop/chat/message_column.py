"""Where each message of a timeline stands, at one width, whether it was measured or is guessed."""

from trii_desktop.assistant.heights import Heights
from trii_desktop.chat.items import Item

MARGIN_PX = 300  # above and below what is in view that is made already
_HEAD_PX = 18

Anchor = tuple[str, int] | None
"""The first message in view, and how far its top is above the view's; None at the end."""


class MessageColumn:
    """Messages below each other, in logical pixels from the top of the first."""

    def __init__(self) -> None:
        self.items: tuple[Item, ...] = ()
        self.heights = Heights(_HEAD_PX)
        self._places: dict[str, int] = {}

    def __contains__(self, message: object) -> bool:
        return message in self._places

    @property
    def total(self) -> int:
        """What all of them need."""
        return self.heights.total

    @property
    def last(self) -> str:
        """The id of the newest message; empty where there is none."""
        return self.items[-1].id if self.items else ""

    def show(self, items: tuple[Item, ...], width: int) -> None:
        """Stand for these from now on."""
        self.items = items
        self._places = {item.id: place for place, item in enumerate(items)}
        self.heights.show(items, width)

    def place(self, message: str) -> int:
        """Which one it is, from 0; -1 where it is not loaded."""
        return self._places.get(message, -1)

    def item(self, message: str) -> Item | None:
        """A message by its id."""
        place = self.place(message)
        return self.items[place] if place >= 0 else None

    def newer_than(self, message: str) -> tuple[Item, ...]:
        """What stands below a message."""
        return self.items[self.place(message) + 1 :] if message in self._places else ()

    def top_of(self, message: str) -> int:
        """Where a message begins."""
        return self.heights.top_of(self.place(message))

    def height_of(self, message: str) -> int:
        """How high it is."""
        return self.heights.of(self.place(message))

    def anchor_at(self, top: int) -> Anchor:
        """What stands at ``top``."""
        if not self.items:
            return None
        place = min(max(self.heights.place_at(top), 0), len(self.items) - 1)
        return self.items[place].id, top - self.heights.top_of(place)

    def around(self, top: int, room: int) -> tuple[Item, ...]:
        """What has to be a widget where ``room`` pixels from ``top`` on are in view."""
        first = max(self.heights.place_at(top - MARGIN_PX), 0)
        return self.items[first : self.heights.place_at(top + room + MARGIN_PX) + 1]
