"""The backend's composition root: opens every store and capability of a home, and closes them in order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from backend.clock import Clock, SystemClock
from backend.errors import TriiError
from backend.events import Bus, Level, Notice, notice_of
from backend.market.action_log import ActionLog
from backend.market.bar_store import BarStore
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.market.history import History
from backend.market.importers.importer import Importer
from backend.settings import SettingsStore, open_settings
from backend.storage import money, words
from backend.storage.ledger import Ledger, open_ledger
from backend.storage.market_store import MarketStore, open_market_store
from backend.storage.paths import Home
from backend.storage.secrets import Custody, OpenedKey, open_key
from backend.tasks import TaskOwner
from backend.telemetry.metrics import Metrics, probe_lag
from backend.watchlists.board import QuoteBoard
from backend.watchlists.store import WatchlistStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backend:
    """Everything that is open, for windows and commands to call; lives on the loop that opened it.

    notices : what the person should know of the opening; later ones come over ``bus``
    """

    home: Home
    clock: Clock
    bus: Bus
    metrics: Metrics
    settings: SettingsStore
    key: OpenedKey
    money: Ledger
    words: Ledger
    store: MarketStore
    catalog: Catalog
    actions: ActionLog
    calendars: Calendars
    history: History
    importer: Importer
    tasks: TaskOwner
    bars: BarStore
    watchlists: WatchlistStore
    board: QuoteBoard
    notices: tuple[Notice, ...]

    @property
    def custody(self) -> Custody:
        """Who keeps the ledgers' key."""
        return self.key.custody


@asynccontextmanager
async def open_backend(
    home: Home,
    *,
    clock: Clock | None = None,
    ask_passphrase: Callable[[str], str | None] | None = None,
    watch: bool = True,
    metrics: Metrics | None = None,
) -> AsyncIterator[Backend]:
    """Open all of ``home``; leaving closes it, when everything acknowledged is durable.

    ask_passphrase : asked on a thread of its own where the ledgers' key lies under a passphrase
    watch : follow watched folders and keep figures fresh, for a program that stays; a single command does not
    What is broken is set aside and told in ``notices``. Raises InvalidInput, Unavailable or CorruptData where the key
    or a ledger cannot be opened at all; then nothing was changed.
    """
    home.make()
    clock, metrics, bus = clock or SystemClock(), metrics or Metrics(), Bus()
    notices: list[Notice] = []
    collecting = bus.subscribe(Notice, notices.append)
    settings = open_settings(home.settings, quarantine=home.quarantine, publish=bus.publish)
    key = await asyncio.to_thread(open_key, home, ask=ask_passphrase)
    notices.extend(_warning(error, "The ledgers' key") for error in key.notices)

    async with (
        _open_ledger(home, "money", key, bus) as money_ledger,
        _open_ledger(home, "words", key, bus) as words_ledger,
        open_market_store(home, money_ledger, clock, publish=bus.publish) as store,
        TaskOwner("backend", bus.publish) as tasks,
    ):
        notices.extend(store.notices)
        catalog, actions = Catalog(money_ledger, bus.publish), ActionLog(money_ledger)
        calendars = Calendars(home.cache, clock)
        history = History(store, catalog, actions, calendars)
        importer = Importer(store, catalog, actions, money_ledger, bus, clock, home=home)
        board = QuoteBoard(store, history, catalog, actions, bus)
        async with BarStore(history, bus, tasks) as bars:
            collecting.close()
            backend = Backend(
                home=home,
                clock=clock,
                bus=bus,
                metrics=metrics,
                settings=settings,
                key=key,
                money=money_ledger,
                words=words_ledger,
                store=store,
                catalog=catalog,
                actions=actions,
                calendars=calendars,
                history=history,
                importer=importer,
                tasks=tasks,
                bars=bars,
                watchlists=WatchlistStore(money_ledger, bus.publish),
                board=board,
                notices=tuple(notices),
            )
            if watch:
                board.start(tasks)
                tasks.start("engine lag probe", probe_lag(metrics, clock))
            yield backend


@asynccontextmanager
async def _open_ledger(home: Home, name: str, key: OpenedKey, bus: Bus) -> AsyncIterator[Ledger]:
    """One ledger; what it finds damaged, now or later, is told as a notice."""
    path, migrations = home.ledgers / f"{name}.db", money.MIGRATIONS if name == "money" else words.MIGRATIONS
    secret = key.key.derive("money" if name == "money" else "words")
    async with open_ledger(path, secret, migrations, backups=home.backups, quarantine=home.quarantine) as ledger:
        title = f"The ledger {path.name}"
        for error in ledger.notices:
            bus.publish(_warning(error, title))
        ledger.watchers.append(lambda error: bus.publish(notice_of(error, title)))
        yield ledger


def _warning(error: TriiError, title: str) -> Notice:
    return notice_of(error, title, level=Level.WARNING)
