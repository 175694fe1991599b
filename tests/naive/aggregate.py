"""Slow, obvious twin of backend/kernels/aggregate.py."""


def time_bar_start(event_ns, step_ns, sessions):
    """The start of the bar that holds an instant: counted from its session's opening, or from the last close."""
    anchor = 0
    for opens, closes in sessions:
        if opens <= event_ns:
            anchor = opens if event_ns < closes else closes
    return anchor + (event_ns - anchor) // step_ns * step_ns


def aggregate(kind, size, trades, sessions):
    """Bars as [event_ns, open, high, low, close, volume] from trades (event_ns, price, quantity), the last still open."""
    bars, starts, n_trades = [], [], 0
    for event_ns, price, quantity in trades:
        start = time_bar_start(event_ns, size, sessions) if kind == "time" else event_ns
        full = bars and (
            (kind == "time" and start != starts[-1])
            or (kind == "tick" and n_trades >= size)
            or (kind == "volume" and bars[-1][5] >= size)
            or (kind == "range" and max(bars[-1][2], price) - min(bars[-1][3], price) > size * (1 + 1e-9))
        )
        if not bars or full:
            label = start if kind == "time" or not bars else max(start, bars[-1][0] + 1)
            bars.append([label, price, price, price, price, 0.0])
            starts.append(start)
            n_trades = 0
        bar = bars[-1]
        bar[2], bar[3], bar[4] = max(bar[2], price), min(bar[3], price), price
        bar[5] += quantity
        n_trades += 1
    return bars
