"""The bars that all trades make at once, by pandas: an oracle for whatever makes them piece by piece."""

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
