"""Words of a text as both databases find them: without case, accents and signs, so that one index answers like the other."""

import re
import unicodedata
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
LETTERS_MAX: Final = 64  # of one word; the rest of a longer one is not looked at
WORDS_MAX: Final = 32  # of one question


def words_of(text: str) -> list[str]:
    """The words of a text in order, each as it is compared."""
    if text.isascii():  # most are, and nothing of what follows would change them
        return [word[:LETTERS_MAX] for word in _WORD.findall(text.lower())]
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return [word[:LETTERS_MAX] for word in _WORD.findall(unicodedata.normalize("NFKC", plain.casefold()))]


def question_of(text: str, kind: str) -> str:
    """What to ask the index of a database of this kind for: every word, the last one also as a beginning. Empty for no word.

    Words hold letters and digits alone, so nothing in them is read as an operator.
    """
    words = words_of(text)[:WORDS_MAX]
    if not words:
        return ""
    is_begun = not text[-1:].isspace()
    if kind == "sqlite":
        return " AND ".join(f'"{word}"' for word in words) + (" *" if is_begun else "")
    return " & ".join(f"'{word}'" for word in words) + (":*" if is_begun else "")
