"""A delivery as a value: one firing on its way to one channel, and every attempt to bring it there."""

import enum
from dataclasses import dataclass
from typing import Final


class DeliveryState(enum.StrEnum):
    """Where a delivery stands. DEAD ones are kept until somebody retries them."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"  # and tried again
    DEAD = "dead"
    ROLLED_UP = "rolled_up"  # told in the message of another one
    SUPPRESSED = "suppressed"  # never to be sent: late, off, quiet hours


OPEN_STATES: Final = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.FAILED)


class BodyKind(enum.StrEnum):
    """What a message tells: the plain alert, what was found out about it afterwards, or that the channel works."""

    PLAIN = "plain"
    ENRICHED = "enriched"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send one message.

    outcome : "sending", "sent", "failed", or "unknown" where it may have arrived and nobody can say
    n_deliveries : how many deliveries the message told
    """

    at_ns: int
    ended_ns: int
    outcome: str
    words: str
    n_deliveries: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One firing and one channel.

    due_ns : not before this instant; finished_ns : 0 while it is open
    told_by : the delivery whose message told this one, 0 for its own
    may_repeat : an earlier attempt may have arrived, so that a further one may be a repetition
    words : why it stands as it does
    """

    id: int
    firing: str
    channel: str
    body_kind: BodyKind
    alert_id: str
    instrument: str
    title: str
    body: str
    event_ns: int
    is_urgent: bool
    state: DeliveryState
    created_ns: int
    due_ns: int
    finished_ns: int
    n_attempts: int
    told_by: int
    may_repeat: bool
    words: str
    attempts: tuple[Attempt, ...] = ()
