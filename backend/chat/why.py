"""Why the server refused something, in words for a person."""

from typing import Final

from sync_server.protocol.codes import Code

_WORDS: Final = {
    Code.BAD_BODY: "The server could not read it.",
    Code.TOO_LARGE: "It is too long.",
    Code.UNKNOWN_KIND: "The server is older than this program and does not know this yet.",
    Code.NO_ROOM: "You are not in this room any more, or it is gone.",
    Code.ROOM_EXISTS: "The room was there already.",
    Code.NOT_ALLOWED: "Your role in this room does not allow it.",
    Code.NO_TARGET: "The message is not there any more.",
    Code.NO_FILE: "A file of it is not on the server.",
    Code.DELETED: "The message was deleted meanwhile.",
    Code.STALE: "Somebody changed it meanwhile.",
    Code.HELD: "It is kept under a legal hold.",
    Code.STEP_UP: "The server asks for your second factor first.",
    Code.ID_TAKEN: "This computer used its id for something else.",
}


def words_of(code: str) -> str:
    """A sentence that says why; a code of a later version stands for itself."""
    return next((words for known, words in _WORDS.items() if known == code), f"The server refused it ({code}).")
