"""The tables of ``subject_words.py`` as phrases by their first word; and words that say a place, a rank or a part of a family."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, TypeAlias

from backend.assistant.grounding import subject_words as words

WORD: Final = re.compile(
    r"\{F\d+\}|%[KkDdBb]\b|[+\-\u2212](?=\s?(?:DI|di)\b)|(?<=DI)[+\-\u2212]|\d(?:\d|,(?=\d))*(?:\.\d+)?|[A-Za-z]+(?:['\u2019](?!s\b)[a-z]+)?"
)
_POSSESSIVE: Final = re.compile(r"['\u2019]s\b")


class Sort(StrEnum):
    """What a piece does in its sentence."""

    SUBJECT = "subject"  # what facts are of
    FOREIGN = "foreign"  # what no fact of bars is of
    LABEL = "label"  # a fact's own label
    OWN = "own"  # the instrument: "it", "stock" for a general word, "name" for its own
    OTHER = "other"  # another instrument or company
    STRETCH = "stretch"  # of time
    DAY = "day"  # of the reader's clock
    COUNT = "count"  # figures
    LINK = "link"  # may stand between a subject and its number
    UNKNOWN = "unknown"


Row: TypeAlias = tuple[str, Sort, str]
Phrases: TypeAlias = Mapping[str, list[tuple[tuple[str, ...], Sort, str]]]


def stem(word: str) -> str:
    """A word in small letters, without a plural's ending and what follows an apostrophe."""
    low = word.lower().partition("'")[0].partition("\u2019")[0]
    if low.endswith(("ches", "shes", "sses", "xes")):
        return low[:-2]
    return low[:-1] if len(low) > 3 and low.endswith("s") and not low.endswith(("ss", "us", "is")) else low


def stems(text: str) -> tuple[str, ...]:
    """The words of a phrase as they are compared."""
    return tuple(stem(match[0]) for match in WORD.finditer(_POSSESSIVE.sub("", text)))


def table(text: str) -> dict[str, list[str]]:
    """Lines of a subject and its phrases, commas between; indented lines go on."""
    lines = (line.partition(": ") for line in text.strip().replace("\n    ", " ").splitlines())
    return {key: [phrase.strip() for phrase in phrases.split(",")] for key, _, phrases in lines}


def phrases_of(rows: Iterable[Row]) -> Phrases:
    """Phrases by their first word, longest first; of two that are alike the first one counts."""
    made: dict[str, list[tuple[tuple[str, ...], Sort, str]]] = {}
    seen: set[tuple[str, ...]] = set()
    for text, sort, value in rows:
        said = stems(text)
        if said and said not in seen:
            seen.add(said)
            made.setdefault(said[0], []).append((said, sort, value))
    for several in made.values():
        several.sort(key=_n_words, reverse=True)
    return made


def _n_words(row: tuple[tuple[str, ...], Sort, str]) -> int:
    return len(row[0])


def _pairs(text: str) -> dict[str, str]:
    said = text.split()
    return dict(zip(said[::2], said[1::2], strict=True))


def _by_word(text: str) -> dict[str, str]:
    return {stem(word): key for key, phrases in table(text).items() for phrase in phrases for word in phrase.split()}


UNITS: Final = {unit: int(n_sessions) for unit, n_sessions in _pairs(words.UNITS).items()}
COUNTS: Final = {word: int(count) for word, count in _pairs(words.COUNTS).items()}
AVERAGES: Final = _pairs(words.AVERAGES)
AGES: Final = {day: float(age) for day, (age, _) in table(words.DAYS).items()}
SESSIONS_OF_DAYS: Final = {day: n_sessions for day, (_, n_sessions) in table(words.DAYS).items()}
WEEKDAYS: Final = tuple(words.WEEKDAYS.split())
AHEAD: Final = frozenset(words.AHEAD.split())
LINKS: Final = frozenset(words.LINKS.split())
NO_NAMES: Final = frozenset(words.COMMON.split())
_RANKS: Final = _by_word(words.RANKS)
_PLACES: Final = _by_word(words.PLACES)
_ASPECTS: Final = _by_word(words.ASPECTS)


def rank_of(word: str) -> int:
    """Which of several a word means: 1 for "nearest"; 0 for none."""
    return int(_RANKS.get(word, 0))


def place_of(word: str) -> int | None:
    """1 for "above", -1 for "below", 0 for "away"; None for a word that says no place."""
    return int(_PLACES[word]) if word in _PLACES else None


def aspects_of(said: Iterable[str]) -> set[str]:
    """What parts of a fact's family words name."""
    return {_ASPECTS[word] for word in said if word in _ASPECTS}


def _rows() -> Iterator[Row]:
    yield from ((phrase, Sort.LINK, "") for phrase in words.NOTHING.split(","))
    yield from ((day, Sort.DAY, day) for day in (*AGES, *WEEKDAYS))
    for text, sort in ((words.SUBJECTS, Sort.SUBJECT), (words.FOREIGN, Sort.FOREIGN), (words.STRETCHES, Sort.STRETCH)):
        for value, phrases in table(text).items():
            yield from ((phrase, sort, value) for phrase in phrases)
    yield from ((word, Sort.OWN, "it") for word in words.PRONOUNS.split())
    yield from ((word, Sort.OWN, "stock") for word in words.GENERIC.split())
    yield from ((name, Sort.OTHER, "") for name in words.OTHERS.split(","))
    yield from ((word, Sort.LINK, "") for word in LINKS)


COMMON: Final = phrases_of(_rows())
"""What everybody's words mean."""
