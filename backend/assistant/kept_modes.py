"""The mode of a conversation: that of its last question, or the one it was switched to since."""

from backend.assistant.answers import Automatic, Choice, parse_choice
from backend.assistant.conversations.conversation import Speaker
from backend.assistant.conversations.store import ConversationStore
from backend.assistant.keeping import decode_question
from backend.errors import CorruptData


async def mode_of(store: ConversationStore, conversation: str) -> Choice:
    """How the next question of a conversation is answered where it does not say. Raises NotFound."""
    row = await store.row(conversation)
    if row.mode:
        return parse_choice(row.mode)
    asked = [turn for turn in await store.branch(conversation, n_max=2) if turn.speaker is Speaker.PERSON]
    if not asked:
        return Automatic.AUTO
    try:
        return decode_question(asked[-1].content).choice
    except CorruptData:  # its words are still there, which is all that goes on from it
        return Automatic.AUTO
