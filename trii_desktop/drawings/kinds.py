"""The kinds of drawings: their words, icons and keys, how each is shaped, and what a fresh one of each looks like."""

from collections.abc import Callable
from typing import Final, NamedTuple

from backend.charts.drawings import FIBONACCI_LEVELS, N_ANCHORS, POSITIONS, Anchor, Drawing, DrawingKind, DrawingStyle, new_id
from trii_desktop.drawings import figures, outlines
from trii_desktop.drawings.placement import Placement
from trii_desktop.drawings.shapes import Point, Shape, Sheet

POSITION_SHARE: Final = 0.12  # of the pane's height between entry and target at first
POSITION_BARS: Final = 24
POSITION_REACH_MAX: Final = 0.5  # of the entry


class Tool(NamedTuple):
    """A tool of the toolbar."""

    kind: DrawingKind
    title: str
    icon: str
    key: str = ""


TOOLS: Final = (
    Tool(DrawingKind.TREND_LINE, "Trend line", "draw-line", "Alt+T"),
    Tool(DrawingKind.RAY, "Ray", "draw-ray"),
    Tool(DrawingKind.HORIZONTAL, "Horizontal line", "draw-horizontal", "Alt+H"),
    Tool(DrawingKind.VERTICAL, "Vertical line", "draw-vertical", "Alt+V"),
    Tool(DrawingKind.CHANNEL, "Parallel channel", "draw-channel"),
    Tool(DrawingKind.RECTANGLE, "Rectangle", "draw-rectangle"),
    Tool(DrawingKind.FIBONACCI, "Fibonacci retracement", "draw-fibonacci", "Alt+F"),
    Tool(DrawingKind.MEASURE, "Measure", "draw-measure", "Alt+M"),
    Tool(DrawingKind.LONG, "Long position", "draw-long"),
    Tool(DrawingKind.SHORT, "Short position", "draw-short"),
    Tool(DrawingKind.TEXT, "Text", "draw-text"),
)
TITLES: Final = {tool.kind: tool.title for tool in TOOLS}
ICONS: Final = {tool.kind: tool.icon for tool in TOOLS}
_K: Final = DrawingKind
HAS_GROUND: Final = frozenset({_K.CHANNEL, _K.RECTANGLE, _K.FIBONACCI, _K.TEXT})
GOES_ON: Final = frozenset({_K.TREND_LINE, _K.RAY, _K.CHANNEL, _K.RECTANGLE, _K.FIBONACCI})
HAS_COLOUR: Final = frozenset(_K) - {_K.MEASURE, _K.LONG, _K.SHORT}  # those are in the colours of gain and loss
HAS_LINES: Final = HAS_COLOUR - {_K.TEXT}
HAS_TEXT: Final = frozenset(_K) - {_K.MEASURE, _K.LONG, _K.SHORT}
_MAKERS: Final[dict[DrawingKind, Callable[[Drawing, Sheet, list[Point]], Shape]]] = {
    _K.TREND_LINE: outlines.line,
    _K.RAY: outlines.line,
    _K.HORIZONTAL: outlines.horizontal,
    _K.VERTICAL: outlines.vertical,
    _K.CHANNEL: outlines.channel,
    _K.RECTANGLE: outlines.rectangle,
    _K.FIBONACCI: figures.fibonacci,
    _K.MEASURE: figures.measure,
    _K.LONG: figures.position,
    _K.SHORT: figures.position,
    _K.TEXT: outlines.text,
}


def shape_of(drawing: Drawing, sheet: Sheet, points: list[Point] | None = None) -> Shape:
    """What ``drawing`` looks like; ``points`` are its anchors in pixels, where these are known already."""
    return _MAKERS[drawing.kind](drawing, sheet, sheet.place.points(drawing.anchors) if points is None else points)


def named(drawings: tuple[Drawing, ...]) -> str:
    """``trend line``, or ``3 drawings``."""
    return TITLES[drawings[0].kind].lower() if len(drawings) == 1 else f"{len(drawings)} drawings"


def clicks_of(kind: DrawingKind) -> int:
    """How many places a person chooses."""
    return 1 if kind in POSITIONS else N_ANCHORS[kind]


def first_style(kind: DrawingKind) -> DrawingStyle:
    """How a drawing looks before anyone has chosen anything."""
    return DrawingStyle(levels=FIBONACCI_LEVELS if kind is DrawingKind.FIBONACCI else ())


def fresh(kind: DrawingKind, chosen: tuple[Anchor, ...], place: Placement, style: DrawingStyle | None = None) -> Drawing:
    """A drawing of ``kind`` with the places chosen so far; those to come stand where the last one does."""
    look = first_style(kind) if style is None else style
    if kind in POSITIONS:
        return Drawing(new_id(), kind, _position(kind, chosen[0], place), look)
    return Drawing(new_id(), kind, (*chosen, *([chosen[-1]] * (clicks_of(kind) - len(chosen)))), look)


def _position(kind: DrawingKind, entry: Anchor, place: Placement) -> tuple[Anchor, ...]:
    """Entry, target and stop: as far apart as suits what is in view, the target on the side that gains."""
    row, y = place.row_of(entry), place.y_of(entry)
    away = POSITION_SHARE * place.frame.height_px
    price = place.price_of(entry)
    near = (place.frame.prices.price_at(y - away), place.frame.prices.price_at(y + away))
    reach = max(abs(one - price) for one in near)
    reach = min(reach, price * POSITION_REACH_MAX) if price > 0 else reach  # so that neither price falls to 0
    target, stop = (price + reach, price - reach / 2) if kind is DrawingKind.LONG else (price - reach, price + reach / 2)
    end = row + POSITION_BARS
    return entry, place.anchor_of(end, target), place.anchor_of(end, stop)
