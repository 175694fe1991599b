"""Where rooms stand for the people who are connected: what heartbeats tell, and who is in which room."""

from collections.abc import Sequence

import msgspec

from sync_server.protocol.messages import RoomHead


class Standing:
    """Rooms of everybody connected. Kept by what is heard of commits; a person's own come with the welcome."""

    def __init__(self) -> None:
        self._heads: dict[str, dict[str, RoomHead]] = {}  # by person, by room
        self._people: dict[str, set[str]] = {}  # by room
        self._tips: dict[str, tuple[int, int, int]] = {}  # by room: epoch, newest, when it moved (steady ms)

    def know(self, user: str, heads: Sequence[RoomHead], steady_ms: int) -> None:
        """All rooms of a person."""
        self.forget(user)
        self._heads[user] = {}
        self.join(user, heads, steady_ms)

    def join(self, user: str, heads: Sequence[RoomHead], steady_ms: int) -> None:
        """These are rooms of a person too."""
        mine = self._heads.setdefault(user, {})
        for head in heads:
            mine[head.r] = head
            self._people.setdefault(head.r, set()).add(user)
            self.moved(head.r, head.e, head.s, steady_ms)

    def leave(self, user: str, room: str) -> None:
        """This is no longer a room of that person."""
        self._heads.get(user, {}).pop(room, None)
        people = self._people.get(room)
        if people is not None:
            people.discard(user)
            if not people:
                del self._people[room]
                self._tips.pop(room, None)

    def forget(self, user: str) -> None:
        """That person is no longer connected."""
        for room in tuple(self._heads.get(user, ())):
            self.leave(user, room)
        self._heads.pop(user, None)

    def moved(self, room: str, epoch: int, newest: int, steady_ms: int) -> None:
        """A room stands here now, unless it was known to stand further."""
        before = self._tips.get(room)
        if room in self._people and (before is None or (epoch, newest) > before[:2]):
            self._tips[room] = (epoch, newest, steady_ms)

    def has_read(self, user: str, room: str, read: int) -> None:
        """That person has read this far."""
        head = self._heads.get(user, {}).get(room)
        if head is not None and read > head.read:
            self._heads[user][room] = msgspec.structs.replace(head, read=read)

    def share(self, one: str, other: str) -> bool:
        """Whether two people who are connected have a room in common."""
        return not self._heads.get(one, {}).keys().isdisjoint(self._heads.get(other, {}).keys())

    def is_in(self, user: str, room: str) -> bool:
        """Whether that person is a member."""
        return room in self._heads.get(user, {})

    def present_in(self, room: str) -> frozenset[str]:
        """Members that are connected."""
        return frozenset(self._people.get(room, ()))

    def lately(self, user: str, since_ms: int) -> list[RoomHead]:
        """Rooms of that person that moved since then, and where they stand."""
        found = []
        for room, head in self._heads.get(user, {}).items():
            epoch, newest, moved_ms = self._tips[room]
            if moved_ms >= since_ms:
                found.append(RoomHead(room, epoch, newest, head.floor, head.read))
        return found
