"""What an import works with: the stores it writes to, and who is told."""

from dataclasses import dataclass
from pathlib import Path

from backend.bus import Bus
from backend.clock import Clock
from backend.market.action_log import ActionLog
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.storage.ledger import Ledger
from backend.storage.market_store import MarketStore


@dataclass(frozen=True, slots=True)
class ImportParts:
    """The open parts of a backend that imports use; ``folder`` takes the lists of rows."""

    store: MarketStore
    catalog: Catalog
    actions: ActionLog
    ledger: Ledger
    bus: Bus
    clock: Clock
    calendars: Calendars
    folder: Path
