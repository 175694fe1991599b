"""Rows of a table as columns of times and numbers, not yet judged: what every reader makes and the checks take."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from backend.domain.bars import Float64s, Int64s
from backend.market.importers.numbers import NumberForm
from backend.market.importers.plan import Dialect, ImportPlan, Role, TimeForm
from backend.market.importers.times import TimeReader
from backend.market.importers.zones import Flags

PRICE_ROLES: Final = (Role.OPEN, Role.HIGH, Role.LOW, Role.CLOSE)
VALUE_ROLES: Final = (*PRICE_ROLES, Role.VOLUME, Role.ADJUSTED, Role.DIVIDEND, Role.SPLIT)


@dataclass(slots=True)
class RowBlock:
    """Some rows of one table, in file order.

    lines : int64[n_rows]   where each row stands, for people
    time_ns : int64[n_rows]   UTC ns where ``is_instant``, else wall-clock ns
    values : float64[n_rows] by role   NaN where the cell is empty or bad
    bad : flags by role   cells that hold something that is no finite number
    no_time : flags   rows whose time cell is empty
    reasons : by row, why it was refused while reading
    others : rows left out because they belong to another instrument, by its name
    text : the row's own words, by row
    """

    lines: Int64s
    time_ns: Int64s
    is_instant: bool
    values: dict[Role, Float64s]
    no_time: Flags
    text: Callable[[int], str]
    bad: dict[Role, Flags] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)
    done_bytes: int = 0

    def __len__(self) -> int:
        return len(self.lines)

    def keep(self, chosen: Flags) -> "RowBlock":
        """Only the chosen rows; the others are forgotten, not counted."""
        places = np.flatnonzero(chosen)
        new_row = {int(old): new for new, old in enumerate(places.tolist())} if self.reasons else {}
        text = self.text
        return RowBlock(
            lines=self.lines[places],
            time_ns=self.time_ns[places],
            is_instant=self.is_instant,
            values={role: column[places] for role, column in self.values.items()},
            no_time=self.no_time[places],
            text=lambda row: text(int(places[row])),
            bad={role: flags[places] for role, flags in self.bad.items()},
            reasons={new_row[row]: reason for row, reason in self.reasons.items() if row in new_row},
            others=self.others,
            done_bytes=self.done_bytes,
        )


@dataclass(slots=True)
class Reading:
    """How the cells of one table become times and numbers.

    places : 0-based place of the column of each role that the file has
    n_columns : how many cells a full row has
    symbol : keep only rows of this instrument; "" for all
    """

    dialect: Dialect
    places: dict[Role, int]
    n_columns: int
    numbers: NumberForm
    times: TimeReader
    symbol: str = ""

    @classmethod
    def of(cls, plan: ImportPlan) -> "Reading":
        """The reading that a plan asks for."""
        places: dict[Role, int] = {column.role: column.index for column in plan.columns if column.role is not Role.NONE}
        return cls.make(plan.dialect, places, len(plan.columns), plan.symbol)

    @classmethod
    def make(cls, dialect: Dialect, places: dict[Role, int], n_columns: int, symbol: str = "") -> "Reading":
        """A reading from its parts; prices of which high and low are absent are read as closes only."""
        if any(role not in places for role in PRICE_ROLES):
            places = {role: place for role, place in places.items() if role not in {Role.OPEN, Role.HIGH, Role.LOW}}
        return cls(
            dialect,
            places,
            n_columns,
            NumberForm("," if dialect.decimal == "," else ".", dialect.thousands),
            TimeReader(dialect.time_form, dialect.date_order),
            symbol,
        )

    @property
    def value_places(self) -> dict[Role, int]:
        """Places of the columns that hold numbers."""
        return {role: self.places[role] for role in VALUE_ROLES if role in self.places}

    @property
    def gives_instants(self) -> bool:
        """Whether times in text tell their zone, by an offset or as a count since 1970 UTC."""
        return self.dialect.has_zone or self.dialect.time_form not in {TimeForm.TEXT, TimeForm.EXCEL}


class RowReader(Protocol):
    """Gives the rows of one table, block after block; used from one thread, ended by leaving it."""

    def blocks(self) -> Iterator[RowBlock]:
        """Every row, in file order. Raises InvalidInput when the file turns out to be broken."""
        ...
