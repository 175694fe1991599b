"""The recovery phrase: the master key written as 24 words, and read back with help for slips of the pen."""

import hashlib
import re
import unicodedata
from functools import cache

from backend.errors import InvalidInput

N_WORDS = 24
_KEY_BYTES = 32
_SUGGESTIONS_MAX = 4
_PREFIX_LETTERS = 4  # BIP-39: the first four letters name the word
_SEPARATORS = re.compile(r"[\s,;.:)(\]\[0-9_-]+")  # people number their words, and join them by commas or dashes


def phrase_from_key(key: bytes) -> str:
    """Write a 32-byte key as 24 words of the English BIP-39 list; the last word carries a checksum."""
    if len(key) != _KEY_BYTES:
        raise InvalidInput(f"A recovery phrase is made of {_KEY_BYTES} bytes, not {len(key)}.", code="phrase.key_size")
    return " ".join(_words()[index] for index in _word_indexes(key))


def key_from_phrase(text: str) -> bytes:
    """Read 24 words, in any case, numbered or not, cut to their first four letters or not; return the 32-byte key.

    Raises InvalidInput that names the place of the first word not in the list with the nearest ones, the count when it
    is not 24, or the checksum when the words are right but their order or choice is not.
    """
    given = [word for word in _SEPARATORS.split(unicodedata.normalize("NFKD", text).lower()) if word]
    places = _places()
    indexes = []
    for position, word in enumerate(given, start=1):
        index = places.get(word)
        if index is None:
            raise _unknown_word(word, position)
        indexes.append(index)
    if len(indexes) != N_WORDS:
        raise InvalidInput(
            f"A recovery phrase has {N_WORDS} words; {len(indexes)} were given.",
            hint="Enter all words in the order in which they were shown.",
            code="phrase.count",
        )
    bits = 0
    for index in indexes:
        bits = bits << 11 | index
    key = (bits >> 8).to_bytes(_KEY_BYTES, "big")
    if _word_indexes(key) != indexes:
        raise InvalidInput(
            "These 24 words are all in the list, but they do not fit together: the check in the last word fails.",
            hint="Two words may be swapped, or one was mistaken for another. Compare them with what you wrote down.",
            code="phrase.checksum",
        )
    return key


def _word_indexes(key: bytes) -> list[int]:
    """Cut key and checksum (its SHA-256's first byte) into 24 numbers of 11 bits, as BIP-39 says."""
    bits = int.from_bytes(key, "big") << 8 | hashlib.sha256(key).digest()[0]
    return [bits >> 11 * (N_WORDS - 1 - place) & 0x7FF for place in range(N_WORDS)]


def _unknown_word(word: str, position: int) -> InvalidInput:
    slips = {known: _count_slips(word, known) for known in _words()}
    fewest = min(slips.values())
    near = [known for known, n_slips in slips.items() if n_slips == fewest][:_SUGGESTIONS_MAX]
    is_close = fewest <= max(1, len(word) // 3)
    hint = f"Did you mean {' or '.join(near)}?" if is_close else "Compare it with what you wrote down."
    return InvalidInput(f"Word {position}, {word!r}, is not in the word list.", hint=hint, code="phrase.word")


def _count_slips(word: str, known: str) -> int:
    """Count letters missed, added, mistaken or swapped with the next: optimal string alignment distance."""
    before_last: list[int] = []
    last = list(range(len(known) + 1))
    for i, letter in enumerate(word, start=1):
        row = [i]
        for j, other in enumerate(known, start=1):
            n_slips = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other))
            if i > 1 and j > 1 and (letter, word[i - 2]) == (known[j - 2], other):
                n_slips = min(n_slips, before_last[j - 2] + 1)
            row.append(n_slips)
        before_last, last = last, row
    return last[-1]


@cache
def _words() -> tuple[str, ...]:
    from mnemonic import Mnemonic  # noqa: PLC0415  # only those who show or enter a phrase pay for the list

    return tuple(Mnemonic("english").wordlist)


@cache
def _places() -> dict[str, int]:
    words = _words()
    places = {word[:_PREFIX_LETTERS]: index for index, word in enumerate(words)}
    return places | {word: index for index, word in enumerate(words)}
