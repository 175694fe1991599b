"""The backend's composition root: opens every store and capability of a home, and closes them in order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Protocol

from backend.alerts.alerts import AlertParts, Alerts
from backend.alerts.market_facts import FactParts
from backend.assistant.door import AssistantDoor, AssistantNeeds
from backend.bus import Bus
from backend.charts.drawing_store import DrawingStore
from backend.charts.drawing_styles import DrawingStyleStore
from backend.charts.replay import Replay
from backend.charts.study_store import StudyParts, StudyStore
from backend.charts.study_templates import TemplateStore
from backend.chat.door import ChatDoor, ChatNeeds
from backend.clock import Clock, SystemClock
from backend.delivery.carrier import Carrier
from backend.delivery.deliveries import Deliveries, DeliveryParts
from backend.errors import TriiError
from backend.events import BarsSaved, Level, Notice, SettingsChanged, notice_of
from backend.jobs.background import Background, Phase
from backend.jobs.backups import AutomaticBackups
from backend.jobs.imports import Imports
from backend.jobs.job_store import JobStore
from backend.jobs.runner import JobRunner
from backend.jobs.warm_up import warm_up
from backend.jobs.watched_imports import WatchedImports
from backend.live.feed_book import FeedBook
from backend.live.live import Live, LiveParts
from backend.live.replay_path import ReplayPath
from backend.loopback.parts import ApiParts
from backend.loopback.server import LoopbackApi
from backend.market.action_log import ActionLog
from backend.market.bar_store import BarStore
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.market.feeds.replay import ReplayParts
from backend.market.history import History
from backend.market.importers.importer import Importer
from backend.market.importers.parts import ImportParts
from backend.market.watch_folder import FolderWatcher
from backend.notices import NoticeStore
from backend.process import Process
from backend.right_of_way import RightOfWay
from backend.settings_store import SettingsStore, open_settings
from backend.storage import money, words
from backend.storage.credentials import Credentials
from backend.storage.ledger import Ledger, open_ledger
from backend.storage.market_store import MarketStore, open_market_store
from backend.storage.paths import Home
from backend.storage.secrets import Custody, OpenedKey, open_key
from backend.tasks import TaskOwner
from backend.telemetry.metrics import Metrics, probe_lag
from backend.telemetry.redaction import hide
from backend.watchlists.board import QuoteBoard
from backend.watchlists.store import WatchlistStore
from backend.workspaces.store import WorkspaceStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backend:
    """Everything that is open, for windows and commands to call; lives on the loop that opened it.

    way : taken by a window's frames; work that comes in slices asks it first
    notices : what the person should know of the opening; later ones come over ``bus``
    """

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

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
    imports: Imports
    tasks: TaskOwner
    bars: BarStore
    studies: StudyStore
    drawings: DrawingStore
    drawing_styles: DrawingStyleStore
    templates: TemplateStore
    replay: Replay
    watchlists: WatchlistStore
    workspaces: WorkspaceStore
    board: QuoteBoard
    alerts: Alerts
    kept_notices: NoticeStore
    background: Background
    jobs: JobRunner
    deliveries: Deliveries
    way: RightOfWay
    live: Live
    api: LoopbackApi
    assistant: AssistantDoor
    chat: ChatDoor
    notices: tuple[Notice, ...] = ()

    @property
    def custody(self) -> Custody:
        """Who keeps the ledgers' key."""
        return self.key.custody

    async def begin_background(self) -> None:
        """Say that the first chart is there: what waited for it begins."""
        self.background.begin()


@asynccontextmanager
async def open_backend(
    home: Home,
    *,
    clock: Clock | None = None,
    ask_passphrase: Callable[[str], str | None] | None = None,
    watch: bool = True,
    metrics: Metrics | None = None,
    process: Process | None = None,
) -> AsyncIterator[Backend]:
    """Open all of ``home``; leaving closes it, when everything acknowledged is durable.

    ask_passphrase : asked on a thread of its own where the ledgers' key lies under a passphrase
    watch : follow watched folders and keep figures fresh, for a program that stays; a single command does not
    process : whose logs and crash reports follow the settings, and whose metrics are used
    What is broken is set aside and told in ``notices``. Raises InvalidInput, Unavailable or CorruptData where the key
    or a ledger cannot be opened at all; then nothing was changed.
    """
    home.make()
    clock = clock or SystemClock()
    bus = Bus(clock=clock)
    metrics = process.metrics if process else metrics or Metrics()
    notices: list[Notice] = []
    collecting = bus.subscribe(Notice, notices.append)
    # The key first: it completes a restore that was cut short, which may bring other settings.
    key = await asyncio.to_thread(open_key, home, ask=ask_passphrase)
    notices.extend(_warning(error, "The ledgers' key") for error in key.notices)
    settings = open_settings(home.settings, quarantine=home.quarantine, publish=bus.publish)
    if process is not None:
        _follow(process, settings, bus)
    async with (
        _open_ledger(home, "money", key, bus) as money_ledger,
        _open_ledger(home, "words", key, bus) as words_ledger,
        open_market_store(home, money_ledger, clock, publish=bus.publish) as store,
        TaskOwner("backend", bus.publish) as tasks,
    ):
        stores = _Stores(home, clock, bus, metrics, settings, key, money_ledger, words_ledger, store, tasks)
        async with _compose(stores) as backend:
            collecting.close()
            notices.extend(store.notices)
            opened = replace(backend, notices=tuple(notices))
            if watch:
                _keep_watch(opened)
            yield opened


@dataclass(frozen=True, slots=True)
class _Stores:
    """What is opened first, and everything else stands on."""

    home: Home
    clock: Clock
    bus: Bus
    metrics: Metrics
    settings: SettingsStore
    key: OpenedKey
    money: Ledger
    words: Ledger
    store: MarketStore
    tasks: TaskOwner


_BEGUN: Final = ("alerts", "deliveries", "jobs", "feeds", "API", "chat", "assistant")


class _Resident(Protocol):
    """What a program that stays begins after its first chart."""

    async def begin(self) -> None:
        """Begin."""


@asynccontextmanager
async def _compose(base: _Stores) -> AsyncIterator[Backend]:
    """The capabilities, each given what it needs and no more."""
    home, clock, bus, settings, money_ledger, tasks = base.home, base.clock, base.bus, base.settings, base.money, base.tasks
    catalog, actions, calendars = Catalog(money_ledger, bus.publish), ActionLog(money_ledger), Calendars(home.cache, clock)
    history = History(base.store, catalog, actions, calendars, clock)
    importer = Importer(ImportParts(base.store, catalog, actions, money_ledger, bus, clock, calendars, home.imports))
    replay = Replay(history, clock, tasks, bus)
    jobs, imports, watcher = _make_jobs(base, importer)
    board, way = QuoteBoard(base.store, history, catalog, actions, bus), RightOfWay()
    book = FeedBook(money_ledger, credentials := Credentials(money_ledger, hide=hide))
    deliveries = Deliveries(DeliveryParts(money_ledger, bus, clock, tasks, jobs), Carrier(clock))
    async with (
        BarStore(history, bus, tasks) as bars,
        StudyStore(StudyParts(bars, history, catalog, calendars, tasks, replay, bus)) as studies,
    ):
        drawings = DrawingStore(money_ledger, bus.publish)
        facts = FactParts(base.store, history, catalog, actions, calendars, drawings)
        alerts = Alerts(AlertParts(money_ledger, facts, bus, clock, base.metrics))
        alerts.replay_with(ReplayPath(ReplayParts(base.store, history, catalog, calendars, clock), way))
        live = Live(LiveParts(base.store, bars, history, catalog, calendars, jobs, book, board, clock, bus, tasks, way))
        _join(alerts, deliveries, live)
        words, watchlists = base.words, WatchlistStore(money_ledger, bus.publish)
        needs = AssistantNeeds(home, words, history, catalog, watchlists, credentials, settings, bus, clock, tasks)
        assistant = AssistantDoor(needs)
        api = LoopbackApi(ApiParts(home, settings, catalog, history, board, live, alerts, assistant, clock, bus, tasks))
        chat = ChatDoor(ChatNeeds(home, words, base.key.key, credentials, settings, bus, clock, tasks))
        begun: tuple[_Resident, ...] = (alerts, deliveries, jobs, live, api, chat, assistant)
        first = (Phase(name, part.begin) for name, part in zip(_BEGUN, begun, strict=True))
        backend = Backend(
            home=home,
            clock=clock,
            bus=bus,
            metrics=base.metrics,
            settings=settings,
            key=base.key,
            money=money_ledger,
            words=words,
            store=base.store,
            catalog=catalog,
            actions=actions,
            calendars=calendars,
            history=history,
            importer=importer,
            imports=imports,
            tasks=tasks,
            bars=bars,
            studies=studies,
            drawings=drawings,
            drawing_styles=DrawingStyleStore(money_ledger),
            templates=TemplateStore(money_ledger),
            replay=replay,
            watchlists=watchlists,
            workspaces=WorkspaceStore(money_ledger, bus.publish),
            board=board,
            alerts=alerts,
            kept_notices=NoticeStore(words),
            background=Background((*first, *_phases(home, clock, settings, catalog, watcher, tasks))),
            jobs=jobs,
            deliveries=deliveries,
            way=way,
            live=live,
            api=api,
            assistant=assistant,
            chat=chat,
        )
        try:
            yield backend
        finally:
            for part in (assistant, chat, api, live, alerts):
                await part.close()


def _make_jobs(base: _Stores, importer: Importer) -> tuple[JobRunner, Imports, FolderWatcher]:
    """The runner of jobs with those that every home has."""
    watcher = FolderWatcher(importer, base.money, base.bus)
    jobs = JobRunner(JobStore(base.money), base.bus, base.clock, base.tasks)
    WatchedImports(watcher, jobs)
    AutomaticBackups(base.home, base.key.key, base.money, base.store, base.clock, base.settings).join(jobs)
    return jobs, Imports(importer, jobs, base.bus), watcher


def _join(alerts: Alerts, deliveries: Deliveries, live: Live) -> None:
    """Let ticks reach alerts, and what fires reach whom it is for."""
    alerts.deliver_with(deliveries.queue, deliveries.wake)
    alerts.live = live.snapshot
    live.tell(alerts)


def _keep_watch(backend: Backend) -> None:
    """Start what a program that stays does beside its calls."""
    saved_after_ms = backend.metrics.histogram("market.save_ms")
    backend.bus.subscribe(BarsSaved, lambda e: saved_after_ms.record(max(0.0, (backend.clock.now_ns() - e.up_to_ns) / 1e6)))
    commit_ms = backend.metrics.histogram("ledger.commit_ms")
    for ledger in (backend.money, backend.words):
        ledger.timers.append(commit_ms.record)
    backend.board.start(backend.tasks)
    backend.tasks.start("engine lag probe", probe_lag(backend.metrics, backend.clock))
    backend.background.start(backend.tasks)


def _phases(
    home: Home, clock: Clock, settings: SettingsStore, catalog: Catalog, watcher: FolderWatcher, tasks: TaskOwner
) -> tuple[Phase, ...]:
    """What a program that stays begins after its first chart."""

    async def watch_folders() -> None:
        tasks.start("watching folders", watcher.run(lambda: settings.current.data.watched_folders))

    async def warm() -> None:
        if settings.current.performance.warm_up:
            await warm_up(home, {instrument.calendar for instrument in await catalog.all()}, clock)

    return (Phase("watched folders", watch_folders), Phase("warm-up", warm))


def _follow(process: Process, settings: SettingsStore, bus: Bus) -> None:
    """Let the settings decide what the process keeps about itself, now and whenever they change."""
    asyncio.get_running_loop().set_exception_handler(process.crashes.asyncio_handler)
    process.follow(settings.current.privacy)
    bus.subscribe(SettingsChanged, lambda event: process.follow(settings.current.privacy) if event.section == "privacy" else None)


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
