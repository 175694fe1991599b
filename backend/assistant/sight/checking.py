"""What a model named and what code found, sorted: only what code found is a fact."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from backend.assistant.sight.naming import Named
from backend.domain.bars import BarArrays
from backend.patterns import find_candle_patterns, find_chart_patterns
from backend.patterns.found import CandlePattern, ChartPattern

Pattern: TypeAlias = ChartPattern | CandlePattern


@dataclass(frozen=True, slots=True)
class Group:
    """Finds of one kind and direction in view, oldest first."""

    named: Named
    finds: tuple[Pattern, ...]

    @property
    def newest(self) -> Pattern:
        """The one that is told."""
        return self.finds[-1]


@dataclass(frozen=True, slots=True)
class Compared:
    """both : named and found; unconfirmed : named alone, in the model's order; unnamed : found alone."""

    both: tuple[Group, ...]
    unconfirmed: tuple[Named, ...]
    unnamed: tuple[Group, ...]


def find_in_view(bars: BarArrays, first: int) -> tuple[Group, ...]:
    """The patterns whose last bar is ``first`` or later, chart patterns before candles, the newest kinds first.

    ``bars`` begin before the view, for what a pattern in it must be measured by. Bars of closes alone draw none.
    """
    if bars.is_close_only:
        return ()
    groups: list[Group] = []
    kinds: tuple[Sequence[Pattern], ...] = (find_chart_patterns(bars), find_candle_patterns(bars))
    for finds in kinds:
        by_name: dict[Named, list[Pattern]] = {}
        for one in sorted(finds, key=lambda one: (one.known, one.end)):
            if one.end >= first:
                by_name.setdefault(Named(one.kind, one.bias), []).append(one)
        made = [Group(named, tuple(found)) for named, found in by_name.items()]
        groups += sorted(made, key=lambda group: group.newest.known, reverse=True)
    return tuple(groups)


def compare(named: Sequence[Named], groups: Sequence[Group]) -> Compared:
    """A pattern is confirmed where code found one of its kind that speaks for the same side."""
    found = {group.named for group in groups}
    return Compared(
        tuple(group for group in groups if group.named in named),
        tuple(one for one in named if one not in found),
        tuple(group for group in groups if group.named not in named),
    )
