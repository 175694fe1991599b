"""The bar that the last run saw half: its rest is looked at, from recorded trades where there are any, else from its extremes."""

import msgspec

from backend.alerts.engine import AlertEngine
from backend.alerts.followed_series import FollowedSeries, bars_of
from backend.alerts.rules import Turned
from backend.alerts.seen import Seen, unseen_walk
from backend.domain.sessions import SessionTable
from backend.domain.ticks import TradeArrays
from backend.market.live_change import LiveChange
from backend.market.resample import intraday_starts


def finish_with_trades(engine: AlertEngine, watch: FollowedSeries, trades: TradeArrays, sessions: SessionTable) -> list[Turned]:
    """What recorded trades make fire that no alert has seen; those that an alert has seen do nothing to it.

    trades : from the oldest thing on that an alert of the series has not seen
    """
    spec, newest = watch.series.spec, max(watch.unfinished, key=lambda seen: seen.last_ns)
    if not len(trades) or int(trades.event_ns[-1]) < newest.last_ns:
        return []
    last_ns = int(trades.event_ns[-1])
    found = engine.evaluate(LiveChange(watch.series.instrument, last_ns, trades, {}, {}, is_late=True))
    labels = intraday_starts(trades.event_ns, spec.duration_ns or 1, sessions)
    prices = trades.price[labels == labels[-1]]
    seen = newest.after_trades(last_ns, int(labels[-1]), float(prices.max()), float(prices.min()))
    watch.unfinished = [seen]
    watch.base = {alert_id: msgspec.structs.replace(seen, armed_ns=base.armed_ns) for alert_id, base in watch.base.items()}
    return found


def finish_bar(engine: AlertEngine, watch: FollowedSeries, change: LiveChange) -> list[Turned]:
    """What the rest of that bar makes fire before the trades of ``change``, which has it as it became."""
    found: list[Turned] = []
    unfinished, watch.unfinished = watch.unfinished, []
    bars = {bar.event_ns: bar for bar in bars_of(change, watch.series.spec)}
    first_ns, prices = int(change.trades.event_ns[0]), change.trades.price
    high, low = float(prices.max()), float(prices.min())
    for seen in sorted(set(unfinished), key=lambda one: one.last_ns):
        bar = bars.get(seen.label)
        if bar is None or seen.last_ns >= first_ns:
            continue
        told = Seen(seen.armed_ns, min(seen.last_ns, first_ns - 3), seen.label, max(seen.high, high), min(seen.low, low))
        walk = unseen_walk(watch.series.instrument, told, bar, change.received_ns)
        found += engine.evaluate(walk) if walk is not None else []
        for alert_id, base in watch.base.items():
            if base.label == seen.label:
                watch.base[alert_id] = Seen(base.armed_ns, first_ns - 1, seen.label, bar.high, bar.low)
    return found
