"""Number words of English: twenty-three, a hundred and five, two thirds, doubled, dozens; and what they are worth."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_UNITS: Final = {
    word: value for value, word in enumerate(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"))
} | {"nought": 0, "oh": 0}
_TEENS: Final = {
    word: value
    for value, word in enumerate(
        ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"), 10
    )
}
_TENS: Final = {
    word: 10 * value for value, word in enumerate(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), 2)
} | {"fourty": 40}
_SCALES: Final = {
    "hundred": 100,
    "thousand": 10**3,
    "lakh": 10**5,
    "million": 10**6,
    "crore": 10**7,
    "billion": 10**9,
    "trillion": 10**12,
    "quadrillion": 10**15,
    "dozen": 12,
}
_ORDINALS: Final = {
    "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11,
    "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18,
    "nineteenth": 19, "twentieth": 20, "thirtieth": 30, "fortieth": 40, "fiftieth": 50, "sixtieth": 60, "seventieth": 70,
    "eightieth": 80, "ninetieth": 90, "hundredth": 100, "thousandth": 1000, "millionth": 10**6,
}  # fmt: skip
_PARTS: Final = {"half": 2, "halve": 2, "quarter": 4} | {word: value for word, value in _ORDINALS.items() if value <= 1000}
_MULTIPLES: Final = {
    "twice": 2, "thrice": 3, "double": 2, "doubled": 2, "doubles": 2, "doubling": 2, "triple": 3, "tripled": 3, "triples": 3,
    "tripling": 3, "treble": 3, "trebled": 3, "trebles": 3, "trebling": 3, "quadruple": 4, "quadrupled": 4, "quadruples": 4,
    "quadrupling": 4, "quintuple": 5, "quintupled": 5, "quintuples": 5, "quintupling": 5, "sextupled": 6, "septupled": 7,
    "octupled": 8,
}  # fmt: skip
_HALVED: Final = {"halved", "halves", "halving"}
_CARDINALS: Final = {**_UNITS, **_TEENS, **_TENS, **_SCALES}


def _any_of(words: object) -> str:
    return "|".join(sorted(words, key=len, reverse=True))  # type: ignore[call-overload]  # every collection of words sorts


_CARD: Final = f"(?:{_any_of(_CARDINALS)})"
_SEP: Final = r"(?:[\s-]{1,3}|)"
_AND: Final = r"(?:(?:(?<=hundred)|(?<=thousand)|(?<=million)|(?<=billion))\s+and\s+)"
_RUN: Final = f"(?:{_CARD}(?:(?:{_AND}|{_SEP}){_CARD}){{0,30}})"
_DIGIT_WORDS: Final = f"(?:{_any_of(_UNITS)})"
_PART: Final = f"(?:{_any_of(set(_PARTS) - {'halve'})}|halve)"
_VAGUE: Final = (
    r"(?:dozens|(?:multi|many)-?baggers?|scores\s+of|an?\s+score\s+of(?=\s+(?:[a-z]+\s+)?[a-z]+s\b)|(?:two|three|four)\s+score|"
    r"(?:low|mid|high|early|late|upper|mid-to-high)[\s-]?teens|teens(?=\s+(?:growth|percent|gains?|returns?|margins?))|"
    r"tens\s+of|hundreds|thousands|millions|billions|trillions|zillions?|umpteen|an?\s+couple|couple\s+of|"
    r"(?:single|double|triple|two|three|four|five|six)[\s-]digits?|(?:twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties))"
)
NUMBER_WORDS: Final = (
    rf"\b(?:(?P<vague>{_VAGUE})"
    rf"|(?P<multiple>{_any_of([*_MULTIPLES, *_HALVED])})"
    rf"|(?:(?P<whole>{_RUN})[\s-]and[\s-])?(?P<n_parts>an?|{_RUN})[\s-](?P<part>{_PART})s?"
    r"|(?P<quarter>quarter)(?=[\s-](?:of\s(?:an?|one)\s(?:percent|per\s?cent|point)|points?\b|percent\b))"
    rf"|(?P<half>half)(?:\s+an?\s+(?P<half_of>{_any_of(_SCALES)}))?"
    rf"|(?:(?P<tens>{_RUN})(?:{_SEP}|\s+and\s+))?(?P<ordinal>{_any_of(_ORDINALS)})s?"
    rf"|(?P<tens_first>{_any_of(_TENS)}|hundred|thousand){_SEP}(?:and\s+)?(?P<low_ordinal>first|second)"
    rf"|(?:an?\s+(?=(?:{_any_of(_SCALES)})\b))?(?P<run>{_RUN}|(?=point\s+{_DIGIT_WORDS}\b))(?:\s*point\s+(?P<decimals>{_DIGIT_WORDS}(?:[\s-]{_DIGIT_WORDS})*))?"
    r")(?:\b|(?=(?:fold|percent|dollars?|euros?|times|baggers?)\b))"
)


_OTHERS: Final = (
    "dozens scores tens hundreds thousands millions billions trillions zillion zillions umpteen couple first second "
    "teens low mid high early late upper multi multibagger many "
    "twenties thirties forties fifties sixties seventies eighties nineties tenfold twofold threefold fivefold fourfold"
)
WORDS_OF_NUMBERS: Final = (
    frozenset(_CARDINALS)
    | frozenset(_PARTS)
    | frozenset(f"{part}s" for part in _PARTS)
    | frozenset(_MULTIPLES)
    | frozenset(_HALVED)
    | frozenset(_OTHERS.split())
)


@dataclass(frozen=True, slots=True)
class WordNumber:
    """What number words are worth. ``value`` None: nobody can say."""

    value: Decimal | None
    grain: Decimal = Decimal(1)
    n_digits: int = 1
    is_multiple: bool = False
    is_fraction: bool = False
    is_ordinal: bool = False


def read_words(match: re.Match[str]) -> WordNumber | None:
    """The number of a match of ``NUMBER_WORDS``; None for words that only look like one ("a quarter" of a year)."""
    said = {name: value.lower() for name, value in match.groupdict().items() if isinstance(value, str)}
    if "vague" in said:
        return WordNumber(None)
    if "multiple" in said:
        word = said["multiple"]
        value = Decimal("0.5") if word in _HALVED else Decimal(_MULTIPLES[word])
        return WordNumber(value, Decimal("0.1"), 2, is_multiple=True)
    if "part" in said:
        return _read_parts(match, said)
    if "half" in said or "quarter" in said:
        scale = Decimal(_SCALES[said["half_of"]]) if "half_of" in said else Decimal(1)
        return WordNumber(
            scale / (4 if "quarter" in said else 2), scale / 100 if scale == 1 else Decimal(1), 2, is_fraction=scale == 1
        )
    if "ordinal" in said or "low_ordinal" in said:
        return _read_ordinal(said)
    return _read_cardinal(said)


def _read_parts(match: re.Match[str], said: dict[str, str]) -> WordNumber | None:
    """Two thirds, a quarter of, one and a half."""
    after = match.string[match.end() : match.end() + 4].lower()
    if (
        said["part"] in {"quarter", "second"}
        and said["n_parts"] in {"a", "an"}
        and not after.startswith((" of", " po", "-po", "-pe"))
    ):
        return None
    count = Decimal(1) if said["n_parts"] in {"a", "an"} else read_run(said["n_parts"])[0]
    whole = read_run(said["whole"])[0] if "whole" in said else Decimal(0)
    value = whole + count / Decimal(_PARTS[said["part"]])
    return WordNumber(value, Decimal("0.01"), 2, is_fraction=True)


def _read_ordinal(said: dict[str, str]) -> WordNumber:
    low = {"first": 1, "second": 2}.get(said.get("low_ordinal", ""), 0) or _ORDINALS[said["ordinal"]]
    words = said.get("tens") or said.get("tens_first") or ""
    return WordNumber((read_run(words)[0] if words else Decimal(0)) + low, is_ordinal=True)


def _read_cardinal(said: dict[str, str]) -> WordNumber:
    value, grain, n_digits = read_run(said["run"]) if said["run"] else (Decimal(0), Decimal(1), 0)
    if "decimals" in said:
        digits = "".join(str(_UNITS[word]) for word in re.findall(_DIGIT_WORDS, said["decimals"]))
        return WordNumber(value + Decimal(f"0.{digits}"), Decimal(1).scaleb(-len(digits)), n_digits + len(digits))
    return WordNumber(value, grain, n_digits)


def read_run(words: str) -> tuple[Decimal, Decimal, int]:
    """Value, grain and digits of cardinal words; words that make no number together are read one after another: one eight two."""
    words_left = re.findall(_CARD, words.lower())
    pieces: list[tuple[int, int]] = []
    while words_left:
        value, scale, n_read = _read_group(words_left)
        pieces.append((value, scale))
        words_left = words_left[n_read:]
    if len(pieces) == 1:
        value, scale = pieces[0]
        return Decimal(value), Decimal(scale), len(str(value // scale))
    digits = "".join(str(value) for value, _ in pieces)
    return Decimal(digits), Decimal(1), len(digits)


def _read_group(words_left: list[str]) -> tuple[int, int, int]:
    """Value, worth of the last scale word, and number of words_left of the longest number at the beginning."""
    total, group, low, last_scale, n_read = 0, 0, 1000, 1, 0
    ceiling = 10**18
    for word in words_left:
        value = _CARDINALS[word]
        if word in _SCALES and word != "hundred":
            if value >= ceiling or (n_read and group == 0):
                break
            total += max(group, 1) * value
            ceiling, group, low, last_scale = value, 0, 1000, value
        elif word == "hundred":
            if group >= 100 or low == 100:
                break
            group, low, last_scale = max(group, 1) * 100, 100, 100
        elif value < low and not (low == 10 and value in {0, *range(10, 100)}) and not (value == 0 and n_read):
            group += value
            low, last_scale = (10 if value >= 20 else 1) if value >= 1 else 0, 1
        else:
            break
        n_read += 1
    return total + group, last_scale, n_read
