"""From what the engine found to a firing: its id, its figures and its sentence."""

import math

from backend.alerts.alert import Alert, PercentCondition, TimeCondition
from backend.alerts.compiling import leaves_of
from backend.alerts.firing import Firing
from backend.alerts.rules import Turned
from backend.alerts.words import Wording, tell_firing

SWEPT_WORDS = "Found by the look every five seconds."


def firing_of(
    turned: Turned, alert: Alert, wording: Wording, fired_ns: int, *, is_replay: bool = False, is_swept: bool = False
) -> Firing:
    """The firing; one and the same edge has one id, however often it is found."""
    leaf = leaves_of(alert.condition)[turned.leaf]
    value, level = sides_of(alert, turned.value, turned.level, turned.leaf)
    words = tell_firing(leaf, wording, value, level)
    return Firing(
        id=f"{alert.id}-{turned.leaf}-{turned.event_ns:x}",
        alert_id=alert.id,
        instrument=alert.instrument,
        event_ns=turned.event_ns,
        fired_ns=fired_ns,
        price=turned.price,
        value=value,
        level=level,
        words=f"{words} {SWEPT_WORDS}" if is_swept else words,
        is_late=turned.is_late,
        is_replay=is_replay,
    )


def sides_of(alert: Alert, value: float, level: float, leaf: int = 0) -> tuple[float, float]:
    """Both sides of a comparison as people read them: moves in percent rather than the prices that they come to."""
    condition = leaves_of(alert.condition)[leaf]
    if isinstance(condition, TimeCondition):
        return math.nan, math.nan
    if not isinstance(condition, PercentCondition):
        return value, level
    share = 1 + condition.value / 100
    reference = level / share if share > 0 else math.nan
    moved = 100 * (value - reference) / abs(reference) if reference else math.nan
    return moved, condition.value
