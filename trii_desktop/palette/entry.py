"""What stands in the palette: one thing to do or to find, whatever it came from."""

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol


class Kind(enum.Enum):
    """What an entry is; the value is what the list says at its right."""

    ACTION = "Action"
    INSTRUMENT = "Instrument"
    INDICATOR = "Indicator"
    WORKSPACE = "Workspace"
    SETTING = "Setting"


@dataclass(frozen=True, slots=True, eq=False)
class PaletteEntry:
    """One line of the palette.

    key : what it is remembered by, as in "action:chart.zoom_in"; the same whenever it comes up
    detail : a few words in muted ink behind the title
    keys : shortcuts in Qt's portable words, the first one is shown
    words : other words by which it is found
    name : its name in full, as good as the title
    code : what it is called for short; typed in full, it comes first
    is_possible : whether ``run`` can be called now; others are shown, since they are found here too
    """

    key: str
    kind: Kind
    title: str
    run: Callable[[], None]
    detail: str = ""
    keys: tuple[str, ...] = ()
    words: str = ""
    name: str = ""
    code: str = ""
    icon: str = ""
    is_possible: bool = True
    is_ticked: bool = False


class Source(Protocol):
    """What can be listed at once, without asking the engine."""

    def entries(self) -> Iterable[PaletteEntry]:
        """Everything there is now, in its natural order."""
        ...


class AskedSource(Protocol):
    """What is too much to list and is looked up as one types."""

    kind: Kind

    async def find(self, text: str) -> tuple[PaletteEntry, ...]:
        """What matches ``text``, best first."""
        ...

    def recall(self, key: str) -> PaletteEntry | None:
        """The entry of a key that was remembered; None where it is not one of this source."""
        ...
