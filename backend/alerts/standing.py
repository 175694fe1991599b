"""How an alert stands: armed, resting, cooling, or blind, with the reason."""

import functools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from backend.alerts.alert import Alert, DrawingCondition, PriceCondition, TimeCondition
from backend.alerts.compiling import leaves_of
from backend.alerts.firing import AlertRow, Standing
from backend.alerts.store import StoredAlert
from backend.alerts.telling import sides_of
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable
from backend.market.feeds.feed import FeedState
from backend.market.feeds.live_row import LiveSnapshot

_DOWN_WORDS: Final = {
    FeedState.OFF: "is off",
    FeedState.CONNECTING: "is still connecting",
    FeedState.WAITING: "is down",
    FeedState.REFUSED: "was refused by its venue",
}


@dataclass(frozen=True, slots=True)
class Sight:
    """What an alert could see, besides feeds.

    missing_words : why one of its comparisons has nothing to compare, empty where each has
    """

    missing_words: str = ""
    sessions: SessionTable | None = None


def standing_of(stored: StoredAlert, live: LiveSnapshot | None, sight: Sight, now_ns: int) -> tuple[Standing, str]:
    """How it stands at ``now_ns``, and why it sees nothing where it is blind.

    live : what is known of feeds; None where nobody watches, as for a single command
    """
    alert = stored.alert
    if not alert.is_enabled:
        return Standing.OFF, ""
    if 0 < alert.expires_ns <= now_ns:
        return Standing.EXPIRED, ""
    if stored.is_resting:
        return Standing.FIRED, ""
    blind_words = "" if live is None else _why_blind(alert, live, sight, now_ns)
    if blind_words:
        return Standing.BLIND, blind_words
    if stored.last_fired_ns and now_ns < stored.last_fired_ns + round(alert.cooldown_s * 1e9):
        return Standing.COOLING, ""
    return Standing.ARMED, ""


def row_of(stored: StoredAlert, standing: tuple[Standing, str], words: str, sides: tuple[float, float]) -> AlertRow:
    """The row of an alert; ``sides`` are both sides of its first comparison as the engine has them."""
    value, level = sides_of(stored.alert, *sides)
    first = leaves_of(stored.alert.condition)[0]
    return AlertRow(
        alert=stored.alert,
        standing=standing[0],
        words=words,
        blind_words=standing[1],
        value=value,
        level=level,
        distance_pct=_distance_pct(*sides),
        is_price_level=isinstance(first, PriceCondition | DrawingCondition),
        n_fired=stored.n_fired,
        last_fired_ns=stored.last_fired_ns,
    )


def is_market_open(sessions: SessionTable | None, now_ns: int) -> bool:
    """Whether a session is under way; also where nobody knows."""
    if sessions is None or not len(sessions) or not sessions.open_ns[0] <= now_ns < sessions.close_ns[-1]:
        return True
    return bool(sessions.row_at(np.array([now_ns], np.int64))[0] >= 0)


def _distance_pct(value: float, level: float) -> float:
    if not (math.isfinite(value) and math.isfinite(level)) or value == 0:
        return math.nan
    return 100 * (level - value) / abs(value)


def _why_blind(alert: Alert, live: LiveSnapshot, sight: Sight, now_ns: int) -> str:
    if all(isinstance(leaf, TimeCondition) for leaf in leaves_of(alert.condition)):
        return ""  # clocks need no feed
    return sight.missing_words or _feed_words(alert, live, sight, now_ns)


@functools.lru_cache(1_024)
def _instrument(text: str) -> InstrumentId:
    return InstrumentId.parse(text)


def _feed_words(alert: Alert, live: LiveSnapshot, sight: Sight, now_ns: int) -> str:
    instrument = _instrument(alert.instrument)
    row = live.rows.get(instrument)
    if row is None:
        return f"No feed serves {instrument}."
    status = live.feeds[row.feed]
    if status.state is not FeedState.LIVE:
        why = f": {status.words.rstrip('.')}" if status.words else ""
        return f"The feed {row.feed} {_DOWN_WORDS[status.state]}{why}."
    if live.is_stale(instrument, now_ns) and is_market_open(sight.sessions, now_ns):
        age_s = live.age_s(instrument, now_ns)
        silence = f" for {age_s:.0f} s" if age_s is not None and math.isfinite(age_s) else " yet"
        return f"Nothing has come from the feed {row.feed}{silence}."
    return ""
