"""Tokens become text as they come: whole characters only, and no further than a stop string, each byte looked at once."""

import codecs
from collections.abc import Sequence

from backend.errors import InvalidInput


class Characters:
    """Turns bytes that come in pieces into whole characters; bytes that are no UTF-8 become U+FFFD."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, piece: bytes) -> str:
        """The characters that are whole now."""
        return self._decoder.decode(piece)

    def end(self) -> str:
        """What an unfinished character at the end comes to."""
        return self._decoder.decode(b"", final=True)


class StopFinder:
    """Releases text that no stop string can begin in any more, and ends at the first stop string that is complete.

    How the text is cut into pieces makes no difference. Of two that are complete at the same character the longer counts.
    Raises InvalidInput for an empty stop string.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        if not all(stops):
            raise InvalidInput("A stop string is empty.", hint="Leave it out.", code="engine.empty_stop")
        self._stops = tuple(stops)
        self._held = ""
        self.is_found = False

    def feed(self, text: str) -> str:
        """Text that may be shown; nothing more comes once a stop string was found."""
        if self.is_found:
            return ""
        self._held += text
        cut = self._first_stop()
        if cut is not None:
            self.is_found = True
            released, self._held = self._held[:cut], ""
            return released
        n_kept = self._n_waiting()
        released, self._held = self._held[: len(self._held) - n_kept], self._held[len(self._held) - n_kept :]
        return released

    def end(self) -> str:
        """The rest, which turned out to be no stop string."""
        released, self._held = self._held, ""
        return released

    def _first_stop(self) -> int | None:
        """Where the stop string begins that is complete first, if one is."""
        found = [(at + len(stop), at) for stop in self._stops if (at := self._held.find(stop)) >= 0]
        return min(found)[1] if found else None

    def _n_waiting(self) -> int:
        """How many characters at the end may begin a stop string."""
        longest = max((len(stop) - 1 for stop in self._stops), default=0)
        for n_chars in range(min(longest, len(self._held)), 0, -1):
            if any(stop.startswith(self._held[-n_chars:]) for stop in self._stops):
                return n_chars
        return 0
