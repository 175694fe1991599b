"""Comparing words of a free text, judged on the facts of which the sentence speaks: true, untrue, or nothing that code can say."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backend.assistant.facts.fact import FactSet, Unit
from backend.assistant.grounding.claim import Claim, Op
from backend.assistant.grounding.comparatives import Comparative
from backend.assistant.grounding.judging import judge
from backend.assistant.grounding.named import Named, named_in
from backend.assistant.grounding.sentence import Sentence
from backend.assistant.grounding.subjects import Subjects
from backend.assistant.grounding.values import format_fact

_BREAK: Final = re.compile(
    r"[;:.!?](?:\s|\Z)|\n|\||\b(?:and|but|while|whereas|although|though|because|since|so|which)\b", re.IGNORECASE
)
# What is said of another time than that of the facts, or of none at all.
ELSEWHEN: Final = re.compile(
    r"\b(?:19|20)\d\d\b|\b(?:since|yesterday|ago|back\sthen|in\sthe\spast|previously|earlier|last\s(?:week|month|year|quarter)|had\sbeen|"
    r"January|February|March|April|June|July|August|September|October|November|December)\b",
    re.IGNORECASE,
)
_UNREAL: Final = re.compile(
    r"\b(?:will|would|could|might|may|should|can|cannot|expect\w*|forecast\w*|predict\w*|likely|tomorrow|soon|future|target\w*|to\sbe|"
    r"suppose|assum\w+|depend\w*|watch|wait|look\sfor|need\w*|hope\w*|risk\sof|chance\sof)\b",
    re.IGNORECASE,
)
_PERIODS: Final = (
    (r"this\syear|year[\s-]to[\s-]date|ytd", "price.change_ytd"), (r"year", "price.change_252"), (r"quarter", "price.change_63"),
    (r"month", "price.change_21"), (r"week", "price.change_5"), (r"session|day\b|bar\b", "price.change_1"),
)  # fmt: skip
_CLOSED: Final = re.compile(r"higher|lower|up|down|in\sthe\s(?:green|black|red)")
_CLOSING: Final = re.compile(r"\b(?:close[ds]|end(?:ed|s)|finished|settled)\b[^.!?;,]*\Z", re.IGNORECASE)
_GAPS: Final = {"gapped_up": "gap.up", "gapped_higher": "gap.up", "gapped_down": "gap.down", "gapped_lower": "gap.down"}
_UNANIMOUS: Final = ("price.change_1", "price.change_5", "price.change_21")
_GLUED: Final = 3  # letters between a number and the words that it belongs to
_TOUCHING: Final = 40  # letters around comparing words in which a number says how much


@dataclass(frozen=True, slots=True)
class Judged:
    """What code found of comparing words; ``is_true`` None where it cannot say. ``facts`` are ids, ``why`` says it in words."""

    is_true: bool | None = None
    facts: tuple[str, ...] = ()
    why: str = ""


UNJUDGED: Final = Judged()


@dataclass(frozen=True, slots=True)
class _Naming:
    """A sentence's text with what it names, in order."""

    text: str
    named: tuple[Named, ...]

    def clause(self, found: Comparative) -> tuple[int, int]:
        breaks = [0, *(match.end() for match in _BREAK.finditer(self.text)), len(self.text)]
        return max(place for place in breaks if place <= found.start), min(place for place in breaks if place >= found.end)

    def before(self, found: Comparative) -> list[Named]:
        """What is named before the words, the nearest first."""
        return [one for one in reversed(self.named) if one.end <= found.start]

    def after(self, found: Comparative) -> list[Named]:
        """What is named after them in their clause."""
        end = self.clause(found)[1]
        return [one for one in self.named if found.end <= one.start < end]


class Assertions:
    """Judges what is said of one instrument's facts."""

    def __init__(self, facts: FactSet, subjects: Subjects) -> None:
        self._facts = facts
        self._subjects = subjects

    def judge(self, found: Comparative, said: Sentence, shown: Sequence[tuple[int, int, str]]) -> Judged:
        """Whether the words are true of what the sentence names. ``shown`` : (start, end, fact) of its numbers and tags."""
        text = said.text
        topics = [
            one for one in named_in(said, self._subjects) if not any(one.start < end and start < one.end for start, end, _ in shown)
        ]
        numbers = [Named(start, end, "fact", fact) for start, end, fact in shown if self._is_numeric(fact)]
        sentence = _Naming(text, tuple(sorted((*topics, *numbers), key=lambda one: one.start)))
        start, end = sentence.clause(found)
        if _UNREAL.search(text[start:end]) or (found.op not in {Op.PRESENT, Op.ABSENT} and ELSEWHEN.search(text)):
            return UNJUDGED
        judged = self._judge(found, sentence)
        if judged.is_true is None:
            return UNJUDGED
        return Judged(judged.is_true is not found.is_denied, judged.facts, judged.why)

    def _is_numeric(self, fact_id: str) -> bool:
        return fact_id in self._facts and self._facts[fact_id].unit not in {Unit.DATE, Unit.WORD, Unit.FLAG, Unit.COUNT}

    def _judge(self, found: Comparative, sentence: _Naming) -> Judged:
        if found.op is None:
            return UNJUDGED
        if found.op in {Op.STRONG, Op.WEAK}:  # of momentum nothing says how strong it is
            is_momentum = re.match(r"\smomentum\b", sentence.text[found.end :], re.IGNORECASE) is not None
            return UNJUDGED if is_momentum else self._of_names(found.op, "trend.adx")
        kinds = {
            Op.NEAR: self._compared, Op.ABOVE: self._compared, Op.BELOW: self._compared, Op.BETWEEN: self._between,
            Op.RISING: self._moving, Op.FALLING: self._moving, Op.OVERBOUGHT: self._bounded, Op.OVERSOLD: self._bounded,
            Op.DIVERGES: self._diverging, Op.PRESENT: self._drawn, Op.ABSENT: self._drawn,
        }  # fmt: skip
        return kinds.get(found.op, self._usual)(found.op, found, sentence)

    # --- each kind ----------------------------------------------------------------------------------------------------

    def _of_ids(self, op: Op, *ids: str) -> Judged:
        verdict = judge(Claim(op, ids), self._facts)
        return Judged(verdict.is_true, ids, verdict.why)

    def _of_names(self, op: Op, *names: str) -> Judged:
        facts = [self._facts.named(name) for name in names]
        return self._of_ids(op, *(fact.id for fact in facts if fact is not None)) if all(facts) else UNJUDGED

    def _compared(self, op: Op, found: Comparative, sentence: _Naming) -> Judged:
        """The nearest thing before the words that can be compared with the first after them."""
        other = next(iter(sentence.after(found)), None)
        if other is None or not other.fact:
            return UNJUDGED
        for one in sentence.before(found):
            if not one.fact:
                return UNJUDGED
            if found.start - one.end < _GLUED and self._facts[one.fact].unit is Unit.PERCENT:  # how far, and not what
                continue
            judged = self._of_ids(op, one.fact, other.fact)
            if judged.is_true is not None or one.topic != "fact":
                return judged
        return UNJUDGED

    def _between(self, _: Op, found: Comparative, sentence: _Naming) -> Judged:
        bounds = [one.fact for one in sentence.after(found)][:2]
        if len(bounds) < 2 or not all(bounds):
            end = found.end + 80  # its "and" ends the clause
            bounds = [one.fact for one in sentence.named if found.end <= one.start < end][:2]
        before = next(iter(sentence.before(found)), None)
        if before is None or not before.fact or len(bounds) < 2 or not all(bounds):
            return UNJUDGED
        low, high = sorted(bounds, key=lambda fact_id: float(self._facts[fact_id].value or 0))
        return self._of_ids(Op.BETWEEN, before.fact, low, high)

    def _moving(self, op: Op, found: Comparative, sentence: _Naming) -> Judged:
        said = sentence.text[found.start : found.end].lower()
        named = [*sentence.before(found), *sentence.after(found)]
        if re.fullmatch(r"positive|negative|bullish|bearish|up|down|(?:up|down)wards?", said):  # "the trend of Apple is positive"
            named.sort(key=lambda one: one.topic not in {"trend", "momentum", "macd", "macd histogram", "average"})
        topic = "trend" if "trend" in said and "trending" not in said else next((one.topic for one in named), "")
        start, _ = sentence.clause(found)
        is_close = _CLOSED.fullmatch(said) is not None and _CLOSING.search(sentence.text, start, found.start) is not None
        if is_close:
            said_before = {one.topic for one in sentence.before(found) if one.start >= start}
            topic = "price" if said_before <= {"price", "fact"} else ""
        if re.search(r"\b(?:highs|lows)\b", said):
            return UNJUDGED
        if topic == "fact":
            return self._by_number(op, found, sentence)
        if topic == "average":
            name = self._facts[named[0].fact].name.replace("sma", "slope") if named[0].fact else ""
            return self._of_names(op, name) if name else UNJUDGED
        if topic == "trend":
            is_short = re.search(r"\bshort(?:-term)?\b", sentence.text, re.IGNORECASE) is not None
            return self._word("trend.direction_short" if is_short else "trend.direction", "up" if op is Op.RISING else "down")
        if topic in {"macd", "macd histogram"} and re.search(r"positive|negative|bullish|bearish", said):
            return self._signed(op, named[0].fact)
        return self._price_moved(op, found, sentence, "price.change_1" if is_close else "") if topic == "price" else UNJUDGED

    def _by_number(self, op: Op, found: Comparative, sentence: _Naming) -> Judged:
        near = [
            one for one in sentence.named if one.topic == "fact" and found.start - _TOUCHING < one.start < found.end + _TOUCHING
        ]
        verdicts = [self._of_ids(op, one.fact) for one in near]
        return next((one for one in verdicts if one.is_true is not None), UNJUDGED)

    def _price_moved(self, op: Op, found: Comparative, sentence: _Naming, otherwise: str = "") -> Judged:
        """Over the time that is named, or ``otherwise``; where none is, only if the newest changes all say the same."""
        by_number = self._by_number(op, found, sentence)
        if by_number.is_true is not None:
            return by_number
        start, end = sentence.clause(found)
        clause = sentence.text[start:end]
        name = next((name for words, name in _PERIODS if re.search(rf"\b(?:{words})", clause, re.IGNORECASE)), otherwise)
        if name:
            return self._of_names(op, name)
        verdicts = [judged for each in _UNANIMOUS if (judged := self._of_names(op, each)).is_true is not None]
        is_clear = len(verdicts) == len(_UNANIMOUS) and len({one.is_true for one in verdicts}) == 1
        why = " ".join(one.why for one in verdicts)
        return Judged(verdicts[0].is_true, tuple(fact for one in verdicts for fact in one.facts), why) if is_clear else UNJUDGED

    def _bounded(self, op: Op, found: Comparative, sentence: _Naming) -> Judged:
        near = [*sentence.before(found), *sentence.after(found)]
        for one in near:
            if one.fact and (judged := self._of_ids(op, one.fact)).is_true is not None:
                return judged
            if one.topic not in {"price", "trend", "momentum", "fact", "macd signal", "other"}:
                return UNJUDGED
        if not any(one.topic == "price" for one in near):
            return UNJUDGED
        verdicts = [
            judged for name in ("oscillator.rsi", "stochastic.k") if (judged := self._of_names(op, name)).is_true is not None
        ]
        return verdicts[0] if verdicts and len({one.is_true for one in verdicts}) == 1 else UNJUDGED

    def _usual(self, op: Op, found: Comparative, sentence: _Naming) -> Judged:
        near = (*sentence.before(found), *sentence.after(found))
        topic = next((one.topic for one in near if one.topic in {"volume", "volume ratio", "volatility"}), "")
        said = sentence.text[found.start : found.end].lower()
        if "volume" in said or topic.startswith("volume"):
            return self._of_names(op, "volume.ratio_20")
        if topic == "volatility" and op is not Op.DOUBLED:
            high = ("extreme",) if said == "extreme" else ("high", "extreme")
            return self._word("volatility.regime", *(high if op is Op.HIGHER_THAN_USUAL else ("low",)))
        return UNJUDGED

    def _diverging(self, _: Op, found: Comparative, sentence: _Naming) -> Judged:
        said = sentence.text[found.start : found.end].lower()
        side = "bullish" if re.search("bullish|positive", said) else "bearish" if re.search("bearish|negative", said) else ""
        flags = [fact for fact in self._facts.under("divergence.") if fact.name.endswith(side) and isinstance(fact.value, bool)]
        if "hidden" in said:
            flags = [fact for fact in flags if "hidden" in fact.name]
        there = [fact for fact in flags if fact.value]
        if not flags:
            return UNJUDGED
        return self._of_ids(Op.DIVERGES, (there or flags)[0].id)

    def _drawn(self, op: Op, found: Comparative, sentence: _Naming) -> Judged:
        """Crosses by the last one; patterns by their flags, or by the flag that there is none at all."""
        said = re.sub(r"(?<=[^s])s\Z", "", re.sub(r"[\s-]+", "_", sentence.text[found.start : found.end].lower()))
        is_there: Judged = UNJUDGED
        if said in _GAPS:  # of the newest bar
            is_long_ago = ELSEWHEN.search(sentence.text) or re.search(
                r"\b(?:week|month|quarter|year)", sentence.text, re.IGNORECASE
            )
            is_there = UNJUDGED if is_long_ago else self._of_names(Op.PRESENT, _GAPS[said])
        elif said.endswith("cross"):
            is_there = self._word("average.cross", said.partition("_")[0])
        else:
            side = re.match(r"bullish_|bearish_|rising_|falling_", said)
            kind = said[side.end() :] if side and side[0] in {"bullish_", "bearish_"} else said
            flags = [fact for fact in self._facts.values() if fact.unit is Unit.FLAG and kind in fact.name.split(".")]
            if side and side[0] in {"bullish_", "bearish_"}:
                flags = [fact for fact in flags if fact.name.endswith(side[0].rstrip("_"))]
            missing = [self._facts.named(name) for name in ("pattern.any", "candle.any")]
            if flags:
                is_there = self._of_ids(Op.PRESENT, flags[0].id)
            elif all(fact is not None and fact.value is False for fact in missing):
                is_there = self._of_names(Op.PRESENT, "pattern.any")
        if is_there.is_true is None or op is Op.PRESENT:
            return is_there
        return Judged(not is_there.is_true, is_there.facts, is_there.why)

    def _word(self, name: str, *wanted: str) -> Judged:
        fact = self._facts.named(name)
        if fact is None or not isinstance(fact.value, str):
            return UNJUDGED
        return Judged(fact.value in wanted, (fact.id,), f"{fact.label} is {format_fact(fact)}.")

    def _signed(self, op: Op, fact_id: str) -> Judged:
        fact = self._facts.get(fact_id)
        if fact is None or not isinstance(fact.value, int | float) or isinstance(fact.value, bool):
            return UNJUDGED
        is_true = fact.value > 0 if op is Op.RISING else fact.value < 0
        return Judged(is_true, (fact_id,), f"{fact.label} is {format_fact(fact)}.")
