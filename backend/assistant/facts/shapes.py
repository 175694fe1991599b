"""Facts of what prices draw: levels, swings, pivots, gaps, divergences, candle and chart patterns."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from backend.assistant.facts.draft import Draft, Term, lacking, percent, price
from backend.assistant.facts.fact import BarRange, Unit, Value
from backend.assistant.facts.oscillators import CLOSES_ONLY
from backend.assistant.facts.prices import NO_PERCENT
from backend.assistant.facts.settings import MONTH, OSCILLATOR, QUARTER
from backend.assistant.facts.view import Seen, View
from backend.domain.bars import BarArrays
from backend.indicators import compute
from backend.patterns import find_candle_patterns, find_chart_patterns, find_divergences, find_gaps, find_levels, find_swings
from backend.patterns.found import (
    Bias,
    ChartPattern,
    Divergence,
    DivergenceKind,
    Found,
    Level,
    OutcomeKind,
    PriceGap,
    Role,
    Swing,
    SwingKind,
)

N_BARS_MAX: Final = 1_500  # older turns count for nothing today
N_LEVELS_MAX: Final = 3
N_PATTERNS_MAX: Final = 3
N_CANDLE_BARS: Final = 3
RECENT: Final = MONTH
OPEN: Final = QUARTER

SUPPORT: Final = price("level.support.1", "Nearest support", "price around which swings below the close turned")
RESISTANCE: Final = price("level.resistance.1", "Nearest resistance", "price around which swings above the close turned")
SWINGS: Final = (
    (SwingKind.HIGH, price("swing.high", "Newest swing high", "newest high from which prices turned by 3 average true ranges")),
    (SwingKind.LOW, price("swing.low", "Newest swing low", "newest low from which prices turned by 3 average true ranges")),
)
GAPPED: Final = (
    (Bias.BULLISH, Term("gap.up", "Gap up at the newest bar", Unit.FLAG, "low above the high of the bar before")),
    (Bias.BEARISH, Term("gap.down", "Gap down at the newest bar", Unit.FLAG, "high below the low of the bar before")),
)
GAP_BELOW: Final = (
    price("gap.below.high", "Upper edge of the nearest open gap below", "low after a gap that no bar has come back over"),
    price("gap.below.low", "Lower edge of the nearest open gap below", "high before that gap"),
)
GAP_ABOVE: Final = (
    price("gap.above.low", "Lower edge of the nearest open gap above", "high after a gap that no bar has come back over"),
    price("gap.above.high", "Upper edge of the nearest open gap above", "low before that gap"),
)
DIVERGENCES: Final = tuple(
    (kind, bias, Term(f"divergence.{kind}_{bias}", f"{kind.value.title()} {bias} divergence", Unit.FLAG,
                      f"swings of the price and of the rsi({OSCILLATOR}) that disagree, known within {RECENT} bars",
                      ("@oscillator.rsi",)))
    for kind in DivergenceKind
    for bias in (Bias.BULLISH, Bias.BEARISH)
)  # fmt: skip
ANY_CANDLE: Final = Term(
    "candle.any", "Candle pattern", Unit.FLAG, f"any of the fifteen patterns in the newest {N_CANDLE_BARS} bars"
)
ANY_PATTERN: Final = Term("pattern.any", "Chart pattern", Unit.FLAG, f"any that is open, or ended within {RECENT} bars")
FIXED: Final = (
    SUPPORT, RESISTANCE, *(term for _, term in SWINGS), *(term for _, term in GAPPED), *GAP_BELOW, *GAP_ABOVE,
    *(term for _, _, term in DIVERGENCES), ANY_CANDLE, ANY_PATTERN,
)  # fmt: skip
OUTCOMES: Final = {
    OutcomeKind.BREAKOUT_UP: "broke out upwards",
    OutcomeKind.BREAKOUT_DOWN: "broke out downwards",
    OutcomeKind.INVALIDATED: "failed",
    OutcomeKind.EXPIRED: "expired",
    OutcomeKind.FILLED: "filled",
}
UNDECIDED: Final = "not broken out yet"
_N_LEAST: Final = OSCILLATOR + 2


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """The newest bars, of which everything here is found; a window, so that a long record costs no more."""

    seen: Seen
    bars: BarArrays
    first: int

    def draft(self, term: Term, value: Value, found: Found | Swing) -> Draft:
        """A fact of one find, with its corners and the bar at which it was known."""
        start_ns = found.event_ns if isinstance(found, Swing) else found.start_ns
        points = ((found.event_ns, found.price),) if isinstance(found, Swing) else found.points
        reach = BarRange(self.seen.series, start_ns, max(start_ns, int(self.bars.event_ns[found.known])))
        return Draft(
            term=term, value=value, source=self.seen.source, as_of_ns=int(self.seen.known_ns[-1]), bars=reach,
            known_ns=int(self.seen.known_ns[self.first + found.known]), points=points,
        )  # fmt: skip

    def none(self, terms: Iterable[Term], why: str) -> list[Draft]:
        return lacking(terms, why, self.seen.source)

    def false(self, term: Term) -> Draft:
        return self.seen.draft(term, False, 1)

    def age(self, row: int) -> int:
        """Bars since ``row``."""
        return len(self.bars) - 1 - row


def shape_facts(view: View) -> Iterator[Draft]:
    """Everything drawn by the newest bars of the series."""
    main = view.main
    if len(main) < _N_LEAST or main.bars.is_close_only:
        yield from lacking(FIXED, CLOSES_ONLY if main.bars.is_close_only else main.too_short(_N_LEAST), main.source)
        return
    first = max(0, len(main) - N_BARS_MAX)
    drawn = _Drawn(main, main.bars[first:], first)
    yield from _levels(drawn)
    yield from _swings(drawn)
    yield from _gaps(drawn)
    yield from _divergences(drawn)
    yield from _candles(drawn)
    yield from _patterns(drawn)


def _levels(drawn: _Drawn) -> Iterator[Draft]:
    current = [level for level in find_levels(drawn.bars) if level.is_current]
    close = float(drawn.bars.close[-1])
    for role, term, word in ((Role.SUPPORT, SUPPORT, "below"), (Role.RESISTANCE, RESISTANCE, "above")):
        near = sorted((level for level in current if level.role is role), key=lambda level: abs(level.price - close))
        if not near:
            yield from drawn.none((term,), f"No level {word} the close was touched lately.")
        for place, level in enumerate(near[:N_LEVELS_MAX], 1):
            yield from _level(drawn, level, place, close)


def _level(drawn: _Drawn, level: Level, place: int, close: float) -> Iterator[Draft]:
    word = str(level.role)
    name = f"level.{word}.{place}"
    nth = {1: "Nearest", 2: "Next", 3: "Farther"}[place]
    formula = SUPPORT.formula if level.role is Role.SUPPORT else RESISTANCE.formula
    touches = Term(f"{name}.touches", f"Touches of the {nth.lower()} {word}", Unit.COUNT, "count of swings in its band", decimals=0)
    edge_word = "low" if level.role is Role.SUPPORT else "high"
    edge = price(f"{name}.edge", f"Far edge of the {nth.lower()} {word}", f"{edge_word} of the band of its touches", ("@" + name,))
    distance = percent(
        f"{name}.distance", f"Distance of the {nth.lower()} {word}", "level / close - 1", ("@" + name, "@price.last")
    )
    draft = drawn.draft(price(name, f"{nth} {word}", formula), level.price, level)
    first_ns = level.touches[0].event_ns if level.touches else level.start_ns
    yield Draft(
        term=draft.term, value=draft.value, source=draft.source, as_of_ns=draft.as_of_ns, bars=draft.bars,
        known_ns=draft.known_ns, points=((first_ns, level.price), (int(drawn.bars.event_ns[-1]), level.price)),
    )  # fmt: skip
    yield drawn.draft(edge, level.low if level.role is Role.SUPPORT else level.high, level)
    yield drawn.seen.draft(touches, len(level.touches))
    is_possible = close > 0 and level.price > 0
    yield drawn.seen.draft(distance, 100 * (level.price / close - 1) if is_possible else None, 1, NO_PERCENT)


def _swings(drawn: _Drawn) -> Iterator[Draft]:
    swings = find_swings(drawn.bars)
    for kind, term in SWINGS:
        newest = next((swing for swing in reversed(swings) if swing.kind is kind), None)
        if newest is None:
            yield from drawn.none((term,), "Prices have not turned that far.")
        else:
            yield drawn.draft(term, newest.price, newest)


def _gaps(drawn: _Drawn) -> Iterator[Draft]:
    gaps = find_gaps(drawn.bars)
    close = float(drawn.bars.close[-1])
    for bias, term in GAPPED:
        newest = next((gap for gap in gaps if gap.bias is bias and drawn.age(gap.known) == 0), None)
        yield drawn.false(term) if newest is None else drawn.draft(term, True, newest)
    unfilled = [gap for gap in gaps if gap.filled is None]
    below = max((gap for gap in unfilled if gap.high <= close), key=lambda gap: gap.high, default=None)
    above = min((gap for gap in unfilled if gap.low >= close), key=lambda gap: gap.low, default=None)
    yield from _edges(drawn, below, GAP_BELOW, "below")
    yield from _edges(drawn, above, GAP_ABOVE, "above")


def _edges(drawn: _Drawn, gap: PriceGap | None, terms: tuple[Term, ...], word: str) -> Iterator[Draft]:
    if gap is None:
        yield from drawn.none(terms, f"No gap {word} the close is open.")
        return
    for term in terms:
        yield drawn.draft(term, gap.high if term.name.endswith("high") else gap.low, gap)


def _divergences(drawn: _Drawn) -> Iterator[Draft]:
    line = compute("rsi", drawn.seen.bars, period=OSCILLATOR)["value"][drawn.first :]
    found: dict[tuple[DivergenceKind, Bias], Divergence] = {
        (one.kind, one.bias): one for one in find_divergences(drawn.bars, line) if drawn.age(one.known) <= RECENT
    }
    for kind, bias, term in DIVERGENCES:
        one = found.get((kind, bias))
        yield drawn.false(term) if one is None else drawn.draft(term, True, one)


def _candles(drawn: _Drawn) -> Iterator[Draft]:
    recent = [one for one in find_candle_patterns(drawn.bars) if drawn.age(one.known) < N_CANDLE_BARS]
    named = {f"candle.{one.kind}.{one.bias}": one for one in recent}  # of one kind the newest
    newest = max(recent, key=lambda one: one.known, default=None)
    yield drawn.false(ANY_CANDLE) if newest is None else drawn.draft(ANY_CANDLE, True, newest)
    for name, one in named.items():
        yield from _named(drawn, name, one)


def _patterns(drawn: _Drawn) -> Iterator[Draft]:
    newest = sorted(find_chart_patterns(drawn.bars), key=lambda one: one.known, reverse=True)
    chosen: dict[str, ChartPattern] = {}
    for one in newest:
        if _counts(drawn, one) and len(chosen) < N_PATTERNS_MAX:
            chosen.setdefault(f"pattern.{one.kind}", one)
    first = next(iter(chosen.values()), None)
    yield drawn.false(ANY_PATTERN) if first is None else drawn.draft(ANY_PATTERN, True, first)
    for name, one in chosen.items():
        yield from _pattern(drawn, name, one)


def _counts(drawn: _Drawn, one: ChartPattern) -> bool:
    """Whether a pattern says something of now: it is open and not old, or ended lately and by a breakout or failure."""
    if one.outcome is None:
        return drawn.age(one.end) <= OPEN
    return one.outcome.kind is not OutcomeKind.EXPIRED and drawn.age(one.outcome.known) <= RECENT


def _named(drawn: _Drawn, name: str, one: Found) -> Iterator[Draft]:
    yield drawn.draft(Term(name, one.name, Unit.FLAG, one.rule), True, one)
    # A name such as "three white soldiers" is told by a tag, so that no number word stands loose in a text.
    yield drawn.draft(
        Term(f"{name}.name", f"Name of the {one.name.lower()}", Unit.WORD, "by its rule", ("@" + name,)), one.name.lower(), one
    )


def _pattern(drawn: _Drawn, name: str, one: ChartPattern) -> Iterator[Draft]:
    yield from _named(drawn, name, one)
    outcome = UNDECIDED if one.outcome is None else OUTCOMES[one.outcome.kind]
    term = Term(f"{name}.outcome", f"Outcome of the {one.name.lower()}", Unit.WORD, "first close beyond its lines", ("@" + name,))
    yield drawn.draft(term, outcome, one)
    for part, value, formula in (
        ("target", one.target, "its boundary and its height in the direction it speaks for"),
        ("invalidation", one.invalidation, "a close past it says that the pattern failed"),
    ):
        term = price(f"{name}.{part}", f"{part.title()} of the {one.name.lower()}", formula, ("@" + name,))
        if np.isfinite(value):
            yield drawn.draft(term, value, one)
        else:
            yield from drawn.none((term,), "The pattern speaks for neither side.")
