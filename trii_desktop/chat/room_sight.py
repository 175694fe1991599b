"""What every message of a room is shown with: what people are called, who can be mentioned, and the pictures."""

from collections.abc import Callable

from backend.chat.message import MemberRow
from trii_desktop.chat.pictures import Pictures
from trii_desktop.team.letters import Names


def _nowhere() -> bool:
    return False


class RoomSight:
    """Changes with the room; ``is_thread`` says that replies are not counted below their message."""

    def __init__(self, pictures: Pictures, *, is_thread: bool = False) -> None:
        self.pictures = pictures
        self.is_thread = is_thread
        self.names = Names()
        self.members: tuple[MemberRow, ...] = ()
        self.handles: frozenset[str] = frozenset()
        self.has_keyboard: Callable[[], bool] = _nowhere  # whether the timeline is where keys go

    def show_members(self, members: tuple[MemberRow, ...]) -> bool:
        """Know these people from now on; whether that changes anything."""
        if members == self.members:
            return False
        self.members = members
        self.names = Names(members)
        self.handles = frozenset(member.handle for member in members if member.handle)
        return True

    def name_of(self, user: str) -> str:
        """What a user is called."""
        return self.names.of(user, "")
