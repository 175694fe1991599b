"""Finds instruments by what someone types: folded words to look through, and pairs of letters for what is misspelled."""

import itertools
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple

N_NEAR: Final = 3
NEAR_LENGTH_MIN: Final = 3
N_COMPARED: Final = 200
LIKENESS_MIN: Final = 0.6


def plain(text: str) -> str:
    """Lower case without accents."""
    if text.isascii():
        return text.casefold()
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(c))


class _Entry(NamedTuple):
    text: str
    folded: str
    code: str
    name: str


class InstrumentIndex:
    """An unchanging picture of all instruments: ids and names, in the order of their ids."""

    def __init__(self, named: Iterable[tuple[str, str]]) -> None:
        self._entries: list[tuple[str, _Entry]] = []
        for text, name in named:
            folded, words = text.casefold(), plain(name)
            entry = _Entry(text, folded, folded.rpartition(".")[0], words)
            self._entries.append((f"{folded}\n{words}", entry))
        self._ids_of_word: dict[str, str] = {}
        self._words_of_pair: dict[str, list[str]] = {}

    def find(self, words: Sequence[str]) -> list[str]:
        """Ids of instruments that hold every one of ``words``, folded by `plain`, by rank and then by id."""
        entries = self._entries
        for word in words:
            entries = [pair for pair in entries if word in pair[0]]
        ranks: tuple[list[str], ...] = ([], [], [], [])
        for _, entry in entries:
            ranks[_rank(entry, words)].append(entry.text)
        return list(itertools.chain.from_iterable(ranks))

    def near(self, text: str) -> list[str]:
        """Up to three ids, the nearest first, of which the id, the code or a word of the name is spelled nearly so."""
        wanted = plain(text)
        if len(wanted) < NEAR_LENGTH_MIN:
            return []
        self._fill()
        shared = Counter(itertools.chain.from_iterable(self._words_of_pair.get(pair, ()) for pair in _pairs(wanted)))
        # Words that share most pairs for their length: the slow comparison sees only these.
        likely = sorted(shared, key=lambda word: (-2 * shared[word] / (len(word) + len(wanted)), word))[:N_COMPARED]
        matches = get_close_matches(wanted, likely, N_NEAR, LIKENESS_MIN)
        return list(dict.fromkeys(self._ids_of_word[match] for match in matches))

    def _fill(self) -> None:
        if self._ids_of_word or not self._entries:
            return
        for _, entry in self._entries:
            for word in (entry.folded, entry.code, *entry.name.split()):
                self._ids_of_word.setdefault(word, entry.text)
        words_of_pair = defaultdict(list)
        for word in self._ids_of_word:
            for pair in _pairs(word):
                words_of_pair[pair].append(word)
        self._words_of_pair = dict(words_of_pair)


def _rank(entry: _Entry, words: Sequence[str]) -> int:
    if len(words) == 1:
        if words[0] in {entry.code, entry.folded}:
            return 0
        if entry.folded.startswith(words[0]):
            return 1
    padded = f" {entry.name}"
    return 2 if all(f" {word}" in padded for word in words) else 3


def _pairs(word: str) -> set[str]:
    return {word[i : i + 2] for i in range(len(word) - 1)}
