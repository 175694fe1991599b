"""What an indicator is: its words, parameters, inputs, outputs, and where its kernel lies."""

import functools
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Float64s: TypeAlias = npt.NDArray[np.float64]
Value: TypeAlias = int | float | str
Look: TypeAlias = Literal["line", "histogram", "dots", "steps"]
Input: TypeAlias = Literal["price", "open", "high", "low", "close", "volume", "session"]

FIELDS: Final = ("open", "high", "low", "close", "volume", "session", "hl2", "hlc3", "ohlc4", "hlcc4", "given")
# "given" is a series from outside, which only whole histories can have.
SOURCES: Final = ("close", "open", "high", "low", "hl2", "hlc3", "ohlc4", "hlcc4", "volume")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that a person may choose.

    default : its type is the parameter's: a whole number or one with a fraction
    aliases : names under which other programs know it
    """

    name: str
    title: str
    default: int | float
    low: float
    high: float
    step: float = 1.0
    aliases: tuple[str, ...] = ()
    description: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.default, int)


@dataclass(frozen=True, slots=True)
class Output:
    """A series that an indicator gives.

    colour : place in the theme's palette of studies; "up" and "down" follow the signs of a histogram
    """

    name: str
    title: str
    look: Look = "line"
    colour: int | Literal["signs"] = 0
    is_shown: bool = True


@dataclass(frozen=True, slots=True)
class Kernel:
    """A family of ``backend.kernels`` and the name in it: ``<name>_state``, ``<name>_sweep``, ``<name>_step``.

    Loading it compiles, or reads what was compiled before; so it waits for the first use.
    """

    family: str
    name: str

    def state(self, values: Mapping[str, Value]) -> Float64s:
        """The state before the first bar."""
        made: Float64s = self._part("state")(**values)
        return made

    @property
    def sweep(self) -> Callable[..., None]:
        """``sweep(state, *inputs, *outputs)`` over whole arrays."""
        found: Callable[..., None] = self._part("sweep")
        return found

    @property
    def address(self) -> int:
        """Where the compiled step can be called."""
        return int(self._part("step").address)

    def _part(self, part: str) -> Any:
        return _part_of(self.family, f"{self.name}_{part}")


@functools.cache
def _part_of(family: str, name: str) -> Any:
    return getattr(importlib.import_module(f"backend.kernels.{family}"), name)


@dataclass(frozen=True, slots=True)
class IndicatorSpec:
    """One indicator. Adding one is a kernel and a spec; compute, stream, charts, dialogs and tests follow from these.

    name : never changes; short : as charts and traders write it; aliases : TA-Lib's name first, where it has one
    inputs : in the kernel's order; ``price`` is whatever source the study reads
    fills : pairs of outputs with a tint between them; levels : lines that belong to it; value_range : where it always lies
    is_overlay : whether it is drawn over the prices; is_listed : whether a person can add it
    warm_up : from the parameters, the row of the first bar at which every output has a value
    verified : what it was checked against
    """

    name: str
    title: str
    short: str
    family: str
    kernel: Kernel
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    warm_up: Callable[[Mapping[str, Any]], int]
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()
    description: str = ""
    source: str = ""
    verified: str = ""
    default_source: str = "close"
    fills: tuple[tuple[str, str], ...] = ()
    levels: tuple[float, ...] = ()
    value_range: tuple[float, float] | None = None
    is_overlay: bool = False
    is_listed: bool = True

    @property
    def has_source(self) -> bool:
        """Whether it can read another price, or another study."""
        return "price" in self.inputs

    def parameter(self, name: str) -> Parameter | None:
        """The parameter called ``name``, also by an alias."""
        return next((p for p in self.parameters if name == p.name or name in p.aliases), None)

    def label(self, params: Mapping[str, Value]) -> str:
        """``EMA 20``, ``MACD 12 26 9``: the short name and the parameters in order."""
        numbers = (params.get(p.name, p.default) for p in self.parameters)
        return " ".join([self.short, *(f"{number:g}" if isinstance(number, float) else str(number) for number in numbers)])
