"""Completing the name of a person after an @."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backend.chat.message import MemberRow
from trii_desktop.team.letters import Names, shown_line

N_OFFERED_MAX: Final = 7
_BEGUN: Final = re.compile(r"(?<![\w@.])@([\w.-]{0,39})$")


@dataclass(frozen=True, slots=True)
class Begun:
    """An @ that is being written: where it stands, and what follows it."""

    place: int
    text: str


def begun_at(text: str, cursor: int) -> Begun | None:
    """The mention that is being written before the cursor; None where none is."""
    found = _BEGUN.search(text[:cursor])
    return Begun(found.start(), found.group(1)) if found is not None else None


def offered(people: Sequence[MemberRow], begun: str) -> tuple[MemberRow, ...]:
    """Whom ``begun`` may mean: those whose handle or a word of whose name begins with it, who is here now first."""
    wanted = begun.casefold()

    def is_meant(person: MemberRow) -> bool:
        words = (person.handle, *person.name.split())
        return bool(person.handle) and any(word.casefold().startswith(wanted) for word in words)

    found = [person for person in people if is_meant(person) and not person.is_me]
    found.sort(key=lambda person: (not person.handle.casefold().startswith(wanted), person.presence == "offline", person.handle))
    return tuple(found[:N_OFFERED_MAX])


def offer_words(person: MemberRow, names: Names) -> str:
    """A line of the list."""
    name, handle = names.of(person.user, person.name), f"@{shown_line(person.handle)}"
    return name if handle in name else f"{name}   {handle}"
