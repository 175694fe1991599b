"""How often connections may do what, as rules for the limits of accounts."""

from collections.abc import Mapping
from typing import Final

from sync_server.accounts.limits import RateLimits, Rule
from sync_server.edge.acts import Pace
from sync_server.edge.pacing import Take

RULES: Final[Mapping[Pace, Rule]] = {
    Pace.MESSAGE: Rule("message", 20, 200),  # five a second for one person
    Pace.EDIT: Rule("edit", 10, 1_000),
    Pace.REACT: Rule("react", 20, 200),
    Pace.OTHER: Rule("other", 20, 500),
    Pace.ROOM: Rule("room", 200, 20),  # fifty a second for one room
    Pace.PULL: Rule("pull", 500, 20),
    Pace.READ: Rule("read", 100, 50),
    Pace.TYPING: Rule("typing", 1, 3_000),
    Pace.PRESENCE: Rule("presence", 10, 1_000),
    Pace.HELLO: Rule("hello", 20, 3_000),  # streams and mailboxes of one person
    Pace.RENEW: Rule("renew", 10, 10_000),
    Pace.SEARCH: Rule("search", 10, 500),
    Pace.UPLOAD: Rule("upload", 60, 250),
    Pace.DECIDE: Rule("decide", 30, 1_000),  # holds and erasures
    Pace.ABUSE: Rule("abuse", 30, 1_000),
}


def taker(limits: RateLimits, rules: Mapping[Pace, Rule] | None = None) -> Take:
    """What counts by ``rules``; a pace without a rule is not limited."""
    known = RULES if rules is None else rules

    def take(pace: Pace, key: str) -> int:
        rule = known.get(pace)
        return 0 if rule is None else limits.take(key, rule)

    return take
