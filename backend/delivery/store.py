"""Channels and deliveries in the money ledger: what is queued, on its way, told and given up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from backend.alerts.alert import Alert
from backend.alerts.firing import Firing
from backend.delivery.channel import Channel
from backend.delivery.delivery import BodyKind, Delivery, DeliveryState
from backend.delivery.message import Told, plain, title_of
from backend.delivery.rows import (
    ATTEMPTS,
    DELIVERIES,
    Kept,
    load_channel,
    load_channels,
    read_attempt,
    read_delivery,
    save_pace,
)
from backend.delivery.turn import RETRY, Turn, Waiting, held_until_ns, take_turn
from backend.errors import Conflict, NotFound
from backend.storage.ledger import Ledger

_BODY_LENGTH_MAX: Final = 500
_LATE: Final = "Found late, so told silently."
_OF_REPLAY: Final = "Fired in a replay."
_CUT_OFF: Final = "The program ended while this was on its way; it may have been sent."
_INSERT: Final = """
    INSERT INTO deliveries
        (firing, channel, body_kind, alert, instrument, title, body, event_ns, is_urgent,
         state, created_ns, due_ns, finished_ns, words)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (firing, channel, body_kind) DO NOTHING
"""
# A test is never sent by itself, and a message that ends the program every time is not sent for ever.
_GIVE_UP: Final = """
    UPDATE deliveries SET state = 'dead', finished_ns = ?, words = ?
    WHERE state = 'sending' AND (body_kind = 'test' OR n_attempts >= ?)
"""
_OPEN: Final = "state IN ('queued', 'failed')"
# What was made in the future was made before the clock was set back: it waits for nothing.
_DUE: Final = f"""
    SELECT id, is_urgent FROM deliveries WHERE channel = ? AND {_OPEN} AND (due_ns <= ? OR created_ns > ?) ORDER BY id
"""  # noqa: S608 - our own words
_NEXT: Final = f"SELECT min(due_ns) FROM deliveries WHERE channel = ? AND {_OPEN}"  # noqa: S608 - same
_WAITING: Final = f"SELECT DISTINCT channel FROM deliveries WHERE {_OPEN}"  # noqa: S608 - same
_OF_ATTEMPT: Final = "id IN (SELECT delivery FROM delivery_attempt_members WHERE attempt = ?)"


@dataclass(frozen=True, slots=True)
class Sending:
    """A message that has been marked as on its way: it may be sent now, and must be settled then.

    leader : the newest delivery told; address : whole, with its secrets
    """

    attempt: int
    channel: Channel
    address: str
    leader: int
    told: tuple[Told, ...]
    n_dropped: int
    may_repeat: bool
    is_test: bool = False

    def __repr__(self) -> str:
        return f"Sending({self.attempt} to {self.channel.name})"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message.

    is_sent : it was accepted; words : where not, why, for a person
    may_pass : another attempt may succeed
    is_unsure : it may have arrived although nothing said so
    retry_after_s : what the service asked for
    """

    is_sent: bool
    words: str = ""
    may_pass: bool = False
    is_unsure: bool = False
    retry_after_s: float | None = None


def queue_deliveries(db: Any, firing: Firing, alert: Alert, *, kind: BodyKind, body: str, now_ns: int) -> None:
    """Add a row for each channel of ``alert``, in the firing's own transaction; a second time it changes nothing."""
    title = title_of(firing.instrument, firing.value)
    words = plain(" ".join(filter(None, (alert.message, body))), _BODY_LENGTH_MAX)
    for name in dict.fromkeys(alert.channels):
        why = _OF_REPLAY if firing.is_replay else _LATE if firing.is_late else _why_not(db, name)
        state = DeliveryState.SUPPRESSED if why else DeliveryState.QUEUED
        told = (firing.alert_id, firing.instrument, title, words, firing.event_ns, int(alert.is_urgent))
        db.execute(_INSERT, (firing.id, name, kind, *told, state, now_ns, now_ns, now_ns if why else 0, why))


def _why_not(db: Any, name: str) -> str:
    row = db.execute("SELECT is_on FROM delivery_channels WHERE name = ?", (name,)).fetchone()
    if row is None:
        return "There is no channel of this name."
    return "" if row[0] else "The channel was off."


class DeliveryStore:
    """Reads and writes deliveries; every method is one transaction."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def recover(self, now_ns: int) -> int:
        """Let what was on its way when the program ended be tried again, marked as perhaps sent; how many there were."""

        def work(db: Any) -> int:
            query = "UPDATE delivery_attempts SET outcome = 'unknown', ended_ns = ?, words = ? WHERE outcome = 'sending'"
            db.execute(query, (now_ns, _CUT_OFF))
            db.execute(_GIVE_UP, (now_ns, _CUT_OFF, RETRY.attempts_max))
            query = "UPDATE deliveries SET state = 'failed', due_ns = ?, may_repeat = 1, words = ? WHERE state = 'sending'"
            return int(db.execute(query, (now_ns, _CUT_OFF)).rowcount)

        return await self._ledger.write(work)

    async def plan(self, now_ns: int) -> tuple[tuple[str, int], ...]:
        """Each channel that has something waiting, and when it should be looked at (UTC ns)."""

        def work(db: Any) -> tuple[tuple[str, int], ...]:
            kept = {one.channel.name: one for one in load_channels(db)}
            found = []
            for (name,) in db.execute(_WAITING).fetchall():
                if name in kept:
                    found.append((name, _look_ns(db, kept[name], now_ns)))
            return tuple(found)

        return await self._ledger.read(work)

    async def begin(self, name: str, now_ns: int) -> Sending | None:
        """Decide whose turn it is, mark it as on its way, and return it; None where nothing may go now."""

        def work(db: Any) -> Sending | None:
            kept = load_channel(db, name)
            if kept is None:
                return None
            if not kept.channel.is_on:
                let_go(db, name, "The channel was off.", now_ns)
                return None
            kept = replace(kept, pace=kept.pace.refilled(kept.channel, now_ns))
            turn = take_turn(kept.channel, kept.pace, _due(db, name, now_ns), now_ns)
            kept = _apply(db, kept, turn, now_ns)
            return _mark(db, kept, turn.take, now_ns) if turn.take else None

        return await self._ledger.write(work)

    async def begin_test(self, name: str, told: Told, firing: str, now_ns: int) -> Sending:
        """Record a test message as on its way, whatever the rate and the hour. Raises NotFound."""

        def work(db: Any) -> Sending:
            kept = must_exist(load_channel(db, name), name)
            row = (
                told.alert_id,
                told.instrument,
                told.title,
                told.body,
                told.event_ns,
                1,
                DeliveryState.QUEUED,
                now_ns,
                now_ns,
                0,
                "",
            )
            made = db.execute(_INSERT, (firing, name, BodyKind.TEST, *row))
            return replace(_mark(db, kept, (int(made.lastrowid),), now_ns), is_test=True)

        return await self._ledger.write(work)

    async def settle(self, sending: Sending, outcome: Outcome, now_ns: int) -> int:
        """Record what became of a message; how many deliveries it makes dead letters."""

        def work(db: Any) -> int:
            word = "sent" if outcome.is_sent else "unknown" if outcome.is_unsure else "failed"
            query = "UPDATE delivery_attempts SET outcome = ?, ended_ns = ?, words = ? WHERE id = ?"
            db.execute(query, (word, now_ns, outcome.words, sending.attempt))
            return _settle_sent(db, sending, now_ns) if outcome.is_sent else _settle_failed(db, sending, outcome, now_ns)

        return await self._ledger.write(work)

    async def newest(self, n_max: int, channel: str | None) -> tuple[Delivery, ...]:
        """The newest deliveries, newest first, with their attempts."""

        def work(db: Any) -> tuple[Delivery, ...]:
            query = f"{DELIVERIES} WHERE ? IS NULL OR channel = ? ORDER BY id DESC LIMIT ?"
            return tuple(_with_attempts(db, read_delivery(row)) for row in db.execute(query, (channel, channel, n_max)).fetchall())

        return await self._ledger.read(work)

    async def retry(self, delivery_id: int, now_ns: int) -> Delivery:
        """Let a delivery that failed, or was given up, go now, with all its attempts. Raises NotFound, Conflict."""

        def work(db: Any) -> Delivery:
            found = _read(db, delivery_id)
            if found.state not in (DeliveryState.DEAD, DeliveryState.FAILED) or found.body_kind is BodyKind.TEST:
                raise Conflict(f"Delivery {delivery_id} is {found.state}.", hint="Only failed and dead ones can be tried again.")
            must_exist(load_channel(db, found.channel), found.channel)
            query = "UPDATE deliveries SET state = 'queued', n_attempts = 0, due_ns = ?, finished_ns = 0, told_by = 0 WHERE id = ?"
            db.execute(query, (now_ns, delivery_id))
            db.execute("UPDATE delivery_channels SET held_ns = 0, n_failures = 0 WHERE name = ?", (found.channel,))
            return _read(db, delivery_id)

        return await self._ledger.write(work)


def must_exist(kept: Kept | None, name: str) -> Kept:
    """``kept``. Raises NotFound where there is no such channel."""
    if kept is None:
        raise NotFound(f"There is no channel {plain(name, 60)!r}.", hint="List the channels with: trii channels list")
    return kept


def _due(db: Any, name: str, now_ns: int) -> list[Waiting]:
    return [Waiting(int(row[0]), bool(row[1])) for row in db.execute(_DUE, (name, now_ns, now_ns)).fetchall()]


def _look_ns(db: Any, kept: Kept, now_ns: int) -> int:
    due = _due(db, kept.channel.name, now_ns)
    turn = take_turn(kept.channel, kept.pace.refilled(kept.channel, now_ns), due, now_ns)
    if turn.take or turn.hold or turn.drop or not kept.channel.is_on:
        return now_ns
    if turn.wait_ns:
        return turn.wait_ns
    (next_ns,) = db.execute(_NEXT, (kept.channel.name,)).fetchone()
    return int(next_ns)


def _apply(db: Any, kept: Kept, turn: Turn, now_ns: int) -> Kept:
    """Write down what waits and what is let go."""
    words = "Held until the quiet hours end."
    held = [(turn.until_ns, words, one) for one in turn.hold]
    db.executemany("UPDATE deliveries SET due_ns = ?, words = ? WHERE id = ?", held)
    query = "UPDATE deliveries SET state = 'suppressed', finished_ns = ?, words = 'Fired in quiet hours.' WHERE id = ?"
    db.executemany(query, [(now_ns, one) for one in turn.drop])
    pace = replace(kept.pace, n_dropped=kept.pace.n_dropped + len(turn.drop))
    pace = pace.taken() if turn.take else pace
    save_pace(db, kept.channel.name, pace)
    return replace(kept, pace=pace)


def _mark(db: Any, kept: Kept, ids: Sequence[int], now_ns: int) -> Sending:
    name = kept.channel.name
    query = "INSERT INTO delivery_attempts (channel, at_ns, outcome) VALUES (?, ?, 'sending')"
    attempt = int(db.execute(query, (name, now_ns)).lastrowid)
    db.executemany("INSERT INTO delivery_attempt_members VALUES (?, ?)", [(one, attempt) for one in ids])
    query = f"UPDATE deliveries SET state = 'sending', n_attempts = n_attempts + 1, words = '' WHERE {_OF_ATTEMPT}"  # noqa: S608 - our own words
    db.execute(query, (attempt,))
    query = f"SELECT title, body, instrument, alert, event_ns, may_repeat FROM deliveries WHERE {_OF_ATTEMPT} ORDER BY id"  # noqa: S608 - same
    rows = db.execute(query, (attempt,)).fetchall()
    told = tuple(Told(*row[:5]) for row in rows)
    return Sending(attempt, kept.channel, kept.address, max(ids), told, kept.pace.n_dropped, any(row[5] for row in rows))


def _settle_sent(db: Any, sending: Sending, now_ns: int) -> int:
    query = f"UPDATE deliveries SET state = 'rolled_up', finished_ns = ?, told_by = ? WHERE {_OF_ATTEMPT}"  # noqa: S608 - our own words
    db.execute(query, (now_ns, sending.leader, sending.attempt))
    db.execute("UPDATE deliveries SET state = 'sent', told_by = 0 WHERE id = ?", (sending.leader,))
    query = (
        "UPDATE delivery_channels SET sent_ns = ?, held_ns = 0, n_failures = 0, n_dropped = max(n_dropped - ?, 0) WHERE name = ?"
    )
    db.execute(query, (now_ns, sending.n_dropped, sending.channel.name))
    return 0


def _settle_failed(db: Any, sending: Sending, outcome: Outcome, now_ns: int) -> int:
    kept = load_channel(db, sending.channel.name)
    attempts_max = RETRY.attempts_max if outcome.may_pass and kept is not None and not sending.is_test else 0
    query = f"UPDATE deliveries SET state = 'dead', finished_ns = ?, words = ? WHERE {_OF_ATTEMPT} AND n_attempts >= ?"  # noqa: S608 - our own words
    n_dead = int(db.execute(query, (now_ns, outcome.words, sending.attempt, attempts_max)).rowcount)
    if sending.is_test or kept is None:
        return 0
    query = f"""
        UPDATE deliveries SET state = 'failed', due_ns = ?, words = ?, may_repeat = max(may_repeat, ?)
        WHERE {_OF_ATTEMPT} AND state = 'sending'
    """  # noqa: S608 - same
    db.execute(query, (now_ns, outcome.words, int(outcome.is_unsure), sending.attempt))
    if outcome.may_pass:
        n = kept.pace.n_failures + 1
        pace = replace(kept.pace, n_failures=n, held_ns=held_until_ns(n, outcome.retry_after_s, now_ns))
        save_pace(db, kept.channel.name, pace)
    return n_dead


def let_go(db: Any, name: str, words: str, now_ns: int) -> None:
    """Suppress what waits for a channel."""
    query = f"UPDATE deliveries SET state = 'suppressed', finished_ns = ?, words = ? WHERE channel = ? AND {_OPEN}"  # noqa: S608 - our own words
    db.execute(query, (now_ns, words, name))


def wake_held(db: Any, name: str, now_ns: int) -> None:
    """Let what waits for a channel be looked at again, after its quiet hours or its address have changed."""
    query = f"UPDATE deliveries SET due_ns = ? WHERE channel = ? AND {_OPEN} AND due_ns > ?"  # noqa: S608 - our own words
    db.execute(query, (now_ns, name, now_ns))


def _read(db: Any, delivery_id: int) -> Delivery:
    row = db.execute(f"{DELIVERIES} WHERE id = ?", (delivery_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no delivery {delivery_id}.", hint="List the deliveries with: trii channels log")
    return _with_attempts(db, read_delivery(row))


def _with_attempts(db: Any, delivery: Delivery) -> Delivery:
    rows = db.execute(f"{ATTEMPTS} ORDER BY a.id", (delivery.id,)).fetchall()
    return replace(delivery, attempts=tuple(map(read_attempt, rows)))
