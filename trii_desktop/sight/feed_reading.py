"""The feeds in the status bar: the one that needs a look most, else how fresh the freshest is."""

import math
from collections.abc import Sequence
from typing import Final

from backend.domain.bars import SECOND_NS
from backend.events import FeedLagging
from backend.market.feeds.feed import FeedState, FeedStatus
from backend.market.feeds.live_row import STALE_S, LiveSnapshot
from trii_desktop.reading import Reading
from trii_desktop.sight.feed_words import STATE_WORDS, skew_words
from trii_desktop.sight.freshness import feed_title, format_age
from trii_desktop.widgets.numbers import format_count

SKEW_SAID_NS: Final = SECOND_NS
_MEANING: Final = "How feeds do, and how long ago the quietest of them was heard. A click shows all of them."


def feeds_reading(snapshot: LiveSnapshot, now_ns: int, lags: Sequence[FeedLagging]) -> Reading:
    """What the status bar says of the feeds that are on; there is at least one."""
    brief, is_warning = _brief(snapshot, now_ns, lags)
    said = [_told(name, status, now_ns) for name, status in snapshot.feeds.items()]
    said += [f"{lag.feed} lags {lag.lag_ms:.0f} ms, {format_count(lag.n_waiting)} trades wait" for lag in lags]
    return Reading("feed", "Feeds", "; ".join(said), brief, _MEANING, is_warning)


def _brief(snapshot: LiveSnapshot, now_ns: int, lags: Sequence[FeedLagging]) -> tuple[str, bool]:
    down = [(name, one) for name, one in snapshot.feeds.items() if one.state is not FeedState.LIVE]
    for name, one in sorted(down, key=lambda pair: pair[1].state is not FeedState.REFUSED):
        return f"{feed_title(name)}: {STATE_WORDS[one.state].lower()}", one.state is not FeedState.CONNECTING
    ages = {name: _age_s(one, now_ns) for name, one in snapshot.feeds.items()}
    worst = max(ages, key=ages.__getitem__)
    if ages[worst] > STALE_S + snapshot.feeds[worst].delay_s:
        return f"{feed_title(worst)} silent for {format_age(ages[worst])}", True
    if lags:
        lag = max(lags, key=lambda one: one.lag_ms)
        return f"{feed_title(lag.feed)} lags {format_age(lag.lag_ms / 1_000)}", True
    for name, one in snapshot.feeds.items():
        if abs(one.skew_ns) > SKEW_SAID_NS:
            return f"{feed_title(name)}: clock {skew_words(one.skew_ns / SECOND_NS)}", True
    name = feed_title(worst) if len(ages) == 1 else f"{len(ages)} feeds"
    return f"{name} live, {format_age(ages[worst])}", False


def _told(name: str, status: FeedStatus, now_ns: int) -> str:
    age_s = _age_s(status, now_ns)
    heard = f", heard {format_age(age_s)} ago" if math.isfinite(age_s) else ""
    skew = f", its clock is {skew_words(status.skew_ns / SECOND_NS)}" if abs(status.skew_ns) > SKEW_SAID_NS else ""
    words = f" ({status.words})" if status.words else ""
    return f"{feed_title(name)} {STATE_WORDS[status.state].lower()}{heard}{skew}{words}"


def _age_s(status: FeedStatus, now_ns: int) -> float:
    return max(now_ns - status.received_ns, 0) / SECOND_NS if status.received_ns else math.inf
