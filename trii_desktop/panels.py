"""The panels of one window: the first chart at once, docks and further charts after its first frame."""

import asyncio
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from backend.domain.bars import BarSpec
from backend.domain.instruments import InstrumentId
from trii_desktop.alerts.channel_book import ChannelBook
from trii_desktop.alerts.edits import AlertEdits
from trii_desktop.alerts.log import FiringLog
from trii_desktop.alerts.panel import AlertPanel
from trii_desktop.desk import Desk
from trii_desktop.grid.chart_grid import ChartGrid
from trii_desktop.jobs.panel import JobPanel
from trii_desktop.live.market_docks import MarketDocks
from trii_desktop.main_window import BOTTOM, RIGHT, MainWindow
from trii_desktop.market.bar_table import BarTablePanel
from trii_desktop.market.chart_panel import ChartPanel
from trii_desktop.notices.panel import NoticePanel
from trii_desktop.watchlist.panel import WatchlistPanel

if TYPE_CHECKING:
    from trii_desktop.assistant.late import LateParts
    from trii_desktop.assistant.panel import AssistantPanel
    from trii_desktop.chat.late import LateChat
    from trii_desktop.chat.panel import ChatPanel
    from trii_desktop.chat.surface import ChatSurface
    from trii_desktop.team.surface import TeamSurface


class Panels:
    """Makes the panels and closes them."""

    def __init__(self, window: MainWindow, desk: Desk) -> None:
        self._window = window
        self._desk = desk
        self.grid = ChartGrid(desk)
        self.active = self.grid.active
        self.watchlist: WatchlistPanel  # these by make_docks, after the chart's first frame
        self.bars: BarTablePanel
        self.market: MarketDocks
        self.alerts: AlertPanel
        self.jobs: JobPanel
        self.assistant: AssistantPanel | None = None  # by make_assistant, last of all
        self.chat: ChatPanel | None = None  # by make_chat, last of all too
        self.has_watchlist = False
        window.show_chart(self.grid)

    @property
    def chart(self) -> ChartPanel:
        """The active chart."""
        return self.active.current

    def make_docks(self, edits: AlertEdits, log: FiringLog, channels: ChannelBook) -> None:
        """Add what stands around the chart."""
        self.watchlist = WatchlistPanel(self._desk)
        self.bars = BarTablePanel(self._desk, self.active)
        self.alerts = AlertPanel(self._desk, edits, log, channels)
        self.jobs = JobPanel(self._desk)
        notices = NoticePanel(self._desk.notices, self._desk.look)
        self.has_watchlist = True
        self._window.add_dock("watchlist", "Watchlist", self.watchlist, RIGHT, is_shown=True)
        self._window.add_dock("notices", "Notifications", notices, RIGHT, is_shown=False)
        self._window.add_dock("bars", "Bars", self.bars, BOTTOM, is_shown=False)
        self.market = MarketDocks(self._window, self._desk, self.active)
        self._window.add_dock("alerts", "Alerts", self.alerts, BOTTOM, is_shown=False)
        self._window.add_dock("jobs", "Jobs", self.jobs, BOTTOM, is_shown=False)
        self._window.add_dock("assistant", "Assistant", QWidget(), RIGHT, is_shown=False)
        self._window.add_dock("chat", "Chat", QWidget(), RIGHT, is_shown=False)
        self._window.place_docks()

    async def make_assistant(self, show_settings: Callable[[], None]) -> "LateParts":
        """Open the assistant on the engine and put its panel into its dock; with it what can be done with models and services."""
        assistant = await self._desk.bridge.call(self._desk.backend.assistant.open())
        # A second's imports, which neither the first chart nor the other docks wait for.
        late = await asyncio.to_thread(importlib.import_module, "trii_desktop.assistant.late")
        await self._desk.bridge.call(assistant.offer(late.found_actions()))
        parts: LateParts = late.make_parts(self._window, self._desk, assistant, show_settings)
        self._window.docks["assistant"].setWidget(parts.panel)
        self.assistant = parts.panel
        return parts

    async def make_chat(self, team: "TeamSurface", chat: "ChatSurface") -> "LateChat":
        """Put the chat into its dock; with it the dialogs of servers."""
        late = await asyncio.to_thread(importlib.import_module, "trii_desktop.chat.late")
        parts: LateChat = late.make_chat(self._window, self._desk, self.active, team, chat)
        self._window.docks["chat"].setWidget(parts.panel)
        self.chat = parts.panel
        return parts

    async def show_live(self, instrument: InstrumentId, spec: BarSpec) -> None:
        """Show an instrument that a feed serves on the active chart. Raises NotFound, Unavailable."""
        await self.chart.open(instrument, spec)

    def close(self) -> None:
        """Hear and look no more."""
        if self.has_watchlist:
            self.watchlist.close_panel()
            self.bars.close_panel()
            self.market.close()
            self.alerts.close_panel()
            self.jobs.close_panel()
        if self.assistant is not None:
            self.assistant.close_panel()
        if self.chat is not None:
            self.chat.close_panel()
        self.grid.close_panel()
