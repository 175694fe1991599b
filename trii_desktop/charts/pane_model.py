"""The panes of a chart without their window: what was set by hand of each, and how they share the height."""

import itertools
from dataclasses import dataclass
from typing import Final

from backend.charts.chart_state import MAIN_PANE, Pane, PriceRange, ScaleKind

COLLAPSED_PX: Final = 28  # logical pixels
HEIGHT_MIN_PX: Final = 44
SHARE_MIN: Final = 0.01


@dataclass(slots=True)
class PaneModel:
    """One pane: what ``Pane`` says, and where it stands; pixels are device pixels.

    top_free_px : how much of its top the legend covers
    """

    id: str = MAIN_PANE
    share: float = 1.0
    is_collapsed: bool = False
    kind: ScaleKind = ScaleKind.LINEAR
    is_inverted: bool = False
    range: PriceRange | None = None
    top_px: int = 0
    height_px: int = 1
    top_free_px: float = 0.0

    @property
    def is_main(self) -> bool:
        """Whether the prices are drawn in it."""
        return self.id == MAIN_PANE

    @property
    def state(self) -> Pane:
        """What is saved of it."""
        return Pane(self.id, self.share, self.is_collapsed, self.kind, self.is_inverted, self.range)

    def take(self, state: Pane) -> None:
        """Be as ``state`` says."""
        self.share, self.is_collapsed = state.share, state.is_collapsed
        self.kind, self.is_inverted, self.range = state.scale, state.is_inverted, state.range


def matched(panes: list[PaneModel], states: tuple[Pane, ...]) -> list[PaneModel]:
    """Panes as ``states`` says, in its order; those that were there already stay the same objects."""
    known = {pane.id: pane for pane in panes}
    made = [known.get(state.id) or PaneModel(state.id) for state in states]
    for pane, state in zip(made, states, strict=True):
        pane.take(state)
    return made


def is_folded(panes: list[PaneModel], pane: PaneModel, maximised: str) -> bool:
    """Whether a pane shows its legend alone. One pane is always open: the main one where all others are folded."""
    if maximised and any(other.id == maximised for other in panes):
        return pane.id != maximised
    if all(other.is_collapsed for other in panes):
        return not pane.is_main
    return pane.is_collapsed


def lay_out_panes(panes: list[PaneModel], height_px: int, pixel_ratio: float, maximised: str = "") -> None:
    """Divide ``height_px``: folded panes take a strip (none beside a maximised one), open ones share the rest by ``share``."""
    folded = [is_folded(panes, pane, maximised) for pane in panes]
    n_folded, n_open = sum(folded), len(panes) - sum(folded)
    is_alone = bool(maximised) and n_open == 1 and any(pane.id == maximised for pane in panes)
    strip = 0 if is_alone else min(round(COLLAPSED_PX * pixel_ratio), height_px // (2 * len(panes)))
    room = max(height_px - strip * n_folded, n_open)
    heights = iter(_shared([pane.share for pane, is_strip in zip(panes, folded, strict=True) if not is_strip], room, pixel_ratio))
    top = 0
    for pane, is_strip in zip(panes, folded, strict=True):
        pane.top_px, pane.height_px = top, strip if is_strip else next(heights)
        top += pane.height_px


def drag_edge(panes: list[PaneModel], edge: int, by_px: float, pixel_ratio: float, maximised: str = "") -> None:
    """Move the upper edge of ``panes[edge]`` down by ``by_px``: the nearest open panes on either side share anew."""
    is_open = [not is_folded(panes, pane, maximised) for pane in panes]
    above = next((pane for pane, opened in zip(reversed(panes[:edge]), reversed(is_open[:edge]), strict=True) if opened), None)
    below = next((pane for pane, opened in zip(panes[edge:], is_open[edge:], strict=True) if opened), None)
    if above is None or below is None:
        return
    both_px, both = above.height_px + below.height_px, above.share + below.share
    least = min(HEIGHT_MIN_PX * pixel_ratio, both_px / 2)
    upper = min(max(above.height_px + by_px, least), both_px - least)
    above.share = max(both * upper / both_px, SHARE_MIN)
    below.share = max(both - above.share, SHARE_MIN)


def _shared(shares: list[float], room: int, pixel_ratio: float) -> list[int]:
    # Everyone gets the least height where there is room for that; the others share what is left.
    least = min(HEIGHT_MIN_PX * pixel_ratio, room / len(shares))
    small: set[int] = set()
    while True:
        left = room - least * len(small)
        total = sum(share for i, share in enumerate(shares) if i not in small)
        heights = [least if i in small else left * share / total for i, share in enumerate(shares)]
        more = {i for i, height in enumerate(heights) if height < least - 1e-9}
        if not more - small:
            break
        small |= more
    edges = [0]
    total_px = 0.0
    for height in heights:
        total_px += height
        edges.append(round(total_px))
    edges[-1] = room
    return [max(low - high, 1) for high, low in itertools.pairwise(edges)]
