"""Slow, obvious twin of backend/kernels/bar_shapes.py."""


def heikin_ashi(opened, high, low, close):
    """Open, high, low and close of averaged bars."""
    rows = []
    for o, h, v, c in zip(opened, high, low, close, strict=True):
        mean = (o + h + v + c) / 4
        start = (rows[-1][0] + rows[-1][3]) / 2 if rows else (o + c) / 2
        rows.append((start, max(h, start, mean), min(v, start, mean), mean))
    return tuple(map(list, zip(*rows, strict=True))) if rows else ([], [], [], [])
