"""Whose turn it is: which deliveries of a channel go now, which wait, and which are let go; a pure decision."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from backend.delivery.channel import Channel
from backend.delivery.quiet_hours import Quiet, parse_zone
from backend.jobs.job import SECOND_NS, Retry

RETRY: Final = Retry(attempts_max=8, first_s=5.0, factor=3.0, longest_s=900.0)
HELD_S_MAX: Final = 24 * 3_600.0  # however long a service asks us to wait


@dataclass(frozen=True, slots=True)
class Pace:
    """How a channel has been used, as it is kept over restarts; times are UTC ns.

    tokens, tokens_ns : messages that might go at an instant; they are taken before sending, so that a kill gives none back
    sent_ns : when a message last went out
    held_ns, n_failures : nothing goes before that, after so many failures in a row
    n_dropped : deliveries let go in quiet hours that no message has told of
    """

    tokens: float
    tokens_ns: int
    sent_ns: int = 0
    held_ns: int = 0
    n_failures: int = 0
    n_dropped: int = 0

    def refilled(self, channel: Channel, now_ns: int) -> "Pace":
        """With what has become free since; a clock that was set back frees nothing."""
        gained = max(now_ns - self.tokens_ns, 0) * channel.rate.per_ns
        return replace(self, tokens=min(self.tokens + gained, float(channel.rate.n)), tokens_ns=now_ns)

    def taken(self) -> "Pace":
        """With one message less."""
        return replace(self, tokens=self.tokens - 1.0)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that is due, as far as the decision needs to know it."""

    id: int
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What to do now.

    take : told together in the next message, oldest first; empty where none may go
    hold, until_ns : wait for the end of quiet hours
    drop : let go
    wait_ns : where nothing is taken and something might be, the instant to look again; 0 otherwise
    """

    take: tuple[int, ...] = ()
    hold: tuple[int, ...] = ()
    until_ns: int = 0
    drop: tuple[int, ...] = ()
    wait_ns: int = 0


def take_turn(channel: Channel, pace: Pace, due: Sequence[Waiting], now_ns: int) -> Turn:
    """Decide about the deliveries of one channel that are due, oldest first. ``pace`` is refilled up to now."""
    until_ns = channel.quiet.end_ns(now_ns, parse_zone(channel.zone))
    passing = [w for w in due if until_ns is None or (w.is_urgent and channel.quiet.urgent_pass)]
    passing_ids = {w.id for w in passing}
    still = tuple(w.id for w in due if w.id not in passing_ids)
    drops = channel.quiet.then is Quiet.DROP
    rest = Turn(hold=() if drops else still, until_ns=until_ns or 0, drop=still if drops else ())
    if not passing:
        return rest
    ready_ns = _ready_ns(channel, pace, now_ns, is_urgent=any(w.is_urgent for w in passing))
    if ready_ns > now_ns:
        return replace(rest, wait_ns=ready_ns)
    together = channel.roll_up_s > 0 or len(passing) > pace.tokens
    return replace(rest, take=tuple(w.id for w in (passing if together else passing[:1])))


def held_until_ns(n_failures: int, asked_s: float | None, now_ns: int) -> int:
    """When a channel that failed so often in a row is tried again, at least what its service asked for, within a day."""
    return now_ns + min(RETRY.delay_ns(n_failures, asked_s), round(HELD_S_MAX * SECOND_NS))


def _ready_ns(channel: Channel, pace: Pace, now_ns: int, *, is_urgent: bool) -> int:
    """When the channel may send again. Instants that lie further ahead than they can come from a clock that was set back."""
    missing = max(1.0 - pace.tokens, 0.0)
    free_ns = now_ns + _up(missing / channel.rate.per_ns) if missing > 0 else now_ns
    held_ns = min(pace.held_ns, now_ns + round(HELD_S_MAX * SECOND_NS))
    window_ns = round(channel.roll_up_s * SECOND_NS)
    gathered_ns = now_ns if is_urgent or not pace.sent_ns else min(pace.sent_ns, now_ns) + window_ns
    return max(free_ns, held_ns, gathered_ns)


def _up(value: float) -> int:
    return int(value) + 1
