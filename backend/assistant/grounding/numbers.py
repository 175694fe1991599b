"""Every way in which English text states a number, found and normalised."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Final

from backend.assistant.grounding.dates import DATES, MONTHS, YEAR, read_dates
from backend.assistant.grounding.figures import FIGURES, end_of_roman, read_figures
from backend.assistant.grounding.folding import Folded, fold_text
from backend.assistant.grounding.found import FoundNumber, Kind
from backend.assistant.grounding.names import INDICATORS, START, Names, Place
from backend.assistant.grounding.number_words import NUMBER_WORDS, WORDS_OF_NUMBERS, read_words
from backend.assistant.grounding.surroundings import is_after_money, may_follow, share_units, with_surroundings

__all__ = ["FoundNumber", "Kind", "find_in", "find_numbers"]

_CORES: Final = re.compile(
    "|".join(
        (
            rf"(?<![\d])(?<!\d[.,])(?:{DATES})",
            r"(?P<odd_date>(?<![\d.,])\d{4}(?:-\d{1,2}-\d{1,2}|/\d{1,2}/\d{1,2}))(?!\d)",
            (
                r"(?<![\d:.,])(?P<time>(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?:\s?[ap]\.?m\b\.?)?|"
                r"(?:1[0-2]|[1-9])\s?[ap]\.?m\b\.?)(?![:\d])"
            ),
            (
                r"(?P<ratio>(?<![\d.,:])\d{1,4}(?:[.,]\d{1,3})?(?::| : )\d{1,3}(?:[.,]\d{1,3})?(?![\d:]|[.,]\d)|"
                rf"{FIGURES}-(?:to|for)-{FIGURES}|{FIGURES}\s+(?:to|for)\s+(?:1|one)\b(?!\s?[\d.,%]))"
            ),
            r"(?P<fraction>(?<![\d.,/])(?:\d{1,4}[\s-]+)?\d{1,2}/(?:[1-9]\d?|100))(?![\d/]|[.,]\d)",
            rf"(?P<power>(?:{FIGURES}\s?[\u00d7x*]\s?)?10\s?\^\s?[-+]?\d{{1,3}})",
            r"(?P<science>(?:\d+(?:[.,]\d+)?|\.\d+)[eE][-+]?\d{1,3})(?![\w])",
            r"(?P<spelled>(?<![\w.,])\d(?:[ -]\d){2,}(?:\s?\.\s?\d(?:[ -]\d)*)?)(?![\w]|[ -]\d|[.,]\d)",
            rf"(?P<raised>{FIGURES}\s?\^\s?-?\d+)",
            rf"(?P<number>{FIGURES})",
            r"(?P<chain>\d[\d.,'_]*\d)",
            NUMBER_WORDS,
            r"(?P<letters>\b[a-z](?:[-. ][a-z]){2,12}\b)",
            "(?P<foreign>[〇零一二三四五六七八九十百千万萬億亿兆壱弐参]+|\ue000)",
        )
    ),
    re.IGNORECASE,
)
_N_DIGITS_MAX: Final = 24
# Where a number may begin: at figures, or at a word that begins like a number word or a month.
_STARTS: Final = re.compile(r"[.,]?\d|(?P<word>[A-Za-z]+)|[〇零一二三四五六七八九十百千万萬億亿兆壱弐参\ue000]")
_BEGINNINGS: Final = frozenset(
    word[:3] for word in (*WORDS_OF_NUMBERS, *MONTHS, "point", "fy", "cy", "fiscal", "a", "an", "single", "scores")
)
_DATE_KINDS: Final = ("iso", "packed", "iso_month", "figures", "day_first", "month_first", "month_year", "period")
_PAIRS: Final = ("ratio", "fraction", "power", "science", "spelled")
_KINDS_OF_CORES: Final = (*_DATE_KINDS, "odd_date", "time", *_PAIRS, "raised", "chain", "letters", "foreign")
_GLUED_BEFORE: Final = re.compile(r"[A-Za-z_#][\w#]*\Z")
_INDICATOR_BEFORE: Final = re.compile(rf"(?<![A-Za-z]){INDICATORS}\Z", re.IGNORECASE)
_GLUED_AFTER: Final = re.compile(r"[A-Za-z_][\w]*")
_COUNTED: Final = re.compile(
    r"\s+(?:trading\s|standard\s|full\s|single\s)?(?:days?|weeks?|months?|years?|sessions?|bars?|candles?|hours?|minutes?|points?|pips?|shares?|lots?|"
    r"contracts?|units?|deviations?|sigmas?|ticks?|periods?|trades?|times)\b",
    re.IGNORECASE,
)
_STATED_BEFORE: Final = re.compile(r"(?:\b(?:is|was|at|to|of|equals|exactly|about|minus|than|above|below)|=|:)\s+\Z", re.IGNORECASE)
_SPELLED: Final = re.compile(rf"(?:{'|'.join(sorted(WORDS_OF_NUMBERS - {'a', 'an'}, key=len, reverse=True))})+")
_NAMELESS: Final = re.compile(r"\b(?:an?|the|this|that)\s(?:negative|plus)\s\Z", re.IGNORECASE)  # "a negative one" is no -1
_NO_NAMES: Final = Names()


def find_numbers(text: str, names: Names = _NO_NAMES) -> tuple[FoundNumber, ...]:
    """Every number of a text, in order and without overlaps; names with digits (S&P 500, 10-K, {F12}, "1." of a list) are none.

    Ranges give two numbers, the first with the second's unit. Parameters of indicators are numbers here.
    """
    return find_in(fold_text(text), text, names)


def find_in(folded: Folded, text: str, names: Names = _NO_NAMES, place: Place = START) -> tuple[FoundNumber, ...]:
    """As ``find_numbers``, for a text that was folded before and begins at a place; offsets are the original's."""
    seen = names.mask(folded.text, place)
    found: list[FoundNumber] = []
    at = 0
    for start in _STARTS.finditer(seen):
        word = start["word"]
        if start.start() < at:
            continue
        if word and word.isupper() and (end := end_of_roman(seen, start.start())):
            found.append(FoundNumber(start.start(), end, "", Kind.VAGUE, None, is_word=True))
            at = end
            continue
        if word and len(word) > 1 and word[:3].lower() not in _BEGINNINGS:
            continue
        match = _CORES.match(seen, start.start())
        if match is None:
            continue
        number = _read(seen, match, at)
        at = match.end() if number is None else max(number.end, match.end())
        if number is not None:
            found.append(number)
    found = share_units(found, seen)
    return tuple(_place(number, folded, text) for number in found)


def _place(number: FoundNumber, folded: Folded, text: str) -> FoundNumber:
    """The number with the original's offsets; one beyond all sizes of markets cannot be read."""
    start, end = folded.span(number.start, number.end)
    if number.value is not None and (number.n_digits > _N_DIGITS_MAX or abs(number.value.adjusted()) > _N_DIGITS_MAX):
        return FoundNumber(start, end, text[start:end], Kind.VAGUE, None)
    return replace(number, start=start, end=end, text=text[start:end])


def _read(seen: str, match: re.Match[str], floor: int) -> FoundNumber | None:
    """The number at a match with what belongs to it before and after; None for words that are none."""
    start, end = match.span()
    while seen[start].isspace():
        start += 1
    kind = match.lastgroup or ""
    kind = next((name for name in _KINDS_OF_CORES if match[name]), kind)
    if kind == "letters":  # n-i-n-e
        spelled = re.sub(r"[^a-z]", "", match[0].lower())
        return FoundNumber(start, end, "", Kind.VAGUE, None, is_word=True) if _SPELLED.fullmatch(spelled) else None
    if kind in {*_DATE_KINDS, "odd_date", "time"}:
        return _read_moment(kind, match, start, end)
    if kind in {"raised", "chain", "foreign"}:
        return FoundNumber(start, end, "", Kind.VAGUE, None)
    if match["number"] is None and kind not in _PAIRS:
        return _read_words(seen, match, floor)
    glued = _glued(seen, start, end)
    if glued is not None:
        return FoundNumber(max(glued[0], floor), glued[1], "", Kind.VAGUE, None)
    return with_surroundings(seen, _bare(match, kind, start, end), floor)


def _read_moment(kind: str, match: re.Match[str], start: int, end: int) -> FoundNumber:
    """A date, or what has its shape and is none, or a time."""
    if kind == "time":
        return FoundNumber(start, end, "", Kind.TIME, None, clock=_read_clock(match[0]))
    readings = () if kind == "odd_date" else read_dates(kind, match[0])
    if kind == "packed":  # eight figures are an amount as well
        return replace(_bare(match, "number", start, end), dates=readings)
    return FoundNumber(start, end, "", Kind.DATE if readings else Kind.VAGUE, None, dates=readings)


def _bare(match: re.Match[str], kind: str, start: int, end: int) -> FoundNumber:
    """The figures alone."""
    said = match[0].strip()
    if kind in {"ratio", "fraction"}:
        return _read_pair(said, kind, start, end)
    if kind == "science":
        value = Decimal(said.replace(",", "."))
        return FoundNumber(
            start, end, "", Kind.PLAIN, value, Decimal((0, (1,), int(value.as_tuple().exponent))), len(value.as_tuple().digits)
        )
    if kind == "power":
        front, _, exponent = said.rpartition("^")
        figures = re.match(FIGURES, front[: front.rindex("10")] or "1")
        value, grain, n_digits = read_figures(figures[0] if figures else "1")
        scale = Decimal(10) ** int(exponent)
        return FoundNumber(start, end, "", Kind.PLAIN, value * scale, grain * scale, n_digits)
    value, grain, n_digits = read_figures(re.sub(r"[\s-]", "", said) if kind == "spelled" else said)
    year = YEAR.fullmatch(said)
    return FoundNumber(start, end, "", Kind.PLAIN, value, grain, n_digits, dates=((int(said), None, None),) if year else ())


def _read_pair(said: str, kind: str, start: int, end: int) -> FoundNumber:
    """The value of a pair of figures: 2:1 and 2 to 1, 1/2 and 1 1/2."""
    if kind == "fraction":
        *whole, over, under = (Decimal(part) for part in re.findall(r"\d+", said))
        value = over / under + (whole[0] if whole else 0)
        return FoundNumber(start, end, "", Kind.FRACTION, value, Decimal("0.01"), 2)
    first, second = (read_figures(part) for part in re.findall(FIGURES, re.sub(r"\bone\b", "1", said))[:2])
    if second[0] == 0:
        return FoundNumber(start, end, "", Kind.VAGUE, None)
    return FoundNumber(start, end, "", Kind.RATIO, first[0] / second[0], first[1] / second[0], max(first[2], second[2]))


def _read_clock(said: str) -> tuple[int, ...]:
    parts = [int(part) for part in re.findall(r"\d+", said)][:3]
    if re.search(r"p\.?m", said, re.IGNORECASE) and parts[0] < 12:
        parts[0] += 12
    elif re.search(r"a\.?m", said, re.IGNORECASE) and parts[0] == 12:
        parts[0] = 0
    return tuple(parts) if len(parts) > 1 else (parts[0], 0)


def _read_words(seen: str, match: re.Match[str], floor: int) -> FoundNumber | None:
    words = read_words(match)
    start, end = match.span()
    if words is None:
        return None
    if words.value is None:
        return FoundNumber(start, end, "", Kind.VAGUE, None, is_word=True)
    kind = (
        Kind.MULTIPLE
        if words.is_multiple
        else Kind.FRACTION
        if words.is_fraction
        else Kind.ORDINAL
        if words.is_ordinal
        else Kind.PLAIN
    )
    year = YEAR.fullmatch(str(words.value)) and words.n_digits == 4
    bare = FoundNumber(
        start, end, "", kind, words.value, words.grain, words.n_digits,
        dates=((int(words.value), None, None),) if year and kind is Kind.PLAIN else (), is_word=True,
    )  # fmt: skip
    number = with_surroundings(seen, bare, floor)
    return None if _is_pronoun(seen, match[0], number, bare) else number


def _is_pronoun(seen: str, said: str, number: FoundNumber, bare: FoundNumber) -> bool:
    """Whether "one" counts nothing, as in "one of them"; it does in "one percent", "one session" and "is one."."""
    if said.lower() not in {"one", "oh"}:
        return False
    if said.lower() == "oh":
        return True
    if _NAMELESS.search(seen, max(0, number.start - 8), bare.start):
        return True
    is_bare = (number.start, number.end) == (bare.start, bare.end)
    is_stated = (
        re.match(r"\s*(?:[.,;!?]|$)", seen[bare.end :]) is not None and _STATED_BEFORE.search(seen[: bare.start]) is not None
    )
    return is_bare and not is_stated and _COUNTED.match(seen, bare.end) is None


def _glued(seen: str, start: int, end: int) -> tuple[int, int] | None:
    """Where figures stand inside a word that is neither a unit, a scale nor an indicator's short name, that word."""
    before = _GLUED_BEFORE.search(seen, max(0, start - 40), start)
    if before and (_INDICATOR_BEFORE.search(seen[max(0, start - 40) : start]) or is_after_money(seen, start)):
        before = None
    after = _GLUED_AFTER.match(seen, end)
    if after and may_follow(seen, end):
        after = None
    if before is None and after is None:
        return None
    return (before.start() if before else start, after.end() if after else end)
