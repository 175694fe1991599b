"""What takes longer than a live bar: studies and comparisons of one state of bars, computed on a thread of its own."""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.charts.comparisons import RunningComparison
from backend.charts.moments import Moment
from backend.charts.running_studies import RunningStudy
from backend.charts.series_lines import Computed, run_through
from backend.charts.series_times import SeriesTimes
from backend.charts.study_plan import Chain
from backend.errors import TriiError
from backend.market.bar_snapshot import BarSnapshot


@dataclass(frozen=True, slots=True)
class StudiesDone:
    """What was found, and why the rest was not."""

    studies: dict[Chain, RunningStudy]
    compared: dict[str, RunningComparison]
    errors: dict[Computed, str]


@dataclass(frozen=True, slots=True, eq=False)
class StudyWork:
    """What is computed of one state of bars, apart from everything that changes meanwhile."""

    times: SeriesTimes
    bars: BarSnapshot
    chains: tuple[Chain, ...]
    others: Mapping[str, Moment]

    def run(self) -> StudiesDone:
        """Compute all of it; the first study of its kind loads its kernel."""
        done = StudiesDone({}, {}, {})
        for chain in self.chains:
            try:
                done.studies[chain] = run_through(self.times, self.bars, chain)
            except TriiError as error:
                done.errors[chain] = str(error)
        for name, other in self.others.items():
            running = RunningComparison(self.times, other.times)
            running.advance(self.bars, other.bars)
            done.compared[name] = running
        return done


def is_bound(running: RunningComparison | None, other: Moment) -> bool:
    """Whether a comparison runs beside the bars that ``other`` has now."""
    return running is not None and running.other is not None and running.other.lineage == other.bars.lineage


def values_under_way(moment: Moment, studies: Mapping[Chain, RunningStudy]) -> dict[tuple[Computed, str], float]:
    """The value of each output at the bar that was under way at ``moment``."""
    assert moment.under_way is not None
    found: dict[tuple[Computed, str], float] = {}
    for chain, study in studies.items():
        values = study.values_at(moment.times, moment.bars, moment.n_rows, moment.under_way)
        found.update({(chain, output): float(value) for output, value in zip(study.outputs, values, strict=True)})
    return found
