"""Who hears of what was entered: decided by who was a member before and after it, so by the log itself."""

from collections.abc import Set as AbstractSet

import msgspec

from sync_server.protocol.bodies import MemberSet, parse_body
from sync_server.protocol.events import Kind
from sync_server.protocol.messages import Ev


class Delivery(msgspec.Struct, frozen=True):
    """Three kinds of hearers of one batch of a room: no person is in two of them.

    ``stays`` hear the events · ``joins`` hear where the room stands and fetch what they may read · ``goes`` hear only that they
    are no longer members.
    """

    stays: frozenset[str]
    joins: frozenset[str]
    goes: frozenset[str]


def plan_delivery(ev: Ev, before: AbstractSet[str], after: AbstractSet[str]) -> Delivery:
    """Split the members of a room over one batch. Who left and came back within it fetches anew what is allowed."""
    returned = {user for user in _unseated(ev) if user in before and user in after}
    return Delivery(
        stays=frozenset(before & after) - returned,
        joins=frozenset(after - before) | returned,
        goes=frozenset(before - after),
    )


def _unseated(ev: Ev) -> set[str]:
    """People whose seat was taken at any moment of the batch."""
    gone: set[str] = set()
    for event in ev.ev:
        if event.k == Kind.MEMBER_SET and event.b is not None:
            body = parse_body(event.k, event.b)
            if isinstance(body, MemberSet) and body.role is None:
                gone.add(body.u)
    return gone
