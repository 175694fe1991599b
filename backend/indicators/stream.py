"""One indicator: over a whole series, or bar by bar."""

import functools
from typing import Any, Final

import numpy as np

from backend.domain.bars import Bar, BarArrays, Float64s
from backend.errors import InvalidInput
from backend.indicators.columns import Columns, swept
from backend.indicators.group import Member, StreamGroup
from backend.indicators.registry import SPECS, check_source, checked_params, spec_of
from backend.indicators.spec import IndicatorSpec

_KEY: Final = "it"


class IndicatorStream:
    """An indicator that takes one bar after the other; see ``stream``."""

    def __init__(self, spec: IndicatorSpec, group: StreamGroup, warm_up: int) -> None:
        self.spec = spec
        self.warm_up = warm_up  # the row of the first bar at which every output has a value
        self._group = group
        self._names = tuple(output.name for output in spec.outputs)

    def update(self, bar: Bar, session: float | None = None) -> dict[str, float]:
        """Take a closed bar; the values at it, by output, NaN while there are too few bars."""
        return dict(zip(self._names, self._group.update(bar, session).tolist(), strict=True))

    def peek(self, bar: Bar, session: float | None = None) -> dict[str, float]:
        """The values that a bar under way would give; the stream stays as it is."""
        return dict(zip(self._names, self._group.peek(bar, session).tolist(), strict=True))

    def sweep(self, bars: BarArrays, sessions: Float64s | None = None) -> dict[str, Float64s]:
        """Take many bars at once: float64[n_bars] by output, the same bits as one by one."""
        return {output: values for (_, output), values in self._group.sweep(bars, sessions).items()}

    def copy(self) -> "IndicatorStream":
        """Another stream in the same state."""
        return IndicatorStream(self.spec, self._group.copy(), self.warm_up)

    @property
    def state(self) -> bytes:
        """What is remembered, for ``from_state``."""
        return self._group.state

    @classmethod
    def from_state(cls, state: bytes) -> "IndicatorStream":
        """The stream that gave ``state``. Raises CorruptData."""
        group = StreamGroup.from_state(state)
        spec, params = group.only
        return cls(spec, group, spec.warm_up(params))


def stream(name: str, *, source: str = "", **params: Any) -> IndicatorStream:
    """Start an indicator that takes bars one by one.

    name : in the registry, or TA-Lib's; source : a field of the bars, for indicators that read a price
    Raises NotFound, InvalidInput.
    """
    spec = spec_of(name)
    checked = checked_params(spec, params)
    member = Member(_KEY, spec.name, tuple(checked.items()), source)
    return IndicatorStream(spec, StreamGroup([member]), spec.warm_up(checked))


def warm() -> None:
    """Load every kernel: compiled now, which takes many seconds, or read from the cache of an earlier time."""
    bars = BarArrays.of([Bar(0, 1.0, 1.0, 1.0, 1.0, 1.0), Bar(1, 1.0, 1.0, 1.0, 1.0, 1.0)])
    group = StreamGroup([Member(name, name) for name in SPECS])
    group.sweep(bars)
    group.peek(bars.bar(0))
    group.update(bars.bar(0))


def compute(
    name: str, bars: BarArrays, *, source: str | Float64s = "", sessions: Float64s | None = None, **params: Any
) -> dict[str, Float64s]:
    """An indicator over a whole series: float64[n_bars] by output, NaN while there are too few bars.

    source : a field of the bars, or float64[n_bars] of any values, such as another indicator's; NaN where there is none
    sessions : float64[n_bars]   a number that changes with each session; the bars' UTC days where it is not given
    Raises NotFound for an unknown name, InvalidInput for parameters or a source that cannot be.
    """
    given = None if isinstance(source, str) else np.ascontiguousarray(source, np.float64)
    if given is not None and len(given) != len(bars):
        raise InvalidInput(f"The source has {len(given)} values for {len(bars)} bars.", hint="Give one value for each bar.")
    chosen = source if isinstance(source, str) else "given"
    # A type is part of the key: to a cache 1, 1.0 and True are the same, to a parameter they are not.
    key = tuple((word, value, type(value)) for word, value in params.items())
    is_plain = all(kind is int or kind is float for _, _, kind in key)
    spec, names, blank = (_prepared if is_plain else _prepared.__wrapped__)(name, chosen, key)
    outs = swept(spec, blank.copy(), names, Columns(bars, sessions, given))
    return {output.name: values for output, values in zip(spec.outputs, outs, strict=True)}


@functools.lru_cache(256)
def _prepared(name: str, source: str, params: tuple[tuple[str, Any, type], ...]) -> tuple[IndicatorSpec, tuple[str, ...], Float64s]:
    # The indicator, the names of its inputs and its state before the first bar: what every call with these words needs.
    spec = spec_of(name)
    checked = checked_params(spec, {word: value for word, value, _ in params})
    if source == "given" and not spec.has_source:
        raise InvalidInput(f"{spec.short} reads whole bars, not one series of values.", hint="Leave the source out.")
    price = source if source == "given" else check_source(spec, source or spec.default_source)
    return spec, tuple(price if word == "price" else word for word in spec.inputs), spec.kernel.state(checked)
