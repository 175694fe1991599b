"""The title of a conversation, made by code from the first thing that was asked in it."""

import re
from typing import Final

TITLE_CHARS: Final = 60
UNTITLED: Final = "New conversation"

_COMMAND: Final = re.compile(r"^\s*/[a-z]+\s+", re.IGNORECASE)
_MARKUP: Final = re.compile(r"```.*?(?:```|$)|[`*_#>|~\[\]{}<]+", re.DOTALL)
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_POLITE: Final = re.compile(
    r"^(?:hi|hello|hey|please|can you|could you|would you|tell me|show me|i(?:'d| would) like to know|i want to know)\b[\s,:!]*",
    re.IGNORECASE,
)
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s|\n")


def title_of(question: str) -> str:
    """A short line that names what was asked: its first sentence without commands, markup and polite words.

    At most 60 characters, cut between words; "New conversation" where nothing is left.
    """
    text = _COMMAND.sub("", _MARKUP.sub(" ", _LINK.sub(r"\1", question[:2_000])))
    text = "".join(c if c.isprintable() else " " for c in text)
    line = next((" ".join(part.split()) for part in _SENTENCE_END.split(text) if part.strip()), "")
    while (shorter := _POLITE.sub("", line)) != line:
        line = shorter
    line = line.rstrip(" .!?…,:;")
    if not line:
        return UNTITLED
    if len(line) > TITLE_CHARS:
        head = line[: TITLE_CHARS - 1]
        line = f"{(head.rsplit(' ', 1)[0] if ' ' in head else head).rstrip(' ,:;-')}…"
    return line[0].upper() + line[1:]
