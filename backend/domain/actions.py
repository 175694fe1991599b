"""Corporate actions: splits and dividends, the one log from which adjusted prices are computed."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Split:
    """From the session labelled ``ex_ns`` on, each old share is ``ratio`` new ones (2 for two-for-one)."""

    instrument: InstrumentId
    ex_ns: int
    ratio: Decimal

    def __post_init__(self) -> None:
        if self.ratio <= 0:
            raise InvalidInput(f"A split of {self.instrument} by {self.ratio} is not possible.", hint="Use a ratio above 0.")


@dataclass(frozen=True, slots=True)
class Dividend:
    """Buyers from the session labelled ``ex_ns`` on do not receive ``amount`` a share, in the instrument's currency."""

    instrument: InstrumentId
    ex_ns: int
    amount: Decimal

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise InvalidInput(f"A dividend of {self.amount} for {self.instrument} is not possible.", hint="Use an amount above 0.")


CorporateAction: TypeAlias = Split | Dividend
