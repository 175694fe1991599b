"""Slow, obvious twin of backend/kernels/swings.py."""

import math


def swings(high, low, reversal):
    """Swings as (side, row, price, known): every bar looks back over all since the last swing, instead of remembering."""
    found = []
    begin, leg = 0, 0  # the first bar since the newest swing's extreme, and what is sought: 1 a high, -1 a low, 0 either
    for i in range(len(high)):
        sides = [leg] if leg else [1, -1]
        for side in sides:
            ahead = [side * price for price in (high if side > 0 else low)[begin : i + 1]]
            back = [side * price for price in (low if side > 0 else high)[begin : i + 1]]
            top = ahead.index(max(ahead))
            since = back[top + 1 :] if leg else back
            if top == len(ahead) - 1 or math.isnan(reversal[i]):
                continue
            is_furthest = all(back[-1] < other for other in since[:-1])
            if is_furthest and ahead[top] - back[-1] >= reversal[i]:
                found.append((side, begin + top, side * ahead[top], i))
                begin, leg = i, -side
                break
    return found


def fractals(high, low, n_beside):
    """Fractals as (side, row, price, known)."""
    found = []
    for i in range(n_beside, len(high) - n_beside):
        before, after = slice(i - n_beside, i), slice(i + 1, i + 1 + n_beside)
        if high[i] > max(high[before]) and high[i] >= max(high[after]):
            found.append((1, i, high[i], i + n_beside))
        if low[i] < min(low[before]) and low[i] <= min(low[after]):
            found.append((-1, i, low[i], i + n_beside))
    return found
