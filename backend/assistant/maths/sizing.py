"""How large a position may be for what somebody is ready to lose on it, and what it may win: exact, in whole shares."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.assistant.maths.amounts import check_currency, plain_amounts
from backend.assistant.maths.showing import AMOUNT, PERCENT, Source, fact_of, show
from backend.errors import InvalidInput

_NUMBER: Final = r"(\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?![\d.]* ?%)"
_OF_ACCOUNT: Final = r"(?: (?:of|on|with))? (?:(?:a|an|my|the) )?(?:account (?:of )?)?"
_SHARE: Final = r"(?P<percent>\d+(?:\.\d+)?|\.\d+) ?%"
_RISK_OF: Final = re.compile(rf"\b(?:risk(?:ing)? )?(?:of )?{_SHARE}(?: risk)?{_OF_ACCOUNT}(?P<account>{_NUMBER})")
_RISK_ALONE: Final = re.compile(
    rf"\b(?:risk(?:ing)? (?:of )?{_SHARE}|(?P<before>\d+(?:\.\d+)?|\.\d+) ?% risk)(?: (?:a|per|each) trade)?"
)
_ACCOUNT: Final = (
    re.compile(rf"\b(?:account (?:(?:of|size|is) )*|have ){_NUMBER}"),
    re.compile(rf"\b{_NUMBER} account\b"),
)
_RISK_AMOUNTS: Final = (
    re.compile(rf"\brisk(?:ing)? (?:of )?(?P<amount>{_NUMBER})"),
    re.compile(rf"\b(?P<amount>{_NUMBER}) (?:of )?risk\b"),
)
_SIDE: Final = r"(below|under|above|over) (?:(?:an? |the |my )?entry (?:price )?(?:at |of )?)?"
_BESIDE: Final = re.compile(rf"\bstop(?: ?loss)? (?:of |at )?(?:{_NUMBER}|(?P<percent>\d+(?:\.\d+)?|\.\d+) ?%) {_SIDE}{_NUMBER}")
_STOP: Final = re.compile(rf"\bstop(?: ?loss)?:? (?:(?:at|of|is) )?{_NUMBER}")
_TARGET: Final = re.compile(rf"\b(?:target|take ?profit|tp|profit target):? (?:(?:at|of|is) )?{_NUMBER}")
_ENTRY: Final = re.compile(
    rf"\b(?:entry|entering|enter|buy|buying|bought|sell|selling|long|short|price):? (?:(?:at|of|is|price) )*{_NUMBER}"
)
_IDLE_WORDS: Final = """
    a about an account and are at big buy calculate can coins compute contracts do for has have how i if in is it large long lots
    many may much my of on per position reward risk risking ratio share shares should size sized sizing stop that the to trade
    units want what what's when with
"""
_IDLE: Final = frozenset(_IDLE_WORDS.split())


@dataclass(frozen=True, slots=True)
class Sizing:
    """What a position size is asked for: ``amount`` may be lost between ``entry`` and ``stop``.

    percent, account : of what the amount is how much; None where it was given itself
    """

    amount: Fraction
    percent: Fraction | None
    account: Fraction | None
    entry: Fraction
    stop: Fraction
    text: str


@dataclass(frozen=True, slots=True)
class Reward:
    """What is won at ``target`` is asked for, beside what is lost at ``stop``."""

    entry: Fraction
    stop: Fraction
    target: Fraction
    text: str


def read_sizing(text: str) -> Sizing | Reward | None:
    """The position size or the reward for a risk that is asked for; None for neither. Raises InvalidInput where none can be."""
    said = re.sub(r"\bper ?cent\b", "%", " ".join(text.lower().split()))
    if "stop" not in said or not re.search(r"\brisk|\breward\b|\br[:/]r\b", said):
        return None
    rest, _ = plain_amounts(said)
    rest = re.sub(r"\br[:/]r\b", "risk reward", rest)
    if re.search(r"\breward\b", rest):
        return _read_reward(rest, text.strip())
    risk = _read_risk(rest)
    prices = None if risk is None else _read_prices(risk[3])
    if risk is None or prices is None or _has_other_words(prices[2]):
        return None
    check_currency(text)
    entry, stop, _ = prices
    asked = Sizing(risk[0], risk[1], risk[2], entry, stop, text.strip())
    if entry == stop or min(asked.amount, entry) <= 0 or stop < 0:
        raise InvalidInput(
            "A position size needs an account, a risk, and a stop apart from the entry.",
            hint="Write it as: risk 1% of 50000 with a stop 2.5 below 100.",
            code="maths.sizing",
        )
    if re.search(r"\b(?:short|sell|selling)\b" if stop < entry else r"\b(?:long|buy|buying|bought)\b", rest):
        raise InvalidInput(
            "The stop of a long position lies below its entry, that of a short one above it.",
            hint="Check the entry and the stop.",
            code="maths.sizing",
        )
    return asked


def _read_risk(rest: str) -> tuple[Fraction, Fraction | None, Fraction | None, str] | None:
    """What may be lost, the percentage and the account of which it is, and what is left of the words."""
    if risk := _RISK_OF.search(rest):
        percent, account = _value(risk["percent"]), _value(risk["account"])
        return account * percent / 100, percent, account, rest.replace(risk[0], " ", 1)
    risk = _RISK_ALONE.search(rest)
    if risk is None:
        risk = next((match for pattern in _RISK_AMOUNTS if (match := pattern.search(rest))), None)
        return None if risk is None else (_value(risk["amount"]), None, None, rest.replace(risk[0], " ", 1))
    rest = rest.replace(risk[0], " ", 1)
    of = next((match for pattern in _ACCOUNT if (match := pattern.search(rest))), None)
    if of is None:
        return None
    percent, account = _value(risk["percent"] or risk["before"]), _value(of[1])
    return account * percent / 100, percent, account, rest.replace(of[0], " ", 1)


def _read_reward(rest: str, text: str) -> Reward | None:
    target = _TARGET.search(rest)
    prices = None if target is None else _read_prices(rest.replace(target[0], " ", 1))
    if target is None or prices is None or _has_other_words(prices[2].replace("/", " ").replace("-", " ")):
        return None
    check_currency(text)
    entry, stop, aim = prices[0], prices[1], _value(target[1])
    if (aim - entry) * (entry - stop) <= 0:
        raise InvalidInput(
            "The target has to lie on the other side of the entry than the stop.",
            hint="Write it as: risk reward with entry 50, stop 48, target 56.",
            code="maths.sizing",
        )
    return Reward(entry, stop, aim, text)


def _read_prices(rest: str) -> tuple[Fraction, Fraction, str] | None:
    """The entry, the stop, and what is left of the words."""
    if beside := _BESIDE.search(rest):
        entry = _value(beside[4])
        gap = _value(beside[1]) if beside[1] else entry * _value(beside["percent"]) / 100
        stop = entry - gap if beside[3] in {"below", "under"} else entry + gap
        return entry, stop, rest.replace(beside[0], " ", 1)
    at, of = _STOP.search(rest), _ENTRY.search(rest)
    if at is None or of is None:
        return None
    return _value(of[1]), _value(at[1]), rest.replace(at[0], " ", 1).replace(of[0], " ", 1)


def _has_other_words(rest: str) -> bool:
    return bool(set(re.findall(r"[^\s,.;:?!]+", rest)) - _IDLE)


def tell_size(asked: Sizing, now_ns: int) -> tuple[str, FactSet]:
    """A sentence with tags, and the facts that they name."""
    told = _Told(now_ns)
    gap = abs(asked.entry - asked.stop)
    shares = Fraction(asked.amount // gap)
    account = percent = None
    if asked.account is not None and asked.percent is not None:
        account, percent = told.add("Account", asked.account, Unit.MONEY), told.add("Risk", asked.percent, Unit.PERCENT)
        amount = told.add("May be lost", asked.amount, Unit.MONEY, "account * risk / 100", account, percent)
        risked = f"{told[percent]} of {told[account]} is {told[amount]}"
    else:
        amount = told.add("May be lost", asked.amount, Unit.MONEY)
        risked = f"{told[amount]} may be lost"
    entry, stop = told.add("Entry", asked.entry, Unit.PRICE), told.add("Stop", asked.stop, Unit.PRICE)
    each = told.add("At risk a share", gap, Unit.PRICE, "|entry - stop|", entry, stop)
    why = f"{risked}, and from {told[entry]} to the stop at {told[stop]} it is {told[each]} a share."
    if not shares:
        part = told.add("Shares", asked.amount / gap, Unit.QUANTITY, "may be lost / at risk a share", amount, each)
        return f"Not one whole share: {why} In parts of one it is {told[part]}.", told.facts()
    n_shares = told.add("Shares", shares, Unit.COUNT, "may be lost / at risk a share, rounded down", amount, each)
    worth = told.add("Worth of the position", shares * asked.entry, Unit.MONEY, "shares * entry", n_shares, entry)
    of_account = ""
    if asked.account is not None and account is not None:
        percents = 100 * shares * asked.entry / asked.account
        share = told.add("Share of the account", percents, Unit.PERCENT, "worth / account * 100", worth, account)
        of_account = f", {told[share]} of the account"
    side = "long" if asked.stop < asked.entry else "short"
    return f"{told[n_shares]} shares {side}: {why} That position is worth {told[worth]}{of_account}.", told.facts()


def tell_reward(asked: Reward, now_ns: int) -> tuple[str, FactSet]:
    """A sentence with tags, and the facts that they name."""
    told = _Told(now_ns)
    risk, reward = abs(asked.entry - asked.stop), abs(asked.target - asked.entry)
    entry, stop = told.add("Entry", asked.entry, Unit.PRICE), told.add("Stop", asked.stop, Unit.PRICE)
    target = told.add("Target", asked.target, Unit.PRICE)
    lost = told.add("At risk a share", risk, Unit.PRICE, "|entry - stop|", entry, stop)
    won = told.add("To be won a share", reward, Unit.PRICE, "|target - entry|", target, entry)
    ratio = told.add("Reward for one at risk", reward / risk, Unit.RATIO, "won / at risk", won, lost)
    needed = told.add("Trades that must win", 100 * risk / (risk + reward), Unit.PERCENT, "risk / (risk + won) * 100", lost, won)
    words = (
        f"The reward is {told[ratio]} times the risk: from {told[entry]} it is {told[won]} to the target at {told[target]}, "
        f"and {told[lost]} to the stop at {told[stop]}. To lose nothing, {told[needed]} of such trades have to win."
    )
    return words, told.facts()


class _Told:
    """Facts as they are told: ``add`` gives an id, and by it there is the tag, after "about" where the value is rounded."""

    def __init__(self, now_ns: int) -> None:
        self._now_ns = now_ns
        self._facts: list[Fact] = []
        self._tags: dict[str, str] = {}

    def __getitem__(self, fact_id: str) -> str:
        return self._tags[fact_id]

    def add(self, label: str, value: Fraction, unit: Unit, formula: str = "from the question", *inputs: str) -> str:
        """The id of a new fact."""
        shown = show(value, PERCENT if unit is Unit.PERCENT else AMOUNT)
        fact = fact_of(len(self._facts) + 1, label, shown, Source(formula, self._now_ns, inputs), unit)
        self._facts.append(fact)
        self._tags[fact.id] = f"{'' if shown.is_exact else 'about '}{{{fact.id}}}"
        return fact.id

    def facts(self) -> FactSet:
        """All of them."""
        return FactSet(self._facts)


def _value(number: str) -> Fraction:
    return Fraction(number.replace(",", ""))
