"""What the API serves from."""

from dataclasses import dataclass

from backend.alerts.alerts import Alerts
from backend.assistant.door import AssistantDoor
from backend.bus import Bus
from backend.clock import Clock
from backend.live.live import Live
from backend.market.catalog import Catalog
from backend.market.history import History
from backend.settings_store import SettingsStore
from backend.storage.paths import Home
from backend.tasks import TaskOwner
from backend.watchlists.board import QuoteBoard


@dataclass(frozen=True, slots=True)
class ApiParts:
    """The capabilities scripts reach, and what the server itself stands on."""

    home: Home
    settings: SettingsStore
    catalog: Catalog
    history: History
    board: QuoteBoard
    live: Live
    alerts: Alerts
    assistant: AssistantDoor
    clock: Clock
    bus: Bus
    tasks: TaskOwner
