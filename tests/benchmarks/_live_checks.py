"""What the live benchmark asserts at the end of a run: what is shown and stored is what all trades make in one batch."""

from collections.abc import Sequence

import numpy as np

from backend.app import Backend
from backend.charts.study_snapshot import StudySnapshot
from backend.indicators import compute
from tests.benchmarks._live_feed import SOURCE
from tests.benchmarks._live_market import INSTRUMENTS, STUDIES, Setup, wanted_bars


def check_shown(shown: Sequence[StudySnapshot], setup: Setup, start_ns: int) -> None:
    """Every bar and every indicator value of each chart, bit for bit."""
    tape = setup.tape
    for i, snapshot in enumerate(shown):
        wanted = wanted_bars(i, setup.n_history, tape, start_ns)
        bars = snapshot.bars.bars
        for name in ("event_ns", "open", "high", "low", "close", "volume"):
            assert np.array_equal(getattr(bars, name), getattr(wanted, name)), f"Chart {i} shows another {name}."
        assert not snapshot.errors, snapshot.errors
        for study in STUDIES:
            for output, values in compute(study.indicator, wanted, **dict(study.params)).items():
                line = snapshot.lines[study.id, output]
                assert np.array_equal(line.rows(0, len(line)), values, equal_nan=True), f"Chart {i}: {study.id} {output} differs."


async def check_stored(backend: Backend, setup: Setup, start_ns: int) -> None:
    """Every trade, in its order; on the backend's loop."""
    tape = setup.tape
    for i, instrument in enumerate(INSTRUMENTS):
        kept, sent = await backend.store.load_trades(instrument.id, SOURCE), tape.trades_of(i, start_ns)
        for name in ("event_ns", "price", "quantity"):
            assert np.array_equal(getattr(kept, name), getattr(sent, name)), f"The {name} of stored trades differ."
