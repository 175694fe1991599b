"""What taking a handle does to the anchors: some take its bar, some its price, and the kind keeps its order; no window needed."""

import math
from typing import Final

from backend.charts.drawings import POSITIONS, Anchor, Drawing, DrawingKind
from trii_desktop.drawings.outlines import channel_width
from trii_desktop.drawings.placement import Placement
from trii_desktop.drawings.shapes import Grip

_EDGES: Final = 2  # anchors of a channel's first line


def gripped(drawing: Drawing, grip: Grip, to: Anchor, place: Placement) -> Drawing:
    """``drawing`` with a handle moved to the bar and the price of ``to``."""
    price = place.price_of(to)
    anchors = list(drawing.anchors)
    for number, anchor in enumerate(anchors):
        if number in grip.times:
            kept = price if number in grip.prices else place.price_of(anchor)
            anchors[number] = place.priced(to, kept) if kept != price else to
        elif number in grip.prices:
            anchors[number] = place.priced(anchor, price)
    if drawing.kind is DrawingKind.CHANNEL and 2 not in grip.prices:
        anchors = _as_wide(drawing, anchors, place)
    if drawing.kind in POSITIONS:
        anchors = _in_order(drawing, anchors, place)
    return drawing.moved_to(tuple(anchors))


def constrained(place: Placement, pivot: Anchor, anchor: Anchor) -> Anchor:
    """``anchor`` moved so that it lies level with, above or below, or diagonally from ``pivot``, whichever is nearest."""
    (x1, y1), (x2, y2) = place.points((pivot, anchor))
    dx, dy = x2 - x1, y2 - y1
    eighth = round(math.atan2(dy, dx) / (math.pi / 4)) if dx or dy else 0
    if eighth % 4 == 0:
        return place.anchor_of(place.row_of(anchor), place.price_of(pivot))
    if eighth % 2 == 0:
        return place.priced(pivot, place.price_of(anchor))
    y = y1 + math.copysign(abs(dx), dy)
    return place.anchor_of(place.row_of(anchor), place.frame.prices.price_at(y))


def _as_wide(drawing: Drawing, anchors: list[Anchor], place: Placement) -> list[Anchor]:
    # The other line of a channel stays as far away as it was.
    away = channel_width(place.points(drawing.anchors))
    (x1, y1), (x2, y2), (x3, _) = place.points(tuple(anchors))
    on_line = y1 + (y2 - y1) * (x3 - x1) / (x2 - x1) if x2 != x1 else y1
    return [*anchors[:_EDGES], place.priced(anchors[2], place.frame.prices.price_at(on_line + away))]


def _in_order(drawing: Drawing, anchors: list[Anchor], place: Placement) -> list[Anchor]:
    """A long position's stop stays at or below its entry and its target at or above, a short one's the other way round.

    Where the entry would pass one of them it stops there; so does a target or stop at the entry.
    """
    entry, target, stop = (place.price_of(anchor) for anchor in anchors)
    low, high = sorted((place.price_of(drawing.anchors[1]), place.price_of(drawing.anchors[2])))
    if anchors[0].price != drawing.anchors[0].price:
        inside = min(max(entry, low), high)
        return [place.priced(anchors[0], inside) if inside != entry else anchors[0], *anchors[1:]]
    is_long = drawing.kind is DrawingKind.LONG
    if is_long != (target >= entry):
        anchors[1] = place.priced(anchors[1], entry)
    if is_long == (stop > entry):
        anchors[2] = place.priced(anchors[2], entry)
    return anchors


def with_price(drawing: Drawing, number: int, price: float, place: Placement) -> Drawing:
    """``drawing`` with one anchor at a price as shown."""
    return gripped(drawing, Grip((), (number,)), place.priced(drawing.anchors[number], price), place)
