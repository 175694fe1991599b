"""The bars of one series with everything that is computed from them, advanced together."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from backend.charts.comparisons import RunningComparison
from backend.charts.running_studies import RunningStudy, advance_between
from backend.charts.series_times import SeriesTimes, session_starts
from backend.charts.study_plan import Chain
from backend.charts.study_snapshot import COMPARED, StudyLine
from backend.domain.bars import Float64s, Int64s
from backend.market.bar_snapshot import BarSnapshot
from backend.market.growing_bars import Column

Computed: TypeAlias = Chain | str  # what a study needs, or the id of an instrument compared with
Lines: TypeAlias = Mapping[tuple[Computed, str], StudyLine]


class SeriesLines:
    """Of one lineage of bars; one thread at a time advances it."""

    def __init__(self, times: SeriesTimes, bars: BarSnapshot) -> None:
        self.times = times
        self.bars = bars
        self.studies: dict[Chain, RunningStudy] = {}
        self.compared: dict[str, RunningComparison] = {}
        self._breaks = Column(np.empty(0, np.int64))
        self._fresh_breaks = np.empty(0, np.int64)
        self._last_session = np.nan
        way = advance_between(times, None, bars)
        self._take_breaks(0, way.closed_sessions, way.tail_sessions)

    @property
    def lineage(self) -> int:
        """The lineage of the bars."""
        return self.bars.lineage

    def advance(self, bars: BarSnapshot) -> None:
        """Take a newer state of the same lineage, into the bars and into every study."""
        if bars is self.bars:
            return
        way = advance_between(self.times, self.bars, bars)
        for study in self.studies.values():
            study.advance(way)
        self.bars = bars
        self._take_breaks(way.n_done, way.closed_sessions, way.tail_sessions)

    def join(self, chain: Chain, study: RunningStudy) -> None:
        """Let a study run along from now on, brought from where it stands to the bars there are."""
        if study.bars is not self.bars:
            study.advance(advance_between(self.times, study.bars, self.bars))
        self.studies[chain] = study

    def lines(self) -> Lines:
        """Every line of the bars as they are."""
        made: dict[tuple[Computed, str], StudyLine] = {
            (chain, output): line
            for chain, study in self.studies.items()
            for output, line in zip(study.outputs, study.lines(), strict=True)
        }
        made.update({(name, COMPARED): running.line() for name, running in self.compared.items()})
        return MappingProxyType(made)

    def keep(self, wanted: Iterable[Computed]) -> None:
        """Stop computing everything else."""
        kept = set(wanted)
        self.studies = {chain: study for chain, study in self.studies.items() if chain in kept}
        self.compared = {name: running for name, running in self.compared.items() if name in kept}

    def breaks(self) -> Int64s:
        """Rows at which sessions start, of bars cut by the clock."""
        if not len(self._fresh_breaks):
            return self._breaks.view()
        rows = np.concatenate((self._breaks.view(), self._fresh_breaks))
        rows.flags.writeable = False
        return rows

    def _take_breaks(self, n_done: int, closed: Float64s, tail: Float64s) -> None:
        if not self.times.spec.is_intraday:
            return
        self._breaks.append(session_starts(closed, self._last_session) + n_done)
        if len(closed):
            self._last_session = float(closed[-1])
        self._fresh_breaks = session_starts(tail, self._last_session) + len(self.bars.closed)


def run_through(times: SeriesTimes, bars: BarSnapshot, chain: Chain) -> RunningStudy:
    """A study that has taken all of ``bars``; the first of its kind loads its kernel, which takes a while."""
    study = RunningStudy(chain)
    study.advance(advance_between(times, None, bars))
    return study
