"""Changes of alerts: each is stored, then is one step that can be taken back and done again."""

from collections.abc import Sequence

from msgspec.structs import replace

from backend.alerts.alert import Alert, PriceCondition
from backend.alerts.firing import AlertRow, AlertsSnapshot
from trii_desktop.desk import Desk


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
        row = await call(alerts.add(alert))
        self._desk.undo.push(f"Add alert {said(row)}", lambda: call(alerts.remove(alert.id)), lambda: call(alerts.add(row.alert)))
        return row

    async def change(self, alert: Alert) -> AlertRow:
        """Keep a changed alert. Raises InvalidInput or NotFound."""
        call, alerts, before = self._desk.bridge.call, self._alerts, self.row(alert.id)
        row = await call(alerts.change(alert))
        if before is not None and before.alert != row.alert:
            self._desk.undo.push(
                f"Change alert {said(row)}", lambda: call(alerts.change(before.alert)), lambda: call(alerts.change(row.alert))
            )
        return row

    async def move(self, alert: Alert, level: float, set_ns: int) -> None:
        """Put the level of a price alert elsewhere: a raw price of ``set_ns``."""
        condition = alert.condition
        assert isinstance(condition, PriceCondition), "Only levels of prices are moved."
        await self.change(replace(alert, condition=replace(condition, value=level, set_ns=set_ns)))

    def remove(self, ids: Sequence[str]) -> None:
        """Remove these, and offer to take that back."""
        if ids:
            self._desk.start("Removing alerts", self._remove(tuple(ids)))

    def enable(self, ids: Sequence[str], *, is_enabled: bool) -> None:
        """Switch these on (which arms them again) or off."""
        if ids:
            self._desk.start("Changing alerts", self._enable(tuple(ids), is_enabled=is_enabled))

    async def _remove(self, ids: tuple[str, ...]) -> None:
        call, alerts = self._desk.bridge.call, self._alerts
        known = [row for row in map(self.row, ids) if row is not None]
        gone: list[Alert] = []

        async def take_back() -> None:
            for alert in gone:
                await call(alerts.add(alert))

        async def do_again() -> None:
            for alert in gone:
                await call(alerts.remove(alert.id))

        gone.extend([await call(alerts.remove(row.alert.id)) for row in known])
        if known:
            what = f"The alert {said(known[0])} was" if len(known) == 1 else f"{len(known)} alerts were"
            self._desk.did(f"{what} removed.", take_back, do_again)

    async def _enable(self, ids: tuple[str, ...], *, is_enabled: bool) -> None:
        call, alerts = self._desk.bridge.call, self._alerts
        known = [row for row in map(self.row, ids) if row is not None]
        before = [row.alert for row in known]

        async def take_back() -> None:
            for alert in before:
                await call(alerts.enable(alert.id, alert.is_enabled))

        async def do_it() -> None:
            for alert in before:
                await call(alerts.enable(alert.id, is_enabled))

        await do_it()
        if known:
            verb = "Arm" if is_enabled else "Switch off"
            what = f"alert {said(known[0])}" if len(known) == 1 else f"{len(known)} alerts"
            self._desk.undo.push(f"{verb} {what}", take_back, do_it)


def said(row: AlertRow) -> str:
    """An alert in a few words: its name, else instrument and condition."""
    return row.alert.name or f"{row.alert.instrument.partition('.')[0]}: {row.words}"
