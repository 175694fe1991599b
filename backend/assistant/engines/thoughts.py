"""What a model thinks aloud, told apart from what it answers, however the signs around it are cut into pieces."""

import enum
from collections.abc import Iterable
from typing import Final

from backend.assistant.engines.engine import Text, Thought

_CHANNEL: Final = "<|channel|>"
OPENERS: Final = {
    "<think>": "</think>",  # DeepSeek, Qwen, QwQ, SmolLM3, GLM
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",
    "[THINK]": "[/THINK]",  # Magistral
    "\u25c1think\u25b7": "\u25c1/think\u25b7",  # Kimi
    "<|START_THINKING|>": "<|END_THINKING|>",  # Command
    f"{_CHANNEL}analysis<|message|>": "<|end|>",  # gpt-oss
    f"{_CHANNEL}commentary<|message|>": "<|end|>",
}
"""What a thought begins with, and what it ends with."""

_LEADS: Final = ("<|start|>assistant", f"{_CHANNEL}final<|message|>", "<|START_RESPONSE|>")
_CLOSERS: Final = tuple(closer for closer in OPENERS.values() if closer != "<|end|>")
_TOKENS: Final = (*(sign for sign in OPENERS if _CHANNEL not in sign), *_CLOSERS, "<|START_RESPONSE|>")
_HARMONY: Final = (_CHANNEL, "<|message|>", "<|start|>", "<|end|>")
_QUOTING: Final = frozenset("`'\"\u2018\u201c(")


class _At(enum.Enum):
    BEGINNING = enum.auto()
    THOUGHT = enum.auto()
    ANSWER = enum.auto()


class ThoughtSplitter:
    """Gives thoughts and answers of one text as it comes; how it is cut into pieces makes no difference to what is what.

    A thought is told at the beginning alone, and behind another one: a sign amid an answer is a word of it. Only a sign that
    ends what nothing began, as models leave it whose template began to think for them, makes all before it a thought.

    begins_in : the sign with which the prompt ended, where the model thinks from its first word on
    """

    def __init__(self, begins_in: str = "") -> None:
        self._at = _At.THOUGHT if begins_in else _At.BEGINNING
        self._closer = OPENERS.get(begins_in, "</think>")
        self._held = ""
        self._said = ""  # of the answer, while all of it may turn out to be thought
        self._n_tokens = 0  # counted and not told yet
        self._has_thought = False
        self._is_literal = False  # an opening sign stands in the answer as a word

    def feed(self, text: str, n_tokens: int = 1) -> list[Text | Thought]:
        """What is certain now."""
        self._held += text
        self._n_tokens += n_tokens
        return self._take(is_whole=False)

    def end(self) -> list[Text | Thought]:
        """The rest."""
        return self._take(is_whole=True)

    def _take(self, *, is_whole: bool) -> list[Text | Thought]:
        pieces: list[Text | Thought] = []
        goes_on = True
        while goes_on:
            match self._at:
                case _At.BEGINNING:
                    goes_on = self._begin(is_whole=is_whole)
                case _At.THOUGHT:
                    goes_on = self._think(pieces, is_whole=is_whole)
                case _At.ANSWER:
                    goes_on = self._answer(pieces, is_whole=is_whole)
        return pieces

    def _begin(self, *, is_whole: bool) -> bool:
        """Decide what comes now; whether that is certain."""
        lead = self._held.lstrip()
        passed = (*_LEADS, *_CLOSERS) if self._has_thought else _LEADS
        sign = next((one for one in (*OPENERS, *passed) if lead.startswith(one)), "")
        if sign:
            self._held = lead[len(sign) :]
            if sign in OPENERS:
                self._at, self._closer = _At.THOUGHT, OPENERS[sign]
            return True
        if not is_whole and any(one.startswith(lead) for one in (*OPENERS, *passed)):
            return False
        self._at = _At.ANSWER
        self._held = lead if self._has_thought else self._held
        return True

    def _think(self, pieces: list[Text | Thought], *, is_whole: bool) -> bool:
        self._has_thought = True
        thought, closer, rest = self._held.partition(self._closer)
        if closer:
            self._held, self._at = rest, _At.BEGINNING
        else:
            thought = self._release(() if is_whole else (self._closer,))
        if thought:
            pieces.append(Thought(thought, self._counted()))
        return bool(closer)

    def _answer(self, pieces: list[Text | Thought], *, is_whole: bool) -> bool:
        if not self._has_thought and not self._is_literal:
            at = min((place for place in map(self._held.find, _CLOSERS) if place >= 0), default=-1)
            before = self._held if at < 0 else self._held[:at]
            self._is_literal = any(opener in before for opener in OPENERS)
            if at >= 0 and not self._is_literal and (self._said + before)[-1:] not in _QUOTING:
                self._turn(pieces, at)
                return True
            self._is_literal |= at >= 0
        text = self._release(() if is_whole or self._has_thought or self._is_literal else (*_CLOSERS, *OPENERS))
        if text:
            pieces.append(Text(text, self._counted()))
            self._said += "" if self._has_thought or self._is_literal else text
        return False

    def _turn(self, pieces: list[Text | Thought], at: int) -> None:
        """All that was said was thought."""
        said, thought = self._said, self._said + self._held[:at]
        closer = next(one for one in _CLOSERS if self._held.startswith(one, at))
        self._held, self._said, self._has_thought, self._at = self._held[at + len(closer) :], "", True, _At.BEGINNING
        if thought.strip():
            pieces.append(Thought(thought, self._counted(), is_all=True))
        elif said:  # white space that was told as an answer is taken back
            pieces.append(Thought("", self._counted(), is_all=True))

    def _release(self, signs: Iterable[str]) -> str:
        """What is held, but for an end in which one of ``signs`` may begin."""
        n_kept = max((_n_begun(self._held, sign) for sign in signs), default=0)
        released = self._held[: len(self._held) - n_kept]
        self._held = self._held[len(released) :]
        return released

    def _counted(self) -> int:
        n_tokens, self._n_tokens = self._n_tokens, 0
        return n_tokens


def open_sign(prompt: str) -> str:
    """The sign with which a prompt leaves its model thinking; empty where it does not."""
    end = prompt.rstrip()
    return next((sign for sign in OPENERS if end.endswith(sign)), "")


def knows_thinking(template: str) -> bool:
    """Whether the template of a model is one of those that think aloud."""
    return any(sign in template for sign in (*_TOKENS, _CHANNEL))


def sign_words(has: Iterable[str]) -> tuple[str, ...]:
    """Which of a vocabulary's signs must stand in its text, though signs say nothing elsewhere: without them all is answer."""
    known = frozenset(has)
    return tuple(one for one in (*_TOKENS, *(_HARMONY if _CHANNEL in known else ())) if one in known)


ALL_SIGNS: Final = (*_TOKENS, *_HARMONY)


def _n_begun(text: str, sign: str) -> int:
    """How many characters at the end of a text begin a sign."""
    return next((n for n in range(min(len(sign) - 1, len(text)), 0, -1) if text.endswith(sign[:n])), 0)
