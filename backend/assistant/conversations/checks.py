"""What a conversation may hold: sizes with clear words, and text that can be stored, searched and shown."""

from typing import Final

from backend.assistant.conversations.conversation import Turn
from backend.errors import InvalidInput

TITLE_CHARS_MAX: Final = 120
ID_CHARS_MAX: Final = 64
TEXT_CHARS_MAX: Final = 200_000
CONTENT_BYTES_MAX: Final = 8_000_000
TURNS_MAX: Final = 20_000
CONVERSATIONS_MAX: Final = 50_000

# Excerpts mark what matched with U+0002 and U+0003, so that no text may bring control characters of its own.
_CONTROLS: Final = {code: None for code in (*range(0x20), 0x7F) if chr(code) not in "\n\t"}


def checked_text(text: str) -> str:
    """``text`` without control characters. Raises InvalidInput where it is too long or no Unicode text."""
    if len(text) > TEXT_CHARS_MAX:
        raise InvalidInput(
            f"A turn has {len(text):,} characters; at most {TEXT_CHARS_MAX:,} are kept.",
            hint="Shorten it, or attach a file instead.",
            code="conversation.text_too_long",
        )
    _check_unicode(text)
    return text.translate(_CONTROLS)


def checked_title(title: str) -> str:
    """``title`` on one line. Raises InvalidInput for an empty one, one that is too long or no Unicode text."""
    _check_unicode(title)
    line = " ".join(title.translate(_CONTROLS).split())
    if not line:
        raise InvalidInput("A conversation needs a title.", hint="Write a few words.", code="conversation.title_empty")
    if len(line) > TITLE_CHARS_MAX:
        raise InvalidInput(
            f"A title has {len(line)} characters; at most {TITLE_CHARS_MAX} are kept.",
            hint="Shorten it.",
            code="conversation.title_too_long",
        )
    return line


def check_turn(turn: Turn) -> None:
    """Raise InvalidInput for a turn whose id or content cannot be kept."""
    if len(turn.id) > ID_CHARS_MAX or not turn.id.isascii():
        raise InvalidInput(
            f"The id of a turn has {len(turn.id)} characters.",
            hint=f"Use at most {ID_CHARS_MAX} ASCII ones.",
            code="conversation.id",
        )
    if len(turn.content) > CONTENT_BYTES_MAX:
        raise InvalidInput(
            f"A turn holds {len(turn.content):,} bytes; at most {CONTENT_BYTES_MAX:,} are kept.",
            hint="Leave attachments out, or attach smaller ones.",
            code="conversation.content_too_large",
        )


def _check_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as e:
        raise InvalidInput(
            "The text holds half of a character, which cannot be kept.", hint="Type or paste it again.", code="conversation.text"
        ) from e
