"""Names that people choose: shown as they are, without signs that hide, turn around or imitate."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from sync_server.errors import Refused
from sync_server.protocol.codes import Code

LETTERS_MAX: Final = 80
# Not shown or not in their place: controls, format signs (bidi, joiners), unassigned, private use, surrogates, line ends.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"  # part of the spelling of Persian, Hindi and others
_HANDLE: Final = re.compile(r"[^a-z0-9]+")


def clean_name(text: str) -> str:
    """A name in one Unicode form with single spaces. Raises Refused (``bad_body``) for signs that hide or turn text."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > LETTERS_MAX:
        raise Refused(Code.BAD_BODY, f"A name has 1 to {LETTERS_MAX} letters.")
    if any(unicodedata.category(letter) in _HIDDEN and letter not in _JOINERS for letter in name):
        raise Refused(Code.BAD_BODY, "The name holds signs that are not shown.", hint="Type it anew instead of pasting it.")
    if not any(unicodedata.category(letter)[0] in "LN" for letter in name):
        raise Refused(Code.BAD_BODY, "A name holds at least one letter.")
    if mixes_scripts(name):
        raise Refused(Code.BAD_BODY, "A word of the name mixes alphabets that look alike.", hint="Write each word in one alphabet.")
    return name


def mixes_scripts(name: str) -> bool:
    """Whether one word has letters of more than one of the alphabets whose letters are taken for each other."""
    return any(len({script for letter in word if (script := _script(letter))}) > 1 for word in name.split())


def handle_of(name: str) -> str:
    """A short form for mentions: small letters and digits; ``person`` where nothing is left of the name."""
    plain = unicodedata.normalize("NFKD", name).casefold().encode("ascii", "ignore").decode("ascii")
    return _HANDLE.sub(".", plain).strip(".")[:32].strip(".") or "person"


def next_free(handle: str, taken: Iterable[str]) -> str:
    """``handle``, or with the lowest number behind it that makes it free."""
    used = set(taken)
    number, free = 1, handle
    while free in used:
        number += 1
        free = f"{handle}{number}"
    return free


def _script(letter: str) -> str:
    """The alphabet of a letter, of those that imitate each other; empty for anything else."""
    said = unicodedata.name(letter, "")
    return next((script for script in ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE") if said.startswith(script)), "")
