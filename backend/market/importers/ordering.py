"""Order among rows: which of them run one way, and which repeat a time."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.domain.bars import Float64s, Int64s
from backend.market.importers.zones import Flags


def longest_run(key: Int64s, floor: int | None) -> Flags | None:
    """The largest set of rows whose keys never decrease and start at ``floor`` or above; None where that is every row.

    So one row with a wrong, late time costs that row and not all that follow it.
    """
    if len(key) < 2:
        return None if not len(key) or floor is None or key[0] >= floor else np.zeros(1, np.bool_)
    if (floor is None or key[0] >= floor) and bool((key[1:] >= key[:-1]).all()):
        return None
    kept = np.ones(len(key), np.bool_) if floor is None else key >= floor
    places = np.flatnonzero(kept)
    left = key[places]
    # A row with nothing larger before it and nothing smaller after it fits any choice of the others.
    settled = (np.maximum.accumulate(left) <= left) & (np.minimum.accumulate(left[::-1])[::-1] >= left)
    doubtful = np.flatnonzero(~settled)
    if len(doubtful):
        kept[places[doubtful]] = False
        # Backwards and negated: of two rows that cannot both stay, the one that goes back in time is refused.
        chain = _longest_chain((-left[doubtful][::-1]).tolist())
        kept[places[doubtful[[len(doubtful) - 1 - place for place in chain]]]] = True
    return kept


def _longest_chain(values: list[int]) -> list[int]:
    """Places of a longest sequence that never decreases (patience sorting; of equal lengths the one ending lowest)."""
    tops: list[int] = []
    top_places: list[int] = []
    before = [-1] * len(values)
    for place, value in enumerate(values):
        pile = bisect_right(tops, value)
        if pile == len(tops):
            tops.append(value)
            top_places.append(place)
        else:
            tops[pile] = value
            top_places[pile] = place
        before[place] = top_places[pile - 1] if pile else -1
    chain: list[int] = []
    place = top_places[-1] if top_places else -1
    while place >= 0:
        chain.append(place)
        place = before[place]
    return chain[::-1]


@dataclass(frozen=True, slots=True)
class Repeats:
    """Rows to keep, how many repeats had equal values, and (loser, winner) of those that differed."""

    kept: Flags
    n_same: int
    differing: tuple[tuple[int, int], ...]


def drop_repeats(key: Int64s, columns: Sequence[Float64s]) -> Repeats | None:
    """Of rows in a run with one key the last wins; None where no key repeats. Keys are in order."""
    same_time = key[1:] == key[:-1]
    if not same_time.any():
        return None
    kept = np.append(~same_time, True)
    losers = np.flatnonzero(~kept)
    winners_all = np.flatnonzero(kept)
    winners = winners_all[np.searchsorted(winners_all, losers)]
    same = np.ones(len(losers), np.bool_)
    for column in columns:
        left, right = column[losers], column[winners]
        same &= (left == right) | (np.isnan(left) & np.isnan(right))
    differing = np.flatnonzero(~same)
    pairs = zip(losers[differing].tolist(), winners[differing].tolist(), strict=True)
    return Repeats(kept, int(np.count_nonzero(same)), tuple(pairs))
