"""Labels beside a price axis that never cover each other: each as near to its value as the others let it."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

_FIXED: Final = 1e6  # the weight of a label that others make way for


class AxisLabel(NamedTuple):
    """A value marked on a price axis.

    y : row of pixels of the value
    text, below : what it says, and a second line that may be empty
    ink, on_ink : names of the fill and of the letters
    is_first : it keeps its place, and the others make way
    is_hollow : an outline alone, as for a price that may not be the newest one
    """

    y: int
    text: str
    ink: str
    on_ink: str
    below: str = ""
    is_first: bool = False
    is_hollow: bool = False


class _Block(NamedTuple):
    # Labels that touch, and where all of them would stand were they points.
    place: float
    weight: float
    n_labels: int


def placed(middles: Sequence[float], heights: Sequence[float], weights: Sequence[float], low: float, high: float) -> list[float]:
    """Middles of labels stacked in the order given, none covering another, all inside [low, high].

    middles : wanted, ascending; heights : above 0, together at most ``high - low``; weights : above 0
    returns the arrangement whose weighted squared distances from what is wanted are the least.
    Source: R. E. Barlow et al., Statistical Inference under Order Restrictions, Wiley 1972, chapter 1 (pool adjacent violators).
    """
    # Less the heights above them, labels may touch but not cross: that is a least-squares fit that never falls.
    offsets, above = [], 0.0
    for height in heights:
        offsets.append(above + height / 2)
        above += height
    blocks: list[_Block] = []
    for middle, offset, weight in zip(middles, offsets, weights, strict=True):
        blocks.append(_Block(middle - offset, weight, 1))
        while len(blocks) > 1 and blocks[-2].place > blocks[-1].place:
            under, over = blocks.pop(), blocks.pop()
            total = under.weight + over.weight
            place = (under.place * under.weight + over.place * over.weight) / total
            blocks.append(_Block(place, total, under.n_labels + over.n_labels))
    points = [min(max(block.place, low), high - above) for block in blocks for _ in range(block.n_labels)]
    return [point + offset for point, offset in zip(points, offsets, strict=True)]


class PlacedLabel(NamedTuple):
    """A label and the rows of pixels that it covers."""

    label: AxisLabel
    top: int
    height: int


def arranged(labels: Sequence[AxisLabel], heights: Sequence[int], room_px: int) -> list[PlacedLabel]:
    """Labels from top to bottom, each where it fits; those that do not fit into ``room_px`` are left out, the later ones first."""
    kept: list[int] = []
    left = room_px
    for i, height in enumerate(heights):
        if height <= left:
            kept.append(i)
            left -= height
    kept.sort(key=lambda i: (labels[i].y, i))
    tall = [heights[i] for i in kept]
    weights = [_FIXED if labels[i].is_first else 1.0 for i in kept]
    middles = placed([labels[i].y + 0.5 for i in kept], tall, weights, 0, room_px)
    tops: list[int] = []
    for middle, height in zip(middles, tall, strict=True):
        tops.append(max(math.floor(middle - height / 2 + 0.5), tops[-1] + tall[len(tops) - 1] if tops else 0))
    # Rounding may push the last one out by a pixel; it then pushes back.
    end = room_px
    for n in range(len(tops) - 1, -1, -1):
        tops[n] = end = min(tops[n], end - tall[n])
    return [PlacedLabel(labels[i], top, height) for i, top, height in zip(kept, tops, tall, strict=True)]
