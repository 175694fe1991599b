"""The index of words beside the messages: written for many at once, because each statement that touches it writes it out."""

from collections.abc import Sequence
from typing import Any

import msgspec


def take_out(db: Any, key: int, text: str) -> None:
    """Remove a message's words as they were; without a trace, as the index was told to."""
    if text:
        db.execute("INSERT INTO chat_words (chat_words, rowid, text) VALUES ('delete', ?, ?)", (key, text))


def take_out_upto(db: Any, room: int, upto: int) -> None:
    """Remove the words of all messages of a room up to a place."""
    db.execute(
        "INSERT INTO chat_words (chat_words, rowid, text)"
        " SELECT 'delete', key, text FROM chat_messages WHERE room = ? AND s <= ? AND text <> ''",
        (room, upto),
    )


def put_in(db: Any, keys: Sequence[int]) -> None:
    """Index the words of messages as they stand now, whose words are not in it."""
    if keys:
        db.execute(
            "INSERT INTO chat_words (rowid, text) SELECT m.key, m.text FROM json_each(?) j"
            " JOIN chat_messages m ON m.key = j.value WHERE m.text <> ''",
            (msgspec.json.encode(keys).decode(),),
        )
