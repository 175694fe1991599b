"""The fixed prompts of an examination, each with the code that scores its answer: no model judges another."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from backend.assistant.answers import Mode
from backend.assistant.engines.engine import Message, Role

_TAG: Final = re.compile(r"\{(F\d{1,3})\}")
_NUMBER_WORDS: Final = re.compile(
    r"\b(?:zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    r"|hundred|thousand|million|billion|half|third|quarter|double[ds]?|twice|percent)\b",
    re.IGNORECASE,
)
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_N_WORDS_MAX: Final = 90
_N_WORDS_MIN: Final = 6
_N_WORDS_SHORT: Final = 8
_SMALL_WORDS: Final = (
    ("en", "the a an of to and is are was it that this with for in on above below while has have its as at by"),
    ("de", "der die das ein eine und ist sind war es dass mit für in auf über unter im den dem des zu sich von"),
    ("es", "el la los las un una y es son que de del en con por para se su está al lo más como sobre"),
    ("fr", "le la les un une et est sont que de du des en avec pour par se sa son au dans sur il elle plus"),
)
_FUNCTION_WORDS: Final = MappingProxyType({language: frozenset(words.split()) for language, words in _SMALL_WORDS})

Score = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One thing asked of a model.

    asks : what is looked at: "tags", "digits", "language", "facts" or "schema"
    passes : whether an answer does what was asked
    schema : the JSON schema that the answer is held to while it is written; None for free text
    """

    name: str
    asks: str
    system: str
    text: str
    passes: Score
    schema: MappingProxyType[str, Any] | None = None

    @property
    def messages(self) -> tuple[Message, ...]:
        """As they go to the model."""
        return Message(Role.SYSTEM, self.system), Message(Role.USER, self.text)


# --- scores -----------------------------------------------------------------------------------------------------------


def uses_tags(*wanted: str, of: tuple[str, ...] = ()) -> Score:
    """Every wanted tag is there, none but those and ``of``, and no number in digits or words beside them."""

    def passes(text: str) -> bool:
        found = set(_TAG.findall(text))
        rest = _TAG.sub("", text)
        return set(wanted) <= found <= {*wanted, *of} and is_free_of_numbers(rest) and "{" not in rest and _is_said(rest)

    return passes


def is_free_of_numbers(text: str) -> bool:
    """Whether no digit of any script and no word for a number stands in it."""
    return not any(letter.isnumeric() for letter in text) and not _NUMBER_WORDS.search(text)


def says_in_words(text: str) -> bool:
    """Whether something is said, and no number."""
    return is_free_of_numbers(text) and _is_said(text)


def speaks(language: str, *, beyond: str = "") -> Score:
    """Its small words are those of one language more than of any other, and it does more than repeat the question ``beyond``."""

    def passes(text: str) -> bool:
        words = _words(text)
        if len(words) < _N_WORDS_MIN or " ".join(words) in " ".join(_words(beyond)):
            return False
        shares = {name: sum(word in known for word in words) / len(words) for name, known in _FUNCTION_WORDS.items()}
        return max(shares, key=lambda name: shares[name]) == language and shares[language] >= 0.15

    return passes


def names(*wanted: str, never: tuple[str, ...] = ()) -> Score:
    """All of these words are there, none of those, and hardly anything else."""

    def passes(text: str) -> bool:
        said = _words(text)
        has_all = all(word.casefold() in said for word in wanted)
        return has_all and not any(word.casefold() in said for word in never) and len(said) <= _N_WORDS_SHORT

    return passes


def fills(**wanted: str) -> Score:
    """A JSON object with these values."""

    def passes(text: str) -> bool:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return False
        return isinstance(found, dict) and all(found.get(key) == value for key, value in wanted.items())

    return passes


def _is_said(text: str) -> bool:
    return 3 <= len(_words(text)) <= _N_WORDS_MAX


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _LETTERS.findall(text)]


# --- prompts ----------------------------------------------------------------------------------------------------------

_SYSTEM: Final = MappingProxyType(
    {
        "tags": "You describe charts. Every number has a tag such as {F1}. Write the tag, braces included, where the number "
        "belongs. Never write a number yourself. Answer with one sentence.",
        "digits": "You describe charts in words alone. Never write a number, neither in digits nor in words. "
        "Answer with one sentence.",
        "facts": "Answer from the facts alone, with a single word. If the facts do not say it, answer UNKNOWN. "
        "Never guess and never explain.",
        "language": "You explain charts to traders. Answer with one sentence, in the language that is asked for.",
        "schema": "You judge charts. Compare the facts and answer with the JSON object that is asked for.",
    }
)
_FIGURES: Final = "Facts: F1 close 187.20; F2 average of 50 days 181.05; F3 RSI 62; F4 support 178.40; F5 change of the day -1.1 %."
_MOVES: Final = "Facts: AAPL rose. MSFT fell. NVDA did not move. The trend of AAPL is up. The volume of MSFT was high."
_ALL_TAGS: Final = ("F1", "F2", "F3", "F4", "F5")


def _choice(key: str, *values: str) -> MappingProxyType[str, Any]:
    return MappingProxyType(
        {
            "type": "object",
            "properties": {key: {"type": "string", "enum": list(values)}},
            "required": [key],
            "additionalProperties": False,
        }
    )


def _tags(name: str, text: str, passes: Score) -> Prompt:
    return Prompt(name, "tags", _SYSTEM["tags"], f"{_FIGURES}\n{text}", passes)


def _digits(name: str, text: str) -> Prompt:
    return Prompt(name, "digits", _SYSTEM["digits"], f"{_FIGURES}\n{text}", says_in_words)


def _speech(name: str, text: str, language: str) -> Prompt:
    return Prompt(name, "language", _SYSTEM["language"], text, speaks(language, beyond=text))


def _moves(name: str, text: str, passes: Score) -> Prompt:
    return Prompt(name, "facts", _SYSTEM["facts"], f"{_MOVES}\n{text}", passes)


def _claim(name: str, text: str, passes: Score, schema: MappingProxyType[str, Any]) -> Prompt:
    return Prompt(name, "schema", _SYSTEM["schema"], text, passes, schema)


_SIDE: Final = _choice("side", "above", "below")
_STATE: Final = _choice("state", "overbought", "oversold", "neutral")
_TREND: Final = _choice("trend", "up", "down", "unclear")
_WHICH: Final = "Which side of the average is the close?"
_BOUNDS: Final = "Above 70 is overbought, below 30 oversold."

PROMPTS: Final = (
    _tags("close over average", "Say that the close {F1} is above the average {F2}.", uses_tags("F1", "F2")),
    _tags("momentum", "Say how the RSI {F3} stands.", uses_tags("F3")),
    _tags("support", "Say where support lies, as {F4}.", uses_tags("F4", of=("F1",))),
    _tags("change", "Say how the day went, with {F5}.", uses_tags("F5", of=("F1",))),
    _tags("summary", "Sum up close and RSI in a sentence.", uses_tags("F1", "F3", of=_ALL_TAGS)),
    _digits("trend in words", "Describe the trend."),
    _digits("momentum in words", "Describe the momentum."),
    _digits("risk in words", "Name a risk for somebody who buys now."),
    _speech("English", "Explain in English what a moving average is.", "en"),
    _speech("German", "Erkläre auf Deutsch, was ein gleitender Durchschnitt ist.", "de"),
    _speech("Spanish", "Explica en español qué es un soporte en un gráfico.", "es"),
    _speech("French", "Explique en français ce qu'est une tendance haussière.", "fr"),
    _moves("who fell", "Which one fell?", names("MSFT", never=("AAPL", "NVDA"))),
    _moves("who rose", "Which one rose?", names("AAPL", never=("MSFT", "NVDA"))),
    _moves("who rested", "Which one did not move?", names("NVDA", never=("AAPL", "MSFT"))),
    _moves("no dividend", "What dividend does AAPL pay?", names("UNKNOWN")),
    _moves("no stranger", "Did TSLA rise or fall?", names("UNKNOWN", never=("rise", "fall", "rose", "fell"))),
    _moves("no tomorrow", "Will NVDA rise tomorrow?", names("UNKNOWN", never=("yes", "no"))),
    _claim("above", f"The close is 187.20, the average is 181.05. {_WHICH}", fills(side="above"), _SIDE),
    _claim("below", f"The close is 92.10, the average is 97.60. {_WHICH}", fills(side="below"), _SIDE),
    _claim("overbought", f"{_BOUNDS} The RSI is 84.", fills(state="overbought"), _STATE),
    _claim("oversold", f"{_BOUNDS} The RSI is 17.", fills(state="oversold"), _STATE),
    _claim("down", "Each of the last five closes was lower than the one before it. The trend?", fills(trend="down"), _TREND),
)


def _of(asks: str, n: int) -> tuple[Prompt, ...]:
    return tuple(prompt for prompt in PROMPTS if prompt.asks == asks)[:n]


PROMPTS_OF: Final = MappingProxyType(
    {
        Mode.FAST: (*_of("tags", 4), *_of("digits", 3), *_of("language", 2), *_of("facts", 3)),
        Mode.DEEP: (*_of("tags", 3), *_of("digits", 2), *_of("language", 4), *_of("facts", 3)),
        Mode.ANALYSIS: (*_of("tags", 5), *_of("digits", 2), *_of("schema", 5)),
        Mode.SEARCH: (*_of("language", 3), *_of("facts", 6), *_of("digits", 3)),
    }
)
"""A dozen for each mode, by what that mode asks of a model."""
