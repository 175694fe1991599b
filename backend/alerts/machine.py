"""One rule at work: on which side of its levels every leaf stands, whether the whole is true, and when it fired."""

import enum
import hashlib
import math
from collections.abc import Sequence
from typing import Final, TypeAlias

import msgspec

from backend.alerts.alert import Operator, Repeat, When
from backend.alerts.level import Level
from backend.alerts.rules import CloseBefore, Comparison, Every, Expression, LastPrice, Moment, Right, Rule, Turned
from backend.errors import CorruptData

STATE_VERSION: Final = 1
LONG_AGO: Final = -(2**63)

# On which side of the level a value lies, and what is true: small numbers, for they are kept and looked up.
BELOW, EQUAL, OVER, UNKNOWN_SIDE = range(4)
FALSE, TRUE, UNKNOWN = range(3)

_RESTING: Final = {
    Operator.ABOVE: (FALSE, FALSE, TRUE, UNKNOWN),
    Operator.AT_LEAST: (FALSE, TRUE, TRUE, UNKNOWN),
    Operator.BELOW: (TRUE, FALSE, FALSE, UNKNOWN),
    Operator.AT_MOST: (TRUE, TRUE, FALSE, UNKNOWN),
    Operator.EQUAL: (FALSE, TRUE, FALSE, UNKNOWN),
}
_PULSE: Final = (FALSE, FALSE, FALSE, UNKNOWN)
_UP: Final = frozenset({(BELOW, OVER), (EQUAL, OVER)})
_DOWN: Final = frozenset({(OVER, BELOW), (EQUAL, BELOW)})
_NEVER: Final[frozenset[tuple[int, int]]] = frozenset()
_CROSSINGS: Final = {Operator.CROSSES_ABOVE: _UP, Operator.CROSSES_BELOW: _DOWN, Operator.CROSSES: _UP | _DOWN}
_RISING: Final = {Operator.ABOVE, Operator.AT_LEAST, Operator.CROSSES_ABOVE}
_FALLING: Final = {Operator.BELOW, Operator.AT_MOST, Operator.CROSSES_BELOW}

Compared: TypeAlias = tuple[int, float, float]  # leaf, value, level


class Clock(enum.IntEnum):
    """What makes a rule look at a leaf: every trade, bars complete and under way, or complete bars only."""

    TRADES = 0
    BARS = 1
    CLOSES = 2


_NOWHERE: Final[tuple[tuple[int, ...], ...]] = ((), (), ())
_ALONE: Final[tuple[tuple[tuple[int, ...], ...], ...]] = (((0,), (), ()), ((), (0,), ()), ((), (), (0,)))


class Back(enum.IntEnum):
    """From where a value must come back before the next edge counts."""

    NOWHERE = 0
    ABOVE = 1
    BELOW = 2
    LEVEL = 3


class _Kept(msgspec.Struct, array_like=True):
    version: int
    expression: bytes
    sides: list[int]
    truths: list[int]
    was_true: bool
    seen: list[tuple[float, float]]
    fired_ns: int
    fired_label: int
    back_from: int
    back_leaf: int
    is_resting: bool
    seen_ns: int
    seen_label: int


class Machine:
    """A rule and everything it remembers; it is told what to compare, and answers with a firing.

    rights : what each leaf is compared with: a number that stays, else the side itself
    on : the leaves that each clock looks at
    fresh : a bit for each clock that has not looked since it began or was restored; after_ns, after_label : what it saw before that
    """

    __slots__ = (
        "_back_from",
        "_back_leaf",
        "_operators",
        "_was_true",
        "after_label",
        "after_ns",
        "fired_label",
        "fired_ns",
        "fresh",
        "is_resting",
        "is_restored",
        "on",
        "rights",
        "rule",
        "seen",
        "sides",
        "truths",
    )

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.rights = [plain_right(leaf.right) if isinstance(leaf, Comparison) else math.nan for leaf in rule.leaves]
        self.on = _clocks(rule)
        self.fresh = 0
        self.sides = [UNKNOWN_SIDE] * len(rule.leaves)
        self.truths = [FALSE if isinstance(leaf, Moment) else UNKNOWN for leaf in rule.leaves]
        self.seen = [(math.nan, math.nan)] * len(rule.leaves)
        self.after_ns = self.after_label = self.fired_ns = self.fired_label = LONG_AGO
        self.is_resting = self.is_restored = self._was_true = False
        self._back_from, self._back_leaf = Back.NOWHERE, -1
        self._operators = tuple(
            (_RESTING.get(leaf.operator, _PULSE), _CROSSINGS.get(leaf.operator, _NEVER)) if isinstance(leaf, Comparison) else None
            for leaf in rule.leaves
        )

    # --- looking ------------------------------------------------------------------------------------------------------

    def look(self, compared: Sequence[Compared], event_ns: int, label: int, price: float) -> Turned | None:
        """Compare some leaves anew at one instant in the bar ``label``; the firing, if that makes one."""
        before = self.truths
        self.truths = resting = before.copy()
        pulses: list[int] = []
        for leaf, value, level in compared:
            operator = self._operators[leaf]
            assert operator is not None, "Moments are not compared."
            side = side_of(value, level)
            resting[leaf] = operator[0][side]
            self.seen[leaf] = (value, level)
            if side == UNKNOWN_SIDE:
                continue
            if (self.sides[leaf], side) in operator[1]:
                pulses.append(leaf)
            self.sides[leaf] = side
            if leaf == self._back_leaf:
                self._come_back(value, level)
        return self._edge(before, pulses, (event_ns, label, price))

    def begin(self, leaf: int, event_ns: int, label: int, price: float) -> Turned | None:
        """A moment has come, for good; the firing, if that makes one."""
        before = self.truths
        self.truths = before.copy()
        self.truths[leaf] = TRUE
        self.seen[leaf] = (float(event_ns), float(event_ns))
        return self._edge(before, [], (event_ns, label, price))

    def lie(self, leaf: int, value: float, level: float, *, keeps_side: bool) -> None:
        """What was seen last of a leaf is this, without a look."""
        side = side_of(value, level)
        if side != UNKNOWN_SIDE or not keeps_side:
            self.seen[leaf] = (value, level)
        if not keeps_side:
            self.sides[leaf] = side

    def _edge(self, before: list[int], pulses: list[int], at: tuple[int, int, float]) -> Turned | None:
        now = resting = self.truths
        tree = self.rule.expression
        if pulses:
            now = resting.copy()
            for leaf in pulses:
                now[leaf] = TRUE
        whole = truth_of(tree, now)
        is_edge = whole == TRUE and not self._was_true
        rests = truth_of(tree, resting) if pulses else whole
        if rests != UNKNOWN:
            self._was_true = rests == TRUE
        if not is_edge or self._is_spent(at[0], at[1]):
            return None
        return self._fire(_turner(tree, before, now), at)

    def _is_spent(self, event_ns: int, label: int) -> bool:
        rule = self.rule
        if (rule.expires_ns and event_ns >= rule.expires_ns) or self._back_from != Back.NOWHERE:
            return True
        if self.fired_ns == LONG_AGO:
            return False
        is_cooling = rule.cooldown_ns > 0 and event_ns < self.fired_ns + rule.cooldown_ns
        return is_cooling or (rule.repeat is Repeat.ONCE_PER_BAR and label == self.fired_label)

    def _fire(self, leaf: int, at: tuple[int, int, float]) -> Turned:
        event_ns, label, price = at
        self.fired_ns, self.fired_label = event_ns, label
        self.is_resting = self.rule.repeat is Repeat.ONCE
        found = self.rule.leaves[leaf]
        if self.rule.rearm_pct and isinstance(found, Comparison):
            self._back_from, self._back_leaf = _back_from(found.operator, self.sides[leaf]), leaf
        value, level = self.seen[leaf]
        return Turned(self.rule.alert_id, event_ns, price, value, level, leaf, label)

    def _come_back(self, value: float, level: float) -> None:
        band = abs(level) * self.rule.rearm_pct / 100.0
        is_below = self._back_from != Back.BELOW and value <= level - band
        is_above = self._back_from != Back.ABOVE and value >= level + band
        if is_below or is_above:
            self._back_from, self._back_leaf = Back.NOWHERE, -1

    # --- keeping ------------------------------------------------------------------------------------------------------

    def kept(self, seen_ns: int, seen_label: int) -> bytes:
        """Everything remembered; seen_ns, seen_label : the newest trade and bar that it has seen."""
        back = (int(self._back_from), self._back_leaf)
        fired = (self.fired_ns, self.fired_label)
        sides = (self.sides, self.truths, self._was_true, self.seen)
        kept = _Kept(STATE_VERSION, self._expression(), *sides, *fired, *back, self.is_resting, seen_ns, seen_label)
        return msgspec.msgpack.encode(kept)

    def restore(self, state: bytes) -> bool:
        """Go on from ``kept``; False where that is of another expression. Raises CorruptData."""
        try:
            kept = msgspec.msgpack.decode(state, type=_Kept)
        except msgspec.MsgspecError as e:
            raise CorruptData(f"The state of an alert cannot be read: {e}.", hint="Arm the alert again.") from e
        if kept.version != STATE_VERSION:
            raise CorruptData(f"The state of an alert has version {kept.version}.", hint="Arm the alert again.")
        if kept.expression != self._expression():
            return False
        self.sides, self.truths, self._was_true, self.seen = kept.sides, kept.truths, kept.was_true, kept.seen
        self.fired_ns, self.fired_label, self.is_resting = kept.fired_ns, kept.fired_label, kept.is_resting
        self._back_from, self._back_leaf = Back(kept.back_from), kept.back_leaf
        self.after_ns, self.after_label = kept.seen_ns, kept.seen_label
        self.is_restored = True
        return True

    def skip_nothing_before(self, seen_ns: int, seen_label: int) -> None:
        """What the engine itself has seen comes to nobody again, so there is nothing to be skipped up to there."""
        if self.after_ns <= seen_ns:
            self.after_ns = LONG_AGO
        if self.after_label <= seen_label:
            self.after_label = LONG_AGO

    def _expression(self) -> bytes:
        # Levels may come from outside and change; which leaves there are, and how they are looked at, may not.
        rule = self.rule
        text = f"{rule.series} {rule.when} {rule.leaves!r} {rule.expression!r}"
        return hashlib.blake2b(text.encode(), digest_size=8).digest()


def side_of(value: float, level: float) -> int:
    """BELOW, EQUAL or OVER; UNKNOWN_SIDE where one is NaN."""
    if value > level:
        return OVER
    if value < level:
        return BELOW
    return EQUAL if value == level else UNKNOWN_SIDE


def truth_of(tree: Expression, truths: Sequence[int]) -> int:
    """TRUE, FALSE or UNKNOWN: a tree over its leaves, in three-valued logic."""
    if isinstance(tree, int):
        return truths[tree]
    parts = [truth_of(part, truths) for part in tree.of]
    decides = FALSE if isinstance(tree, Every) else TRUE
    if decides in parts:
        return decides
    return UNKNOWN if UNKNOWN in parts else 1 - decides


def plain_right(right: Right) -> Right | float:
    """A level that never moves as the number it is."""
    return right.after if isinstance(right, Level) and right.is_constant else right


def _turner(tree: Expression, before: Sequence[int], now: Sequence[int]) -> int:
    # The first leaf that became true in what became true: where a tree became true, such a part is in it.
    if isinstance(tree, int):
        return tree
    return next(_turner(part, before, now) for part in tree.of if truth_of(part, now) == TRUE and truth_of(part, before) != TRUE)


def _back_from(operator: Operator, side: int) -> Back:
    if operator in _RISING or (operator is Operator.CROSSES and side == OVER):
        return Back.ABOVE
    return Back.BELOW if operator in _FALLING or operator is Operator.CROSSES else Back.LEVEL


def _clocks(rule: Rule) -> tuple[tuple[int, ...], ...]:
    if len(rule.leaves) == 1:
        (leaf,) = rule.leaves
        return _ALONE[_clock_of(leaf, rule.when)] if isinstance(leaf, Comparison) else _NOWHERE
    found: tuple[list[int], ...] = tuple([] for _ in Clock)
    for place, leaf in enumerate(rule.leaves):
        if isinstance(leaf, Comparison):
            found[_clock_of(leaf, rule.when)].append(place)
    return tuple(map(tuple, found))


def _clock_of(leaf: Comparison, when: When) -> Clock:
    if when is When.CLOSE:
        return Clock.CLOSES
    is_price = isinstance(leaf.left, LastPrice) and isinstance(leaf.right, Level | CloseBefore)
    return Clock.TRADES if is_price else Clock.BARS
