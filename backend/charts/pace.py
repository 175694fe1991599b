"""How fast a replay goes: by bars, so many a second, or by time, so many times as fast as it passed."""

import enum
from dataclasses import dataclass
from typing import Final

from backend.errors import InvalidInput


class PaceUnit(enum.StrEnum):
    """What a pace counts."""

    BARS = "bars"  # a second
    TIME = "time"  # times as fast


@dataclass(frozen=True, slots=True)
class Pace:
    """``speed`` bars a second, 0.5 to 50, or ``speed`` times as fast as time, 1 to 10,000. Raises InvalidInput for others."""

    speed: float = 1.0
    unit: PaceUnit = PaceUnit.BARS

    def __post_init__(self) -> None:
        least, most = _LIMITS[self.unit]
        if not least <= self.speed <= most:
            what = "bars a second" if self.unit is PaceUnit.BARS else "times the speed of time"
            raise InvalidInput(f"Replay cannot run at {self.speed:g} {what}.", hint=f"Use {least:g} to {most:,.0f}.")

    @property
    def is_by_time(self) -> bool:
        """Whether time passes continuously, so that bars are seen under way."""
        return self.unit is PaceUnit.TIME


_LIMITS: Final = {PaceUnit.BARS: (0.5, 50.0), PaceUnit.TIME: (1.0, 10_000.0)}
BY_BARS: Final = tuple(Pace(speed) for speed in (0.5, 1.0, 2.0, 5.0, 10.0, 25.0, 50.0))
BY_TIME: Final = tuple(Pace(speed, PaceUnit.TIME) for speed in (1.0, 10.0, 60.0, 600.0, 3_600.0, 10_000.0))
PACES: Final = (*BY_BARS, *BY_TIME)
