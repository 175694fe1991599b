"""Alerts and what they fired, in the money ledger."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import msgspec

from backend.alerts.alert import Alert
from backend.alerts.firing import Firing, FiringQuery
from backend.errors import Conflict, CorruptData, NotFound
from backend.storage.faults import reach
from backend.storage.ledger import Ledger

QueueDelivery: TypeAlias = Callable[[Any, Firing, Alert], None]

_COLUMNS: Final = "body, state, seen, is_resting, n_fired, last_fired_ns"
_INSERT: Final = """
    INSERT INTO alerts (id, instrument, name, is_enabled, body, state, seen, is_resting, n_fired, last_fired_ns, created_ns)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_UPDATE: Final = """
    UPDATE alerts SET instrument = ?, name = ?, is_enabled = ?, body = ?, state = ?, seen = ?, is_resting = ? WHERE id = ?
"""
_FIRE: Final = """
    INSERT INTO firings (id, alert_id, instrument, event_ns, fired_ns, price, value, level, words, is_late)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
"""
_FIRED: Final = """
    UPDATE alerts SET state = ?, seen = ?, is_resting = ?, n_fired = n_fired + 1, last_fired_ns = max(last_fired_ns, ?)
    WHERE id = ?
"""
_KEEP: Final = "UPDATE alerts SET state = ?, seen = ? WHERE id = ?"
_FIRINGS: Final = "SELECT id, alert_id, instrument, event_ns, fired_ns, price, value, level, words, is_late, is_read FROM firings"
_PAGE: Final = (
    _FIRINGS
    + """
    WHERE (:alert IS NULL OR alert_id = :alert) AND (:firing IS NULL OR id = :firing) AND (:unread = 0 OR is_read = 0)
        AND (:fired IS NULL OR fired_ns < :fired OR (fired_ns = :fired
            AND (event_ns < :event OR (event_ns = :event AND id > :last))))
    ORDER BY fired_ns DESC, event_ns DESC, id LIMIT :most
"""
)


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert and what is remembered of it.

    state : of the engine: sides, last price, fired edge; empty for a fresh one
    seen : what of the market had been looked at when ``state`` was taken; empty for nothing
    is_resting : fired once, and waits to be armed by hand
    """

    alert: Alert
    state: bytes = b""
    seen: bytes = b""
    is_resting: bool = False
    n_fired: int = 0
    last_fired_ns: int = 0


@dataclass(frozen=True, slots=True)
class StateChange:
    """What is remembered of one alert from now on."""

    alert_id: str
    state: bytes
    seen: bytes


@dataclass(frozen=True, slots=True)
class Fired:
    """A firing to be stored, and how its alert stands after it."""

    firing: Firing
    alert: Alert
    state: bytes
    seen: bytes
    is_resting: bool


class AlertStore:
    """Reads and writes alerts and firings. Firings are only ever added; of them nothing but ``is_read`` changes."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def all(self) -> tuple[tuple[StoredAlert, ...], tuple[str, ...]]:
        """Every alert, the oldest first, and the ids of those that cannot be read."""
        rows = await self._ledger.read(
            lambda db: db.execute(f"SELECT id, {_COLUMNS} FROM alerts ORDER BY created_ns, id").fetchall()  # noqa: S608 - a constant of this module
        )
        found: list[StoredAlert] = []
        unread: list[str] = []
        for alert_id, *row in rows:
            try:
                found.append(_alert_of(row))
            except CorruptData:
                unread.append(str(alert_id))
        return tuple(found), tuple(unread)

    async def insert(self, stored: StoredAlert) -> StoredAlert:
        """Store a new alert; its firings of an earlier life count. Raises Conflict where there is one of its id."""
        alert = stored.alert

        def work(db: Any) -> StoredAlert:
            if db.execute("SELECT 1 FROM alerts WHERE id = ?", (alert.id,)).fetchone() is not None:
                raise Conflict(f"There is an alert {alert.id} already.", hint="Change that one.", code="alert.exists")
            n_fired, last_ns = db.execute(
                "SELECT count(*), coalesce(max(event_ns), 0) FROM firings WHERE alert_id = ?", (alert.id,)
            ).fetchone()
            made = replace(stored, n_fired=int(n_fired), last_fired_ns=int(last_ns))
            head = (alert.id, alert.instrument, alert.name, int(alert.is_enabled), msgspec.json.encode(alert))
            tail = (made.state, made.seen, int(made.is_resting), made.n_fired, made.last_fired_ns, alert.created_ns)
            db.execute(_INSERT, (*head, *tail))
            return made

        return await self._ledger.write(work)

    async def update(self, stored: StoredAlert) -> None:
        """Store the alert, its state and whether it rests; what it fired is left alone. Raises NotFound."""
        alert = stored.alert
        values = (alert.instrument, alert.name, int(alert.is_enabled), msgspec.json.encode(alert))

        def work(db: Any) -> None:
            done = db.execute(_UPDATE, (*values, stored.state, stored.seen, int(stored.is_resting), alert.id))
            if not done.rowcount:
                raise not_found(alert.id)

        await self._ledger.write(work)

    async def delete(self, alert_id: str) -> None:
        """Remove an alert; its firings stay. Raises NotFound."""

        def work(db: Any) -> None:
            if not db.execute("DELETE FROM alerts WHERE id = ?", (alert_id,)).rowcount:
                raise not_found(alert_id)

        await self._ledger.write(work)

    async def record(self, fired: Sequence[Fired], queue_delivery: QueueDelivery) -> tuple[Firing, ...]:
        """Store firings, the states of their alerts and their deliveries in one transaction; those that were new.

        A firing that is there already changes nothing and is not delivered again. Raises Unavailable, CorruptData.
        """

        def work(db: Any) -> tuple[Firing, ...]:
            fresh = tuple(one.firing for one in fired if _record(db, one, queue_delivery))
            reach("alerts.before_commit")
            return fresh

        made = await self._ledger.write(work)
        reach("alerts.after_commit")
        return made

    async def keep(self, states: Iterable[StateChange]) -> None:
        """Store what is remembered of alerts, all in one transaction. Raises Unavailable, CorruptData."""
        rows = [(change.state, change.seen, change.alert_id) for change in states]
        if rows:
            await self._ledger.write(lambda db: db.executemany(_KEEP, rows).rowcount)

    async def history(self, alert_id: str | None, n_max: int) -> tuple[Firing, ...]:
        """The newest firings first, of one alert or of all."""
        where, given = ("", ()) if alert_id is None else (" WHERE alert_id = ?", (alert_id,))
        query = f"{_FIRINGS}{where} ORDER BY fired_ns DESC, event_ns DESC, id LIMIT ?"
        rows = await self._ledger.read(lambda db: db.execute(query, (*given, max(n_max, 0))).fetchall())
        return tuple(_firing_of(row) for row in rows)

    async def page(self, query: FiringQuery) -> tuple[Firing, ...]:
        """The newest firings first, of those that ``query`` wants."""
        fired_ns, event_ns, last = query.after or (None, None, None)
        given = {
            "alert": query.alert_id,
            "firing": query.firing_id,
            "unread": int(query.only_unread),
            "fired": fired_ns,
            "event": event_ns,
            "last": last,
            "most": max(query.n_max, 0),
        }
        rows = await self._ledger.read(lambda db: db.execute(_PAGE, given).fetchall())
        return tuple(_firing_of(row) for row in rows)

    async def mark_read(self, firing_ids: Sequence[str]) -> None:
        """Remember that a person has seen these firings; unknown ids are passed over."""
        rows = [(firing_id,) for firing_id in firing_ids]
        await self._ledger.write(lambda db: db.executemany("UPDATE firings SET is_read = 1 WHERE id = ?", rows).rowcount)


def not_found(alert_id: str) -> NotFound:
    """The error that says that there is no such alert."""
    return NotFound(f"There is no alert {alert_id}.", hint="It may have been removed. List them with: trii alerts list")


def _record(db: Any, fired: Fired, queue_delivery: QueueDelivery) -> bool:
    firing = fired.firing
    sides = (_number(firing.price), _number(firing.value), _number(firing.level))
    head = (firing.id, firing.alert_id, firing.instrument, firing.event_ns, firing.fired_ns)
    if not db.execute(_FIRE, (*head, *sides, firing.words, int(firing.is_late))).rowcount:
        return False
    db.execute(_FIRED, (fired.state, fired.seen, int(fired.is_resting), firing.event_ns, firing.alert_id))
    queue_delivery(db, firing, fired.alert)
    return True


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _alert_of(row: Sequence[Any]) -> StoredAlert:
    body, state, seen, is_resting, n_fired, last_fired_ns = row
    try:
        alert = msgspec.json.decode(bytes(body), type=Alert)
    except msgspec.MsgspecError as e:
        raise CorruptData(f"An alert cannot be read: {e}.", hint="Make it anew, or restore a backup.") from e
    return StoredAlert(alert, bytes(state), bytes(seen), bool(is_resting), int(n_fired), int(last_fired_ns))


def _firing_of(row: Sequence[Any]) -> Firing:
    firing_id, alert_id, instrument, event_ns, fired_ns, price, value, level, words, is_late, is_read = row
    price, value, level = (math.nan if number is None else float(number) for number in (price, value, level))
    return Firing(
        firing_id,
        alert_id,
        instrument,
        event_ns,
        fired_ns,
        price,
        value,
        level,
        words,
        is_late=bool(is_late),
        is_read=bool(is_read),
    )
