"""Indicators by name: exact, by alias, as one types; and parameters checked."""

import difflib
import math
from collections.abc import Mapping
from typing import Any, Final

from backend.errors import InvalidInput, NotFound
from backend.indicators.catalogue import CATALOGUE
from backend.indicators.spec import SOURCES, IndicatorSpec, Parameter, Value

SPECS: Final[dict[str, IndicatorSpec]] = {spec.name: spec for spec in CATALOGUE}
_NAMES: Final = {
    name.casefold(): spec for spec in reversed(CATALOGUE) for name in (*spec.aliases, spec.short, spec.title, spec.name)
}


def spec_of(name: str) -> IndicatorSpec:
    """The indicator called ``name``, by TA-Lib's or a short name too. Raises NotFound with what is near."""
    found = _NAMES.get(name.strip().casefold())
    if found is None:
        near = difflib.get_close_matches(name.strip().casefold(), _NAMES, 3, 0.5)
        named = ", ".join(dict.fromkeys(_NAMES[one].name for one in near))
        hint = f"Did you mean {named}?" if named else "List them with: trii indicators list"
        raise NotFound(f"There is no indicator {name!r}.", hint=hint, code="indicator.unknown")
    return found


def find_indicators(query: str) -> tuple[IndicatorSpec, ...]:
    """Listed indicators that match what was typed, best first; all of them, by family, where nothing was."""
    words = query.casefold().split()
    listed = [spec for spec in CATALOGUE if spec.is_listed]
    if not words:
        return tuple(sorted(listed, key=lambda spec: spec.family))
    ranked = [(rank, place, spec) for place, spec in enumerate(listed) if (rank := _rank(spec, words)) is not None]
    return tuple(spec for _, _, spec in sorted(ranked, key=lambda one: one[:2]))


def _rank(spec: IndicatorSpec, words: list[str]) -> int | None:
    names = [name.casefold() for name in (spec.short, spec.name, *spec.aliases)]
    text = f"{spec.title} {spec.family} {spec.description} {spec.source}".casefold()
    joined = " ".join(words)
    if joined in names:
        return 0
    if any(name.startswith(joined) for name in names):
        return 1
    if all(any(part.startswith(word) for part in spec.title.casefold().split()) for word in words):
        return 2
    if all(word in text or any(word in name for name in names) for word in words):
        return 3
    letters = "".join(part[0] for part in spec.title.casefold().split())
    return 4 if joined in letters else None


def checked_params(spec: IndicatorSpec, given: Mapping[str, Any]) -> dict[str, Value]:
    """Every parameter of ``spec`` in order: as given, also by an alias, else its default. Raises InvalidInput."""
    values: dict[str, Value] = {parameter.name: parameter.default for parameter in spec.parameters}
    for name, value in given.items():
        parameter = spec.parameter(name)
        if parameter is None:
            known = ", ".join(p.name for p in spec.parameters) or "none"
            raise InvalidInput(f"{spec.short} has no parameter {name!r}.", hint=f"It has: {known}.", code="indicator.parameter")
        values[parameter.name] = _checked(spec, parameter, value)
    return values


def _checked(spec: IndicatorSpec, parameter: Parameter, value: object) -> int | float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        is_near = parameter.low <= value <= parameter.high
        if is_near and not (parameter.is_whole and value != int(value)):
            return int(value) if parameter.is_whole else float(value)
    kind = "a whole number" if parameter.is_whole else "a number"
    raise InvalidInput(
        f"{parameter.title} of {spec.short} cannot be {value!r}.",
        hint=f"Use {kind} from {parameter.low:g} to {parameter.high:g}.",
        code="indicator.parameter",
    )


def check_source(spec: IndicatorSpec, source: str) -> str:
    """``source`` where it is a field that an indicator can read; raises InvalidInput."""
    if source not in SOURCES:
        raise InvalidInput(
            f"{spec.short} cannot read {source!r}.", hint=f"Read one of: {', '.join(SOURCES)}.", code="indicator.source"
        )
    return source
