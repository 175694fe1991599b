"""What the command line says of a chart, as its state: indicators, comparisons, chart type, scale."""

import argparse
from typing import Final

from msgspec.structs import replace

from backend.charts.chart_state import (
    MAIN_PANE,
    ChartState,
    ChartType,
    Comparison,
    Pane,
    ScaleKind,
    Study,
    StudySource,
    check_state,
    load_state,
)
from backend.errors import InvalidInput
from backend.indicators.registry import check_source, checked_params, spec_of

PANE_SHARE: Final = 0.3
_SOURCE: Final = "source"


def state_of(arguments: argparse.Namespace, saved: bytes | None) -> ChartState:
    """The chart of ``--state`` with the other options over it; comparisons are added by whoever can look up instruments.

    saved : the text of the file, None where none was given. Raises InvalidInput, NotFound for an unknown indicator.
    """
    state = ChartState() if saved is None else load_state(saved)
    main = state.main
    main = replace(main, scale=ScaleKind(arguments.scale)) if arguments.scale else main
    main = replace(main, is_inverted=True) if arguments.inverted else main
    state = replace(
        state.with_pane(main),
        chart_type=ChartType(arguments.type) if arguments.type else state.chart_type,
        zone=arguments.zone or state.zone,
        is_volume_shown=state.is_volume_shown and not arguments.no_volume,
        is_adjusted=state.is_adjusted or arguments.adjusted,
    )
    for text in arguments.indicator:
        state = _with_indicator(state, text)
    check_state(state)
    return state


def with_comparison(state: ChartState, instrument: str) -> ChartState:
    """``state`` with another instrument laid over it."""
    key = _free_id(f"compared-{instrument}", {c.id for c in state.comparisons})
    made = replace(state, comparisons=(*state.comparisons, Comparison(key, instrument)))
    check_state(made)
    return made


def read_indicator(text: str) -> Study:
    """``ema:20``, ``macd:fast=8,slow=21`` or ``rsi:14,source=hl2`` as a study without a pane. Raises InvalidInput, NotFound."""
    name, _, rest = text.partition(":")
    spec = spec_of(name)
    given: dict[str, float | int] = {}
    field = spec.default_source
    for place, part in enumerate(part for part in rest.split(",") if part.strip()):
        key, mark, value = (piece.strip() for piece in part.partition("="))
        if mark and key == _SOURCE:
            field = check_source(spec, value)
            continue
        if not mark:
            if place >= len(spec.parameters):
                raise InvalidInput(
                    f"{spec.short} has no {place + 1} parameters: {text!r}.", hint=_hint(text), code="indicator.words"
                )
            key, value = spec.parameters[place].name, part.strip()
        given[key] = _number(text, value)
    params = checked_params(spec, given)
    return Study(spec.name, spec.name, tuple(sorted(params.items())), StudySource(field))


def _with_indicator(state: ChartState, text: str) -> ChartState:
    study = read_indicator(text)
    key = _free_id(study.indicator, {other.id for other in state.studies})
    if spec_of(study.indicator).is_overlay:
        return state.with_study(replace(study, id=key))
    pane = _free_id(key, {pane.id for pane in state.panes})
    panes = (*state.panes, Pane(pane, share=PANE_SHARE))
    return replace(state, panes=panes).with_study(replace(study, id=key, pane=pane))


def _free_id(wanted: str, taken: set[str]) -> str:
    number, key = 1, wanted
    while key in taken or key == MAIN_PANE:
        number += 1
        key = f"{wanted}-{number}"
    return key


def _number(text: str, value: str) -> float | int:
    try:
        return float(value) if any(mark in value for mark in ".eE") else int(value)
    except ValueError as e:
        raise InvalidInput(f"{value!r} in {text!r} is not a number.", hint=_hint(text), code="indicator.words") from e


def _hint(text: str) -> str:
    spec = spec_of(text.partition(":")[0])
    names = ",".join(f"{parameter.name}={parameter.default}" for parameter in spec.parameters)
    return f"Write it as {spec.name}:{names}." if names else f"Write it as {spec.name}."
