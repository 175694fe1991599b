"""What a number is said to be of: "RSI is 71" must not be the price, where a fact of that name is known."""

import re
from collections.abc import Iterable
from typing import Final

from backend.assistant.facts.fact import Fact

# How each subject is called in text, and in the name, label or formula of its facts.
_SUBJECTS: Final = {
    "rsi": (r"RSI|relative\sstrength(?:\sindex)?", r"\brsi\b|relative strength"),
    "atr": (r"ATR|average\strue\srange", r"\batr\b|average true range"),
    "adx": (r"ADX", r"\badx\b"),
    "macd": (r"MACD", r"\bmacd\b"),
    "cci": (r"CCI", r"\bcci\b"),
    "mfi": (r"MFI|money\sflow(?:\sindex)?", r"\bmfi\b|money flow"),
    "vwap": (r"VWAP", r"\bvwap\b"),
    "support": (r"support", r"\bsupport\b"),
    "resistance": (r"resistance", r"\bresistance\b"),
    "drawdown": (r"drawdown", r"\bdraw_?down\b|largest fall"),
    "beta": (r"beta", r"\bbeta\b"),
    "stop": (r"stop(?:[\s-]loss)?", r"\bstop\b"),
    "target": (r"target", r"\btarget\b"),
    "entry": (r"entry", r"\bentry\b"),
}
_SAID: Final = re.compile(
    r"\b(?:" + "|".join(rf"(?P<{name}>{said})" for name, (said, _) in _SUBJECTS.items()) + r")"
    r"(?:\s?\(\d{1,3}\)|\s\d{1,3})?(?:\s+(?:now|currently|still|price|level|value))?"
    r"(?:\s+(?:is|was|at|of|reads|stands\sat|is\sat|lies\sat|sits\sat|is\sset\sat)|\s?[:=])\s+[$\u20ac\u00a3~]?\Z",
    re.IGNORECASE,
)
_KNOWN: Final = {name: re.compile(known, re.IGNORECASE) for name, (_, known) in _SUBJECTS.items()}


class Subjects:
    """Which facts are of which subject."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._ids: dict[str, set[str]] = {name: set() for name in _SUBJECTS}
        for fact in facts:
            said = f"{fact.name.replace('_', ' ')} {fact.label} {fact.formula}".replace(".", " ")
            for name, known in _KNOWN.items():
                if known.search(said):
                    self._ids[name].add(fact.id)

    def allowed(self, sentence: str, start: int) -> set[str]:
        """The facts of the subject right before a place in a sentence; empty where none is named or known."""
        said = _SAID.search(sentence, max(0, start - 48), start)
        return self._ids[said.lastgroup] if said and said.lastgroup else set()
