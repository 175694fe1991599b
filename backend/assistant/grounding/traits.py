"""What each fact is of: its subjects, the part of their family that it is, its window, its place among several."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from backend.assistant.facts.fact import Fact, Unit
from backend.assistant.grounding.lexicon import AVERAGES, LINKS, Sort, stems
from backend.assistant.grounding.pieces import read_pieces

# Names of facts with their subjects, commas between; then the part of the family, and what its sign says.
_ROWS: Final = (
    (r"price\.(?:last|now)|view\.close", "price", "", ""),
    (r"price\.previous_close", "previous", "", ""),
    (r"price\.change_now", "change", "now", "change"),
    (r"price\.change(?:_(?P<window>\w+))?|view\.change", "change", "", "change"),
    (r"price\.high_52w", "level, high, high year, highest, range year", "", ""),
    (r"price\.low_52w", "level, low, low year, lowest, range year", "", ""),
    (r"price\.position_52w", "place year, range year", "", ""),
    (r"price\.highest", "level, high, highest, record high", "", ""),
    (r"price\.from_highest", "high, highest, record high", "distance", "fall"),
    (r"risk\.drawdown_now", "high, highest close, drawdown", "", "fall"),
    (r"view\.high", "high, highest", "view", ""),
    (r"view\.low", "low, lowest", "view", ""),
    (r"swing\.high", "level, high, swing high", "swing", ""),
    (r"swing\.low", "level, low, swing low", "swing", ""),
    (r"volume\.average_(?P<window>\d+)", "usual volume", "", ""),
    (r"volume\.ratio(?:_\w+)?", "volume ratio", "norm", ""),
    (r"volume\.percentile_\w+", "volume", "rank", ""),
    (r"volume\.(?:last|\d+)", "volume", "", ""),
    (r"average\.sma_(?P<window>\d+)", "average", "", ""),
    (r"average\.(?:ema|wma)_(?P<window>\d+)", "other average", "", ""),
    (r"average\.distance_(?P<window>\d+)", "average", "distance", "distance"),
    (r"average\.slope_(?P<window>\d+)", "average", "slope", "change"),
    (r"average\.cross_age", "cross, average", "cross", ""),
    (r"oscillator\.(?:rsi|\d+)", "rsi", "", ""),
    (r"macd\.line", "macd", "", ""),
    (r"macd\.signal", "macd signal", "", ""),
    (r"macd\.histogram", "macd histogram", "", ""),
    (r"stochastic\.k", "stochastic, stochastic k", "", ""),
    (r"stochastic\.d", "stochastic, stochastic d", "", ""),
    (r"trend\.adx", "adx", "", ""),
    (r"direction\.plus", "plus", "", ""),
    (r"direction\.minus", "minus", "", ""),
    (r"band\.upper", "band, band upper", "", ""),
    (r"band\.middle", "band, band middle", "", ""),
    (r"band\.lower", "band, band lower", "", ""),
    (r"band\.position", "band position", "", ""),
    (r"band\.width", "band, band width", "width", ""),
    (r"band\.width_percentile", "band, band rank, band width", "rank", ""),
    (r"trend\.slope_\d+", "regression", "slope", "change"),
    (r"trend\.fit_\d+", "fit, regression", "fit", ""),
    (r"volatility\.atr", "atr", "", ""),
    (r"volatility\.atr_percent", "atr", "percent", ""),
    (r"volatility\.percentile_\w+", "volatility", "rank", ""),
    (r"volatility\.realised|risk\.volatility", "volatility", "", ""),
    (r"pivot\.point", "pivot", "", ""),
    (r"pivot\.support_(?P<rank>\d)", "support, pivot support", "pivot", ""),
    (r"pivot\.resistance_(?P<rank>\d)", "resistance, pivot resistance", "pivot", ""),
    (r"level\.(?P<of>support|resistance)\.(?P<rank>\d+)", "*, level", "", ""),
    (r"level\.(?P<of>support|resistance)\.(?P<rank>\d+)\.(?P<part>edge|touches)", "*", "*", ""),
    (r"level\.(?P<of>support|resistance)\.(?P<rank>\d+)\.distance", "*", "distance", "distance"),
    (r"risk\.drawdown", "drawdown", "", "fall"),
    (r"risk\.var", "var", "", "fall"),
    (r"risk\.cvar", "cvar", "", "fall"),
    (r"risk\.downside", "downside", "", "fall"),
    (r"risk\.sharpe", "sharpe", "", ""),
    (r"risk\.beta", "beta", "", ""),
    (r"risk\.correlation", "correlation", "", ""),
    (r"gap\.above\.\w+", "gap, gap above", "", ""),
    (r"gap\.below\.\w+", "gap, gap below", "", ""),
    (r"idea\.entry", "entry", "", ""),
    (r"idea\.stop", "stop", "", ""),
    (r"idea\.target", "target", "", ""),
    (r"idea\.reward_to_risk", "reward", "", ""),
    (r"idea\.risk", "at risk", "", ""),
    (r"idea\.stop_ranges", "stop ranges", "", ""),
    (r"idea\.least", "least reward", "", ""),
    (r"position\.quantity", "position", "", ""),
    (r"position\.price", "position price", "", ""),
    (r"position\.gain(?:_percent)?", "position gain", "", "change"),
    (r"bars\.age", "age", "", ""),
    (r"bars\.count|view\.count", "bars", "", ""),
    (r"sentiment\.score", "sentiment", "", ""),
    (r"setting\.confidence", "confidence, var level", "var", ""),
    (r"setting\.\w+", "setting", "", ""),
)  # fmt: skip
_NAMES: Final = re.compile(
    "|".join(f"(?P<row{row}>{re.sub(r'[?]P<[a-z]+>', '', pattern)})" for row, (pattern, *_) in enumerate(_ROWS))
)
_PATTERNS: Final = tuple(re.compile(pattern) for pattern, *_ in _ROWS)
_YEAR: Final = frozenset({"252", "260"})


@dataclass(frozen=True, slots=True)
class Trait:
    """What a fact is of.

    aspect : what must be named beside the subject for this fact to be meant; empty for what the subject means by itself
    windows : the ways to say over how many sessions it is; empty where that is not said of it
    rank : which of several levels, from 1; 0 where there is one
    sign : "change" where its sign says where something moved, "fall" where its name says that it is a fall, "distance" of a place
    words : of a fact that no subject covers, words of its label that must be said
    """

    subjects: frozenset[str]
    aspect: str = ""
    windows: frozenset[str] = frozenset()
    rank: int = 0
    sign: str = ""
    words: frozenset[str] = frozenset()


def trait_of(fact: Fact) -> Trait:
    """What a fact is of, by its name; by the words of its label where no row has its name."""
    match = _NAMES.fullmatch(fact.name)
    if match is None:
        return _by_label(fact)
    row = int((match.lastgroup or "row0")[3:])
    _, subjects, aspect, sign = _ROWS[row]
    parts = (_PATTERNS[row].fullmatch(fact.name) or match).groupdict()
    named = subjects.replace("*", parts.get("of") or "")
    return Trait(
        frozenset(one.strip() for one in named.split(",")),
        parts["part"] if aspect == "*" else aspect,
        _windows(fact, parts.get("window") or ""),
        int(parts.get("rank") or 0),
        sign,
    )


_KNOWN_WINDOWS: Final = {
    **dict.fromkeys(("price.high_52w", "price.low_52w", "risk.drawdown", "risk.drawdown_now", "price.position_52w"), _YEAR),
    **dict.fromkeys(("price.highest", "price.from_highest"), frozenset({"all"})),
    **dict.fromkeys(("swing.high", "swing.low", "view.high", "view.low"), frozenset({"some"})),
    **dict.fromkeys(("risk.var", "risk.cvar", "volume.last", "price.change"), frozenset({"1"})),
    **dict.fromkeys(("volatility.realised", "risk.volatility", "risk.downside"), frozenset({*_YEAR, "20"})),
}


def _windows(fact: Fact, said: str) -> frozenset[str]:
    """Over how many sessions a fact is, in every way to say it."""
    known = _KNOWN_WINDOWS.get(fact.name)
    if known is not None:
        return known
    if fact.name.startswith("average."):
        return frozenset({said, *(AVERAGES[word] for word in stems(fact.label) if word in AVERAGES)})
    if said == "bar":
        is_daily = fact.bars is None or str(fact.bars.series.spec) == "1d"
        return frozenset({"1" if is_daily else "bar"})
    return _YEAR if said == "252" else frozenset({said} - {"", "now"})


def _by_label(fact: Fact) -> Trait:
    """Of facts that the table does not have, as ratios of filings: the subjects that the label names, else its own words."""
    label = fact.label.partition(",")[0]
    named = {piece.value for piece in read_pieces(label, {}) if piece.sort in {Sort.SUBJECT, Sort.FOREIGN}}
    named |= {whole for whole, part in (("high", "highest"), ("low", "lowest")) if part in named}
    own = frozenset(word for word in stems(label) if len(word) > 2 and word not in LINKS)
    if fact.unit is Unit.RATIO and named:
        return Trait(frozenset(named))
    unknown = frozenset(piece.word for piece in read_pieces(label, {}) if piece.sort is Sort.UNKNOWN and len(piece.word) > 2)
    sign = "change" if "change" in named and fact.unit in {Unit.PERCENT, Unit.PRICE, Unit.MONEY} else ""
    return Trait(frozenset(named), sign=sign, words=unknown or (frozenset() if named else own))


def traits_of(facts: Iterable[Fact]) -> dict[str, Trait]:
    """The traits of facts, by id."""
    return {fact.id: trait_of(fact) for fact in facts}
