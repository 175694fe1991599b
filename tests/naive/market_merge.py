"""The market store as a dictionary: what publishing and appending must amount to."""

from dataclasses import dataclass, field

from backend.domain.bars import Bar, BarArrays


def text_of(bar: Bar) -> str:
    """Values as text, so that NaN equals NaN."""
    return repr((bar.open, bar.high, bar.low, bar.close, bar.volume))


@dataclass
class DictStore:
    """One series by event time."""

    bars: dict[int, Bar] = field(default_factory=dict)

    def merge(self, rows: list[Bar]) -> tuple[int, int, int]:
        """Take rows, later ones winning; how many were new, the same, and replaced others."""
        staged = {bar.event_ns: bar for bar in rows}
        new = [t for t in staged if t not in self.bars]
        same = [t for t in staged if t in self.bars and text_of(self.bars[t]) == text_of(staged[t])]
        replaced = len(staged) - len(new) - len(same)
        self.bars |= staged
        return len(new), len(same), replaced

    def arrays(self) -> BarArrays:
        """All rows by time."""
        return BarArrays.of([self.bars[t] for t in sorted(self.bars)])
