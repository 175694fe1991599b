"""From the words of a question to a plan, by a small grammar and no model.

Pieces are found wherever they stand: instruments, period, interval, values, conditions, what is asked. What is left over
must be words without a meaning of their own; else the question is not understood, and it says so.
"""

import re
from dataclasses import replace
from typing import Any, Final, cast

import msgspec

from backend.assistant.facts.gathering import MARKET
from backend.assistant.questions.asking import read_wanted, small_move, takes_how_much
from backend.assistant.questions.binding import bind, check_moves, takes_together
from backend.assistant.questions.comparing import DOWN, UP, take_bare_moves, take_conditions, take_moves
from backend.assistant.questions.each import IS_WHETHER, take_every, take_split
from backend.assistant.questions.measuring import Wanted, read_distance
from backend.assistant.questions.names import Names, one_of
from backend.assistant.questions.periods import is_ever, newest_unless_ever, take_period
from backend.assistant.questions.phrases import UNIT_INTERVALS, WRITTEN, Reading, take_values, take_written
from backend.assistant.questions.plain_text import plain_question
from backend.assistant.questions.plan import (
    DAILY,
    MAY_BE_CONDITIONED,
    MONTHLY,
    Ask,
    Change,
    Condition,
    Current,
    Distance,
    Extreme,
    Indicator,
    Measure,
    Number,
    Period,
    Plan,
    Previous,
    Price,
    Recent,
    Span,
    Whole,
)
from backend.assistant.questions.plan_checks import check_plan
from backend.assistant.questions.rewording import reworded
from backend.assistant.questions.seasonal import choose_bars, take_season
from backend.assistant.questions.unread import left_over, refuse_left_over, refuse_unclear
from backend.domain.bars import BarSpec
from backend.errors import InvalidInput

CHARS_MAX: Final = 600
NAMELESS: Final = "question.instrument"  # the code of a question that names nothing

# Such questions want more than a number: a model answers them, from facts.
OPEN: Final = re.compile(
    r"\b(?:why|should|shall|explain|think|opinion|news|predict|prediction|forecast|expect|will|would|could|buy|sell|recommend"
    r"|happen(?:ed|s)?|because|reasons?|what does|what do you|meaning|define|definition|how do i|how can i|how to|calculated?"
    r"|formula|draw|plot|alert|remind|strategy|backtest|write|code|tomorrow|next)\b"
)
_INTERVAL: Final = re.compile(
    r"\b(?:(?:on|using|with|in|of|from) )?(?:the |a )?(?:(\d+) ?(mo|[smhdw])|(\d+) (minute|hour|day|week|month)"
    r"|(daily|weekly|monthly|hourly|quarterly|yearly))"
    r" (?:bars?|charts?|candles?|interval|timeframe|data)\b"
)
_ADJECTIVES: Final = {
    "daily": "1d", "weekly": "1w", "monthly": "1mo", "hourly": "1h", "quarterly": "3mo", "yearly": "12mo", "annual": "12mo",
}  # fmt: skip
_LETTERS: Final = {"minute": "m", "hour": "h", "day": "d", "week": "w", "month": "mo"}
_PRICES: Final = re.compile(r"\b(?:(?:with|using|on|in) )?(adjusted|raw|unadjusted|split adjusted)(?: (?:prices?|data))?\b")
_WATCHLIST: Final = re.compile(
    r"(?:\b(?:all|each|any)(?: of)? )?(?:\b(?:(?:my|the|our) )?watch ?list (?:called |named )?\"((?:[^\"\\]|\\.)*)\""
    r"|\b(?:(?:my|the|our) )?watch ?lists?\b|\bmy (?:stocks|instruments|list)\b)",
    re.IGNORECASE,
)
_SIDED_DAYS: Final = r"\b(?:up|down|green|red|winning|losing|positive|negative) (?:days|weeks|months|bars|sessions)\b"
_OTHERS_MOVE: Final = rf"\b(?:when|while|if|on|that)\b[^;]*@x[a-z][^;]*\b(?:{UP}|{DOWN})\b"
_ANY_DAY: Final = r"\b(?:in|on|within|had|have|has) (?:a|any|some|one)(?: single| one)? (?:trading )?(?:day|session)\b"
# Values of which one would be told as if it were all.
_PLURAL: Final = re.compile(r"\b(?:closes|opens|highs|lows|volumes|changes|returns|moves|gaps|ranges|(?:closing|opening) prices)\b")
# How something stands now is told by its facts.
_STANDING: Final = re.compile(r"\bhow (?:is|are) [^ ]+ (?:doing|performing)(?: (?:right )?now| currently)?\W*$")
CUE: Final = re.compile(
    r"\b(?:how (?:many|often|much|far)|when|highest|lowest|longest|biggest|largest|best|worst|average|mean|median|correlation"
    r"|count|which|drawdown|volatility|volume|close[sd]?|rsi|total|share|first|last|list|return)\b"
)
_PLAIN_ASKS: Final = frozenset(
    {Ask.CORRELATION, Ask.COMPARE, Ask.DRAWDOWN, Ask.VOLATILITY, Ask.RETURN, Ask.EXTREMES, Ask.SEASONS}
    | {Ask.TREND, Ask.SHARPE, Ask.BETA, Ask.BARS}
)


def parse_question(text: str, names: Names, *, instrument: str = "") -> Plan | None:
    """The plan of a question; None where it is no question about bars that code alone can answer.

    instrument : what "it" means: the id of the chart that the question goes with
    Raises InvalidInput where it is nearly such a question, and says which part is not understood or may mean two things.
    """
    if len(text) > CHARS_MAX:
        return None
    line, ids, watchlist = take_subject(re.sub(r"[{}@~\x00-\x1f]", " ", text), names)
    line = plain_question(line)
    if OPEN.search(re.sub(r"\bwould like\b", " ", line)) or _STANDING.search(line):
        return None
    reading, where = Reading(reworded(line), marks=tuple(ids)), list[Condition]()
    is_named = bool(ids) or watchlist is not None
    stored = () if is_named else names.all_asked(line)
    reading.is_every = take_every(reading)
    if is_named:
        refuse_unclear(reading.text)
    try:
        take_season(reading)
        period, prices = read_pieces(reading)
        by = take_split(reading)
        reading.text = _priced(reading.text, is_one_bar=is_one_bar(period))
        wanted = _read_ask(reading, where, n_instruments=len(ids or stored), has_list=watchlist is not None)
    except InvalidInput:
        if is_named and CUE.search(line):  # else what is broken may mean something else altogether
            raise
        return None
    is_of_one = not (len(ids) > 1 or watchlist is not None)
    wanted, period, by = _meant(reading, where, wanted, (period, by), line, is_of_one=is_of_one)
    choose_bars(reading, wanted, where, line)
    left = left_over(reading, where, None if wanted is None else wanted.ask)
    if wanted is None or not (reading.values or where or wanted.measure is not None or wanted.ask in _PLAIN_ASKS):
        return None
    if stored and not left and not wanted.is_loose:
        ids, is_named = [(one,) for one in stored], True
    if left or (wanted.is_loose and not is_named):
        return refuse_left_over(left, text, wanted, is_named=is_named, has_chart=bool(instrument))
    if not is_named and not instrument:
        raise InvalidInput("Which instrument is meant?", hint="Name it, as in: AAPL.", code=NAMELESS)
    is_alone = is_one_bar(period) or bool(reading.n_written or reading.intervals)
    where, subjects = bind(reading, where, wanted.ask)
    if wanted.ask is Ask.WHETHER and not is_alone:
        check_moves(where, is_ever=is_ever(line))
    chosen = tuple(dict.fromkeys(one_of(one) for one in ((subjects or ids) if is_named else [(instrument,)])))
    if wanted.ask is Ask.BETA and len(chosen) == 1:  # against the market, as facts tell it
        chosen += tuple(one for one in names.ids_of(str(MARKET)) if one not in chosen)
    plan = _plan(wanted, where, (chosen, watchlist), (period, interval_of(reading), prices), by)
    return check_plan(msgspec.structs.replace(plan, season=reading.season))


def _meant(
    reading: Reading, where: list[Condition], wanted: Wanted | None, stretch: tuple[Period, str], line: str, *, is_of_one: bool
) -> tuple[Wanted | None, Period, str]:
    """What is asked, of which time and cut into which pieces, once all of the question is read."""
    period, by = stretch
    if reading.is_every and wanted is not None:
        wanted = _of_every(wanted)
    else:
        period = _newest_meant(period, where, line, wanted)
        wanted = _whole_move(reading, wanted, where, period)
    if wanted is not None and wanted.is_loose and is_of_one and not by and not is_one_bar(period):
        wanted, by = _of_each_piece(reading, wanted, is_plural=_PLURAL.search(line) is not None)
    _refuse_two_kinds_of_month(reading, wanted, by)
    return wanted, period, by


def take_subject(text: str, names: Names) -> tuple[str, list[tuple[str, ...]], str | None]:
    """The question with marks in the place of instruments, the ids each may mean, and the watchlist that it names."""
    watchlist: str | None = None
    for name in sorted(names.watchlists, key=len, reverse=True):
        named = re.compile(
            rf"(?:\b(?:my|the|our|watch ?list(?: called)?) )*[\"']?{re.escape(name)}[\"']? (?:watch ?list|list)\b"
            rf"|\bwatch ?list (?:called )?{re.escape(name)}(?!\w)",
            re.IGNORECASE,
        )
        if named.search(text):
            text, watchlist = named.sub(" ", text, count=1), name
            break
    if watchlist is None and (match := _WATCHLIST.search(text)):
        watchlist = re.sub(r"\\(.)", r"\1", match[1]) if match[1] else ""
        text = f"{text[: match.start()]} {text[match.end() :]}"
    ids: list[tuple[str, ...]] = []
    parts, at = [], 0
    written = [match.span() for match in re.finditer(WRITTEN, text)]
    for mention in names.mentions(text):
        if any(start <= mention.start < stop for start, stop in written):
            continue  # the 2012 of sma(2012) is no instrument
        parts += [text[at : mention.start], f" @x{chr(ord('a') + len(ids) % 26)} "]  # no digit: numbers stand beside names
        ids.append(mention.ids)
        at = mention.end
    return "".join([*parts, text[at:]]), ids, watchlist


def read_pieces(reading: Reading) -> tuple[Period, str]:
    """Take period, interval and the kind of prices out of a question; the interval stays with the reading. Raises InvalidInput."""
    take_written(reading)
    prices = "auto"
    if match := _INTERVAL.search(reading.text):
        reading.intervals = [_interval_text(match)] * 2
        reading.text = _INTERVAL.sub(" ", reading.text, count=1)
    if match := _PRICES.search(reading.text):
        prices = "raw" if match[1] in {"raw", "unadjusted"} else "adjusted"
        reading.text = _PRICES.sub(" ", reading.text, count=1)
    period, reading.text = take_period(reading.text)
    for word, interval in _ADJECTIVES.items():
        reading.text, n_found = re.subn(rf"\b{word}\b", "~", reading.text)
        reading.intervals += [interval] * bool(n_found)
    return period, prices


def _read_ask(reading: Reading, where: list[Condition], *, n_instruments: int, has_list: bool) -> Wanted | None:
    reading.is_together = takes_together(reading)
    opening = reading.opening = reading.text
    take_moves(reading, where)
    how_much = not where and takes_how_much(reading)
    reading.text = " ".join(reading.text.split())
    take_values(reading)
    reading.text = " ".join(reading.text.split())
    if how_much and not re.search(r"\{\d+\}", reading.text):
        return Wanted(Ask.RETURN)
    if how_much:
        return _moved_from(reading)
    far = re.search(r"\bhow far\b|\bdistance\b", reading.text)
    if far and (wanted := read_distance(reading)) is not None:
        return wanted
    take_conditions(reading, where)
    if IS_WHETHER.match(opening) and (where or not re.search(r"\{\d+\}", reading.text)):
        reading.text = f"whether {reading.text}"
    wanted = read_wanted(reading, where, n_instruments=n_instruments, has_list=has_list)
    if wanted is not None and wanted.ask in MAY_BE_CONDITIONED and re.search(_SIDED_DAYS, reading.text):
        take_bare_moves(reading, where)
    if (
        wanted is not None
        and wanted.measure is not None
        and wanted.ask in MAY_BE_CONDITIONED
        and re.search(_OTHERS_MOVE, reading.text)
    ):
        take_bare_moves(reading, where)
    if wanted is not None and isinstance(wanted.measure, Change):
        _keep_direction(reading, wanted, where)
    return wanted


def _moved_from(reading: Reading) -> Wanted:
    """How far the close is from a high or low that a question names: "how much did it fall from its 52 week high"."""
    reading.text = f"distance {reading.text}"
    wanted = read_distance(reading)
    if wanted is None or not isinstance(cast("Distance", wanted.measure).base, Extreme | Indicator):
        raise InvalidInput(
            "How much a price moved is told of the whole time, or from a high or low of a stated window.",
            hint='Ask for the return or the drawdown of the time, or how far it is from its "52 week high".',
            code="question.measure",
        )
    return wanted


def _priced(text: str, *, is_one_bar: bool) -> str:
    """Words that ask for a price by the name alone, as "what was AAPL on 2012-09-21", name its close from now on."""
    verbs = r"at|worth|trad(?:e|ed|ing)(?: at)?|cost"
    verb, end = (rf"(?: (?:{verbs}))?", r"(?= ?;\W*$)") if is_one_bar else (rf" (?:{verbs})", r"(?=\W*$)")
    return re.sub(rf"^\s*(?:what|where|how much) (?:is|was|were|did|does) (?:the )?(@x[a-z]){verb}{end}", r"close of \1 ", text)


def _newest_meant(period: Period, where: list[Condition], line: str, wanted: Wanted | None) -> Period:
    """What is asked of now: the newest bar is meant by "is it above its average?" and by "which of them are?"."""
    if wanted is not None and wanted.ask is Ask.WHICH:
        return newest_unless_ever(period, line)
    return Recent(1, "bar") if where and isinstance(period, Whole) and re.match(r"(?:is|are)\b", line) else period


def is_one_bar(period: Period) -> bool:
    """Whether a period is that of one bar, or of one day."""
    match period:
        case Span(first, last):
            return first == last
        case Recent(1, unit):
            return unit in {"bar", "day"}
        case Previous(unit) | Current(unit):
            return unit == "day"
        case _:
            return False


def _whole_move(reading: Reading, wanted: Wanted | None, where: list[Condition], period: Period) -> Wanted | None:
    """What is wanted where the move of a whole time is meant: "was it up in 2012" asks for no single day that was up."""
    is_one = wanted is not None and wanted.ask in {Ask.WHETHER, Ask.WHICH} and len(where) == 1
    if wanted is None or not is_one or reading.n_written or reading.intervals or reading.season:
        return wanted
    (only,) = where
    if wanted.ask is Ask.WHICH and re.search(_ANY_DAY, reading.opening):
        return wanted
    if is_one_bar(period) or not isinstance(only.left, Change) or only.left.n_bars != 1:
        return wanted
    if only.right == Number(0.0) and wanted.ask is Ask.WHETHER:
        where.clear()
        return Wanted(Ask.RETURN, is_faint=wanted.is_faint)
    if isinstance(period, Whole):
        return wanted
    raise InvalidInput(
        "Is a move within a day meant, or the return of the whole time?",
        hint='Say "in a day", or ask for the return.',
        code="question.measure",
    )


def _of_every(wanted: Wanted) -> Wanted:
    if wanted.ask is not Ask.WHETHER:
        raise InvalidInput(
            "Of every single bar this cannot be asked.", hint='Ask it of the whole time, or "by year".', code="question.every"
        )
    return replace(wanted, ask=Ask.EVERY)


def _keep_direction(reading: Reading, wanted: Wanted, where: list[Condition]) -> None:
    """A mean or smallest loss is one of losses alone."""
    place = next((place for place, value in enumerate(reading.values) if value is wanted.measure), None)
    is_fall = place in reading.falls
    is_big = wanted.ask is (Ask.LOWEST if is_fall else Ask.HIGHEST)
    if (is_fall or place in reading.rises) and not is_big and not where:
        where.append(small_move(cast("Change", wanted.measure), is_fall=is_fall))


def _of_each_piece(reading: Reading, wanted: Wanted, *, is_plural: bool) -> tuple[Wanted, str]:
    """Returns by year, where "yearly returns" are asked for. Raises InvalidInput for values of which nobody says which one."""
    unit = next((unit for unit, interval in UNIT_INTERVALS.items() if reading.intervals == [interval]), "")
    if wanted.measure == Change(1) and unit in {"week", "month", "quarter", "year"}:
        reading.intervals.clear()
        return Wanted(Ask.RETURN), unit
    if is_plural:
        raise InvalidInput(
            "Many values are asked for.",
            hint='Ask for the highest, the mean or the last one, or "by month".',
            code="question.measure",
        )
    return wanted, ""


def _refuse_two_kinds_of_month(reading: Reading, wanted: Wanted | None, by: str) -> None:
    is_mean = wanted is not None and wanted.ask in {Ask.MEAN, Ask.MEDIAN} and isinstance(wanted.measure, Change)
    if is_mean and by == "month" and set(reading.intervals) <= {DAILY, MONTHLY}:
        raise InvalidInput(
            "Is each month of the time meant, or each month of the year, January to December?",
            hint='Say "by calendar month", or ask for the returns by month.',
            code="question.split",
        )


def _interval_text(match: re.Match[str]) -> str:
    if match[5]:
        return _ADJECTIVES[match[5]]
    return str(BarSpec.parse(f"{match[1]}{match[2]}" if match[1] else f"{match[3]}{_LETTERS[match[4]]}"))


def interval_of(reading: Reading) -> str:
    """The one interval that is meant. Raises InvalidInput where averages of weeks are asked of days, and the like."""
    said = reading.intervals
    if len(said) > 1 and said[0] == said[1]:  # said outright
        return said[0]
    if len(set(said)) > 1:
        raise InvalidInput(
            f"Bars of {' and of '.join(sorted(set(said)))} are mixed.", hint="Ask about one interval.", code="question.interval"
        )
    return str(BarSpec.parse(said[0])) if said else "1d"


def _plan(
    wanted: Wanted, where: list[Condition], subject: tuple[tuple[str, ...], str | None], rest: tuple[Period, str, str], by: str
) -> Plan:
    period, interval, prices = rest
    ask, measure = wanted.ask, cast("Measure | None", wanted.measure)
    is_long = not isinstance(period, Whole) and not is_one_bar(period)
    if wanted.is_loose and is_long and measure in {Price("high"), Price("low")}:
        ask = Ask.HIGHEST if measure == Price("high") else Ask.LOWEST
    elif wanted.is_loose and is_long and measure == Price("open"):
        ask = Ask.FIRST_VALUE
    elif wanted.is_loose and is_long and measure != Price("close"):
        raise InvalidInput("Is the highest, the mean or the last one meant?", hint="Say which.", code="question.measure")
    return Plan(
        ask=ask,
        instruments=subject[0],
        watchlist=subject[1],
        interval=interval,
        period=period,
        measure=measure,
        where=tuple(dict.fromkeys(where)),
        n=wanted.n,
        prices=cast("Any", prices),
        by=cast("Any", by),
    )
