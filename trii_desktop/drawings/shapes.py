"""What drawings look like, from anchors and one frame: lines, grounds, words and handles as numbers; no window needed."""

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from backend.charts.drawings import FIBONACCI_LEVELS, Drawing, DrawingKind
from trii_desktop.drawings.placement import Placement
from trii_desktop.widgets.numbers import format_change, format_compact, format_percent, format_price

ROOM_PX: Final = 64.0  # lines are cut this far outside the pane
_DAY_NS: Final = 86_400 * 10**9


class Stroke(NamedTuple):
    """A straight piece; ``ink`` is a role: main, muted, up, down."""

    x1: float
    y1: float
    x2: float
    y2: float
    ink: str = "main"
    is_thin: bool = False


class Ground(NamedTuple):
    """A tinted polygon: its corners in order."""

    corners: tuple[tuple[float, float], ...]
    ink: str = "main"


class Words(NamedTuple):
    """Lines of text. ``align_x``, ``align_y``: 0 stands right of and below the point, 1 left of and above it, 0.5 around it."""

    x: float
    y: float
    text: str
    align_x: float = 0.0
    align_y: float = 0.0
    ink: str = "main"
    has_ground: bool = False


class Shape(NamedTuple):
    """A drawing as it is painted; ``handles`` are where its anchors can be taken, in their order."""

    strokes: tuple[Stroke, ...] = ()
    grounds: tuple[Ground, ...] = ()
    words: tuple[Words, ...] = ()
    handles: tuple[tuple[float, float], ...] = ()


class Spelling(NamedTuple):
    """How numbers of this chart are written: digits after the point of its prices."""

    decimals: int = 2


def shape_of(drawing: Drawing, place: Placement, spelling: Spelling) -> Shape:
    """What ``drawing`` looks like; pixels count from the pane's upper left corner."""
    points = [place.at(anchor) for anchor in drawing.anchors]
    return _MAKERS[drawing.kind](drawing, place, points, spelling)


def _line(drawing: Drawing, place: Placement, points: list[tuple[float, float]], spelling: Spelling) -> Shape:
    del spelling
    (x1, y1), (x2, y2) = points
    end = _extended(x1, y1, x2, y2, place) if drawing.kind is DrawingKind.RAY or drawing.style.is_extended else (x2, y2)
    return Shape((Stroke(x1, y1, *end),), (), _label(drawing, points), tuple(points))


def _horizontal(drawing: Drawing, place: Placement, points: list[tuple[float, float]], spelling: Spelling) -> Shape:
    (x, y) = points[0]
    width = float(place.frame.width_px)
    price = format_price(place.price_of(drawing.anchors[0]), spelling.decimals)
    said = f"{drawing.text}  {price}" if drawing.text else price
    handle = min(max(x, 0.0), width)
    return Shape((Stroke(0.0, y, width, y),), (), (Words(width - 6, y - 3, said, 1.0, 1.0),), ((handle, y),))


def _vertical(drawing: Drawing, place: Placement, points: list[tuple[float, float]], spelling: Spelling) -> Shape:
    del spelling
    (x, y) = points[0]
    height = float(place.frame.height_px)
    words = (Words(x + 5, height - 6, drawing.text, 0.0, 1.0),) if drawing.text else ()
    return Shape((Stroke(x, 0.0, x, height),), (), words, ((x, min(max(y, 8.0), height - 8.0)),))


def _channel(drawing: Drawing, place: Placement, points: list[tuple[float, float]], spelling: Spelling) -> Shape:
    del spelling
    (x1, y1), (x2, y2), (x3, y3) = points
    on_line = y1 + (y2 - y1) * (x3 - x1) / (x2 - x1) if x2 != x1 else y1
    away = y3 - on_line
    strokes = []
    for share, is_thin in ((0.0, False), (1.0, False), (0.5, True)):
        start, end = (x1, y1 + share * away), (x2, y2 + share * away)
        end = _extended(*start, *end, place) if drawing.style.is_extended else end
        strokes.append(Stroke(*start, *end, "muted" if is_thin else "main", is_thin))
    first, second = strokes[0], strokes[1]
    ground = ((first.x1, first.y1), (first.x2, first.y2), (second.x2, second.y2), (second.x1, second.y1))
    grounds = (Ground(ground),) if drawing.style.is_filled else ()
    return Shape(tuple(strokes), grounds, _label(drawing, points[:2]), ((x1, y1), (x2, y2), (x3, y3)))


def _rectangle(drawing: Drawing, place: Placement, points: list[tuple[float, float]], spelling: Spelling) -> Shape:
    del spelling
    (x1, y1), (x2, y2) = points
    left, right = min(x1, x2), max(x1, x2)
    right = float(place.frame.width_px) if drawing.style.is_extended and right < place.frame.width_px else right
    top, bottom = min(y1, y2), max(y1, y2)
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    strokes = tuple(Stroke(*corners[k], *corners[(k + 1) % 4]) for k in range(4))
    words = (Words(left + 6, top + 4, drawing.text),) if drawing.text else ()
    return Shape(strokes, (Ground(corners),) if drawing.style.is_filled else (), words, tuple(points))


def _fibonacci(drawing: Drawing, place: Placement, points: list[tuple[float, float]], spelling: Spelling) -> Shape:
    (x1, y1), (x2, y2) = points
    left, right = min(x1, x2), max(x1, x2)
    right = float(place.frame.width_px) if drawing.style.is_extended else right
    start, end = (place.price_of(anchor) for anchor in drawing.anchors)
    strokes = [Stroke(x1, y1, x2, y2, "muted", is_thin=True)]
    grounds: list[Ground] = []
    words: list[Words] = []
    before: float | None = None
    for level in sorted(drawing.style.levels or FIBONACCI_LEVELS):
        # 0 lies at the newer anchor, as retracements are counted back from where a move ended.
        price = end + level * (start - end)
        y = place.y_of_price(price)
        strokes.append(Stroke(left, y, right, y))
        words.append(Words(left - 5, y, f"{level:g}  {format_price(price, spelling.decimals)}", 1.0, 0.5))
        if before is not None and drawing.style.is_filled:
            grounds.append(
                Ground(((left, before), (right, before), (right, y), (left, y)), "main" if len(grounds) % 2 else "muted")
            )
        before = y
    return Shape(tuple(strokes), tuple(grounds), tuple(words), tuple(points))


def _measure(drawing: Drawing, place: Placement, points: list[tuple[float, float]], spelling: Spelling) -> Shape:
    (x1, y1), (x2, y2) = points
    left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
    start, end = (place.price_of(anchor) for anchor in drawing.anchors)
    rows = round(place.row_of(drawing.anchors[1]) - place.row_of(drawing.anchors[0]))
    ink = "up" if end >= start else "down"
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    strokes = (*_arrow(middle_x, y1, middle_x, y2, ink), *_arrow(x1, middle_y, x2, middle_y, ink))
    percent = 100 * (end - start) / abs(start) if start else math.nan
    lines = [f"{format_change(end - start, spelling.decimals)} ({format_percent(percent)})"]
    span_ns = drawing.anchors[1].event_ns - drawing.anchors[0].event_ns
    lines.append(f"{rows} bars, {span_words(abs(span_ns))}")
    volume = _volume_between(place, drawing)
    if volume:
        lines.append(f"Vol {format_compact(volume)}")
    above = end >= start
    words = (Words(middle_x, top - 8 if above else bottom + 8, "\n".join(lines), 0.5, 1.0 if above else 0.0, ink, has_ground=True),)
    return Shape(strokes, (Ground(corners, ink),), words, tuple(points))


def _position(drawing: Drawing, place: Placement, points: list[tuple[float, float]], spelling: Spelling) -> Shape:
    (x1, entry_y), (x2, target_y), (_, stop_y) = points
    left, right = min(x1, x2), max(x1, x2)
    entry, target, stop = (place.price_of(anchor) for anchor in drawing.anchors)
    strokes = (
        Stroke(left, entry_y, right, entry_y, "muted"),
        Stroke(left, target_y, right, target_y, "up"),
        Stroke(left, stop_y, right, stop_y, "down"),
    )
    grounds = (
        Ground(((left, entry_y), (right, entry_y), (right, target_y), (left, target_y)), "up"),
        Ground(((left, entry_y), (right, entry_y), (right, stop_y), (left, stop_y)), "down"),
    )
    middle = (left + right) / 2
    gain, loss = abs(target - entry), abs(entry - stop)
    ratio = f"{gain / loss:.2f}" if loss else "-"
    units = f"  Quantity {format_compact(drawing.risk / loss)}" if drawing.risk and loss else ""

    def side(name: str, price: float) -> str:
        percent = 100 * (price - entry) / abs(entry) if entry else math.nan
        return f"{name} {format_price(price, spelling.decimals)}  {format_percent(percent)}"

    up = target_y < entry_y
    words = (
        Words(middle, target_y - 5 if up else target_y + 5, side("Target", target), 0.5, 1.0 if up else 0.0, "up", has_ground=True),
        Words(middle, stop_y + 5 if up else stop_y - 5, side("Stop", stop), 0.5, 0.0 if up else 1.0, "down", has_ground=True),
        Words(
            middle,
            entry_y,
            f"Entry {format_price(entry, spelling.decimals)}  Reward/risk {ratio}{units}",
            0.5,
            0.5,
            "main",
            has_ground=True,
        ),
    )
    return Shape(strokes, grounds, words, ((x1, entry_y), (x2, target_y), (x2, stop_y)))


def _text(drawing: Drawing, place: Placement, points: list[tuple[float, float]], spelling: Spelling) -> Shape:
    del place, spelling
    (x, y) = points[0]
    return Shape(words=(Words(x + 8, y, drawing.text or "Text", 0.0, 0.5, has_ground=drawing.style.is_filled),), handles=((x, y),))


_MAKERS: Final[dict[DrawingKind, Callable[[Drawing, Placement, list[tuple[float, float]], Spelling], Shape]]] = {
    DrawingKind.TREND_LINE: _line,
    DrawingKind.RAY: _line,
    DrawingKind.HORIZONTAL: _horizontal,
    DrawingKind.VERTICAL: _vertical,
    DrawingKind.CHANNEL: _channel,
    DrawingKind.RECTANGLE: _rectangle,
    DrawingKind.FIBONACCI: _fibonacci,
    DrawingKind.MEASURE: _measure,
    DrawingKind.LONG: _position,
    DrawingKind.SHORT: _position,
    DrawingKind.TEXT: _text,
}


def _extended(x1: float, y1: float, x2: float, y2: float, place: Placement) -> tuple[float, float]:
    """Where the line from the first through the second point leaves the pane."""
    dx, dy = x2 - x1, y2 - y1
    if not dx and not dy:
        return x2, y2
    width, height = place.frame.width_px + ROOM_PX, place.frame.height_px + ROOM_PX
    times = [((width if dx > 0 else -ROOM_PX) - x1) / dx] if dx else []
    times += [((height if dy > 0 else -ROOM_PX) - y1) / dy] if dy else []
    leaves = [t for t in times if t > 1]
    reach = min(leaves) if leaves else 1.0
    return x1 + dx * reach, y1 + dy * reach


def _arrow(x1: float, y1: float, x2: float, y2: float, ink: str) -> tuple[Stroke, ...]:
    length = math.hypot(x2 - x1, y2 - y1)
    if length < 10:
        return (Stroke(x1, y1, x2, y2, ink),)
    ux, uy = (x2 - x1) / length * 6, (y2 - y1) / length * 6
    sides = (Stroke(x2, y2, x2 - ux - s * uy * 0.7, y2 - uy + s * ux * 0.7, ink) for s in (1, -1))
    return (Stroke(x1, y1, x2, y2, ink), *sides)


def _label(drawing: Drawing, points: list[tuple[float, float]]) -> tuple[Words, ...]:
    if not drawing.text:
        return ()
    (x1, y1), (x2, y2) = points
    return (Words((x1 + x2) / 2, (y1 + y2) / 2 - 6, drawing.text, 0.5, 1.0),)


def span_words(span_ns: int) -> str:
    """``3d 4h``, ``25m``, ``2y 31d``: the two largest units."""
    parts: list[str] = []
    for unit, ns in (("y", 365 * _DAY_NS), ("d", _DAY_NS), ("h", _DAY_NS // 24), ("m", _DAY_NS // 1440), ("s", 10**9)):
        n, span_ns = divmod(span_ns, ns)
        if n:
            parts.append(f"{n}{unit}")
    return " ".join(parts[:2]) or "0s"


def _volume_between(place: Placement, drawing: Drawing) -> float:
    first, last = sorted(round(place.row_of(anchor)) for anchor in drawing.anchors)
    bars = place.frame.snapshot.rows(max(first, 0), min(last + 1, first + 200_000))
    known = bars.volume[bars.volume > 0]
    return float(known.sum())
