"""Changes of alerts: each is stored, then is one step that can be taken back and done again."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from msgspec.structs import replace

from backend.alerts.alert import Alert, PriceCondition
from backend.alerts.firing import AlertRow, AlertsSnapshot
from backend.errors import InvalidInput
from trii_desktop.desk import Desk

T = TypeVar("T")


class AlertEdits:
    """What windows do to alerts. Its coroutines raise what the backend raises; the others say it in a notice."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._alerts = desk.backend.alerts

    @property
    def snapshot(self) -> AlertsSnapshot:
        """Every alert as it stands now."""
        return self._alerts.snapshot()

    def row(self, alert_id: str) -> AlertRow | None:
        """One alert as it stands now."""
        return self.snapshot.rows.get(alert_id)

    async def add(self, alert: Alert) -> AlertRow:
        """Keep a new alert. Raises InvalidInput."""
        call, alerts = self._desk.bridge.call, self._alerts
        change = Change(
            lambda: call(alerts.add(alert)),
            lambda row: call(alerts.remove(row.alert.id)),
            lambda row: call(alerts.add(row.alert)),
        )
        return await self._made(f"Add the alert {alert.name or alert.instrument}", change)

    async def change(self, alert: Alert) -> AlertRow:
        """Keep a changed alert. Raises InvalidInput or NotFound."""
        call, alerts, before = self._desk.bridge.call, self._alerts, self.row(alert.id)
        if before is None:
            return await call(alerts.change(alert))
        change = Change(
            lambda: call(alerts.change(alert)),
            lambda _row: call(alerts.change(before.alert)),
            lambda row: call(alerts.change(row.alert)),
        )
        return await self._made(f"Change the alert {said(before)}", change)

    async def move(self, alert: Alert, level: float, set_ns: int) -> None:
        """Put the level of a price alert elsewhere: a raw price of ``set_ns``."""
        condition = alert.condition
        assert isinstance(condition, PriceCondition), "Only levels of prices are moved."
        await self.change(replace(alert, condition=replace(condition, value=level, set_ns=set_ns)))

    def remove(self, ids: Sequence[str]) -> None:
        """Remove these, and offer to take that back."""
        known, call, alerts = self._known(ids), self._desk.bridge.call, self._alerts
        if not known:
            return

        async def work() -> tuple[Alert, ...]:
            return tuple([await call(alerts.remove(row.alert.id)) for row in known])

        async def bring_back(gone: tuple[Alert, ...]) -> None:
            for alert in gone:
                await call(alerts.add(alert))

        async def remove_again(gone: tuple[Alert, ...]) -> None:
            for alert in gone:
                await call(alerts.remove(alert.id))

        what = f"The alert {said(known[0])} was" if len(known) == 1 else f"{len(known)} alerts were"
        change: Change[tuple[Alert, ...]] = Change(work, bring_back, remove_again)
        step = self._desk.did(f"{what} removed.", change.take_back, change.make_again)
        self._desk.start("Removing alerts", change.make(partial(self._desk.undo.withdraw, step)))

    def enable(self, ids: Sequence[str], *, is_enabled: bool) -> None:
        """Switch these on (which arms them again) or off."""
        known, call, alerts = self._known(ids), self._desk.bridge.call, self._alerts
        if not known:
            return

        async def work(*_: object) -> None:
            for row in known:
                await call(alerts.enable(row.alert.id, is_enabled))

        async def put_back(_: object) -> None:
            for row in known:
                await call(alerts.enable(row.alert.id, row.alert.is_enabled))

        what = f"alert {said(known[0])}" if len(known) == 1 else f"{len(known)} alerts"
        change: Change[None] = Change(work, put_back, work)
        step = self._desk.undo.push(f"{'Arm' if is_enabled else 'Switch off'} {what}", change.take_back, change.make_again)
        self._desk.start("Changing alerts", change.make(partial(self._desk.undo.withdraw, step)))

    # --- inside -------------------------------------------------------------------------------------------------------

    def _known(self, ids: Sequence[str]) -> list[AlertRow]:
        return [row for row in map(self.row, ids) if row is not None]

    async def _made(self, title: str, change: "Change[AlertRow]") -> AlertRow:
        step = self._desk.undo.push(title, change.take_back, change.make_again)
        return await change.make(partial(self._desk.undo.withdraw, step))


class Change(Generic[T]):
    """A change on its way to the ledger, which can be taken back before it is there: that waits for it.

    work : makes it, and gives what the other two need to know
    """

    def __init__(
        self,
        work: Callable[[], Awaitable[T]],
        take_back: Callable[[T], Awaitable[object]],
        do_again: Callable[[T], Awaitable[object]],
    ) -> None:
        self._work = work
        self._back = take_back
        self._again = do_again
        self._stored: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    async def make(self, withdraw: Callable[[], None]) -> T:
        """Make it; where that is refused, ``withdraw`` its step. Raises what refused it."""
        try:
            made = await self._work()
        except BaseException as error:
            withdraw()
            self._stored.set_exception(error if isinstance(error, Exception) else InvalidInput("The change was given up."))
            self._stored.exception()  # whoever waits to take it back hears of it; nobody else has to
            raise
        self._stored.set_result(made)
        return made

    async def take_back(self) -> None:
        """Undo it."""
        await self._back(await asyncio.shield(self._stored))

    async def make_again(self) -> None:
        """Redo it."""
        await self._again(await asyncio.shield(self._stored))


def said(row: AlertRow) -> str:
    """An alert in a few words: its name, else instrument and condition."""
    return row.alert.name or f"{row.alert.instrument.partition('.')[0]}: {row.words}"
