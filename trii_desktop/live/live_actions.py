"""What can be done with live data: the dialog of feeds, and the docks that show the market."""

from collections.abc import Awaitable, Callable
from types import MappingProxyType
from typing import Any, Final

import msgspec

from backend.bus import Subscription
from backend.domain.bars import SECOND_NS, BarSpec
from backend.domain.instruments import InstrumentId
from backend.events import FeedChanged
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.feed import FeedStatus
from backend.market.feeds.kinds import KINDS, FeedKind
from trii_desktop.desk import Desk
from trii_desktop.live.feed_form import FeedForm
from trii_desktop.live.feed_table import FeedRow
from trii_desktop.live.feeds_dialog import FeedsDialog
from trii_desktop.main_window import MainWindow

MINUTES: Final = BarSpec.parse("1m")
FIRST_OF: Final = {
    "binance": InstrumentId("BTCUSDT", "BINANCE"),
    "kraken": InstrumentId("BTCUSD", "KRAKEN"),
    "alpaca": InstrumentId("AAPL", "XNAS"),
}
"""What is shown of a venue first."""

Show = Callable[[InstrumentId, BarSpec], Awaitable[object]]


class LiveActions:
    """Methods and flags that the action table names; ``show`` opens an instrument on the active chart."""

    def __init__(self, window: MainWindow, desk: Desk, show: Show) -> None:
        self._window = window
        self._desk = desk
        self._book = desk.backend.live.feeds
        self._show = show
        self.dialog: FeedsDialog | None = None
        self.form: FeedForm | None = None
        self._configs: tuple[FeedConfig, ...] = ()
        self._counted: dict[str, tuple[int, int]] = {}  # trades of a feed, and when they were counted
        self._rates: dict[str, float] = {}
        self._subscriptions: list[Subscription[Any]] = [desk.bridge.subscribe(FeedChanged, self._feed_changed)]

    # --- docks --------------------------------------------------------------------------------------------------------

    @property
    def shows_tape(self) -> bool:
        """Whether time and sales are shown."""
        return self._window.is_dock_shown("tape")

    @property
    def shows_depth(self) -> bool:
        """Whether the order book is shown."""
        return self._window.is_dock_shown("depth")

    def toggle_tape(self) -> None:
        """Show or hide time and sales."""
        self._toggle("tape")

    def toggle_depth(self) -> None:
        """Show or hide the order book."""
        self._toggle("depth")

    # --- the dialog ---------------------------------------------------------------------------------------------------

    def open_feeds(self, name: str = "") -> None:
        """Open the dialog of feeds, at one of them where it is named."""
        self._desk.start("Reading the feeds", self._open(name))

    async def _open(self, name: str) -> None:
        await self._read()
        if self.dialog is None:
            self.dialog = FeedsDialog(self._window, self._desk.look, self, self._desk.backend.clock.now_ns)
            self.dialog.finished.connect(self._dialog_closed)
        self.dialog.refresh()
        self.dialog.choose(name)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    @property
    def kinds(self) -> tuple[FeedKind, ...]:
        """Every kind of feed."""
        return tuple(KINDS.values())

    def rows(self) -> tuple[FeedRow, ...]:
        """The feeds as they are now."""
        snapshot, now_ns = self._desk.backend.live.snapshot(), self._desk.backend.clock.now_ns()
        statuses = {config.name: snapshot.feeds.get(config.name, FeedStatus()) for config in self._configs}
        for name, status in statuses.items():
            self._count(name, status.n_trades, now_ns)
        return tuple(FeedRow(one, statuses[one.name], self._rates.get(one.name, float("nan"))) for one in self._configs)

    def add(self, kind: FeedKind) -> None:
        """Ask for what a feed of this kind needs."""
        self._open_form(kind, FeedConfig(self._free_name(kind.kind), kind.kind), is_new=True)

    def add_at_once(self, kind: FeedKind) -> None:
        """Connect one with what goes without saying, and show what it serves first."""
        self._desk.start(f"Connecting {kind.title}", self._add_first(kind))

    def edit(self, config: FeedConfig) -> None:
        """Change it."""
        self._open_form(KINDS[config.kind], config, is_new=False)

    def switch(self, config: FeedConfig, *, is_on: bool) -> None:
        """On or off."""
        self._desk.start(f"Turning {config.name} {'on' if is_on else 'off'}", self._switch(config, is_on=is_on))

    def remove(self, config: FeedConfig) -> None:
        """Forget it; that can be taken back."""
        self._desk.start(f"Removing {config.name}", self._remove(config))

    def close(self) -> None:
        """Close what is open and hear no more."""
        for open_one in (self.form, self.dialog):
            if open_one is not None:
                open_one.close()
        for subscription in self._subscriptions:
            subscription.close()

    # --- changes ------------------------------------------------------------------------------------------------------

    async def _add_first(self, kind: FeedKind) -> None:
        config = FeedConfig(self._free_name(kind.kind), kind.kind)
        await self._put(config, {})
        first = FIRST_OF.get(kind.kind)
        if first is not None:
            if self.dialog is not None:
                self.dialog.close()
            await self._show(first, MINUTES)

    async def _put(self, config: FeedConfig, secrets: dict[str, str]) -> None:
        is_new = all(known.name != config.name for known in self._configs)
        before = next((known for known in self._configs if known.name == config.name), None)
        await self._desk.bridge.call(self._book.put(config, MappingProxyType(secrets)))
        await self._read()
        if self.dialog is not None:
            self.dialog.choose(config.name)
        if is_new:
            self._desk.did(f"The feed {config.name} was connected.", lambda: self._forget(config.name), lambda: self._keep(config))
        elif before is not None and before != config:
            self._desk.undo.push(f"The feed {config.name} was changed.", lambda: self._keep(before), lambda: self._keep(config))

    async def _switch(self, config: FeedConfig, *, is_on: bool) -> None:
        await self._keep(msgspec.structs.replace(config, is_on=is_on))
        word = "on" if is_on else "off"
        fresh = msgspec.structs.replace(config, is_on=is_on)
        self._desk.undo.push(f"The feed {config.name} was turned {word}.", lambda: self._keep(config), lambda: self._keep(fresh))

    async def _remove(self, config: FeedConfig) -> None:
        await self._forget(config.name)
        secrets = KINDS[config.kind].secrets if config.kind in KINDS else ()
        words = " Its keys were deleted." if secrets else ""
        self._desk.did(f"The feed {config.name} was removed.{words}", lambda: self._keep(config), lambda: self._forget(config.name))

    async def _keep(self, config: FeedConfig) -> None:
        await self._desk.bridge.call(self._book.put(config))
        await self._read()

    async def _forget(self, name: str) -> None:
        await self._desk.bridge.call(self._book.remove(name))
        await self._read()

    async def _try(self, config: FeedConfig, secrets: dict[str, str]) -> FeedStatus:
        return await self._desk.bridge.call(self._desk.backend.live.probe(config, MappingProxyType(secrets)))

    async def _read(self) -> None:
        self._configs = await self._desk.bridge.call(self._book.list())
        if self.dialog is not None:
            self.dialog.refresh()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _open_form(self, kind: FeedKind, config: FeedConfig, *, is_new: bool) -> None:
        if self.form is not None:
            self.form.close()
        self.form = FeedForm(self.dialog or self._window, kind, config, is_new=is_new)
        self.form.serve(self._desk.start, self._put, self._try)
        self.form.finished.connect(self._form_closed)
        self.form.show()

    def _free_name(self, kind: str) -> str:
        taken = {config.name for config in self._configs}
        return next(name for n in range(1, len(taken) + 2) if (name := kind if n == 1 else f"{kind}-{n}") not in taken)

    def _count(self, name: str, n_trades: int, now_ns: int) -> None:
        before = self._counted.get(name)
        if before is None:
            self._counted[name] = (n_trades, now_ns)
        elif now_ns - before[1] >= SECOND_NS // 2:
            self._rates[name] = max(n_trades - before[0], 0) / ((now_ns - before[1]) / SECOND_NS)
            self._counted[name] = (n_trades, now_ns)

    def _feed_changed(self, _event: FeedChanged) -> None:
        if self.dialog is not None:
            self.dialog.refresh()

    def _dialog_closed(self, _result: int) -> None:
        self.dialog = None

    def _form_closed(self, _result: int) -> None:
        self.form = None

    def _toggle(self, name: str) -> None:
        if self._window.toggle_dock(name):
            self._desk.frames.request()
