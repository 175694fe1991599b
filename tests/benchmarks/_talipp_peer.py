"""The indicator benchmark's streaming peer, run in an environment of its own: talipp takes bars one by one.

Usage: python _talipp_peer.py BARS.npy N_WARM; prints one JSON object: nanoseconds an update and the last value, by indicator.
"""

import json
import sys
import time

import numpy as np
from talipp.indicators import ATR, EMA, MACD, RSI, SMA, WMA
from talipp.ohlcv import OHLCV


def main() -> None:
    """Feed history, then time the bars after it one by one."""
    table, n_warm = np.load(sys.argv[1]), int(sys.argv[2])
    bars = [OHLCV(*row) for row in table.tolist()]
    close = table[:, 3].tolist()
    makers = {
        "sma": (lambda: SMA(20), close),
        "ema": (lambda: EMA(20), close),
        "wma": (lambda: WMA(20), close),
        "rsi": (lambda: RSI(14), close),
        "macd": (lambda: MACD(12, 26, 9), close),
        "atr": (lambda: ATR(14), bars),
    }
    result = {}
    for name, (make, values) in makers.items():
        indicator = make()
        for value in values[:n_warm]:
            indicator.add(value)
        started = time.perf_counter_ns()
        for value in values[n_warm:]:
            indicator.add(value)
        taken = (time.perf_counter_ns() - started) / (len(values) - n_warm)
        last = indicator[-1]
        result[name] = {"ns": taken, "last": getattr(last, "macd", last)}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
