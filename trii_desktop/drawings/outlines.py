"""The shapes of lines, channels, rectangles and text."""

from backend.charts.drawings import Drawing, DrawingKind
from trii_desktop.drawings.shapes import Grip, Ground, Handle, Point, Shape, Sheet, Stroke, Words

_TEXT_ROOM_PX = 6.0


def line(drawing: Drawing, sheet: Sheet, points: list[Point]) -> Shape:
    """A trend line, or a ray."""
    start, end = points
    ends = _ends(drawing, sheet, start, end)
    return Shape(sheet.line(*ends), (), _label(drawing, sheet, start, end), anchor_handles(points))


def horizontal(drawing: Drawing, sheet: Sheet, points: list[Point]) -> Shape:
    """A level line through the whole pane; its price stands on the axis."""
    (x, y) = points[0]
    words = sheet.words((sheet.width - 8 * sheet.ratio, y - 3 * sheet.ratio), drawing.text, (1.0, 1.0), px=drawing.style.text_px)
    handle = Handle(min(max(x, 0.0), sheet.width), y, Grip((0,), (0,)))
    return Shape(sheet.line((0.0, y), (sheet.width, y)), (), words, (handle,))


def vertical(drawing: Drawing, sheet: Sheet, points: list[Point]) -> Shape:
    """An upright line through the whole pane; its time stands on the axis."""
    (x, y) = points[0]
    at = (x + 5 * sheet.ratio, sheet.height - 6 * sheet.ratio)
    words = sheet.words(at, drawing.text, (0.0, 1.0), px=drawing.style.text_px)
    inside = min(max(y, 8.0), max(sheet.height - 8.0, 0.0))
    return Shape(sheet.line((x, 0.0), (x, sheet.height)), (), words, (Handle(x, inside, Grip((0,), (0,))),))


def channel(drawing: Drawing, sheet: Sheet, points: list[Point]) -> Shape:
    """Two parallel lines and, thin and dashed, the one in their middle."""
    start, end, _ = points
    away = channel_width(points)
    edges: list[tuple[Point, Point]] = []
    strokes: list[Stroke] = []
    for share in (0.0, 1.0, 0.5):
        ends = _ends(drawing, sheet, (start[0], start[1] + share * away), (end[0], end[1] + share * away))
        edges.append(ends)
        strokes += sheet.line(*ends, is_thin=share == 0.5)
    grounds: tuple[Ground, ...] = ()
    if drawing.style.is_filled:
        grounds = sheet.ground((edges[0][0], edges[0][1], edges[1][1], edges[1][0]))
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + away)
    handles = (*anchor_handles(points[:2]), Handle(*middle, Grip((2,), (2,))))
    return Shape(tuple(strokes), grounds, _label(drawing, sheet, start, end), handles)


def channel_width(points: list[Point]) -> float:
    """Pixels from the first line of a channel down to the other."""
    (x1, y1), (x2, y2), (x3, y3) = points
    return y3 - (y1 + (y2 - y1) * (x3 - x1) / (x2 - x1) if x2 != x1 else y1)


def rectangle(drawing: Drawing, sheet: Sheet, points: list[Point]) -> Shape:
    """Four sides; handles at every corner and in the middle of every side."""
    (x1, y1), (x2, y2) = points
    style = drawing.style
    left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
    left = min(left, -1.0) if style.is_extended_back else left
    right = max(right, sheet.width + 1) if style.is_extended else right
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    strokes = tuple(one for k in range(4) for one in sheet.line(corners[k], corners[(k + 1) % 4]))
    words = sheet.words((left + _TEXT_ROOM_PX * sheet.ratio, top + 4 * sheet.ratio), drawing.text, px=style.text_px)
    grounds = sheet.ground(corners) if style.is_filled else ()
    return Shape(strokes, grounds, words, box_handles(points))


def box_handles(points: list[Point]) -> tuple[Handle, ...]:
    """Both anchors, the other two corners, and the middles of the sides."""
    (x1, y1), (x2, y2) = points
    return (
        *anchor_handles(points),
        Handle(x2, y1, Grip((1,), (0,))),
        Handle(x1, y2, Grip((0,), (1,))),
        Handle(x1, (y1 + y2) / 2, Grip((0,), ())),
        Handle(x2, (y1 + y2) / 2, Grip((1,), ())),
        Handle((x1 + x2) / 2, y1, Grip((), (0,))),
        Handle((x1 + x2) / 2, y2, Grip((), (1,))),
    )


def text(drawing: Drawing, sheet: Sheet, points: list[Point]) -> Shape:
    """Words right of their anchor, on a ground where that is wanted."""
    (x, y) = points[0]
    style = drawing.style
    at = (x + 8 * sheet.ratio, y)
    words = sheet.words(at, drawing.text, (0.0, 0.5), has_ground=style.is_filled, px=style.text_px)
    return Shape(words=words, handles=anchor_handles(points))


def anchor_handles(points: list[Point]) -> tuple[Handle, ...]:
    """A handle at each anchor, which moves that one alone."""
    return tuple(Handle(x, y, Grip((number,), (number,))) for number, (x, y) in enumerate(points))


def _ends(drawing: Drawing, sheet: Sheet, start: Point, end: Point) -> tuple[Point, Point]:
    style = drawing.style
    goes_on = style.is_extended or drawing.kind is DrawingKind.RAY
    return (
        sheet.far_end(end, start) if style.is_extended_back else start,
        sheet.far_end(start, end) if goes_on else end,
    )


def _label(drawing: Drawing, sheet: Sheet, start: Point, end: Point) -> tuple[Words, ...]:
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - 6 * sheet.ratio)
    return sheet.words(middle, drawing.text, (0.5, 1.0), px=drawing.style.text_px)
