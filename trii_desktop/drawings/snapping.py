"""Where a pointer means to be: the magnet draws prices to the bar below, Shift keeps lines level or upright; no window needed."""

import enum
from typing import Final

from backend.charts.drawings import Anchor
from trii_desktop.drawings.placement import Placement

WEAK_PX: Final = 14.0


class Magnet(enum.StrEnum):
    """How strongly prices are drawn to the open, high, low or close of the bar below the pointer."""

    OFF = "off"
    WEAK = "weak"
    STRONG = "strong"

    @property
    def next(self) -> "Magnet":
        """The one after this, round the end."""
        order = list(Magnet)
        return order[(order.index(self) + 1) % len(order)]


def snapped(place: Placement, x: float, y: float, magnet: Magnet) -> Anchor:
    """The anchor that a place means, drawn to the nearest price of its bar as the magnet says."""
    row = round(place.frame.time.row_at(x))
    price = place.frame.prices.price_at(y)
    if magnet is not Magnet.OFF and 0 <= row < len(place.frame.snapshot):
        bar = place.frame.snapshot.bar(row)
        nearest = min((bar.open, bar.high, bar.low, bar.close), key=lambda one: abs(place.y_of_price(one) - y))
        away = abs(place.y_of_price(nearest) - y)
        if magnet is Magnet.STRONG or away <= WEAK_PX * place.frame.pixel_ratio:
            price = nearest
    return place.anchor_of(row, price)


def constrained(place: Placement, fixed: Anchor, anchor: Anchor) -> Anchor:
    """``anchor`` moved to the height of ``fixed``, or to its column, whichever is nearer to where it is."""
    (x1, y1), (x2, y2) = place.at(fixed), place.at(anchor)
    if abs(x2 - x1) >= abs(y2 - y1):
        return place.anchor_of(place.row_of(anchor), place.price_of(fixed))
    return place.anchor_of(place.row_of(fixed), place.price_of(anchor))
