"""The tables of every capability, in the order in which they are made."""

from typing import Final

from sync_server.accounts import tables as accounts
from sync_server.audit import tables as audit
from sync_server.files import tables as files
from sync_server.rooms import tables as rooms
from sync_server.search import tables as search
from sync_server.storage import tables as storage
from sync_server.storage.migrations import Migration

TABLES: Final[tuple[Migration, ...]] = (
    *storage.TABLES,
    *audit.TABLES,
    *accounts.TABLES,
    *rooms.TABLES,
    *files.TABLES,
    *search.TABLES,
)
