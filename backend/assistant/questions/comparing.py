"""Conditions as questions say them: "above its average", "rose more than 3 %", "crossed below 30", "at a new 52 week high"."""

import re
from collections.abc import Callable
from typing import Final, NoReturn, cast

from msgspec.structs import replace

from backend.assistant.facts.fact import Unit
from backend.assistant.questions.binding import check_said, marks_of
from backend.assistant.questions.phrases import Reading, interval_of
from backend.assistant.questions.plan import (
    Change,
    Condition,
    Distance,
    Extreme,
    Indicator,
    Measure,
    Number,
    Op,
    Operand,
    Price,
)
from backend.assistant.questions.telling import unit_of
from backend.errors import InvalidInput

UP: Final = (
    r"(?:rises?|rose|risen|rising|gain(?:s|ed|ing)?|climb(?:s|ed|ing)?|advance[sd]?|jump(?:s|ed)?|increase[sd]?|rall(?:y|ied|ies)"
    r"|surge[sd]?|(?:go|goes|went|gone|move[sd]?|finish(?:ed)?|close[sd]?|end(?:ed)?|was|is|were|be) (?:up|higher)"
    r"|grow[ns]?|grew|up|ups)"
)
DOWN: Final = (
    r"(?:falls?|fell|fallen|falling|drop(?:s|ped|ping)?|decline[sd]?|declining|los(?:e|es|t|ing|s|ses)|decrease[sd]?|sank|sinks?|slid"
    r"|crash(?:es|ed)?|slump(?:s|ed)?|plunge[sd]?|tumble[sd]?"
    r"|(?:go|goes|went|gone|move[sd]?|finish(?:ed)?|close[sd]?|end(?:ed)?|was|is|were|be) (?:down|lower)|down|downs)"
)
_NUMBER: Final = r"-?\d+(?:\.\d+)?"
_SHARE: Final = r"\d+(?:\.\d+)?"
_WENT: Final = r"br(?:oke|eaks?|oken)|move[sd]?|went|goes|go"
_OPS: Final = (
    (Op.CROSSES_ABOVE, r"cross(?:es|ed|ing)? (?:back )?(?:above|over|up through|upwards?(?: through)?)"),
    (Op.CROSSES_BELOW, r"cross(?:es|ed|ing)? (?:back )?(?:below|under|down through|downwards?(?: through)?)"),
    (Op.CROSSES_ABOVE, rf"(?:rises?|rose|risen|rising|climb(?:s|ed)?|jump(?:s|ed)?|{_WENT}) (?:out )?(?:back )?(?:above|over)"),
    (Op.CROSSES_BELOW, rf"(?:falls?|fell|fallen|falling|drop(?:s|ped)?|dip(?:s|ped)?|sank|slid|{_WENT}) (?:back )?(?:below|under)"),
    (Op.CROSSES, r"cross(?:es|ed|ing)?(?: through)?"),
    (Op.AT_LEAST, r"at least|>=|≥|no less than|not less than|not below|not under|at or above|no lower than"),
    (Op.AT_MOST, r"at most|<=|≤|no more than|not more than|not above|not over|at or below|no higher than"),
    (Op.ABOVE, r"above|over|(?:higher|greater|more|bigger|larger|better) than|in excess of|exceed(?:s|ed|ing)?|>|beyond|topped"),
    (Op.BELOW, r"below|under|beneath|(?:lower|less|smaller|fewer|worse) than|<"),
)  # fmt: skip
_OP: Final = "|".join(pattern for _, pattern in _OPS)
_LEVELS: Final = {Op.ABOVE: _OPS[7][1], Op.BELOW: _OPS[8][1], Op.AT_LEAST: _OPS[5][1], Op.AT_MOST: _OPS[6][1]}
_SIZE: Final = "|".join((_LEVELS[Op.AT_LEAST], _LEVELS[Op.AT_MOST], _LEVELS[Op.ABOVE], _LEVELS[Op.BELOW]))
# What a number of such a unit may be compared with.
_COUNTS: Final = {
    "%": {Unit.PERCENT, Unit.INDEX},
    "points": {Unit.PRICE, Unit.INDEX},
    "dollars": {Unit.PRICE},
    "shares": {Unit.QUANTITY},
}
_BEYOND: Final = {
    "highest": {Op.ABOVE, Op.CROSSES, Op.CROSSES_ABOVE},
    "lowest": {Op.BELOW, Op.CROSSES, Op.CROSSES_BELOW},
}
_FLIPPED: Final = {Op.ABOVE: Op.BELOW, Op.BELOW: Op.ABOVE, Op.AT_LEAST: Op.AT_MOST, Op.AT_MOST: Op.AT_LEAST}
_UNIT: Final = r"(?:trading )?(?:bar|session|day|week|month|quarter|year|hour|minute)s?"
_LINKING: Final = (
    r"(?<!\w)(?:(?:is|was|were|are|be|been|being|had|has|have|its|it's|their|the|a|an|of|by|own|price|trad(?:ed|es|ing)|stood|stands"
    r"|stay(?:ed|s)?|remain(?:ed|s)?|that|which|for|still|both|new"
    r"|current|last|first|most recently|ever|also|@x[a-z]'?s?|end(?:ed)?|finish(?:ed)?) )*"
)


def take_moves(reading: Reading, where: list[Condition]) -> None:
    """Moves of a stated size: "rose more than 3 %", "a drop of at least 5 % in a week", "fell 2 points"."""
    pattern = (
        rf"(?<!gap )(?<!gaps )(?<!gapped )\b(?:(?P<n0>\d+) (?P<unit0>{_UNIT}) )?(?:(?P<up>{UP})|(?P<down>{DOWN}))"
        rf"(?: (?:by|of))?(?: (?P<size>{_SIZE}))? (?P<number>\d+(?:\.\d+)?) ?(?P<unit>%|points?|dollars?)"
        r"(?: or (?:more|greater|higher|worse))?(?P<less> or (?:less|fewer))?(?! (?:below|above|under|over|off|from) )"
        rf"(?:(?: in| within| on| over)?(?: (?:a|any|1|one|the|single))*(?: (?P<n1>\d+))? (?P<unit1>{_UNIT}))?"
        r"(?![\w])"
    )

    def read(match: re.Match[str]) -> str:
        unit = match["unit0"] or match["unit1"]
        n_bars = int(match["n0"] or match["n1"] or 1)
        if unit and (interval := interval_of(unit)):
            reading.intervals.append(interval)
        change = Change(n_bars, "percent" if match["unit"] == "%" else "points")
        size = float(match["number"])
        op = next((op for op, words in _LEVELS.items() if re.fullmatch(words, match["size"] or "")), Op.AT_LEAST)
        op = Op.AT_MOST if match["less"] else op
        if match["up"]:
            where.append(Condition(change, op, Number(size)))
        else:
            where.append(Condition(change, _FLIPPED[op], Number(-size)))
        if op in {Op.BELOW, Op.AT_MOST}:  # a small rise is a rise all the same
            where.append(Condition(change, Op.ABOVE if match["up"] else Op.BELOW, Number(0.0)))
        return " ; "

    def read_between(match: re.Match[str]) -> str:
        low, high = sorted((float(match["low"]), float(match["high"])))
        sign = 1.0 if match["up"] else -1.0
        for op, size in ((Op.AT_LEAST, low), (Op.AT_MOST, high)):
            where.append(Condition(Change(), op if match["up"] else _FLIPPED[op], Number(sign * size)))
        return " ; "

    between = (
        rf"\b(?:(?P<up>{UP})|(?P<down>{DOWN})) (?:by )?between (?P<low>{_SHARE}) ?%? and (?P<high>{_SHARE}) ?%(?: in a day)?"
        r"(?! (?:above|below|over|under|off|from)\b)"
    )
    _take(reading, where, between, read_between)
    _take(reading, where, pattern, read)
    if match := re.search(rf"\b(?:{UP}|{DOWN}) (?:by )?(?:{_SIZE}) ({_NUMBER})(?![\d.%]| %)", reading.text):
        raise InvalidInput(f"{match[1]} what?", hint="Write a % or points behind the number.", code="question.unit")


def take_conditions(reading: Reading, where: list[Condition]) -> None:
    """Comparisons of values with values and numbers, and new highs and lows."""
    _take_distances(reading, where)
    _take_betweens(reading, where)
    _take_new_extremes(reading, where)
    # No number of days is a level: "above its 50 day".
    operand = rf"(?:\{{(\d+)\}}|({_NUMBER})(?![\d.]* ?{_UNIT}\b)( ?%| (?:points|dollars|shares)\b)?(?![\w.]))"
    pattern = rf"(?:\{{(\d+)\}} )?{_LINKING}(?<!\w)({_OP}) {_LINKING}{operand}"

    signed: list[Operand] = []  # measures that were compared with a number that has a sign of its own

    def read(match: re.Match[str]) -> str:
        op = next(op for op, words in _OPS if re.fullmatch(words, match[2]))
        left = reading.values[int(match[1])] if match[1] else None
        right: Operand = reading.values[int(match[3])] if match[3] else Number(float(match[4]))
        is_fall = match[1] is not None and int(match[1]) in reading.falls
        if isinstance(right, Number):
            left, fell = _counted(left, match[4], (match[5] or "").strip(), [] if reading.has_several else where)
            has_sign = match[4].startswith("-")
            signed.extend([left] if has_sign and left is not None else [])
            if (is_fall or (fell and not has_sign and left not in signed)) and op in _FLIPPED:
                op, right = _FLIPPED[op], Number(-right.value)  # a fall of more than 3 % is a change below -3 %
        left = Price("close") if left is None else left
        check_said(marks_of(reading, match, 2), match[1], right, where)
        is_written = match[3] is not None and int(match[3]) < reading.n_written
        where.append(Condition(cast("Measure", left), op, right) if is_written else _condition(left, op, right))
        return _without(match)

    _take(reading, where, pattern, read, 2)


def _counted(left: Operand | None, number: str, unit: str, before: list[Condition]) -> tuple[Operand | None, bool]:
    """What a number of ``unit`` is compared with, and whether it is how far that fell.

    "Rose more than 3 % but less than 5 %" speaks of one move twice. Raises InvalidInput for a number of nothing that is named.
    before : conditions whose move may be meant
    """
    moves = [one for one in before if isinstance(one.right, Number) and (unit_of(one.left) is Unit.PERCENT or _in_points(one.left))]
    if left is None and moves and unit in {"%", "points", "dollars"}:
        moved, is_percent = moves[-1], unit == "%"
        if _in_points(moved.left) is not is_percent:
            size = cast("Number", moved.right).value
            return moved.left, size < 0 or (size == 0 and moved.op in {Op.BELOW, Op.AT_MOST})
        if unit != "dollars":
            _refuse_unit(number, unit)
    if unit == "shares":
        left = left or Price("volume")
    if unit and unit_of(left or Price("close")) not in _COUNTS[unit]:
        _refuse_unit(number, unit)
    return left, False


def _in_points(value: Operand) -> bool:
    return isinstance(value, Change) and value.unit == "points"


def _refuse_unit(number: str, unit: str) -> NoReturn:
    raise InvalidInput(
        f"{number} {unit} of what?",
        hint="Say what is compared, as in: rose more than 3 %, close above 100, volume above 20 million.",
        code="question.unit",
    )


def take_bare_moves(reading: Reading, where: list[Condition]) -> None:
    """Moves without a size: "rose", "closed lower", "up days", "green"."""
    up_words = rf"\b(?:{UP}|winning|positive|winners?|gaining)\b"
    down_words = rf"\b(?:{DOWN}|losing|negative|losers?)\b"
    for pattern, left, op, right in (
        (r"\b(?:close[sd]? |was )?green\b", Price("close"), Op.ABOVE, Price("open")),
        (r"\b(?:close[sd]? |was )?red\b", Price("close"), Op.BELOW, Price("open")),
        (up_words, Change(1), Op.ABOVE, Number(0.0)),
        (down_words, Change(1), Op.BELOW, Number(0.0)),
    ):
        said = Condition(left, op, right)

        def read(_: re.Match[str], said: Condition = said) -> str:
            where.append(said)
            return " ; "

        _take(reading, where, pattern, read, count=0 if reading.has_several else 1)


def _take(
    reading: Reading, where: list[Condition], pattern: str, read: Callable[[re.Match[str]], str], at: int = 0, count: int = 0
) -> None:
    """Read each piece that matches, or the first ``count``; its conditions go with the instruments named before group ``at``."""

    def replaced(match: re.Match[str]) -> str:
        n_before = len(where)
        rest = read(match)
        for place in range(n_before, len(where)):
            where[place] = replace(where[place], instrument=marks_of(reading, match, at))
        return rest

    reading.text = re.sub(pattern, replaced, " ".join(reading.text.split()), count=count)


def _without(match: re.Match[str]) -> str:
    """What stays of a comparison that was read: words between its parts that ask something, and the instruments."""
    marks = " ".join(re.findall(r"@x[a-z](?: ?'s)?", match[0]))
    return " ; ".join([marks, *re.findall(r"\b(?:last|first|most recently|which)\b", match[0]), ""])


def _condition(left: Operand, op: Op, right: Operand) -> Condition:
    right = _of_the_same(left, right)
    # No bar is above a high that it is part of: "above its 20-day high" means the one that stood before.
    if isinstance(right, Extreme) and isinstance(left, Price) and op in _BEYOND[right.side]:
        right = Extreme(right.side, right.field, right.n, right.unit, is_before=True)
    return Condition(cast("Measure", left), op, right)


def _of_the_same(left: Operand, right: Operand) -> Operand:
    """The average of volume, where volume is compared with "its 20-day average"."""
    if isinstance(left, Price) and left.field != "close" and isinstance(right, Indicator) and not right.source:
        is_average = right.name in {"sma", "ema", "wma"}
        return Indicator(right.name, right.output, right.numbers, left.field) if is_average else right
    return right


def _take_distances(reading: Reading, where: list[Condition]) -> None:
    """A distance in percent: "more than 5 % below its 52 week high"."""
    unit = r"( ?%| points?| dollars?)?"
    pattern = (
        rf"(?:\{{(\d+)\}} )?{_LINKING}(?<!\w)(?:({_SIZE}) )?({_NUMBER}){unit} (below|under|off|above|over) {_LINKING}\{{(\d+)\}}"
    )

    def read(match: re.Match[str]) -> str:
        if (distance := _distance(reading, match[1], match[6], match[4] or "")) is None:
            return match[0]
        size = float(match[3])
        op = next((op for op, words in _LEVELS.items() if re.fullmatch(words, match[2] or "")), Op.AT_LEAST)
        is_above = match[5] in {"above", "over"}
        where.append(Condition(distance, op if is_above else _FLIPPED[op], Number(size if is_above else -size)))
        return _without(match)

    def read_within(match: re.Match[str]) -> str:
        if (distance := _distance(reading, match[1], match[3], "%")) is None:
            return match[0]
        size = float(match[2])
        for op, edge in ((Op.AT_LEAST, -size), (Op.AT_MOST, size)):
            where.append(Condition(distance, op, Number(edge)))
        return _without(match)

    within = rf"(?:\{{(\d+)\}} )?{_LINKING}(?<!\w)within ({_NUMBER}) ?% (?:of|from) {_LINKING}\{{(\d+)\}}"
    _take(reading, where, within, read_within, 2)
    _take(reading, where, pattern, read, 3)


def _distance(reading: Reading, left_place: str | None, base_place: str, unit: str) -> Distance | None:
    """How far a value, the close where none is named, is from another one; None where one of them is no price.

    Raises InvalidInput for a distance in points, and for one from a high or low of which nobody says how long it stood.
    """
    left = reading.values[int(left_place)] if left_place else Price("close")
    base = _of_the_same(left, reading.values[int(base_place)])
    if not isinstance(left, Price | Indicator | Extreme) or not isinstance(base, Price | Indicator | Extreme):
        return None
    if "%" not in unit:
        raise InvalidInput(
            "Distances are told in percent.", hint="Ask so, as in: 5 % above its 50-day average.", code="question.unit"
        )
    if isinstance(base, Price) and base.field in {"high", "low"} and int(base_place) >= reading.n_written:
        raise InvalidInput(
            f"Which {base.field} is meant?", hint=f"Name its time, as in: 52 week {base.field}.", code="question.measure"
        )
    return Distance(left, base)


def _take_betweens(reading: Reading, where: list[Condition]) -> None:
    pattern = rf"(?:\{{(\d+)\}} )?{_LINKING}(?<!\w)between ({_NUMBER})( ?%)? and ({_NUMBER})( ?%)?(?![\w.])"

    def read(match: re.Match[str]) -> str:
        said = reading.values[int(match[1])] if match[1] else None
        unit = "%" if match[3] or match[5] else ""
        left = cast("Measure", _counted(said, match[4], unit, [])[0] or Price("close"))
        low, high = sorted((float(match[2]), float(match[4])))
        where.extend((Condition(left, Op.AT_LEAST, Number(low)), Condition(left, Op.AT_MOST, Number(high))))
        return _without(match)

    _take(reading, where, pattern, read, 2)


def _take_new_extremes(reading: Reading, where: list[Condition]) -> None:
    """New extremes: "made a new 52 week high", "closed at a record low"."""
    pattern = (
        rf"(?:\{{(\d+)\}} )?{_LINKING}(?<!\w)"
        rf"(?:at|new|ma(?:de|kes?|king)|hit(?:s|ting)?|sets?|setting|reach(?:es|ed)?|touch(?:es|ed)?) {_LINKING}\{{(\d+)\}}"
    )

    def read(match: re.Match[str]) -> str:
        extreme = reading.values[int(match[2])]
        if not isinstance(extreme, Extreme):
            return match[0]
        left = reading.values[int(match[1])] if match[1] else Price(extreme.field)
        if isinstance(left, Price) and left.field == "close":
            extreme = Extreme(extreme.side, "close", extreme.n, extreme.unit)
        op = Op.AT_LEAST if extreme.side == "highest" else Op.AT_MOST
        where.append(Condition(cast("Measure", left), op, extreme))
        return _without(match)

    _take(reading, where, pattern, read, 2)
