"""What a person types into a search, as a query of the full-text index that cannot be anything else."""

import unicodedata
from typing import Final

WORDS_MAX: Final = 24
CHARS_MAX: Final = 400


def match_of(text: str) -> str:
    """A query for turns that hold every word of ``text``, the last one perhaps unfinished; empty where there is no word.

    Each word is a quoted string of FTS5, in which only the quotation mark means something and is doubled: operators,
    column names, parentheses and stars of a person are words like others.
    """
    words = unicodedata.normalize("NFC", text[:CHARS_MAX]).replace("\0", " ").split()
    kept = [word for word in words if any(c.isalnum() for c in word)][:WORDS_MAX]
    if not kept:
        return ""
    is_unfinished = text[-1:].isalnum()
    return " ".join(f'"{word.replace(chr(34), chr(34) * 2)}"' for word in kept) + (" *" if is_unfinished else "")
