"""Running indicators: a group that takes bars one by one in one call, or whole histories at once, with the same bits."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from backend.domain.bars import DAY_NS, Bar, BarArrays, Float64s
from backend.domain.hashing import HashedOnce
from backend.errors import CorruptData, InvalidInput, NotFound
from backend.indicators.columns import Columns, swept
from backend.indicators.registry import check_source, checked_params, spec_of
from backend.indicators.spec import FIELDS, IndicatorSpec, Value

_STATE_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Member(HashedOnce):
    """One indicator of a group.

    key : names it in the group
    params : those that differ from the defaults
    source : a field of the bars, or ``<key>.<output>`` of a member before it; empty takes the indicator's own default
    """

    key: str
    indicator: str
    params: tuple[tuple[str, Value], ...] = ()
    source: str = ""
    __hash__ = HashedOnce.__hash__


class _Placed(NamedTuple):
    """A member with everything resolved: its slots in the values, and its state."""

    member: Member
    spec: IndicatorSpec
    params: Mapping[str, Value]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    state: Float64s


class StreamGroup:
    """Indicators over the bars of one series, in an order in which each reads only what comes before it.

    ``update`` takes a closed bar, ``peek`` shows what a forming bar would give and remembers nothing, ``sweep`` takes a whole
    history. However bars come, the values have the same bits. One thread at a time may use a group.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self._placed: list[_Placed] = []
        self._slots: dict[str, int] = {name: slot for slot, name in enumerate(FIELDS)}
        for member in members:
            self._place(member)
        self._values = np.full(len(self._slots), np.nan)
        self._outputs = self._values[len(FIELDS) :]
        self._shown = self._outputs.view()
        self._shown.flags.writeable = False
        self._plan: np.ndarray[Any, np.dtype[np.int64]] | None = None

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """(member, output) of every value that ``update`` gives, in order."""
        return tuple((p.member.key, output.name) for p in self._placed for output in p.spec.outputs)

    def update(self, bar: Bar, session: float | None = None) -> Float64s:
        """Take a closed bar; float64[n_outputs] in the order of ``keys``, valid until the next call.

        session : a number that changes with each session; the bar's UTC day where it is not given
        """
        at = float(bar.event_ns // DAY_NS) if session is None else session
        plan = self._planned() if self._plan is None else self._plan
        _steps().update_all(plan, bar.open, bar.high, bar.low, bar.close, bar.volume, at)
        return self._shown

    def peek(self, bar: Bar, session: float | None = None) -> Float64s:
        """The values that a bar under way would give; nothing is remembered."""
        at = float(bar.event_ns // DAY_NS) if session is None else session
        plan = self._planned() if self._plan is None else self._plan
        _steps().peek_all(plan, bar.open, bar.high, bar.low, bar.close, bar.volume, at)
        return self._shown

    @property
    def only(self) -> tuple[IndicatorSpec, Mapping[str, Value]]:
        """The indicator of a group of one, and its parameters."""
        (placed,) = self._placed
        return placed.spec, placed.params

    def sweep(
        self, bars: BarArrays, sessions: Float64s | None = None, *, given: Float64s | None = None
    ) -> dict[tuple[str, str], Float64s]:
        """Take bars in one go: float64[n_bars] by (member, output).

        sessions : float64[n_bars]   a number that changes with each session; the bars' UTC days where it is not given
        given : float64[n_bars]   what members read whose source is "given"
        Where an input is NaN, outputs are, and nothing is remembered.
        """
        columns = Columns(bars, sessions, given)
        result: dict[tuple[str, str], Float64s] = {}
        by_slot = {slot: name for name, slot in self._slots.items()}
        for placed in self._placed:
            names = [by_slot[slot] for slot in placed.inputs]
            outs = swept(placed.spec, placed.state, names, columns)
            for output, values in zip(placed.spec.outputs, outs, strict=True):
                columns[f"{placed.member.key}.{output.name}"] = values
                result[placed.member.key, output.name] = values
        return result

    def copy(self) -> "StreamGroup":
        """Another group in the same state."""
        made = StreamGroup([placed.member for placed in self._placed])
        for mine, other in zip(self._placed, made._placed, strict=True):
            other.state[:] = mine.state
        made._values[:] = self._values
        return made

    @property
    def state(self) -> bytes:
        """Everything that is remembered, to be kept and brought back by ``from_state``."""
        kept = [(p.member, p.state.tobytes()) for p in self._placed]
        members = [(m.key, m.indicator, list(m.params), m.source, state) for m, state in kept]
        return msgspec.msgpack.encode((_STATE_VERSION, members))

    @classmethod
    def from_state(cls, state: bytes) -> "StreamGroup":
        """The group that gave ``state``. Raises CorruptData where it cannot be one."""
        try:
            version, members = msgspec.msgpack.decode(state)
            made = cls([Member(key, name, tuple((n, v) for n, v in params), source) for key, name, params, source, _ in members])
            for placed, (*_, kept) in zip(made._placed, members, strict=True):
                placed.state[:] = np.frombuffer(kept, np.float64).reshape(placed.state.shape)
        except (msgspec.MsgspecError, ValueError, TypeError, InvalidInput, NotFound) as e:
            raise CorruptData(f"A saved state of indicators cannot be read: {e}.", hint="Compute them anew.") from e
        if version != _STATE_VERSION:
            raise CorruptData(f"A saved state of indicators has version {version}.", hint="Compute them anew.")
        return made

    # --- inside -------------------------------------------------------------------------------------------------------

    def _place(self, member: Member) -> None:
        spec = spec_of(member.indicator)
        params = checked_params(spec, dict(member.params))
        if not member.key or any(placed.member.key == member.key for placed in self._placed):
            raise InvalidInput(f"Two members are called {member.key!r}.", hint="Give each a key of its own.")
        inputs = tuple(self._slot(spec, member, name) for name in spec.inputs)
        first = len(self._slots)
        for place, output in enumerate(spec.outputs):
            self._slots[f"{member.key}.{output.name}"] = first + place
        outputs = tuple(range(first, first + len(spec.outputs)))
        self._placed.append(_Placed(member, spec, params, inputs, outputs, spec.kernel.state(params)))

    def _slot(self, spec: IndicatorSpec, member: Member, name: str) -> int:
        if name != "price":
            return self._slots[name]
        source = member.source or spec.default_source
        if source == "given":
            return self._slots[source]
        if "." in source:
            if source not in self._slots:
                raise InvalidInput(
                    f"{spec.short} reads {source!r}, which is not there.",
                    hint="It must come before, and have an output of that name.",
                    code="indicator.source",
                )
            return self._slots[source]
        return self._slots[check_source(spec, source)]

    def _planned(self) -> "np.ndarray[Any, np.dtype[np.int64]]":
        # Addresses: everything they point to belongs to this object and never moves.
        self._wires = [np.array((*p.inputs, *p.outputs), np.int64) for p in self._placed]
        self._scratch = np.empty(max((len(p.state) for p in self._placed), default=1))
        plan = [len(self._placed), self._values.ctypes.data, self._scratch.ctypes.data]
        for placed, wires in zip(self._placed, self._wires, strict=True):
            plan += [placed.spec.kernel.address, placed.state.ctypes.data, wires.ctypes.data, len(placed.state)]
        self._plan = np.array(plan, np.int64)
        return self._plan


@functools.cache
def _steps() -> Any:
    # Compiled code loads numba, which no start of the program waits for.
    import backend.kernels.stepping as steps  # noqa: PLC0415 - see above

    return steps
