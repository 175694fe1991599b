"""A question as plain lower-case words with digits for numbers, ready to be read."""

import re
from typing import Final

_ONE_WORDS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TEN_WORDS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_ONES: Final = {word: n for n, word in enumerate(_ONE_WORDS.split())}
_TENS: Final = {word: 10 * n for n, word in enumerate(_TEN_WORDS.split(), 2)}
_SCALES: Final = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_MULTIPLIERS: Final = {
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "mio": 1e6,
    "million": 1e6,
    "bn": 1e9,
    "b": 1e9,
    "billion": 1e9,
}

_NUMBER_WORD: Final = "|".join((*_ONES, *_TENS))
_SCALE: Final = "|".join(_SCALES)
_SPELLED: Final = re.compile(
    rf"\b(?:(?:{_NUMBER_WORD})|a(?= (?:{_SCALE})\b))(?:(?:[ -]|(?<=hundred) and |(?<=thousand) and )(?:{_NUMBER_WORD}|{_SCALE}))*\b"
)
_SCALED: Final = re.compile(
    r"(?<![\w.])(\d+(?:\.\d+)?) ?(k|thousand|mn|mio|million|m|bn|billion|b)\b(?! ?(?:bar|chart|candle|interval|timeframe))"
)
_MARKS: Final = str.maketrans({"\u2019": "'", "`": "'", "\u2013": "-", "\u2014": " - ", "\u2212": "-"})
_POLITE: Final = re.compile(r"\b(?:please|kindly|can you|could you|would you|hello|hi|hey|thanks|thank you)\b")


def plain_question(text: str) -> str:
    """Lower case, one kind of quote and dash, "%" for percent, digits for number words and multiples, commas and currency gone."""
    line = text.lower().translate(_MARKS)
    line = re.sub(r"\bper ?cent\b|\bpct\b|\bpercentage points?\b", "%", line)
    line = re.sub(r"\bhalf (?:a|of a|of one|of 1) ?%", "0.5%", line)
    line = re.sub(r"[$€£](?=\d)", "", line)
    line = re.sub(r"(?<=\d),(?=\d{3}\b)", "", line)
    # Hyphens between words part them; those of dates and of negative numbers stay.
    line = re.sub(r"(?<=[a-z0-9)])-(?=[a-z])|(?<=[a-z])-(?=[a-z0-9])", " ", line)
    line = _SPELLED.sub(lambda found: str(_number_of(found[0])), line)
    line = _SCALED.sub(lambda found: _written(float(found[1]) * _MULTIPLIERS[found[2]]), line)
    return " ".join(_POLITE.sub(" ", line).split())


def _number_of(words: str) -> int:
    total, part = 0, 0
    for word in re.split(r"[ -]", words):
        if word == "a":
            part = 1
        elif word in _ONES:
            part += _ONES[word]
        elif word in _TENS:
            part += _TENS[word]
        elif word == "hundred":
            part = (part or 1) * 100
        elif word in _SCALES:
            total, part = total + (part or 1) * _SCALES[word], 0
    return total + part


def _written(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
