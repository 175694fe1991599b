"""Which bars are asked for."""

from dataclasses import dataclass

from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import Instrument


@dataclass(frozen=True, slots=True)
class BarQuery:
    """What ``History.bars`` is asked; ``n_last`` keeps the newest bars only, None keeps all."""

    instrument: Instrument
    spec: BarSpec
    from_ns: int | None
    to_ns: int | None
    as_of_ns: int | None
    adjusted: bool
    source: str | None
    n_last: int | None

    @property
    def series(self) -> Series:
        """The series asked for."""
        return Series(self.instrument.id, self.spec)
