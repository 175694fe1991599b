"""The shapes that say numbers: Fibonacci retracements, measures, and positions with target and stop."""

import math
from typing import Final

import numpy as np

from backend.charts.drawings import FIBONACCI_LEVELS, Drawing
from backend.market.column_cut import ColumnCut
from trii_desktop.drawings.outlines import anchor_handles, box_handles
from trii_desktop.drawings.placement import Placement
from trii_desktop.drawings.shapes import Grip, Ground, Handle, Point, Shape, Sheet, Stroke, Words
from trii_desktop.widgets.numbers import format_change, format_compact, format_percent, format_price

_DAY_NS: Final = 86_400 * 10**9
_COUNTED_MAX: Final = 65_536  # bars whose volumes are added one by one
_COLUMNS: Final = 1_024
_ROOMY_PX: Final = (150.0, 64.0)  # a position smaller than this says its numbers only while it is selected


def fibonacci(drawing: Drawing, sheet: Sheet, points: list[Point]) -> Shape:
    """A level line at each share of the move between both anchors; 0 lies at the second, where the move ended."""
    (x1, y1), (x2, y2) = points
    style, place = drawing.style, sheet.place
    left = -1.0 if style.is_extended_back else min(x1, x2)
    right = sheet.width + 1 if style.is_extended else max(x1, x2)
    start, end = (place.price_of(anchor) for anchor in drawing.anchors)
    levels = sorted(style.levels or FIBONACCI_LEVELS)
    prices = [end + level * (start - end) for level in levels]
    ys = place.ys_of(np.array(prices)).tolist()
    strokes: list[Stroke] = [*sheet.line((x1, y1), (x2, y2), "muted", is_thin=True)]
    grounds: list[Ground] = []
    words: list[Words] = []
    gap = 6 * sheet.ratio
    told = _apart(ys, style.text_px * sheet.ratio * 1.1)
    for number, (level, price, y) in enumerate(zip(levels, prices, ys, strict=True)):
        ink = "main" if style.colour else f"study_{number}"
        strokes += sheet.line((left, y), (right, y), ink)
        said = f"{level:g} ({format_price(price, sheet.decimals)})"
        at, side = ((left - gap, y), 1.0) if left > sheet.width / 4 else ((max(left, 0.0) + gap, y - 2), 0.0)
        if number in told:
            words += sheet.words(at, said, (side, 0.5 if side else 1.0), ink, px=style.text_px)
        if number and style.is_filled:
            grounds += sheet.ground(((left, ys[number - 1]), (right, ys[number - 1]), (right, y), (left, y)), ink)
    if drawing.text:
        words += sheet.words(((x1 + x2) / 2, min(ys) - gap), drawing.text, (0.5, 1.0), px=style.text_px)
    return Shape(tuple(strokes), tuple(grounds), tuple(words), anchor_handles(points))


def measure(drawing: Drawing, sheet: Sheet, points: list[Point]) -> Shape:
    """The change between two places: in price, in percent, in bars, in time, and the volume traded meanwhile."""
    (x1, y1), (x2, y2) = points
    place = sheet.place
    start, end = (place.price_of(anchor) for anchor in drawing.anchors)
    ink = "up" if end >= start else "down"
    left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
    middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
    strokes = (*_arrow(sheet, (middle_x, y1), (middle_x, y2), ink), *_arrow(sheet, (x1, middle_y), (x2, middle_y), ink))
    gap = 8 * sheet.ratio
    is_above = y2 <= y1
    # The words stay in the pane, whichever part of the stretch is in view.
    at_y = max(top - gap, 0.0) if is_above else min(bottom + gap, sheet.height)
    said = "\n".join(measured(drawing, sheet))
    align_y = (1.0 if top - gap > 0 else 0.0) if is_above else (0.0 if bottom + gap < sheet.height else 1.0)
    words = sheet.words((middle_x, at_y), said, (0.5, align_y), ink, has_ground=True)
    words = tuple(_kept_inside(one, sheet) for one in words)
    grounds = sheet.ground(((left, top), (right, top), (right, bottom), (left, bottom)), ink)
    return Shape(strokes, grounds, words, box_handles(points))


def measured(drawing: Drawing, sheet: Sheet) -> tuple[str, ...]:
    """What a measure says, a line each."""
    place = sheet.place
    start, end = (place.price_of(anchor) for anchor in drawing.anchors)
    rows = [round(place.row_of(anchor)) for anchor in drawing.anchors]
    percent = 100 * (end - start) / abs(start) if start else math.nan
    n_bars = rows[1] - rows[0]
    span_ns = place.event_ns_at(rows[1]) - place.event_ns_at(rows[0])
    bars = f"{n_bars:,} bar{'' if abs(n_bars) == 1 else 's'}".replace("-", "\u2212")
    lines = [f"{format_change(end - start, sheet.decimals)}  ({format_percent(percent)})", f"{bars}, {span_words(span_ns)}"]
    volume = _volume_between(place, *sorted(rows))
    return (*lines, f"Vol {format_compact(volume)}") if volume else tuple(lines)


def position(drawing: Drawing, sheet: Sheet, points: list[Point]) -> Shape:
    """A trade that is thought of: the ground to the target, that to the stop, and what both come to."""
    (x1, entry_y), (x2, target_y), (_, stop_y) = points
    left, right = min(x1, x2), max(x1, x2)
    strokes = (
        *sheet.line((left, target_y), (right, target_y), "up"),
        *sheet.line((left, stop_y), (right, stop_y), "down"),
        *sheet.line((left, entry_y), (right, entry_y), "muted"),
    )
    grounds = (
        *sheet.ground(((left, entry_y), (right, entry_y), (right, target_y), (left, target_y)), "up"),
        *sheet.ground(((left, entry_y), (right, entry_y), (right, stop_y), (left, stop_y)), "down"),
    )
    handles = (
        Handle(left, entry_y, Grip((0,), (0,))),
        Handle(left, target_y, Grip((), (1,))),
        Handle(left, stop_y, Grip((), (2,))),
        Handle(right, entry_y, Grip((1, 2), ())),
    )
    is_roomy = right - left >= _ROOMY_PX[0] * sheet.ratio and abs(target_y - stop_y) >= _ROOMY_PX[1] * sheet.ratio
    words = _position_words(drawing, sheet, ((left + right) / 2, entry_y, target_y, stop_y)) if is_roomy or sheet.is_lively else ()
    return Shape(strokes, grounds, words, handles)


def position_lines(drawing: Drawing, sheet: Sheet) -> tuple[str, str, str]:
    """What a position says: of its target, of its stop, and of both together."""
    entry, target, stop = (sheet.place.price_of(anchor) for anchor in drawing.anchors)
    gain, loss = abs(target - entry), abs(entry - stop)

    def side(name: str, price: float) -> str:
        percent = 100 * (price - entry) / abs(entry) if entry else math.nan
        return f"{name} {format_price(price, sheet.decimals)}  {format_percent(percent)}"

    ratio = f"{gain / loss:.2f}" if loss else "\u2013"
    both = f"Entry {format_price(entry, sheet.decimals)}  Reward/risk {ratio}"
    if drawing.risk and loss:
        quantity = drawing.risk / loss
        both += f"\nQuantity {format_compact(quantity)}  {format_change(quantity * gain)} / {format_change(-drawing.risk)}"
    return side("Target", target), side("Stop", stop), both


def span_words(span_ns: int) -> str:
    """``3d 4h``, ``25m``, ``2y 31d``: the two largest units, with a true minus for what goes back."""
    left, parts = abs(span_ns), []
    for unit, ns in (("y", 365 * _DAY_NS), ("d", _DAY_NS), ("h", _DAY_NS // 24), ("m", _DAY_NS // 1440), ("s", 10**9)):
        n, left = divmod(left, ns)
        if n:
            parts.append(f"{n}{unit}")
    return ("\u2212" if span_ns < 0 and parts else "") + (" ".join(parts[:2]) or "0s")


def _apart(ys: list[float], room: float) -> set[int]:
    """Which lines have room for words: the outer ones first, then from the first to the last."""
    kept: set[int] = set()
    for number in (0, len(ys) - 1, *range(1, len(ys) - 1)):
        if all(abs(ys[number] - ys[other]) >= room for other in kept):
            kept.add(number)
    return kept


def _position_words(drawing: Drawing, sheet: Sheet, at: tuple[float, float, float, float]) -> tuple[Words, ...]:
    middle, entry_y, target_y, stop_y = at
    target, stop, both = position_lines(drawing, sheet)
    gap = 4 * sheet.ratio
    is_up = target_y <= entry_y
    outside = ((target_y, is_up), (stop_y, not is_up))
    (target_at, target_align), (stop_at, stop_align) = (
        ((middle, y - gap if above else y + gap), (0.5, 1.0 if above else 0.0)) for y, above in outside
    )
    words = (
        *sheet.words(target_at, target, target_align, "up", has_ground=True),
        *sheet.words(stop_at, stop, stop_align, "down", has_ground=True),
        *sheet.words((middle, entry_y), both, (0.5, 0.5), "muted", has_ground=True),
    )
    return tuple(_kept_inside(one, sheet) for one in words)


def _kept_inside(words: Words, sheet: Sheet) -> Words:
    left = min(max(words.left, 0.0), max(sheet.width - words.width, 0.0))
    top = min(max(words.top, 0.0), max(sheet.height - words.height, 0.0))
    return words._replace(left=left, top=top)


def _arrow(sheet: Sheet, start: Point, end: Point, ink: str) -> tuple[Stroke, ...]:
    (x1, y1), (x2, y2) = start, end
    length = math.hypot(x2 - x1, y2 - y1)
    shaft = sheet.line(start, end, ink)
    if length < 10 * sheet.ratio:
        return shaft
    ux, uy = ((b - a) / length * 6 * sheet.ratio for a, b in ((x1, x2), (y1, y2)))
    sides = (sheet.line(end, (x2 - ux - s * uy * 0.7, y2 - uy + s * ux * 0.7), ink) for s in (1, -1))
    return (*shaft, *(one for side in sides for one in side))


def _volume_between(place: Placement, first: int, last: int) -> float:
    snapshot = place.frame.snapshot
    first, stop = max(first, 0), min(last + 1, len(snapshot))
    if first >= stop or not snapshot.has_volume:
        return 0.0
    if stop - first <= _COUNTED_MAX:
        return float(np.nansum(snapshot.rows(first, stop).volume))
    starts = np.linspace(first, stop, _COLUMNS, endpoint=False).astype(np.int64)
    return float(snapshot.columns(ColumnCut(starts, stop)).volume.sum())
