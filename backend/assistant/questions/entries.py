"""What can be found by its words: a pure ranking of entries against what somebody typed."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from backend.assistant.hits import Hit, HitKind
from backend.market.instrument_index import plain

EXCERPT_CHARS: Final = 160

_WORD: Final = re.compile(r"[^\W_]+")
_IDLE_WORDS: Final = """
    a about an and are can do does for from give how i in into is it its me mean meaning means my of on or please show stand the
    this to use want what when where which with you your
"""
_IDLE: Final = frozenset(_IDLE_WORDS.split())
# What is done with a thing: it counts where it stands there, and is not missed where it does not.
_DEED_WORDS: Final = (
    "add begin change choose create find get have make need open place put see set start turn up used using work works"
)
_DEEDS: Final = frozenset(_DEED_WORDS.split())


# Of two that fit as well, what does a thing stands before the page that tells of it.
_SHARE: Final = {HitKind.HELP: 0.92}


@dataclass(frozen=True, slots=True)
class SearchEntry:
    """Something that can be found: by its title first, then by other words, then by its text."""

    kind: HitKind
    target: str
    title: str
    text: str = ""
    words: str = ""


class EntryIndex:
    """Entries with their words folded once, to be ranked many times."""

    def __init__(self, entries: Iterable[SearchEntry]) -> None:
        self._folded = [(one, _words_of(one.title), _words_of(one.words), _words_of(one.text)) for one in entries]

    def find(self, text: str, n_max: int) -> list[Hit]:
        """The best entries that hold most of the words typed, the last one perhaps unfinished."""
        wanted = asked_words(text)
        if not wanted:
            return []
        scored = [(_score(wanted, title, words, body) * _SHARE.get(one.kind, 1.0), one) for one, title, words, body in self._folded]
        best = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: (-pair[0], pair[1].title, pair[1].target))
        return [Hit(one.kind, one.target, one.title, _excerpt(one.text), score) for score, one in best[:n_max]]


def asked_words(text: str) -> list[str]:
    """The words that somebody typed, folded, without idle ones where others are left."""
    words = _words_of(text[:400])
    return [word for word in words if word not in _IDLE] or words


def _words_of(text: str) -> list[str]:
    return _WORD.findall(plain(text))


def _score(wanted: Sequence[str], title: Sequence[str], words: Sequence[str], body: Sequence[str]) -> float:
    """How well an entry fits: the mean weight of the words typed; 0 where more than a third of them is nowhere."""
    total, n_missing, n_deeds = 0.0, 0, 0
    for place, word in enumerate(wanted):
        is_last = place == len(wanted) - 1
        weight = max(
            _weight(word, title, 1.0, is_last=is_last),
            _weight(word, words, 0.75, is_last=is_last),
            _weight(word, body, 0.4, is_last=is_last),
        )
        total += weight
        n_missing += weight == 0 and word not in _DEEDS
        n_deeds += weight == 0 and word in _DEEDS
    n_words = len(wanted) - n_deeds
    if not n_words or 3 * n_missing > n_words:
        return 0.0
    # Of two titles that hold all words the shorter one is meant.
    return 0.9 * total / n_words + 0.1 * min(1.0, n_words / max(1, len(title)))


def _weight(word: str, there: Sequence[str], weight: float, *, is_last: bool) -> float:
    if word in there:
        return weight
    stem = _stem(word)
    if len(stem) > 2 and any(_stem(other) == stem for other in there):
        return 0.95 * weight
    if (is_last or len(word) > 3) and len(word) > 1 and any(other.startswith(word) for other in there):
        return 0.8 * weight
    return 0.0


def _stem(word: str) -> str:
    """A word as it is told of one thing."""
    return f"{word[:-3]}y" if word.endswith("ies") else word.rstrip("s")


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT_CHARS else line[: EXCERPT_CHARS - 1].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"
