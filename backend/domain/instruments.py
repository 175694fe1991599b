"""Instruments, their ids, venues, price steps and lots."""

import enum
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from backend.domain.hashing import HashedOnce
from backend.errors import InvalidInput

_CODE = re.compile(r"[A-Z0-9][A-Z0-9 ./:^_=+-]{0,31}")
_VENUE = re.compile(r"[A-Z][A-Z0-9]{1,11}")
_CURRENCY = re.compile(r"[A-Z]{3,5}")


class InstrumentKind(enum.StrEnum):
    """What is traded or quoted; decides which prices are possible."""

    STOCK = "stock"
    FUND = "fund"
    INDEX = "index"
    FOREX = "forex"
    CRYPTO = "crypto"
    COMMODITY = "commodity"
    FUTURE = "future"
    RATE = "rate"
    SPREAD = "spread"


_MAY_BE_NEGATIVE: Final = {InstrumentKind.COMMODITY, InstrumentKind.FUTURE, InstrumentKind.RATE, InstrumentKind.SPREAD}


@dataclass(frozen=True, slots=True, order=True)
class InstrumentId(HashedOnce):
    """A code on a venue, written ``AAPL.XNAS``; the venue is what follows the last dot.

    Venue is the MIC where one exists, else ``FX``, ``INDEX``, or the source's own name (``FRED``, ``BINANCE``).
    """

    code: str
    venue: str
    __hash__ = HashedOnce.__hash__

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code) or self.code != self.code.strip():
            raise InvalidInput(
                f"{self.code!r} cannot be an instrument's code.",
                hint="Use 1 to 32 capital letters, digits or ./:^_=+- and start with a letter or digit.",
                code="instrument.code",
            )
        if not _VENUE.fullmatch(self.venue):
            raise InvalidInput(
                f"{self.venue!r} cannot be a venue.",
                hint="Use 2 to 12 capital letters and digits, as in XNAS, FX or BINANCE.",
                code="instrument.venue",
            )

    @classmethod
    def parse(cls, text: str) -> "InstrumentId":
        """Read ``CODE.VENUE``; letters are upper-cased. Raises InvalidInput."""
        code, dot, venue = text.strip().upper().rpartition(".")
        if not dot or not code:
            raise InvalidInput(
                f"{text!r} is not an instrument id.",
                hint="Write CODE.VENUE, as in AAPL.XNAS, EURUSD.FX or BTCUSDT.BINANCE.",
                code="instrument.id",
            )
        return cls(code, venue)

    def __str__(self) -> str:
        return f"{self.code}.{self.venue}"


@dataclass(frozen=True, slots=True)
class Venue:
    """A place where instruments trade: its code, its calendar's name and its IANA time zone."""

    code: str
    name: str
    calendar: str = "24/7"
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class PriceStep:
    """From ``above`` upwards prices move in multiples of ``step``."""

    above: Decimal
    step: Decimal

    def __post_init__(self) -> None:
        if self.step <= 0:
            raise InvalidInput(f"A price step of {self.step} is not possible.", hint="Use a step above 0.")


CENT: Final = (PriceStep(Decimal(0), Decimal("0.01")),)
US_STOCK: Final = (PriceStep(Decimal(0), Decimal("0.0001")), PriceStep(Decimal(1), Decimal("0.01")))
"""Stocks and funds in the United States: cents from one dollar on (17 CFR 242.612)."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """One thing with a price: its id and what is fixed about it.

    calendar : a name known to ``backend.market.calendars`` ("XNYS", "24/7", "FX", ...)
    timezone : IANA name; daily bars belong to dates in this zone
    price_steps : ascending by ``above``, the first from 0; empty means any price
    lot : the smallest tradable quantity, above 0
    """

    id: InstrumentId
    name: str
    kind: InstrumentKind = InstrumentKind.STOCK
    currency: str = "USD"
    calendar: str = "24/7"
    timezone: str = "UTC"
    price_steps: tuple[PriceStep, ...] = ()
    lot: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        if not _CURRENCY.fullmatch(self.currency):
            raise InvalidInput(f"{self.currency!r} is not a currency code.", hint="Use 3 to 5 capital letters, as in USD.")
        if self.lot <= 0:
            raise InvalidInput(f"A lot of {self.lot} is not possible for {self.id}.", hint="Use a lot above 0.")
        starts = [s.above for s in self.price_steps]
        if starts != sorted(set(starts)):
            raise InvalidInput(f"The price steps of {self.id} are not ascending.", hint="Order them by 'above'.")

    @property
    def may_be_negative(self) -> bool:
        """Whether a price below zero is possible (rates, spreads, futures, commodities)."""
        return self.kind in _MAY_BE_NEGATIVE

    def step_at(self, price: Decimal) -> Decimal | None:
        """The price step that applies at ``price``, or None where any price is allowed."""
        step = None
        for band in self.price_steps:
            if abs(price) >= band.above:
                step = band.step
        return step

    def round_price(self, price: Decimal) -> Decimal:
        """The nearest allowed price; halves go to the even multiple."""
        step = self.step_at(price)
        if step is None:
            return price
        return (price / step).to_integral_value(rounding=ROUND_HALF_EVEN) * step

    def round_quantity_down(self, quantity: Decimal) -> Decimal:
        """The largest multiple of the lot not above ``quantity``, which is at least 0."""
        if quantity < 0:
            raise InvalidInput(f"A quantity of {quantity} is below 0.", hint="Sides are said by 'side', not by sign.")
        return quantity // self.lot * self.lot
