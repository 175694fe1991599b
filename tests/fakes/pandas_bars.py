"""Bars as pandas has them: those that all trades make at once, and daily ones as a table, as oracles."""

import numpy as np
import pandas as pd

from backend.domain.bars import BarArrays
from backend.domain.ticks import TradeArrays


def bars_by_pandas(trades: TradeArrays, rule: str) -> BarArrays:
    """Bars cut by the clock, as ``1min`` or ``1h``; none where nothing traded."""
    frame = pd.DataFrame({"price": trades.price, "quantity": trades.quantity}, index=pd.DatetimeIndex(trades.event_ns))
    by_time = frame.resample(rule)
    made = by_time["price"].ohlc().assign(volume=by_time["quantity"].sum(), n=by_time["price"].count())
    made = made[made["n"] > 0]
    event_ns = made.index.to_numpy().astype("datetime64[ns]").astype(np.int64)
    return BarArrays(event_ns, *(made[name].to_numpy() for name in ("open", "high", "low", "close", "volume")))


def table_of(bars: BarArrays) -> pd.DataFrame:
    """Open to volume by day, and ``change``, from close to close in percent."""
    columns = dict(zip(("open", "high", "low", "close", "volume"), bars.columns(), strict=True))
    table = pd.DataFrame(columns, index=pd.DatetimeIndex(bars.event_ns))
    return table.assign(change=table["close"].pct_change(fill_method=None) * 100)
