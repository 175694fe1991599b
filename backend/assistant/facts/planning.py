"""A trade idea by rules that can be told: entry, stop and target are computed levels, and without an opportunity there is none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from backend.assistant.facts.context import AGE
from backend.assistant.facts.draft import Draft, Term, lacking, percent, price
from backend.assistant.facts.fact import Unit, Value
from backend.assistant.facts.oscillators import RSI
from backend.assistant.facts.prices import LAST, NOW
from backend.assistant.facts.settings import WEEK
from backend.assistant.facts.trends import DIRECTION, SHORT_DIRECTION
from backend.assistant.facts.view import View
from backend.assistant.facts.volatilities import ATR
from backend.domain.bars import DAY_NS

REACH_ATR: Final = 2.0
AT_LEVEL_ATR: Final = 0.5
STOP_ATR: Final = {"scalp": 0.5, "day": 0.5, "swing": 1.0, "position": 1.5, "invest": 2.0}
LEAST: Final = {"low": 2.5, "medium": 2.0, "high": 1.5}
OVERBOUGHT, OVERSOLD = 70.0, 30.0

SIDE: Final = Term("idea.direction", "Direction of the idea", Unit.WORD, "with the trend", ("@trend.direction",))
ENTRY: Final = price(
    "idea.entry",
    "Entry",
    f"the newest price within {AT_LEVEL_ATR:g} average true ranges of the level, else the level",
    ("@price.last", "@volatility.atr"),
)
STOP: Final = price(
    "idea.stop", "Stop", "far edge of the level and so many average true ranges beyond", ("@volatility.atr", "@idea.stop_ranges")
)
TARGET: Final = price("idea.target", "Target", "the nearest level against it, else the end of the year's range")
GOAL: Final = Term("idea.goal", "What the target is", Unit.WORD, "where the target comes from", ("@idea.target",))
REWARD: Final = Term(
    "idea.reward_to_risk",
    "Reward to risk",
    Unit.RATIO,
    "|target - entry| / |entry - stop|",
    ("@idea.entry", "@idea.stop", "@idea.target"),
)
AT_RISK: Final = percent("idea.risk", "At risk from entry to stop", "|entry - stop| / entry", ("@idea.entry", "@idea.stop"))
STOP_RANGES: Final = Term(
    "idea.stop_ranges", "Average true ranges to the stop", Unit.RATIO, "by trading style", ("@person.style",), decimals=1
)
LEAST_REWARD: Final = Term("idea.least", "Least reward to risk", Unit.RATIO, "by risk tolerance", ("@person.risk",), decimals=1)
TERMS: Final = (SIDE, ENTRY, STOP, TARGET, REWARD, AT_RISK, GOAL)


@dataclass(frozen=True, slots=True)
class _Sight:
    """The numbers that the rules look at."""

    close: float
    atr: float
    step: float  # 1 for long, -1 for short
    level: float
    edge: float
    against: float
    goal: str


def idea_facts(view: View, found: Mapping[str, Draft]) -> Iterator[Draft]:
    """The idea, from the drafts found before; unavailable with the rule that was not met."""
    ranges, least = STOP_ATR.get(view.person.style, 1.0), LEAST.get(view.person.risk, 2.0)
    yield Draft(term=STOP_RANGES, value=ranges, source="settings")
    yield Draft(term=LEAST_REWARD, value=least, source="settings")
    why, sight = _look(view, found)
    if sight is None:
        yield from lacking(TERMS, why, view.main.source)
        return
    entry = sight.close if abs(sight.close - sight.level) <= AT_LEVEL_ATR * sight.atr else sight.level
    stop = sight.edge - sight.step * ranges * sight.atr
    risk, reward = (entry - stop) * sight.step, (sight.against - entry) * sight.step
    if stop <= 0 or risk <= 0:
        yield from lacking(TERMS, "A stop beyond the level would lie where no price can be.", view.main.source)
        return
    if reward / risk < least:
        why = "From the nearest level to the opposite level there is too little to gain for what a stop would lose."
        yield from lacking(TERMS, why, view.main.source)
        return
    values: tuple[Value, ...] = (
        "long" if sight.step > 0 else "short",
        entry,
        stop,
        sight.against,
        reward / risk,
        100 * risk / entry,
        sight.goal,
    )
    for term, value in zip(TERMS, values, strict=True):
        yield view.main.draft(term, value)


def _look(view: View, found: Mapping[str, Draft]) -> tuple[str, _Sight | None]:
    """What the rules look at, or the first rule that is not met, in words without numbers."""
    why = next((words for words, is_met in _grounds(view, found) if not is_met), "")
    if why:
        return why, None
    is_long = found[DIRECTION.name].value == "up"
    near, far = ("support", "resistance") if is_long else ("resistance", "support")
    names = (LAST.name, NOW.name, ATR.name, f"level.{near}.1", f"level.{near}.1.edge")
    last, now, atr, level, edge = (_number(found, name) for name in names)
    close = last if now is None else now
    if level is None or edge is None:
        return f"There is no {near} that was touched lately to lean on.", None
    assert close is not None
    assert atr is not None
    step = 1.0 if is_long else -1.0
    if (close - edge) * step <= 0:
        return f"Since the last bar the price has gone through the nearest {near}.", None
    goals = (
        (f"level.{far}.1", far),
        ("price.high_52w", "the high of the year") if is_long else ("price.low_52w", "the low of the year"),
    )
    against, goal = next(((at, word) for name, word in goals if (at := _number(found, name)) is not None), (None, ""))
    if against is None or (against - close) * step <= AT_LEVEL_ATR * atr:
        return f"There is no {far} ahead to aim at.", None
    if abs(close - level) > REACH_ATR * atr:
        return f"The price is too far from the nearest {near}, so that a stop behind it would be wide.", None
    return "", _Sight(close, atr, step, level, edge, against, goal)


def _grounds(view: View, found: Mapping[str, Draft]) -> Iterator[tuple[str, bool]]:
    """What must hold before levels are looked at: the words for where it does not, and whether it does."""
    direction, strength = found[DIRECTION.name].value, _number(found, RSI.name)
    is_long = direction == "up"
    is_stretched = strength is not None and (strength >= OVERBOUGHT if is_long else strength <= OVERSOLD)
    yield "Prices that are not all positive are no ground for an idea.", view.main.is_above_zero
    yield "The newest bar is too old for an idea that could be traded.", not _is_old(view, found)
    yield "There are too few bars to say which way the trend goes.", direction is not None
    yield "There is no trend to trade with.", direction != "sideways"
    yield "Without highs and lows nothing says how far away a stop belongs.", bool(_number(found, ATR.name))
    yield "The move is stretched: entering with it now would be late.", not is_stretched
    yield "The short trend still goes against the long one.", found[SHORT_DIRECTION.name].value != ("down" if is_long else "up")


def _is_old(view: View, found: Mapping[str, Draft]) -> bool:
    days = _number(found, AGE.name) or 0.0
    length_ns = view.main.series.spec.duration_ns or 31 * DAY_NS
    return days * DAY_NS > max(WEEK * 2 * DAY_NS, 2 * length_ns if view.main.series.spec.is_dated else 0)


def _number(found: Mapping[str, Draft], name: str) -> float | None:
    draft = found.get(name)
    value = None if draft is None else draft.value
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
