"""Slow, obvious twin of backend/kernels/gaps.py."""


def gaps(high, low):
    """(side, row, filled) of each gap: every later bar is asked whether it reaches back."""
    found = []
    for i in range(1, len(high)):
        if low[i] > high[i - 1]:
            found.append((1, i, next((j for j in range(i + 1, len(high)) if low[j] <= high[i - 1]), -1)))
        if high[i] < low[i - 1]:
            found.append((-1, i, next((j for j in range(i + 1, len(high)) if high[j] >= low[i - 1]), -1)))
    return found
