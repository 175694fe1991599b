"""What a chart shows as a table of numbers: the bars in view, and every line drawn over them; no window needed."""

import csv
import io
from collections.abc import Iterator
from datetime import tzinfo
from typing import Final, NamedTuple

import numpy as np

from backend.charts.chart_state import SHAPE, ChartType
from backend.charts.study_snapshot import LineKey, StudySnapshot
from backend.commands.numbers import format_floats
from backend.commands.times import format_time_column
from backend.domain.bars import Float64s
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.study_looks import comparison_looks
from trii_desktop.charts.wording import label_zone

BAR_HEADINGS: Final = ("time", "open", "high", "low", "close", "volume")
ROWS_PER_PIECE: Final = 10_000
_SHAPE_PARTS: Final = ("open", "high", "low", "close")


class ChartTable(NamedTuple):
    """Immutable, so that it can be written on another thread while the chart goes on.

    first, stop : rows of the bars in view
    lines : heading and key of each column beside the bars
    zone : of the times
    is_dated : whether times are session dates
    """

    shown: StudySnapshot
    first: int
    stop: int
    lines: tuple[tuple[str, LineKey], ...]
    zone: tzinfo
    is_dated: bool

    @property
    def n_bars(self) -> int:
        """How many rows it has."""
        return self.stop - self.first

    @property
    def headings(self) -> tuple[str, ...]:
        """Of all columns."""
        return (*BAR_HEADINGS, *(heading for heading, _ in self.lines))

    def rows(self) -> Iterator[list[tuple[str, ...]]]:
        """The cells as text, some thousand rows at a time; each number is the shortest text that reads back as its bits."""
        for first in range(self.first, self.stop, ROWS_PER_PIECE):
            stop = min(first + ROWS_PER_PIECE, self.stop)
            bars = self.shown.bars.rows(first, stop)
            times = format_time_column(bars.event_ns, self.zone, is_dated=self.is_dated)
            columns = [*bars.columns(), *(self._line(key, first, stop) for _, key in self.lines)]
            yield list(zip(times, *map(_cells, columns), strict=True))

    def pieces(self, mark: str = ",") -> Iterator[str]:
        """The table as text, its cells parted by ``mark``, piece by piece."""
        yield _text([self.headings], mark)
        for rows in self.rows():
            yield _text(rows, mark)

    def _line(self, key: LineKey, first: int, stop: int) -> Float64s:
        line = self.shown.lines.get(key)
        values = np.full(stop - first, np.nan)
        if line is not None:
            found = line.rows(first, stop)
            values[: len(found)] = found
        return values


def table_of(model: ChartModel) -> ChartTable:
    """The table of what ``model`` shows: bars whose middle is in view, studies and comparisons that are not hidden."""
    first, stop = model.time.visible()
    while first < stop and model.time.x_at(first) < 0:
        first += 1
    while first < stop and model.time.x_at(stop - 1) >= model.time.width_px:
        stop -= 1
    is_dated = model.spec is not None and model.spec.is_dated
    zone = label_zone(model.zone, model.instrument, model.spec)
    return ChartTable(model.shown, first, stop, _lines_of(model), zone, is_dated)


def _lines_of(model: ChartModel) -> tuple[tuple[str, LineKey], ...]:
    found: list[tuple[str, LineKey]] = []
    if model.drawn_type is ChartType.HEIKIN_ASHI:
        found += [(f"Heikin-Ashi {part}", (SHAPE, part)) for part in _SHAPE_PARTS]
    for look in model.looks:
        outputs = look.shown_outputs
        found += [(look.title if len(outputs) == 1 else f"{look.title} {output.title}", output.key) for output in outputs]
    found += [(look.title, look.key) for look in comparison_looks(model.comparisons) if look.is_shown]
    return tuple((_distinct(heading, [h for h, _ in found[:place]]), key) for place, (heading, key) in enumerate(found))


def _distinct(heading: str, before: list[str]) -> str:
    n_same = before.count(heading)
    return f"{heading} ({n_same + 1})" if n_same else heading


def _cells(values: Float64s) -> list[str]:
    known = np.isfinite(values)
    if known.all():
        return format_floats(values.tolist())
    texts = iter(format_floats(values[known].tolist()))
    return [next(texts) if is_known else "" for is_known in known.tolist()]


def _text(rows: list[tuple[str, ...]], mark: str) -> str:
    made = io.StringIO()
    csv.writer(made, delimiter=mark, lineterminator="\n").writerows(rows)
    return made.getvalue()
