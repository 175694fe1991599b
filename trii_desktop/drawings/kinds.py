"""The tools by name: what they draw, their words, icons and keys, and what a fresh drawing of each looks like."""

from typing import Final, NamedTuple

from backend.charts.drawings import FIBONACCI_LEVELS, Anchor, Drawing, DrawingKind, DrawingStyle, new_id
from trii_desktop.drawings.placement import Placement

POSITION_SHARE: Final = 0.12  # of the pane's height between entry and target at first
POSITION_BARS: Final = 24


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
CLICKS: Final = {DrawingKind.CHANNEL: 3, DrawingKind.LONG: 1, DrawingKind.SHORT: 1}
_TWO: Final = 2


def clicks_of(kind: DrawingKind) -> int:
    """How many places a person chooses."""
    one = (DrawingKind.HORIZONTAL, DrawingKind.VERTICAL, DrawingKind.TEXT)
    return CLICKS.get(kind, 1 if kind in one else _TWO)


def fresh(kind: DrawingKind, chosen: tuple[Anchor, ...], place: Placement, style: DrawingStyle | None = None) -> Drawing:
    """A drawing of ``kind`` with the places chosen so far; those to come stand where the last one does."""
    if kind in (DrawingKind.LONG, DrawingKind.SHORT):
        return Drawing(new_id(), kind, _position(kind, chosen[0], place), style or DrawingStyle())
    n_anchors = clicks_of(kind)
    anchors = (*chosen, *([chosen[-1]] * (n_anchors - len(chosen))))
    levels = FIBONACCI_LEVELS if kind is DrawingKind.FIBONACCI and style is None else ()
    return Drawing(new_id(), kind, anchors, style or DrawingStyle(levels=levels))


def _position(kind: DrawingKind, entry: Anchor, place: Placement) -> tuple[Anchor, ...]:
    """Entry, target and stop: as far apart as suits what is in view, the target on the side that gains."""
    row, y = place.row_of(entry), place.y_of(entry)
    away = POSITION_SHARE * place.frame.height_px
    prices = (place.frame.prices.price_at(y - away), place.frame.prices.price_at(y + away / 2))
    above, below = max(prices), min(prices)
    price = place.price_of(entry)
    reach = max(above - price, price - below)
    target, stop = (price + reach, price - reach / 2) if kind is DrawingKind.LONG else (price - reach, price + reach / 2)
    return entry, place.anchor_of(row + POSITION_BARS, target), place.anchor_of(row + POSITION_BARS, stop)
