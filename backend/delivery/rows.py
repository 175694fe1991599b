"""Rows of channels and deliveries, read and written on a connection that somebody else has opened."""

from dataclasses import dataclass
from typing import Any, Final

from backend.delivery.channel import Channel, decode_channel, encode_channel
from backend.delivery.delivery import Attempt, BodyKind, Delivery, DeliveryState
from backend.delivery.turn import Pace

DELIVERIES: Final = """
    SELECT id, firing, channel, body_kind, alert, instrument, title, body, event_ns, is_urgent, state, created_ns, due_ns,
        finished_ns, n_attempts, told_by, may_repeat, words
    FROM deliveries
"""
ATTEMPTS: Final = """
    SELECT a.at_ns, a.ended_ns, a.outcome, a.words, (SELECT count(*) FROM delivery_attempt_members c WHERE c.attempt = a.id)
    FROM delivery_attempts a JOIN delivery_attempt_members m ON m.attempt = a.id AND m.delivery = ?
"""
_CHANNELS: Final = """
    SELECT name, address, masked, body, is_on, tokens, tokens_ns, sent_ns, held_ns, n_failures, n_dropped FROM delivery_channels
"""
_PUT: Final = """
    INSERT INTO delivery_channels (name, address, masked, body, is_on, tokens, tokens_ns) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET address = excluded.address, masked = excluded.masked, body = excluded.body,
        is_on = excluded.is_on, held_ns = 0, n_failures = 0
"""
_PACE: Final = """
    UPDATE delivery_channels SET tokens = ?, tokens_ns = ?, sent_ns = ?, held_ns = ?, n_failures = ?, n_dropped = ? WHERE name = ?
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A channel as it is kept: its value with the masked address, the whole address, and its pace."""

    channel: Channel
    address: str
    pace: Pace

    def __repr__(self) -> str:
        return f"Kept({self.channel.name})"


def load_channels(db: Any) -> tuple[Kept, ...]:
    """Every channel, by name."""
    return tuple(map(_kept, db.execute(f"{_CHANNELS} ORDER BY name").fetchall()))


def load_channel(db: Any, name: str) -> Kept | None:
    """One channel; None where there is none of this name."""
    row = db.execute(f"{_CHANNELS} WHERE name = ?", (name,)).fetchone()
    return None if row is None else _kept(row)


def save_channel(db: Any, channel: Channel, address: str, now_ns: int) -> None:
    """Add or replace a channel; ``channel`` has the masked address. One that is replaced keeps its pace, but not its failures."""
    body = encode_channel(channel)
    db.execute(_PUT, (channel.name, address, channel.address, body, int(channel.is_on), float(channel.rate.n), now_ns))


def save_pace(db: Any, name: str, pace: Pace) -> None:
    """Keep how a channel has been used."""
    values = (pace.tokens, pace.tokens_ns, pace.sent_ns, pace.held_ns, pace.n_failures, pace.n_dropped)
    db.execute(_PACE, (*values, name))


def read_delivery(row: tuple[Any, ...]) -> Delivery:
    """A delivery, from the columns of DELIVERIES, without its attempts."""
    kept: dict[str, Any] = dict(zip(Delivery.__slots__, row, strict=False))
    kept["body_kind"], kept["state"] = BodyKind(kept["body_kind"]), DeliveryState(kept["state"])
    kept["is_urgent"], kept["may_repeat"] = bool(kept["is_urgent"]), bool(kept["may_repeat"])
    return Delivery(**kept)


def read_attempt(row: tuple[Any, ...]) -> Attempt:
    """An attempt, from the columns of ATTEMPTS."""
    return Attempt(*row)


def _kept(row: tuple[Any, ...]) -> Kept:
    name, address, masked, body, is_on, *pace = row
    return Kept(decode_channel(name, masked, bytes(body), is_on=bool(is_on)), address, Pace(*pace))
