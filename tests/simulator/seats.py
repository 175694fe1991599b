"""Who could read what when, told from the log alone and apart from the code that decides it: the witness of I14."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from sync_server.protocol.events import Event


@dataclass
class SeatWitness:
    """One room: for each person the places at which each seat began and ended (0: it stands)."""

    shows_history: bool = True
    terms: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    n_seen: int = 0

    def watch(self, events: Iterable[Event]) -> None:
        """Take in what is new of the log."""
        for event in events:
            self.n_seen = event.s
            body = json.loads(event.b) if event.b else {}
            if event.k == "room.create":
                self.shows_history = body.get("shows_history", True)
                for user in {event.a, *(seat["u"] for seat in body.get("members", ()))}:
                    self._begin(user, event.s)
            elif event.k == "member.set" and body.get("role", "member") is None:
                self._end(body["u"], event.s)
            elif event.k == "member.set":
                self._begin(body["u"], event.s)

    def _begin(self, user: str, s: int) -> None:
        terms = self.terms.setdefault(user, [])
        if not terms or terms[-1][1]:
            terms.append((s, 0))

    def _end(self, user: str, s: int) -> None:
        terms = self.terms.get(user, [])
        if terms and not terms[-1][1]:
            terms[-1] = (terms[-1][0], s)

    def may_read(self, user: str, s: int) -> bool:
        """Whether this person may be given event ``s`` now."""
        terms = self.terms.get(user)
        if not terms or terms[-1][1]:
            return False
        return self.shows_history or s >= terms[-1][0]
