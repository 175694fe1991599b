"""What belongs to a number before and after it: sign, brackets, currency, scale, percent, unit."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from backend.assistant.grounding.found import FoundNumber, Kind
from backend.assistant.grounding.names import LONG_UNITS, UNITS

_CURRENCY_CODES: Final = (
    "USDT|USDC|USD|EUR|GBP|GBX|JPY|CHF|CAD|AUD|NZD|CNY|CNH|RMB|HKD|SGD|SEK|NOK|DKK|PLN|CZK|HUF|INR|KRW|TWD|BRL|MXN|ZAR|TRY|RUB|ILS|"
    "BTC|ETH"
)
_CURRENCY_SIGNS: Final = "[$€£¥₹₽₿₩₺₫₪฿¢]"
_SCALES: Final = {
    "hundred": 2, "hundreds": 2, "k": 3, "thousand": 3, "thousands": 3, "m": 6, "mm": 6, "mn": 6, "mln": 6, "mio": 6, "mil": 6,
    "million": 6, "millions": 6, "b": 9, "bn": 9, "bln": 9, "billion": 9, "billions": 9, "t": 12, "tn": 12, "trn": 12,
    "trillion": 12, "trillions": 12, "lakh": 5, "crore": 7,
}  # fmt: skip
_SCALE: Final = re.compile(
    r"(?:[\s-]?(?P<word>hundreds?|thousands?|lakh|crore|millions?|billions?|trillions?|mln|mio|bln|trn|mn|bn|tn|MM|mm)|(?P<letter>[kKMBTmb])|"
    r"\s(?P<apart>[KMBT]))(?![A-Za-z0-9])"
)
_PERCENT: Final = re.compile(
    r"\s?(?:(?P<permille>\u2030|per\s?mille?\b)|(?P<bp>\u2031|-?(?:basis[\s-]points?|bps?\b))|"
    r"(?P<pp>-?(?:%|percent(?:age)?|per\s?cent)[\s-]points?|pps?\b|ppts?\b|p\.p\.)|(?P<percent>%|-?(?:percent|per\s?cent|pct|prct)\b))",
    re.IGNORECASE,
)
_MULTIPLE: Final = re.compile(r"\s?[x\u00d7X](?![\w\d])(?!\s?\d)|\s?-?\s?(?:times\b|fold\b)", re.IGNORECASE)
_MONEY_AFTER: Final = re.compile(
    rf"\s?(?:(?P<sign>{_CURRENCY_SIGNS})(?!\d)|(?P<code>{_CURRENCY_CODES})(?![A-Za-z0-9/])|"
    r"-?(?P<word>(?:US\s)?dollars?|bucks|euros?|pounds?|sterling|yen|yuan|francs?|rupees?|cents?|pence)\b)"
)
_MONEY_BEFORE: Final = re.compile(rf"(?:(?:US|HK|CA|AU|NZ|[CAS])?{_CURRENCY_SIGNS}|\b(?:{_CURRENCY_CODES}))\s?\Z")
_ORDINAL: Final = re.compile(r"(?:st|nd|rd|th)\b", re.IGNORECASE)
_UNIT: Final = re.compile(
    r"(?:[\s-]{1,2}(?:(?:trading|consecutive|straight|calendar|business|full|more|daily|weekly|hourly)[\s-])?"
    rf"(?P<word>{LONG_UNITS})s?\b)|(?P<letter>mo|min|hr|yr|wk|sec|[smhdwy])(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_SIGN: Final = re.compile(r"(?<![\w%)\]])(?P<sign>[-+])\s?$|\b(?P<word>minus|negative|plus)[\s-]\Z", re.IGNORECASE)
_OPENED: Final = re.compile(r"\(\s?\Z")
_CLOSED: Final = re.compile(r"\s?\)%?")
_OF_ONE: Final = re.compile(r"\s(?:of\s)?(?:an?|one)(?=\s(?:percent|per\s?cent|basis|pp\b))")
_CENTS: Final = ("cent", "cents", "pence")


def with_surroundings(seen: str, number: FoundNumber, floor: int) -> FoundNumber:
    """With scale, percent, currency, unit, sign and brackets."""
    number = _with_scale(seen, number)
    number = _with_meaning(seen, number)
    number = _with_money_before(seen, number, floor)
    number = _with_sign(seen, number, floor)
    if number.is_signed and not number.currency:
        number = _with_money_before(seen, number, floor)
    opened, closed = _OPENED.search(seen, max(floor, number.start - 2), number.start), _CLOSED.match(seen, number.end)
    if opened and closed and number.value is not None and not number.is_signed and not number.unit and not number.dates:
        is_percent = closed[0].endswith("%")
        return replace(
            number, start=opened.start(), end=closed.end(), value=-number.value, is_bracketed=True,
            kind=Kind.PERCENT if is_percent else number.kind,
        )  # fmt: skip
    return number


def _with_money_before(seen: str, number: FoundNumber, floor: int) -> FoundNumber:
    before = _MONEY_BEFORE.search(seen, max(floor, number.start - 6), number.start)
    if before is None or number.value is None:
        return number
    kind = Kind.MONEY if number.kind is Kind.PLAIN else number.kind
    return replace(number, start=before.start(), kind=kind, currency=before[0].strip(), dates=())


def _with_sign(seen: str, number: FoundNumber, floor: int) -> FoundNumber:
    """With a sign glued to it or in words; a dash after a word or another number is none."""
    base = max(0, floor - 1, number.start - 14)
    sign = _SIGN.search(seen[base : number.start])
    if sign is None or number.value is None or (sign["sign"] and sign[0].endswith(" ")):
        return number
    start = base + sign.start()
    if start < floor:
        return number
    is_minus = sign["sign"] == "-" or (sign["word"] or "").lower() in {"minus", "negative"}
    return replace(number, start=start, value=-number.value if is_minus else number.value, is_signed=True, dates=())


def _with_scale(seen: str, number: FoundNumber) -> FoundNumber:
    if number.kind not in {Kind.PLAIN, Kind.FRACTION} or number.value is None:
        return number
    end, scale = number.end, Decimal(1)
    while match := _SCALE.match(seen, end):
        said = (match["word"] or match["letter"] or match["apart"]).lower()
        scale *= Decimal(10) ** _SCALES[said]
        end = match.end()
    if scale == 1:
        return number
    # "5m" are minutes as well as millions.
    unit = UNITS[seen[number.end]] if seen[number.end : end] in {"m", "M"} and seen[number.end] in UNITS else ""
    return replace(
        number, end=end, value=number.value * scale, grain=number.grain * scale, scale=scale, unit=unit, dates=(),
        kind=Kind.PLAIN,
    )  # fmt: skip


def _with_meaning(seen: str, number: FoundNumber) -> FoundNumber:
    """With the percent sign, multiple, currency, ordinal or unit that follows."""
    if number.value is None:
        return number
    half_of = _OF_ONE.match(seen, number.end) if number.is_word else None
    at = half_of.end() if half_of else number.end
    if percent := _PERCENT.match(seen, at):
        shift = {"permille": -1, "bp": -2}.get(percent.lastgroup or "", 0)
        kind = Kind.POINTS if percent.lastgroup in {"bp", "pp"} else Kind.PERCENT
        factor = Decimal(1).scaleb(shift)
        return replace(number, end=percent.end(), kind=kind, value=number.value * factor, grain=number.grain * factor, dates=())
    return number if number.kind in {Kind.RATIO, Kind.MULTIPLE} else _with_unit(seen, number)


def _with_unit(seen: str, number: FoundNumber) -> FoundNumber:
    """With "times", a currency, "rd", or the bars and days that are counted."""
    if multiple := _MULTIPLE.match(seen, number.end):
        return replace(number, end=multiple.end(), kind=Kind.MULTIPLE, dates=())
    if number.kind in {Kind.PLAIN, Kind.FRACTION} and (money := _MONEY_AFTER.match(seen, number.end)):
        return _with_money(number, money)
    if number.kind is Kind.PLAIN and (ordinal := _ORDINAL.match(seen, number.end)):
        return replace(number, end=ordinal.end(), kind=Kind.ORDINAL, dates=())
    unit = None if number.unit or number.kind is not Kind.PLAIN else _UNIT.match(seen, number.end)
    if unit is None:
        return number
    said = (unit["word"] or unit["letter"]).lower()
    if unit["word"]:
        return replace(number, unit=UNITS[said])
    return replace(number, end=unit.end(), unit=UNITS[said], dates=number.dates if said == "s" else ())


def _with_money(number: FoundNumber, money: re.Match[str]) -> FoundNumber:
    said = money["sign"] or money["code"] or money["word"]
    assert number.value is not None
    factor = Decimal("0.01") if said.lower() in _CENTS or said == "\u00a2" else Decimal(1)
    return replace(
        number, end=money.end(), kind=Kind.MONEY, currency=said, value=number.value * factor, grain=number.grain * factor, dates=()
    )


_BETWEEN: Final = re.compile(r"\s?(?:-|to|and|or|/|\u2014)\s?", re.IGNORECASE)


def share_units(found: Sequence[FoundNumber], seen: str) -> list[FoundNumber]:
    """In "2 to 3 %" and "$1-2 million" the first number has the second's scale and unit, and the second the first's currency."""
    shared = list(found)
    for place in range(len(shared) - 1, 0, -1):
        first, second = shared[place - 1], shared[place]
        if not _BETWEEN.fullmatch(seen, first.end, second.start) or first.value is None or second.value is None:
            continue
        if first.kind is Kind.PLAIN and first.scale == 1 and not first.is_bracketed:
            if second.kind in {Kind.PERCENT, Kind.POINTS, Kind.MONEY, Kind.MULTIPLE} or second.scale != 1:
                factor = second.scale if second.scale != 1 else Decimal("0.01") if _is_bp(seen, second) else Decimal(1)
                first = replace(
                    first, kind=second.kind, value=first.value * factor, grain=first.grain * factor, scale=second.scale, dates=(),
                    currency=second.currency,
                )  # fmt: skip
            elif second.unit and not first.unit:
                first = replace(first, unit=second.unit)
        if first.kind is Kind.MONEY and second.kind is Kind.PLAIN:
            shared[place] = replace(second, kind=Kind.MONEY, currency=first.currency, dates=())
            if second.scale != 1 and first.scale == 1 and first.value is not None:
                first = replace(first, value=first.value * second.scale, grain=first.grain * second.scale, scale=second.scale)
        shared[place - 1] = first
    return shared


def _is_bp(seen: str, number: FoundNumber) -> bool:
    return number.kind is Kind.POINTS and re.search(r"b(?:asis|ps?)", seen[number.start : number.end], re.IGNORECASE) is not None


def may_follow(seen: str, end: int) -> bool:
    """Whether letters glued to figures are a unit, a scale or a currency."""
    return any(pattern.match(seen, end) for pattern in (_SCALE, _PERCENT, _MULTIPLE, _MONEY_AFTER, _ORDINAL, _UNIT))


def is_after_money(seen: str, start: int) -> bool:
    """Whether a currency stands right before."""
    return _MONEY_BEFORE.search(seen[max(0, start - 8) : start]) is not None
