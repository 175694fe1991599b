"""How studies and comparisons are drawn: what a person chose, else what the indicator says; no window needed."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from backend.charts.chart_state import Comparison, Dash, LineStyle, Study
from backend.charts.study_snapshot import LineKey
from backend.errors import NotFound
from backend.indicators.registry import spec_of
from backend.indicators.spec import Look

SIGNS: Final = "signs"  # in the place of a colour: that of rising above 0, of falling below
CLOSE: Final = "close"
_PLAIN: Final = LineStyle()
_FIRST_COLOUR: Final = 2  # comparisons begin here in the palette; studies at 0


class OutputLook(NamedTuple):
    """How one line is drawn.

    ink : name of a colour of the theme (``study_0`` …), ``#rrggbb``, or ``SIGNS``
    """

    key: LineKey
    title: str
    look: Look
    ink: str
    width: int
    dash: Dash
    is_shown: bool


class StudyLook(NamedTuple):
    """How one study is drawn.

    title : as the legend says it
    fills : pairs of places in ``outputs`` with a tint between them
    levels : values that have a line of their own
    """

    id: str
    title: str
    pane: str
    outputs: tuple[OutputLook, ...]
    fills: tuple[tuple[int, int], ...]
    levels: tuple[float, ...]
    is_shown: bool

    @property
    def shown_outputs(self) -> tuple[OutputLook, ...]:
        """What is drawn of it."""
        return tuple(output for output in self.outputs if output.is_shown) if self.is_shown else ()


@lru_cache(maxsize=256)
def look_of(study: Study) -> StudyLook:
    """How ``study`` is drawn; its name alone where no such indicator is known here."""
    try:
        spec = spec_of(study.indicator)
    except NotFound:
        return StudyLook(study.id, study.indicator, study.pane, (), (), (), study.is_shown)
    chosen = dict(study.styles)
    outputs = tuple(
        _output(
            (study.id, output.name),
            output.title,
            output.look,
            SIGNS if output.colour == SIGNS else f"study_{output.colour}",
            chosen.get(output.name, LineStyle(is_shown=output.is_shown)),
        )
        for output in spec.outputs
    )
    places = {output.name: place for place, output in enumerate(spec.outputs)}
    fills = tuple((places[one], places[other]) for one, other in spec.fills)
    title = spec.label(dict(study.params))
    field = study.source.field
    if spec.has_source and not study.source.study and field != spec.default_source:
        title = f"{title} {field}"
    return StudyLook(study.id, title, study.pane, outputs, fills, spec.levels, study.is_shown)


@lru_cache(maxsize=64)
def looks_of(studies: tuple[Study, ...]) -> tuple[StudyLook, ...]:
    """How studies are drawn together, in their order; the title of one that reads another says so, as in "EMA 9 of RSI 14"."""
    made: dict[str, StudyLook] = {}
    for study in studies:
        look, read = look_of(study), made.get(study.source.study)
        made[study.id] = look if read is None else look._replace(title=f"{look.title} of {_line_title(read, study.source.field)}")
    return tuple(made.values())


def _line_title(look: StudyLook, output: str) -> str:
    # The MACD of "MACD 12 26 9" goes without saying, as does an only line.
    says = [one.title for one in look.outputs if one.key[1] == output and one.title not in look.title]
    return " ".join((look.title, *says)) if len(look.outputs) > 1 else look.title


def comparison_looks(comparisons: Sequence[Comparison]) -> tuple[OutputLook, ...]:
    """How comparisons are drawn, each in a colour of its own."""
    return tuple(
        _output(
            (comparison.id, CLOSE),
            comparison.instrument,
            "line",
            f"study_{_FIRST_COLOUR + place}",
            comparison.style,
            is_shown=comparison.is_shown,
        )
        for place, comparison in enumerate(comparisons)
    )


def _output(key: LineKey, title: str, look: Look, ink: str, style: LineStyle, *, is_shown: bool = True) -> OutputLook:
    return OutputLook(key, title, look, style.colour or ink, style.width, style.dash, is_shown and style.is_shown)
