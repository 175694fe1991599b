"""What a question wants of the bars: how many, when last, the highest, the mean, the longest streak, and so on."""

import re
from typing import Final

from backend.assistant.questions.comparing import DOWN, UP, take_bare_moves
from backend.assistant.questions.measuring import (
    BIG,
    MEANS,
    PIECE,
    SMALL,
    STEEP,
    UNITS,
    Wanted,
    drop_asking,
    note_piece,
    read_aggregate,
    read_extreme,
)
from backend.assistant.questions.phrases import Reading
from backend.assistant.questions.plan import (
    CONDITIONED,
    DAILY,
    MONTHLY,
    Ask,
    Change,
    Condition,
    Gap,
    Measure,
    Number,
    Op,
    Operand,
)
from backend.errors import InvalidInput

_TREND: Final = (
    r"\b(?:(?:up|down|sideways) ?trend(?:ing)?|trend(?:ing|ed|s)?(?: (?:up|down|sideways)(?:wards?)?)?|direction of the trend)\b"
)
_IDLE_WORDS: Final = "whether what which way is are was were does did has have the a an in of for it its now still or and ;"
_BESIDE_A_TREND: Final = frozenset(_IDLE_WORDS.split())
_BARS_QUESTION: Final = (
    rf"(?:how many|(?:the )?number of) ({PIECE}|candles)(?: (?:are|were|is|was|there|did|do|does|had|has|have|of|for|in|with|data"
    r"|on record|trad(?:e|ed|ing)|stored|and|@x[a-z](?:'s)?|;|,),?)*[ ?]*"
)
_LONGEST: Final = r"longest|max(?:imum)?|biggest|most|record|highest number of"
_PART: Final = "percentage|share|fraction|proportion"
_CHOICE: Final = r"stocks?|instruments?|ones?|names?|of|shares|symbols|tickers"
_EARLIER: Final = r"last|latest|recently"
_LISTING: Final = r"(?:which|what|all|the|show|on which|on what)+(?: me)?(?: the| all)*"
_BAR_ASKS: Final = (
    (Ask.WHETHER, r"^\s*(?:whether\b ?)+"),
    (
        Ask.WHICH,
        rf"(?<!\bin )(?<!\bon )\b(?:which|what)(?: (?:{_CHOICE}))*\b(?! (?:{UNITS})\b| ?%| (?:{_PART})\b)",
    ),
    (
        Ask.SHARE,
        (
            rf"\b(?:what|which|the)? ?%(?: of)?(?: (?:all|the))*(?: {UNITS}\b| of)"
            rf"|\b(?:{_PART})\b(?: of)?(?:(?: all| the)* {UNITS}\b)?|\bhow much of the time\b"
        ),
    ),
    (Ask.COUNT, rf"\bhow often\b|\b(?:how many(?: different)?|(?:the )?number of|count)\b(?: the| all)*(?: {UNITS}\b)?"),
    (
        Ask.LAST,
        (
            rf"\b(?:the )?(?:last|most recent|latest) (?:{UNITS}\b)|\bmost recently\b|\bwhen\b(?=.*\b(?:{_EARLIER})\b)"
            r"|\blast\b(?! \{)"
        ),
    ),
    (Ask.FIRST, rf"\b(?:the )?(?:first|earliest) (?:{UNITS}\b)|\bwhen\b(?=.*\b(?:first|earliest)\b)|\bfirst\b(?! \{{)"),
    (Ask.LIST, rf"\blist\b|\b{_LISTING} (?:{UNITS}|dates)\b|\bwhen\b|\bdates\b"),
)


def read_wanted(reading: Reading, where: list[Condition], *, n_instruments: int, has_list: bool) -> Wanted | None:
    """The ask of what is left of a question, after its values and conditions; None where it asks nothing of bars."""
    return (
        _by_facts(reading, is_choice=has_list or n_instruments > 1)
        or _special(reading, n_instruments=n_instruments, has_list=has_list)
        or _streak(reading, where)
        or _seasons(reading)
        or _extremes(reading)
        or _bars(reading, where)
        or _conditioned(reading, where, is_choice=has_list or n_instruments > 1)
        or read_extreme(reading)
        or read_aggregate(reading)
        or _dated(reading, where)
        or _return(reading)
        or _value(reading)
    )


def takes_how_much(reading: Reading) -> bool:
    """Whether a question asks how much something rose or fell; those words are taken then."""
    much = r"\bhow (?:much|far|strongly|well)\b"
    verb = rf"\b(?:{UP}|{DOWN}|change[sd]?|return(?:ed|s)?|move[sd]?)\b(?! (?:above|below|over|under|more than|at least|by more))"
    if re.search(much, reading.text) and reading.drop(verb):
        reading.drop(much)
        return True
    did = r"\b(?:do(?:ing|ne)?|perform(?:ed|ing)?|been doing|fared?)\b"
    if re.search(r"\bhow (?:did|has|have|does|do|is|was)\b", reading.text) and re.search(rf"@x[a-z] (?:been )?{did}", reading.text):
        reading.drop(rf"(?<=@x[a-z] )(?:been )?{did}")
        reading.drop(r"\bhow\b")
        return True
    return False


def _special(reading: Reading, *, n_instruments: int, has_list: bool) -> Wanted | None:
    returns = r"\b(?:(?:daily|weekly|monthly|total) )?(?:returns?|changes?|performances?|gains?|moves?|closes|prices)\b"
    if reading.drop(r"\b(?:correlat\w+(?: between)?|move together)\b"):
        reading.drop(returns)
        reading.text = re.sub(r"\{\d+\}", " ", reading.text) if _has_only(reading, Change) else reading.text
        return Wanted(Ask.CORRELATION)
    if reading.drop(r"\bdraw ?downs?\b|\bpeak to (?:trough|valley)(?: (?:fall|decline|loss|drop))?\b"):
        reading.drop(rf"\b(?:{BIG}|{SMALL}|deepest|{STEEP})\b")
        if n_instruments > 1 or has_list:
            _drop_ranking(reading)
        return Wanted(Ask.DRAWDOWN)
    if reading.drop(r"\b(?:annuali[sz]ed |historical |reali[sz]ed )?volatil\w+\b"):
        if n_instruments > 1 or has_list:  # the answer says which is ahead
            _drop_ranking(reading)
        return Wanted(Ask.VOLATILITY)
    beats = r"\b(?:beat(?:s|en)?|(?:out|under)perform(?:ed|s)?|(?:(?:do|does|did|done) )?(?:better|worse) than)\b"
    if re.search(rf"\bhow (?:often|many)\b|\bwhen\b|\b(?:which|what|on what) {UNITS}\b", reading.text):
        if n_instruments > 1 and re.search(beats, reading.text):
            raise InvalidInput(
                "When or how often one instrument did better than another is not told.",
                hint="Compare their returns over one time, as in: did AAPL beat MSFT in 2009.",
                code="question.beaten",
            )
        return None  # asks at which bars one was ahead, and not by how much over the time
    compares = rf"{beats}|\bcompar(?:e|ed|ison|ing)\b(?: (?:to|with))?|\bvs\b\.?|\bversus\b|\brank(?:ed|ing)?\b"
    better = r"\b(?:which|who|what)\b.*\b(?:better|best|worse|worst|more|most|outperform(?:ed|s)?|stronger|strongest)\b"
    is_comparison = re.search(compares, reading.text) or (
        re.search(better, reading.text) and not re.search(r"\{\d+\}", reading.text)
    )
    if is_comparison and (n_instruments > 1 or has_list):
        if re.search(rf"\b{UNITS}\b", reading.text):
            raise InvalidInput(
                "Days and the like are not compared between instruments: only the returns of one time are.",
                hint="Ask about one instrument at a time, as in: best day of AAPL in 2012.",
                code="question.compared",
            )
        for pattern in (
            compares,
            compares,
            r"\bwhether\b|\bby how much\b",
            r"\b(?:which|who|what)\b",
            r"\b(?:better|best|worse|worst|more|most|outperform(?:ed|s)?|stronger|strongest)\b",
            returns,
            rf"\b(?:{UP}|{DOWN}|perform(?:ed|s|ing)?|did|do)\b",
        ):
            reading.drop(pattern)
        reading.text = re.sub(r"\{\d+\}", " ", reading.text) if _has_only(reading, Change) else reading.text
        return Wanted(Ask.COMPARE)
    return None  # fmt: skip


def _drop_ranking(reading: Reading) -> None:
    """Words that ask which of several is ahead in what is told of each anyway."""
    for words in (
        r"\brank(?:ed|ing)?\b",
        r"\bfrom (?:highest|best|most) to (?:lowest|worst|least)\b",
        rf"\b(?:which|what)(?: (?:{_CHOICE}))*\b",
        rf"\b(?:higher|lower|more|less|greater|larger|bigger|smaller|deeper|better|worse|most|{BIG}|{SMALL})\b(?: than\b)?",
    ):
        reading.drop(words)


def _by_facts(reading: Reading, *, is_choice: bool) -> Wanted | None:
    """What is told by the formulas of the facts."""
    if reading.drop(r"\bsharpe(?: ratio)?\b"):
        if is_choice:
            _drop_ranking(reading)
        return Wanted(Ask.SHARPE)
    if reading.drop(r"\bbeta\b"):
        reading.drop(r"\b(?:vs\b\.?|versus\b|against\b|relative to|with respect to)")
        return Wanted(Ask.BETA)
    rest, n_found = re.subn(_TREND, " ", re.sub(r"@x[a-z](?:'s)?|[?,]", " ", reading.text))
    if not n_found or not _BESIDE_A_TREND.issuperset(rest.split()):
        return None
    reading.text = " ".join(re.findall(r"@x[a-z]", reading.text))
    return Wanted(Ask.TREND)


def _seasons(reading: Reading) -> Wanted | None:
    """The mean of each weekday or calendar month, where one of these is asked about."""
    before = r"(?:by |per |each |every |which |what |on |in |for |of |the |a )*"
    match = reading.drop(rf"(?<!many )(?<!number of )\b{before}(weekday|calendar month)\b")
    if match is None:
        return None
    reading.intervals += [MONTHLY if match[1] == "calendar month" else DAILY]
    measure = _only_value(reading)
    sides = rf"{BIG}|{SMALL}|{STEEP}|most|better|worse"
    for words in (rf"{UP}|{DOWN}|perform(?:ed|s|ing)?", sides, r"average|mean|typical(?:ly)?"):
        reading.drop(rf"\b(?:{words})\b")
    return Wanted(Ask.SEASONS, measure or Change(1))


def _extremes(reading: Reading) -> Wanted | None:
    """The highest and the lowest of one value, of prices where none is named."""
    if not reading.drop(r"\bextremes\b"):
        return None
    measure = _only_value(reading)
    return Wanted(Ask.EXTREMES, None if measure is not None and reading.prices else measure)


def _only_value(reading: Reading) -> Operand | None:
    """The one value that is named, taken; none where there is no or more than one, which then stay."""
    places = re.findall(r"\{(\d+)\}", reading.text)
    if len(places) != 1:
        return None
    reading.text = reading.text.replace(f"{{{places[0]}}}", " ")
    return reading.values[int(places[0])]


def _bars(reading: Reading, where: list[Condition]) -> Wanted | None:
    """How many bars there are, where nothing is asked of them."""
    match = re.fullmatch(_BARS_QUESTION, reading.text.strip())
    if match is None or where:
        return None
    note_piece(reading, match[1])
    reading.text = " ".join(re.findall(r"@x[a-z]", reading.text))
    return Wanted(Ask.BARS)


def _streak(reading: Reading, where: list[Condition]) -> Wanted | None:
    if not reading.drop(r"\b(?:streaks?|runs?|stretch(?:es)?)\b|\bin a row\b|\bconsecutive(?:ly)?\b|\bstraight\b|\bsuccessive\b"):
        return None
    reading.drop(rf"\b(?:{_LONGEST})\b")
    reading.drop(r"\bhow (?:many|long)\b")
    if given := re.search(rf"\b\d+ {UNITS}\b", reading.text):
        raise InvalidInput(
            f"Runs of {given[0]} are not counted: only the longest run is told.",
            hint="Ask for that one, as in: longest winning streak in 2012.",
            code="question.streak",
        )
    while unit := reading.drop(rf"\b{UNITS}\b"):
        note_piece(reading, unit[0])
    if not where or reading.has_several:
        take_bare_moves(reading, where)
    return Wanted(Ask.STREAK)


def _conditioned(reading: Reading, where: list[Condition], *, is_choice: bool) -> Wanted | None:
    """Asks about bars at which something holds."""
    for ask, pattern in _BAR_ASKS:
        if ask is Ask.WHICH and not (is_choice and (where or re.search(rf"\b(?:{UP}|{DOWN})\b", reading.text))):
            continue
        if not re.search(rf"\b(?:{BIG}|{SMALL}|{STEEP}|most)\b", reading.text) or where:
            units = re.search(pattern, reading.text)
            if units is None:
                continue
            if units[0] == "when" and re.search(rf"\b(?:{BIG}|{SMALL}|{STEEP}|{MEANS}|median)\b.*\{{\d+\}}", reading.text):
                continue  # a value of the days when something holds
            kept = list(where)
            before = reading.text
            reading.drop(pattern)
            reading.drop(r"\b(?:last|latest|(?:most )?recently|first|earliest)\b(?! \{)") if ask in {Ask.LAST, Ask.FIRST} else None
            note_piece(reading, units[0])
            if (not kept or reading.has_several) and not re.search(r"\{\d+\}", reading.text):
                take_bare_moves(reading, where)
            elif not kept:
                _take_bare_gap(reading, where)
            if ask in CONDITIONED and not where and ask in {Ask.LAST, Ask.FIRST, Ask.LIST}:
                reading.text = before
                continue
            if ask is Ask.LIST:  # "list its down weeks"
                note_piece(reading, reading.text)
            return Wanted(ask, is_faint=ask is Ask.WHETHER and not kept)
    return None


def _take_bare_gap(reading: Reading, where: list[Condition]) -> None:
    """A gap without a size, as in "gapped up"."""
    places = [int(place) for place in re.findall(r"\{(\d+)\}", reading.text)]
    if len(places) == 1 and reading.values[places[0]] == Gap() and places[0] in reading.rises | reading.falls:
        reading.text = reading.text.replace(f"{{{places[0]}}}", " ")
        where.append(small_move(Gap(), is_fall=places[0] in reading.falls))


def _dated(reading: Reading, where: list[Condition]) -> Wanted | None:
    """All such days, where neither first nor last is said: "when did it close above 100?"."""
    if where and (match := reading.drop(rf"\b(?:when|dates?|show|find|{UNITS})\b")):
        note_piece(reading, match[0])
        return Wanted(Ask.LIST)
    return None


def _return(reading: Reading) -> Wanted | None:
    if re.search(r"\{\d+\}", reading.text):
        return None
    if reading.drop(r"\b(?:(?:total|overall|price) )?(?:returns?|performance|gain|loss|% change|change|perform(?:ed)?)\b"):
        reading.drop(r"\btotal\b")
        return Wanted(Ask.RETURN)
    return None


def _value(reading: Reading) -> Wanted | None:
    if (first := re.search(r"\bfirst value\b", reading.text)) is not None:
        reading.drop(first[0])
    places = re.findall(r"\{(\d+)\}", reading.text)
    if len(places) != 1:
        return None
    is_loose = not reading.drop(r"\bvalue\b")
    reading.text = reading.text.replace(f"{{{places[0]}}}", " ", 1)
    drop_asking(reading)
    reading.drop(r"\b(?:current|latest|last|newest|now|right now|currently|at the moment)\b")
    if first is not None:
        return Wanted(Ask.FIRST_VALUE, reading.values[int(places[0])])
    return Wanted(Ask.VALUE, reading.values[int(places[0])], is_loose=is_loose)


def _has_only(reading: Reading, kind: type[Measure]) -> bool:
    return all(isinstance(reading.values[int(place)], kind) for place in re.findall(r"\{(\d+)\}", reading.text))


def small_move(change: Change | Gap, *, is_fall: bool) -> Condition:
    """That a change goes the way that its word says."""
    return Condition(change, Op.BELOW if is_fall else Op.ABOVE, Number(0.0))
