"""Alerts typed in words: ``alert aapl > 180``, ``alert below 175.5`` for the instrument shown, ``alert aapl`` for the editor."""

import contextlib
import math
import re
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from backend.alerts.alert import Alert, Condition, Operator, PriceCondition
from backend.alerts.grammar import parse_text
from backend.alerts.words import Wording, tell_condition
from backend.errors import TriiError
from trii_desktop.alerts.making import fresh, price_alert
from trii_desktop.desk import Desk
from trii_desktop.engine_side import Found
from trii_desktop.palette.entry import Kind, PaletteEntry
from trii_desktop.widgets.numbers import decimals_of

_OPERATORS: Final = {
    ">": Operator.ABOVE,
    ">=": Operator.AT_LEAST,
    "<": Operator.BELOW,
    "<=": Operator.AT_MOST,
    "=": Operator.EQUAL,
    "above": Operator.CROSSES_ABOVE,
    "over": Operator.CROSSES_ABOVE,
    "below": Operator.CROSSES_BELOW,
    "under": Operator.CROSSES_BELOW,
    "crosses": Operator.CROSSES,
    "at": Operator.CROSSES,
}
_WRITTEN: Final = re.compile(
    r"alert\s+(?P<code>[^\s<>=]*?)\s*(?P<how>>=|<=|[<>=]|[a-z]+)?\s*(?P<price>-?[\d_,]*\.?\d+)?\s*", re.IGNORECASE
)
_SHOWN_MAX: Final = 4


_CODED: Final = re.compile(r"alert\s+(?P<code>\S+)\s+(?P<condition>\S.*)", re.IGNORECASE)


class Typed(NamedTuple):
    """What was typed.

    code : of an instrument, empty for the one shown
    operator, price : how the price is compared with what; None and NaN where that is left open
    condition : anything else that conditions can say
    """

    code: str
    operator: Operator | None = None
    price: float = math.nan
    condition: Condition | None = None


def parse_typed(text: str) -> Typed | None:
    """What ``text`` asks for; None where it is no alert."""
    written = _WRITTEN.fullmatch(text.strip())
    if written is None:
        return _parse_condition(text.strip())
    code, how, price = written["code"], (written["how"] or "").lower(), written["price"]
    if not code and how and how not in _OPERATORS:
        code, how = how, ""  # a single word is a code
    if not code and not how and price is None:
        return None
    if how and (how not in _OPERATORS or price is None):
        return None
    if code.lower() in _OPERATORS:
        code, how = "", code.lower()
    return Typed(code, _OPERATORS.get(how), float(price.replace(",", "").replace("_", "")) if price else math.nan)


def _parse_condition(text: str) -> Typed | None:
    """``alert aapl rsi(14) crosses below 30 and price > 180``, as the command line reads it; of the instrument shown too."""
    coded = _CODED.fullmatch(text)
    for code, words in ((coded["code"], coded["condition"]), ("", f"{coded['code']} {coded['condition']}")) if coded else ():
        with contextlib.suppress(TriiError):
            return Typed(code, condition=parse_text(words))
    return None


class AlertSource:
    """Entries of the palette for what starts with "alert". ``add`` keeps an alert, ``edit`` opens the editor.

    shown : id, newest price of the instrument on the chart; an empty id without one
    """

    kind = Kind.ACTION

    def __init__(
        self, desk: Desk, add: Callable[[Alert], None], edit: Callable[[Alert], None], shown: Callable[[], tuple[str, float]]
    ) -> None:
        self._desk = desk
        self._add = add
        self._edit = edit
        self._shown = shown

    async def find(self, text: str) -> tuple[PaletteEntry, ...]:
        """What the words ask for, of each instrument that is meant."""
        typed = parse_typed(text)
        if typed is None:
            return ()
        shown, last = self._shown()
        if not typed.code:
            return (self._entry(text, shown, last, typed),) if shown else ()
        found: tuple[Found, ...] = await self._desk.bridge.call(self._desk.engine.find(typed.code))
        names = [str(one.instrument.id) for one in found[:_SHOWN_MAX]]
        return tuple(self._entry(text, name, last if name == shown else math.nan, typed) for name in names)

    def recall(self, _key: str) -> PaletteEntry | None:
        """What was typed once is not offered again."""
        return None

    def _entry(self, text: str, instrument: str, last: float, typed: Typed) -> PaletteEntry:
        now_ns, code = self._desk.backend.clock.now_ns(), instrument.partition(".")[0]
        if not math.isfinite(typed.price) and typed.condition is None:
            made = price_alert(instrument, last if math.isfinite(last) else 0.0, last=last, now_ns=now_ns)
            title, run = f"Add alert on {code}…", partial(self._edit, made)
            return PaletteEntry(f"alert:{instrument}", Kind.ACTION, title, run, code=text, icon="bell-plus")
        made = price_alert(instrument, typed.price, last=last, now_ns=now_ns)
        if typed.condition is not None:
            made = fresh(instrument, typed.condition, now_ns=now_ns)
        elif typed.operator is not None:
            made = fresh(instrument, PriceCondition(typed.operator, typed.price, now_ns), now_ns=now_ns)
        decimals = decimals_of(typed.price) if math.isfinite(typed.price) else 2
        words = tell_condition(made.condition, Wording(code, decimals))
        title, run = f"Add alert: {code} {words[:1].lower()}{words[1:]}", partial(self._add, made)
        return PaletteEntry(f"alert:{instrument}:{words}", Kind.ACTION, title, run, detail=instrument, code=text, icon="bell-plus")
