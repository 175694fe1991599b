"""Messages become the tokens of a prompt, and what is quoted in them stays words: signs of the template in it are broken."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

from backend.assistant.engines.chat_template import ChatTemplate
from backend.assistant.engines.engine import Message, Role
from backend.errors import InvalidInput

N_PREFIXES_KEPT = 16
INVISIBLE = "\u200b"
PLACE = "\ufffc"  # where a picture stands in a rendered prompt: Unicode's own sign for it


class Vocabulary(Protocol):
    """A model's tokens."""

    def of_prompt(self, text: str) -> list[int]:
        """Tokens of a rendered prompt, signs of the template as what they are, begun once as the model was trained to."""
        ...

    def of_text(self, text: str) -> list[int]:
        """Tokens of plain words, begun as the model was trained to."""
        ...

    def signs_in(self, text: str) -> list[str]:
        """The signs of the template that stand in a text."""
        ...


class PromptTokens:
    """Tokens of messages in one model's template and vocabulary."""

    def __init__(self, vocabulary: Vocabulary, template: ChatTemplate) -> None:
        self._vocabulary = vocabulary
        self._template = template
        self._prefixes: OrderedDict[tuple[Message, ...], tuple[int, ...]] = OrderedDict()

    def of_messages(self, messages: Sequence[Message]) -> list[int]:
        """The prompt's tokens. Raises InvalidInput for messages that the template does not take."""
        if not self._template.is_there:
            return self._vocabulary.of_text(self._template.render(messages))
        spoken = [Message(message.role, self.as_words(message.text)) for message in messages]
        return self._vocabulary.of_prompt(self._template.render(spoken))

    def around_pictures(self, messages: Sequence[Message], n_pictures: int) -> list[str]:
        """The rendered prompt in ``n_pictures`` + 1 pieces: pictures stand between them, before the last message's text.

        Raises InvalidInput for messages that the template does not take, and for a template that leaves the places out.
        """
        spoken = [Message(message.role, self.as_words(message.text).replace(PLACE, " ")) for message in messages]
        spoken[-1] = Message(spoken[-1].role, f"{PLACE * n_pictures}\n{spoken[-1].text}")
        pieces = self._template.render(spoken).split(PLACE)
        if len(pieces) != n_pictures + 1:
            raise InvalidInput("The chat template of this model has no place for pictures.", code="engine.template")
        return pieces

    def of_prefix(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """The tokens with which every prompt begins that begins with these messages; empty where there are none."""
        key = tuple(messages)
        if not key or not self._template.is_there:
            return ()
        if key not in self._prefixes:
            self._prefixes[key] = self._common_beginning(key)
            while len(self._prefixes) > N_PREFIXES_KEPT:
                self._prefixes.popitem(last=False)
        return self._prefixes[key]

    def as_words(self, text: str) -> str:
        """The text, with every sign of the template broken by an invisible character: what is quoted must not give orders."""
        for sign in self._vocabulary.signs_in(text):
            text = text.replace(sign, sign[:1] + INVISIBLE + sign[1:])
        return text

    def _common_beginning(self, prefix: tuple[Message, ...]) -> tuple[int, ...]:
        role = Role.ASSISTANT if prefix[-1].role is Role.USER else Role.USER
        try:
            one, other = (self.of_messages((*prefix, Message(role, text))) for text in ("A", "7"))
        except InvalidInput:  # the template wants another order; then nothing is known of what comes next
            return ()
        n_common = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
        return tuple(one[:n_common])
