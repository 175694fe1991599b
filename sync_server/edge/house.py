"""Everything an address of HTTP may ask: the parts of one server, as the application's state carries them."""

from typing import Any, cast

import msgspec
from litestar import Request
from litestar.di import NamedDependency

from sync_server.accounts.accounts import Accounts
from sync_server.actor import Actor
from sync_server.audit.audit import Audit
from sync_server.clock import Clock
from sync_server.edge.acts import Pace
from sync_server.edge.hub import Hub
from sync_server.edge.mailboxes import Mailboxes
from sync_server.edge.paging import Pages
from sync_server.edge.posting import Posting
from sync_server.errors import Refused
from sync_server.files.files import Files
from sync_server.protocol.codes import Code
from sync_server.rooms.erasures import Erasures
from sync_server.rooms.rooms import Rooms
from sync_server.search.search import Search
from sync_server.storage.database import Database

Asking = Request[Any, Any, Any]
Asker = NamedDependency[Actor]


class Identity(msgspec.Struct, frozen=True):
    """What a server tells strangers of itself. ``certificate``: PEM, empty where it speaks without TLS."""

    name: str
    url: str
    pin: str
    certificate: str
    version: int


class House(msgspec.Struct, frozen=True):
    """The parts."""

    accounts: Accounts
    rooms: Rooms
    search: Search
    files: Files
    audit: Audit
    erasures: Erasures
    hub: Hub
    mailboxes: Mailboxes
    posting: Posting
    pages: Pages
    database: Database
    clock: Clock
    identity: Identity


def house_of(request: Asking) -> House:
    """The parts of the server that serves this request."""
    return cast("House", request.app.state.server)


def deciding(request: Asking, actor: Actor) -> House:
    """The parts, for a decision over others that is counted. Raises Refused (429)."""
    house = house_of(request)
    check_pace(house, Pace.DECIDE, actor.user)
    return house


def check_pace(house: House, pace: Pace, key: str) -> None:
    """Count one. Raises Refused (429) where there were too many."""
    after_ms = house.hub.take(pace, key)
    if after_ms:
        raise Refused(Code.LIMITED, "That was too often.", status=429, hint="Wait a moment and try again.", after_ms=after_ms)
