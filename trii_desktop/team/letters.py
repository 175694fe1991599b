"""Words of other people made safe to read: nothing turns letters around, hides them, or passes for somebody else's name."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from backend.chat.message import MemberRow

N_NAME_MAX: Final = 40
DOUBT: Final = "\u26a0"
_TURNING: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Format characters and other letters without a shape; U+200D and U+FE0F join the parts of an emoji and stay in messages.
_HIDDEN: Final = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u2028\u2029"
    "\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f\U000f0000-\U0010ffff]"
)
_JOINERS: Final = re.compile("[\u200d\ufe0e\ufe0f]")
_SCRIPTS: Final = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
# Letters that look like Latin ones in any common font (a selection of Unicode's confusables).
_LOOKALIKES: Final = str.maketrans(
    {
        "\u0430": "a", "\u0435": "e", "\u043e": "o", "\u0440": "p", "\u0441": "c", "\u0443": "y", "\u0445": "x", "\u0456": "i",
        "\u0458": "j", "\u0455": "s", "\u0501": "d", "\u04bb": "h", "\u051b": "q", "\u051d": "w", "\u043a": "k", "\u043c": "m",
        "\u0442": "t", "\u0432": "b", "\u043d": "h", "\u0433": "r", "\u03b1": "a", "\u03b5": "e", "\u03b9": "i", "\u03ba": "k",
        "\u03bd": "v", "\u03bf": "o", "\u03c1": "p", "\u03c4": "t", "\u03c5": "u", "\u03c7": "x", "\u03c9": "w", "\u03b7": "n",
        "\u0585": "o", "\u0578": "n", "\u057d": "u", "\u0131": "i", "\u0269": "i", "\u0261": "g", "\u0251": "a",
        "0": "o", "1": "l", "|": "l",
    }
)  # fmt: skip


def shown_text(text: str) -> str:
    """A message as it is shown: letters that turn others around are written out, as <U+202E>; those without a shape go."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return _HIDDEN.sub("", _TURNING.sub(lambda found: f"<U+{ord(found.group()):04X}>", lines))


def shown_line(text: str) -> str:
    """The same in one line."""
    return " ".join(shown_text(text).split())


@lru_cache(maxsize=4096)
def shown_name(name: str) -> str:
    """A name in one line of at most 40 letters, in composed form, without hidden letters; a mark follows one that may deceive."""
    plain = unicodedata.normalize("NFKC", _JOINERS.sub("", _HIDDEN.sub("", _TURNING.sub("", name))))
    line = " ".join(plain.split())
    line = line if len(line) <= N_NAME_MAX else line[: N_NAME_MAX - 1].rstrip() + "\u2026"
    if not line:
        return "(no name)"
    return f"{line} {DOUBT}" if is_doubtful(line) or _TURNING.search(name) else line


def is_doubtful(name: str) -> bool:
    """Whether a word of it mixes alphabets that have letters of the same shape, as Latin and Cyrillic do."""
    for word in re.split(r"[\W\d_]+", name):
        found = {script for letter in word for script in _SCRIPTS if unicodedata.name(letter, "").startswith(script)}
        if len(found) > 1:
            return True
    return False


def skeleton(name: str) -> str:
    """What a name looks like: equal for names that are easily taken for each other."""
    bare = unicodedata.normalize("NFKD", shown_name(name).removesuffix(f" {DOUBT}")).casefold()
    letters = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return "".join(letters.translate(_LOOKALIKES).split())


class Names:
    """What people are called on screen: by their names, with the handle behind those that look like somebody else's."""

    def __init__(self, people: Iterable[MemberRow] = ()) -> None:
        known = tuple({person.user: person for person in people}.values())
        alike = Counter(skeleton(person.name) for person in known)
        self._names = {
            person.user: f"{shown_name(person.name)} @{shown_line(person.handle)}"
            if alike[skeleton(person.name)] > 1 or is_doubtful(person.name)
            else shown_name(person.name)
            for person in known
        }

    def of(self, user: str, name: str) -> str:
        """The name of a user; ``name`` is what a message says where the person is not known."""
        return self._names.get(user) or shown_name(name or "Somebody")
