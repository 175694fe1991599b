"""What is asked of one value: the highest and lowest, the mean, how far it is from another; and the words that say so."""

import re
from dataclasses import dataclass
from typing import Final

from backend.assistant.questions.comparing import DOWN, UP
from backend.assistant.questions.phrases import UNIT_INTERVALS, Reading
from backend.assistant.questions.plan import Ask, Change, Distance, Extreme, Indicator, Operand, Price
from backend.errors import InvalidInput

BIG: Final = r"highest|biggest|largest|greatest|best|max(?:imum)?|peak(?:ed|s)?|top|sharpest|strongest|record"
SMALL: Final = r"lowest|worst|smallest|min(?:imum)?|least|weakest|bottom(?:ed|s)?"
MEANS: Final = r"average|mean|avg|typical(?:ly)?|averaged"
POINT: Final = r"highest|lowest|peak(?:ed|s)?|top|bottom(?:ed|s)?|max(?:imum)?|min(?:imum)?"
STEEP: Final = r"steepest"
PIECE: Final = r"(?:trading )?(day|week|month|quarter|year|hour|session|bar)s?"
UNITS: Final = r"(?:trading )?(?:days?|weeks?|months?|quarters?|years?|hours?|sessions?|bars?|candles?|times?|minutes?)"


@dataclass(slots=True)
class Wanted:
    """What is asked, as far as it is read.

    is_loose : no word says it, and the value alone stands
    is_faint : so little says it that with a word which is not understood it is another question
    """

    ask: Ask
    measure: Operand | None = None
    n: int = 1
    is_loose: bool = False
    is_faint: bool = False


def read_distance(reading: Reading) -> Wanted | None:
    """How far one value is from another, or the close from the only value named; None where no distance is asked."""
    match = re.search(r"\b(?:how (?:far|much)|distance)\b", reading.text)
    places = [int(place) for place in re.findall(r"\{(\d+)\}", reading.text)]
    if match is None or not 1 <= len(places) <= 2:
        return None
    values = [reading.values[place] for place in places]
    value, base = values if len(values) == 2 else [Price("close"), values[0]]
    if not isinstance(value, Price | Indicator | Extreme) or not isinstance(base, Price | Indicator | Extreme):
        return None
    reading.drop(r"\bhow (?:far|much)\b(?: %)?|\bdistance\b")
    for word in (r"\b(?:from|above|below|away|off|under|over|to|between|higher|lower)\b", r"\bthan\b", r"\bfrom\b"):
        reading.drop(word)
    reading.text = re.sub(r"\{\d+\}", " ", reading.text)
    return Wanted(Ask.VALUE, Distance(value, base))


def read_extreme(reading: Reading) -> Wanted | None:
    """The highest or lowest of something; None where neither is asked. Raises InvalidInput where nobody says of what."""
    reading.drop(r"\btop\b(?= \d+ (?:best|worst|biggest|largest|highest|lowest)\b)")
    big = rf"(?:(\d+) )?\b({BIG}|{SMALL}|{STEEP})\b(?: (\d+))?"
    most = rf"\b({UP}|{DOWN})\b(?: the)?(?: most)\b|\bmost\b"
    piece = re.search(rf"(?:(\d+) )?\b(best|worst)(?: (?:performing|single))?(?: (\d+))? {PIECE}\b", reading.text)
    if piece:
        note_piece(reading, piece[4])
        reading.text = reading.text.replace(piece[0], " ", 1)
        rest = re.search(r"\{(\d+)\}", reading.text)
        if rest and isinstance(reading.values[int(rest[1])], Change):
            reading.text = reading.text.replace(rest[0], " ", 1)
        reading.drop(r"\b(?:perform(?:ed|s|ance)?|do)\b")
        return Wanted(Ask.HIGHEST if piece[2] == "best" else Ask.LOWEST, Change(1), int(piece[1] or piece[3] or 1))
    found = re.search(big, reading.text)
    if found is None:
        verb = re.search(most, reading.text)
        if verb is None or verb[1] is None:
            return None
        reading.text = reading.text.replace(verb[0], " ", 1)
        if in_piece := re.search(rf"\b(?:which|what) {PIECE}\b", reading.text):
            note_piece(reading, in_piece[1])
        drop_asking(reading)
        return Wanted(Ask.HIGHEST if re.fullmatch(UP, verb[1]) else Ask.LOWEST, Change(1))
    reading.text = reading.text.replace(found[0], " ", 1)
    drop_asking(reading)
    place = re.search(r"\{(\d+)\}", reading.text)
    is_high = re.fullmatch(BIG, found[2]) is not None
    n = int(found[1] or found[3] or 1)
    if place is None:
        if not re.fullmatch(POINT, found[2]):
            raise InvalidInput(f"The {found[2]} of what is meant?", hint="Add it, as in: highest close.", code="question.measure")
        reading.drop(r"\b(?:point|level)\b")
        return Wanted(Ask.HIGHEST if is_high else Ask.LOWEST, Price("high" if is_high else "low"), n)
    measure = reading.values[int(place[1])]
    reading.text = reading.text.replace(place[0], " ", 1)
    if (
        isinstance(measure, Change)
        and measure.n_bars == 1
        and (within := reading.drop(rf"\b(?:in|within|over) (?:a|any|one|1)(?: single)? {PIECE}\b"))
    ):
        note_piece(reading, within[1])
    if int(place[1]) in reading.falls:
        is_high = found[2] in {"smallest", "least", "min", "minimum", "weakest"}
    elif int(place[1]) in reading.rises or isinstance(measure, Change):
        is_high = is_high or re.fullmatch(STEEP, found[2]) is not None
    elif int(place[1]) in reading.prices:
        measure = Price("high" if is_high else "low")
    return Wanted(Ask.HIGHEST if is_high else Ask.LOWEST, measure, n)


def read_aggregate(reading: Reading) -> Wanted | None:
    """The mean, median or sum of the value that is named; None where none is asked."""
    place = re.search(r"\{(\d+)\}", reading.text)
    if place is None:
        return None
    for ask, pattern in (
        (Ask.MEDIAN, r"\bmedian\b"),
        (Ask.SUM, r"\b(?:total|sum|overall|cumulative)\b"),
        (Ask.MEAN, rf"\b(?:on average|{MEANS})\b"),
    ):
        if reading.drop(pattern):
            drop_asking(reading)
            reading.drop(re.escape(place[0]))
            return Wanted(ask, reading.values[int(place[1])])
    return None


def drop_asking(reading: Reading) -> None:
    """Question words that another word has made clear."""
    reading.drop(rf"\b(?:on which|which|what) (?:{UNITS}|date)\b")
    reading.drop(r"\b(?:when|which|what|how (?:high|low|much|big|large))\b")


def note_piece(reading: Reading, words: str) -> None:
    """Bars are of the piece of time that is named."""
    for unit, interval in UNIT_INTERVALS.items():
        if re.search(rf"\b{unit}s?\b", words):
            reading.intervals.append(interval)
