"""How large a position may be for what somebody is ready to lose on it: exact, rounded down to whole shares."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.errors import InvalidInput

_NUMBER: Final = r"[$€£]?(\d+(?:,\d{3})*(?:\.\d+)?)(?![\d.]*%)(k\b)?"
_OF_ACCOUNT: Final = r"(?: (?:of|on|with))? (?:(?:a|an|my|the) )?(?:account (?:of )?)?"
_RISK: Final = re.compile(rf"\b(?:risk(?:ing)? )?(?:of )?(\d+(?:\.\d+)?) ?%(?: risk)?{_OF_ACCOUNT}{_NUMBER}")
_SIDE: Final = r"(below|under|above|over) (?:(?:an? |the |my )?entry (?:at |of )?)?"
_BESIDE: Final = re.compile(rf"\bstop(?: ?loss)? (?:of )?{_NUMBER} {_SIDE}{_NUMBER}")
_STOP: Final = re.compile(rf"\bstop(?: ?loss)? (?:(?:at|of) )?{_NUMBER}")
_ENTRY: Final = re.compile(
    rf"\b(?:entry|entering|enter|buy|buying|bought|sell|selling|short|price) (?:(?:at|of|is|price) )*{_NUMBER}"
)
_IDLE_WORDS: Final = """
    a about an account and are at big buy can for has have how i in is it large many may much my of on position shares share
    should size sized sizing stop that the to trade units what when with
"""
_IDLE: Final = frozenset(_IDLE_WORDS.split())


@dataclass(frozen=True, slots=True)
class Sizing:
    """What a position size is asked for: ``percent`` of ``account`` may be lost between ``entry`` and ``stop``."""

    percent: Fraction
    account: Fraction
    entry: Fraction
    stop: Fraction
    text: str


def read_sizing(text: str) -> Sizing | None:
    """The position size that a question asks for; None where it asks for none. Raises InvalidInput where none can be."""
    rest = re.sub(r"\bper ?cent\b", "%", " ".join(text.lower().split()))
    if "risk" not in rest or "stop" not in rest:
        return None
    risk = _RISK.search(rest)
    if risk is None:
        return None
    rest = rest.replace(risk[0], " ", 1)
    if beside := _BESIDE.search(rest):
        rest, entry, gap = rest.replace(beside[0], " ", 1), _value(beside, 4), _value(beside, 1)
        stop = entry - gap if beside[3] in {"below", "under"} else entry + gap
    else:
        at, of = _STOP.search(rest), _ENTRY.search(rest)
        if at is None or of is None:
            return None
        rest, entry, stop = rest.replace(at[0], " ", 1).replace(of[0], " ", 1), _value(of, 1), _value(at, 1)
    if set(re.findall(r"[^\s,.;:?!]+", rest)) - _IDLE - {"risk"}:
        return None
    asked = Sizing(Fraction(risk[1]), _value(risk, 2), entry, stop, text.strip())
    if asked.entry == asked.stop or min(asked.percent, asked.account, asked.entry) <= 0 or asked.stop < 0:
        raise InvalidInput(
            "A position size needs an account, a risk, and a stop apart from the entry.",
            hint="Write it as: risk 1% of 50000 with a stop 2.5 below 100.",
            code="maths.sizing",
        )
    return asked


def tell_size(asked: Sizing, now_ns: int) -> tuple[str, FactSet]:
    """A sentence with tags, and the facts that they name."""
    amount, gap = asked.account * asked.percent / 100, abs(asked.entry - asked.stop)
    shares = amount // gap
    worth = shares * asked.entry
    facts = [
        _fact(1, "Account", asked.account, Unit.MONEY, "from the question", now_ns),
        _fact(2, "Risk", asked.percent, Unit.PERCENT, "from the question", now_ns),
        _fact(3, "May be lost", amount, Unit.MONEY, "account * risk / 100", now_ns, "F1", "F2"),
        _fact(4, "Entry", asked.entry, Unit.PRICE, "from the question", now_ns),
        _fact(5, "Stop", asked.stop, Unit.PRICE, "from the question", now_ns),
        _fact(6, "At risk a share", gap, Unit.PRICE, "|entry - stop|", now_ns, "F4", "F5"),
        _fact(7, "Shares", Fraction(shares), Unit.COUNT, "may be lost / at risk a share, rounded down", now_ns, "F3", "F6"),
        _fact(8, "Worth of the position", worth, Unit.MONEY, "shares * entry", now_ns, "F7", "F4"),
        _fact(9, "Share of the account", 100 * worth / asked.account, Unit.PERCENT, "worth / account * 100", now_ns, "F8", "F1"),
    ]
    side = "long" if asked.stop < asked.entry else "short"
    told = (
        f"{{F7}} shares {side}: {{F2}} of {{F1}} is {{F3}}, and from {{F4}} to the stop at {{F5}} it is {{F6}} a share. "
        "That position is worth {F8}, {F9} of the account."
    )
    return told, FactSet(facts)


def _value(match: re.Match[str], place: int) -> Fraction:
    return Fraction(match[place].replace(",", "")) * (1000 if match[place + 1] else 1)


def _fact(number: int, label: str, value: Fraction, unit: Unit, formula: str, now_ns: int, *inputs: str) -> Fact:
    is_whole = value.denominator == 1
    return Fact(
        id=f"F{number}",
        name=f"sizing.{number}",
        label=label,
        value=int(value) if is_whole else float(value),
        unit=unit,
        decimals=0 if is_whole else 2,
        as_of_ns=now_ns,
        source="worked out from the question",
        formula=formula,
        inputs=inputs,
    )
