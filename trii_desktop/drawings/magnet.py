"""The magnet: draws the pointer, or the keyboard's cursor, to prices of the bar below; no window needed."""

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

    @property
    def turned(self) -> "Magnet":
        """What it is while Ctrl is held."""
        return Magnet.STRONG if self is Magnet.OFF else Magnet.OFF


def prices_at(place: Placement, row: int) -> tuple[float, ...]:
    """Open, high, low and close of the bar at ``row``; none where there is no bar."""
    if not 0 <= row < len(place.frame.snapshot):
        return ()
    bar = place.frame.snapshot.bar(row)
    return bar.open, bar.high, bar.low, bar.close


def snapped(place: Placement, x: float, y: float, magnet: Magnet) -> Anchor:
    """The anchor that a place means, drawn to the nearest price of its bar as the magnet says."""
    row = round(place.frame.time.row_at(x))
    price = place.frame.prices.price_at(y)
    if magnet is not Magnet.OFF and (known := prices_at(place, row)):
        nearest = min(known, key=lambda one: abs(place.y_of_price(one) - y))
        if magnet is Magnet.STRONG or abs(place.y_of_price(nearest) - y) <= WEAK_PX * place.frame.pixel_ratio:
            price = nearest
    return place.anchor_of(row, price)


def next_price(place: Placement, row: int, price: float, up: int) -> float:
    """The bar's next price above (``up`` 1) or below (-1) ``price``; ``price`` itself where there is none."""
    beyond = sorted((one for one in prices_at(place, row) if (one - price) * up > 1e-9 * abs(price)), key=lambda one: one * up)
    return beyond[0] if beyond else price
