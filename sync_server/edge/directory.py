"""Who belongs to an organisation, as connected devices were told, and what has changed since."""

from collections.abc import Sequence

import msgspec

from sync_server.protocol.messages import Person


class Told:
    """What devices of each organisation know of its people, apart from when somebody was last seen."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Person]] = {}

    def orgs(self) -> tuple[str, ...]:
        """Organisations of which anything was told."""
        return tuple(self._known)

    def begin(self, org: str, people: Sequence[Person]) -> None:
        """The first device of an organisation was told of these; later devices are told at least as much."""
        if org not in self._known:
            self._known[org] = {person.u: _plain(person) for person in people}

    def forget(self, org: str) -> None:
        """No device of the organisation is connected."""
        self._known.pop(org, None)

    def changed(self, org: str, people: Sequence[Person]) -> tuple[Person, ...]:
        """Who is new or different; told from now on."""
        known = self._known.setdefault(org, {})
        found = tuple(person for person in people if known.get(person.u) != _plain(person))
        known.update((person.u, _plain(person)) for person in found)
        return found


def _plain(person: Person) -> Person:
    return msgspec.structs.replace(person, seen=0)
