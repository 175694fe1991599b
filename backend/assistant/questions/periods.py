"""The time that a question is about, read from its words: years, months, quarters, days, "since", "last 30 days"."""

import calendar
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final, TypeAlias, cast

from backend.assistant.questions.plan import Current, Period, Previous, Recent, Span, Whole, plural_of
from backend.errors import InvalidInput

Stretch: TypeAlias = tuple[date, date]

_MONTHS: Final = {
    word: n
    for n in range(1, 13)
    for word in (calendar.month_name[n].lower(), calendar.month_abbr[n].lower(), *(("sept",) if n == 9 else ()))
}
_MONTH: Final = rf"(?:{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_YEAR: Final = r"(?:1[89]\d\d|20\d\d)"
_DAY: Final = r"\d{1,2}(?:st|nd|rd|th)?"
_QUARTER: Final = r"(?:q[1-4]|(?:1st|2nd|3rd|4th|first|second|third|fourth|last) quarter(?: of)?)"
_HALF: Final = r"(?:h[12]|(?:1st|2nd|first|second) half(?: of)?)"
# What one calls a piece of the calendar, the longest forms first.
_PIECE: Final = (
    rf"(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{4}}-\d{{2}}(?!\d|-)"
    rf"|(?:the )?{_DAY} (?:of )?{_MONTH},? {_YEAR}|{_MONTH} (?:the )?{_DAY},? {_YEAR}|{_MONTH},? (?:of )?{_YEAR}"
    rf"|(?:the )?{_QUARTER},? ?{_YEAR}|{_YEAR} ?{_QUARTER}|(?:the )?{_HALF},? ?{_YEAR}"
    rf"|(?:the )?(?:year )?{_YEAR}(?:s|'s)?)"
)
_BARE_MONTH: Final = rf"(?:{_MONTH} (?:the )?{_DAY}|{_MONTH})"
_UNITS: Final = r"(bar|candle|session|trading day|day|week|month|quarter|year)s?"
_UNIT_OF: Final = {"candle": "bar", "session": "bar", "trading day": "bar"}
_WHOLE: Final = r"(?:its|the|their) (?:whole |entire |full )?"
_EVER: Final = rf"\b(?:ever|of all times?|since the beginning|in history|(?:in|over) {_WHOLE}history|in all history)\b"
_SINCE: Final = r"since|after|starting|beginning|from"
_UNTIL: Final = r"until|till|before|prior to|up to|through"
_START_OF: Final = r"(?: the (?:start|beginning) of)?(?: in| with| on)?"
_ON: Final = r"(?: on(?:wards?)?| up to now)?"
_IN: Final = r"in|during|on|for|of|within|throughout|at"
# A number after such a word is a level, even where it could be a year.
_LEVEL: Final = re.compile(
    r"\b(above|below|over|under|than|at least|at most|exceed(?:s|ed|ing)?|beyond|cross(?:es|ed|ing)?) (\d{4})(?![\d.]|-\d)"
    r"|([<>≤≥]=? ?)(\d{4})(?![\d.]|-\d)"
)
_EDGE: Final = r"(?<![\w.(-])"
_END: Final = r"(?![\w(]|\.\d)"


def take_period(text: str) -> tuple[Period, str]:
    """The period that a plain question names, and the question without it; the whole of the bars where none is named.

    Raises InvalidInput for two periods, for one that does not exist, and for a month without a year.
    """
    found: list[Period] = []
    rest = _LEVEL.sub(lambda match: f"{match[1] or match[3]} {match[2] or match[4]}.0", text)
    for pattern, read in _READERS:

        def replaced(match: re.Match[str], read: Callable[[re.Match[str]], Period] = read) -> str:
            found.append(read(match))
            return " " if read is _whole else " ; "  # "ever" stands between words that go together

        rest = pattern.sub(replaced, rest)
    if len(set(found)) > 1 and Whole() in found:
        found.remove(Whole())  # "did it ever rise so in 2008"
    if len(set(found)) > 1:
        raise InvalidInput("Two periods are named.", hint="Ask about one at a time.", code="question.period")
    bare = re.search(rf"\b(?:in|during|since|on|of) ({_BARE_MONTH})\b", rest)
    if bare:
        of_all = "" if re.search(r"\d", bare[1]) else f', or say "in {_all_of(bare[1])}" for all'
        raise InvalidInput(f"Which year's {bare[1].title()} is meant?", hint=f"Add the year{of_all}.", code="question.period")
    return (found[0] if found else Whole()), " ".join(rest.split())


def _all_of(month: str) -> str:
    return plural_of(calendar.month_name[_MONTHS[month.rstrip(".")]].lower())


def is_ever(text: str) -> bool:
    """Whether all bars are meant outright, and not for want of a period."""
    return re.search(_EVER, text) is not None


def newest_unless_ever(period: Period, text: str) -> Period:
    """The newest bar where a text names no time at all."""
    return Recent(1, "bar") if isinstance(period, Whole) and not is_ever(text) else period


def _piece(text: str) -> Stretch:
    """First and last day of a piece of the calendar."""
    text = re.sub(r"^(?:the )?(?:year )?(?=\d{4})|^the ", "", text.strip())
    try:
        return _stretch(text)
    except ValueError as e:
        raise InvalidInput(f"There is no day {text!r}.", hint="Write it as 2012-03-31.", code="question.period") from e


def _stretch(text: str) -> Stretch:  # noqa: PLR0911 - one return a form
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        day = date.fromisoformat(text)
        return day, day
    year = int(cast("re.Match[str]", re.search(_YEAR, text))[0])
    rest = re.sub(_YEAR, " ", text, count=1).strip(" ,-")
    if match := re.fullmatch(r"(\d{2})", rest):  # 2012-03
        return _months(year, int(match[1]), 1)
    if rest in {"s", "'s"}:
        return date(year, 1, 1), date(year + 9, 12, 31)
    if match := re.search(_MONTH, rest):
        month = _MONTHS[match[0].rstrip(".")]
        number = re.search(r"\d{1,2}", rest)
        if number is None:
            return _months(year, month, 1)
        day = date(year, month, int(number[0]))
        return day, day
    if rest:
        n = next(n for n, word in ((1, "1|first"), (2, "2|second"), (3, "3|third"), (4, "4|fourth|last")) if re.search(word, rest))
        length = 6 if re.match(r"h\d|.*half", rest) else 3
        return _months(year, 1 + (n - 1) * length, length)
    return date(year, 1, 1), date(year, 12, 31)


def _months(year: int, month: int, length: int) -> Stretch:
    last = month + length - 1
    return date(year, month, 1), date(year, last, calendar.monthrange(year, last)[1])


def _between(match: re.Match[str]) -> Span:
    first, last = match[1], match[2]
    if re.fullmatch(_BARE_MONTH, first):  # from march to june 2012
        year = cast("re.Match[str]", re.search(_YEAR, last))[0]
        first = f"{first} {year}"
    return _span(_piece(first)[0], _piece(last)[1])


def _span(first: date, last: date) -> Span:
    if first > last:
        raise InvalidInput(
            f"The period ends on {last}, before it begins on {first}.", hint="Turn them round.", code="question.period"
        )
    return Span(first.isoformat(), last.isoformat())


def _since(match: re.Match[str]) -> Span:
    first, last = _piece(match[2])
    begins_after = match[1] == "after" and first != date(first.year, 1, 1)
    if match[1] == "after" and (begins_after or last == date(first.year, 12, 31)):
        first = last + timedelta(days=1)
    return Span(first.isoformat(), "")


def _until(match: re.Match[str]) -> Span:
    first, last = _piece(match[2])
    return Span("", (first - timedelta(days=1) if match[1] in {"before", "prior to"} else last).isoformat())


def _recent(match: re.Match[str]) -> Recent:
    unit = _UNIT_OF.get(match[2], match[2])
    return Recent(int(match[1] or 1), cast("Any", unit))


def _whole(_: re.Match[str]) -> Whole:
    return Whole()


_FROM_TO: Final = (
    rf"(?:(?:from|between|in|during) )?(?:{_EDGE}({_PIECE}|{_BARE_MONTH})(?: and| to| until| through| till| ?-) ({_PIECE})){_END}"
)
_READERS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Period]], ...]] = (
    (re.compile(_EVER), _whole),
    (
        re.compile(rf"\b(?:(?:in|during|over|for|within|of) )?(?:the )?(?:last|past|previous|latest|recent) (\d+) {_UNITS}\b"),
        _recent,
    ),
    (re.compile(rf"\b{_FROM_TO}"), _between),
    (re.compile(rf"\b({_SINCE}){_START_OF} ({_PIECE}){_ON}{_END}"), _since),
    (re.compile(rf"\b({_UNTIL})(?: the end of)? ({_PIECE}){_END}"), _until),
    (
        re.compile(rf"(?:\b(?:{_IN}) )?{_EDGE}({_PIECE}){_END}"),
        lambda m: _span(*_piece(m[1])),
    ),
    (re.compile(rf"\b(?:(?:in|during|over|for|within) the (?:last|past)|the past) (){_UNITS}\b"), _recent),
    (re.compile(r"\byesterday(?:'s)?\b|\b(?:on |in )?the previous (?:trading )?day\b"), lambda _: Previous("day")),
    (
        re.compile(r"\b(?:in |during )?(?:the )?(?:last|previous) (week|month|quarter|year)\b"),
        lambda m: Previous(cast("Any", m[1])),
    ),
    (re.compile(r"\b(?:ytd|year to date|so far this year|this year so far)\b"), lambda _: Current("year")),
    (re.compile(r"\b(?:mtd|month to date)\b"), lambda _: Current("month")),
    (re.compile(r"\b(?:qtd|quarter to date)\b"), lambda _: Current("quarter")),
    (re.compile(r"\btoday(?:'s)?\b"), lambda _: Current("day")),
    (re.compile(r"\b(?:in |during )?this (week|month|quarter|year)(?: so far)?\b"), lambda m: Current(cast("Any", m[1]))),
)
