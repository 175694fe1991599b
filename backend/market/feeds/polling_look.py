"""What a source answered about one instrument, read from JSON or CSV and checked."""

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from backend.domain.bars import DAY_NS
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import Quote
from backend.errors import InvalidInput
from backend.market.feeds.json_path import fill_names
from backend.market.feeds.polling_plan import PollPlan
from backend.market.feeds.wire_times import parse_time

# 1980: a time before it was read in the wrong unit.
_FIRST_NS: Final = 315_532_800 * 1_000_000_000
NAN: Final = float("nan")


@dataclass(frozen=True, slots=True)
class Look:
    """The price of an instrument as a source told it when it was asked; NaN where it does not say.

    event_ns : the source's time, ours where it gives none
    volume : quantity traded so far, a counter
    """

    instrument: InstrumentId
    event_ns: int
    received_ns: int
    price: float
    bid: float = NAN
    ask: float = NAN
    bid_size: float = NAN
    ask_size: float = NAN
    volume: float = NAN

    @property
    def quote(self) -> Quote | None:
        """Bid and ask, where both are there and not crossed."""
        if not self.bid <= self.ask:
            return None
        return Quote(self.instrument, self.event_ns, self.received_ns, self.bid, self.ask, self.bid_size, self.ask_size)


def parse_look(plan: PollPlan, instrument: InstrumentId, content: bytes, received_ns: int) -> Look:
    """Read an answer as ``plan`` says. Raises InvalidInput, which names what is missing or impossible."""
    values = _find_values(plan, instrument, content)
    numbers = {name: _number(name, value) for name, value in values.items() if name != "time"}
    price = numbers.pop("price", NAN)
    if math.isnan(price):
        price = (numbers.get("bid", NAN) + numbers.get("ask", NAN)) / 2
    if math.isnan(price):
        raise InvalidInput(f"The answer has no price of {instrument}.", hint="Look at where the price stands.", code="feed.answer")
    if any(numbers.get(name, 0.0) < 0 for name in ("bid_size", "ask_size", "volume")):
        raise InvalidInput(f"The answer has a size below 0 for {instrument}.", hint="Look at where it stands.", code="feed.answer")
    written = values.get("time")
    event_ns = received_ns if written in (None, "") else parse_time(written, plan.time_unit)
    if not _FIRST_NS < event_ns < received_ns + DAY_NS:
        raise InvalidInput(
            f"The answer has an impossible time for {instrument}: {str(written)[:40]!r}.",
            hint="Look at time_unit: s, ms, us, ns or iso.",
            code="feed.answer",
        )
    return Look(instrument, event_ns, received_ns, price, **numbers)


def _find_values(plan: PollPlan, instrument: InstrumentId, content: bytes) -> dict[str, object]:
    names = plan.names_of(instrument)
    if plan.columns:
        row = _last_row(content, instrument)
        return {name: row.get(fill_names(column, names)) for name, column in plan.columns.items()}
    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"The answer for {instrument} is not JSON.", hint="Look at the address.", code="feed.answer") from error
    return {name: path.find(document, names) for name, path in plan.paths.items()}


def _last_row(content: bytes, instrument: InstrumentId) -> Mapping[str, str | None]:
    """The newest row of a table whose first line names its columns."""
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"The answer for {instrument} is not CSV.", hint="Look at the address.", code="feed.answer") from error
    filled = [row for row in rows if row]
    if len(filled) < 2:
        raise InvalidInput(f"The answer for {instrument} has no row.", hint="Look at the address.", code="feed.answer")
    return dict(zip((name.strip() for name in filled[0]), (cell.strip() for cell in filled[-1]), strict=False))


def _number(name: str, value: object) -> float:
    """A number or its text as float64; what is not there is NaN, and what is no number is refused."""
    if value is None or value == "":
        return NAN
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.inf
    except (ValueError, OverflowError):
        number = math.inf
    if not math.isfinite(number):
        raise InvalidInput(f"The answer has {str(value)[:40]!r} as {name}.", hint="Look at where it stands.", code="feed.answer")
    return number
