"""Who belongs to an organisation, as connected devices were told, and what has changed since."""

from collections.abc import Sequence

import msgspec

from sync_server.edge.packing import Packed
from sync_server.protocol.messages import People, Person


class Told:
    """What devices of each organisation know of its people, apart from when somebody was last seen."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Person]] = {}
        self._everybody: dict[str, Packed] = {}

    def orgs(self) -> tuple[str, ...]:
        """Organisations of which anything was told."""
        return tuple(self._known)

    def knows(self, org: str, user: str) -> bool:
        """Whether devices were told of this person."""
        return user in self._known.get(org, ())

    def everybody(self, org: str) -> Packed:
        """All whom devices of the organisation were told of: one message for all who come."""
        return self._everybody[org]

    def forget(self, org: str) -> None:
        """No device of the organisation is connected."""
        self._known.pop(org, None)
        self._everybody.pop(org, None)

    def changed(self, org: str, people: Sequence[Person]) -> tuple[Person, ...]:
        """Who is new or different; told from now on."""
        known = self._known.setdefault(org, {})
        found = tuple(person for person in people if known.get(person.u) != _plain(person))
        known.update((person.u, _plain(person)) for person in found)
        self._everybody[org] = Packed(People(tuple(people)))
        return found


def _plain(person: Person) -> Person:
    return msgspec.structs.replace(person, seen=0)
