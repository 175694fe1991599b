"""Whatever happens to a series, every snapshot's lines are those of one computation over exactly its bars, bit for bit."""

import asyncio
from decimal import Decimal

import numpy as np
from hypothesis import given, note, settings
from hypothesis import strategies as st

from backend.charts.chart_state import Comparison, Study, StudySource
from backend.charts.comparisons import align
from backend.charts.series_times import session_numbers
from backend.clock import ManualClock
from backend.domain.actions import Dividend, Split
from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable
from backend.indicators import compute
from backend.market.column_cut import ColumnCut
from backend.market.resample import known_ns
from tests.fakes.memory_market import MemoryMarket, open_market
from tests.fakes.waiting import until

ONE, TWO = InstrumentId("ONE", "XNAS"), InstrumentId("TWO", "XNAS")
MINUTES, FIVES, DAYS = BarSpec.parse("1m"), BarSpec.parse("5m"), BarSpec.parse("1d")
LABELS = np.arange(60, dtype=np.int64) * DAY_NS
SESSIONS = SessionTable("test", LABELS, LABELS + 9 * HOUR_NS, LABELS + 10 * HOUR_NS)
STUDIES = (
    Study("mean", "sma", (("period", 5),)),
    Study("of it", "ema", (("period", 4),), StudySource("value", "strength")),
    Study("strength", "rsi", (("period", 3),)),
    Study("day", "vwap", source=StudySource("hlc3")),
    Study("bands", "donchian", (("period", 7),)),
    Study("bad", "sma", (("period", -1),)),
)
COMPARED = (Comparison("other", str(TWO)), Comparison("self", str(ONE)), Comparison("none", "NO.XNAS"))
VIEWS = ((MINUTES, False), (MINUTES, False), (FIVES, False), (FIVES, True), (DAYS, True))
ACTIONS = [
    Split(ONE, int(LABELS[2]), Decimal(2)),
    Dividend(ONE, int(LABELS[4]), Decimal("0.5")),
    Split(TWO, int(LABELS[3]), Decimal(3)),
]


def make_bars(first, n, seed):
    rng = np.random.default_rng(seed)
    row = np.arange(first, first + n)
    close = 100 + rng.normal(0, 1, n).cumsum()
    volume = np.where(rng.random(n) < 0.1, np.nan, rng.integers(0, 50, n))
    event_ns = LABELS[row // 60] + 9 * HOUR_NS + row % 60 * MINUTE_NS
    return BarArrays(event_ns, close, close + 1, close - 1, close, volume)


def expected(spec, bars):
    strength = compute("rsi", bars, period=3)["value"]
    sessions = session_numbers(spec, bars.event_ns, SESSIONS)
    bands = compute("donchian", bars, period=7)
    return {
        ("mean", "value"): compute("sma", bars, period=5)["value"],
        ("strength", "value"): strength,
        ("of it", "value"): compute("ema", bars, source=strength, period=4)["value"],
        ("day", "value"): compute("vwap", bars, sessions=sessions, source="hlc3")["value"],
        **{("bands", name): values for name, values in bands.items()},
    }


def check_lines(chart):
    snapshot = chart.snapshot()
    bars = snapshot.bars.bars
    assert np.all(np.diff(bars.event_ns) > 0)
    wanted = expected(chart.series.spec, bars)
    for key, line in snapshot.lines.items():
        assert len(line) == len(bars), key
        if key in wanted:
            np.testing.assert_array_equal(line.rows(0, len(bars)), wanted[key], f"{key} of {chart.series}")
            starts = np.arange(0, len(bars), 7)
            _, high, low, _ = line.columns(ColumnCut(starts, len(bars)))
            np.testing.assert_array_equal(np.nanmax(np.append(high, -1.0)), np.nanmax(np.append(wanted[key], -1.0)))
            np.testing.assert_array_equal(np.nanmin(np.append(low, 1e9)), np.nanmin(np.append(wanted[key], 1e9)))


class Story:
    """One market, its charts, and what happens to them."""

    def __init__(self, opened, seed):
        self.opened = opened
        self.charts = []
        self.seed = seed
        self.unsaved = {}

    def fresh(self, series, back, n):
        self.seed += 1
        first = len(self.opened.market.stored[series]) - back
        return make_bars(first, n, self.seed)

    async def open(self, place):
        spec, adjusted = VIEWS[place % len(VIEWS)]
        compared = COMPARED if place % 2 else COMPARED[2:]
        chart = await self.opened.studies.open(Series(ONE, spec), adjusted=adjusted, studies=STUDIES, comparisons=compared)
        if place % 5 < 3:
            chart.watch(lambda: None)  # told of news, it is left alone until it looks
        self.charts.append(chart)

    async def close(self, place):
        if len(self.charts) > 1:
            self.charts.pop(place % len(self.charts)).close()

    async def live(self, n):
        for _ in range(n % 4 + 1):
            self.apply(n)

    def apply(self, n):
        series = Series(ONE if n % 3 else TWO, MINUTES)
        bars = self.fresh(series, n % 2, n % 5 + 1 if n < 60 else 150)
        self.opened.market.replace_from(series, bars)
        self.opened.bars.apply(series, bars)
        first = int(bars.event_ns[0])
        self.unsaved[series] = min(self.unsaved.get(series, first), first)

    async def save(self, _n=0):
        for series, from_ns in self.unsaved.items():
            self.opened.tell(series, from_ns)
        self.unsaved.clear()

    async def revise(self, n):
        series = Series(TWO if n % 4 == 0 else ONE, MINUTES)
        back = min(n * 3 + 1, len(self.opened.market.stored[series]))
        bars = self.fresh(series, back, back + n % 3)
        self.opened.market.replace_from(series, bars)
        self.opened.tell(series, int(bars.event_ns[0]))

    async def study(self, n):
        chart = self.charts[n % len(self.charts)]
        await chart.change(STUDIES[: n % (len(STUDIES) + 1)], COMPARED[: n % (len(COMPARED) + 1)])

    async def replay(self, n):
        bars = self.opened.market.stored[Series(ONE, MINUTES)]
        await self.opened.replay.start(Series(ONE, MINUTES), int(bars.event_ns[n * 7 % len(bars)]))

    async def step(self, n):
        if self.opened.replay.state.is_on:
            await self.opened.replay.step((n % 7 - 2) * (40 if n % 3 == 0 else 1))

    async def leave(self, _n):
        await self.opened.replay.stop()

    async def wait(self, n_turns):
        """Let the background go on for some turns, or, without a number, until it has nothing more to do."""
        if n_turns is None:
            await until(lambda: not self.opened.tasks.running)
        for _ in range(n_turns or 0):
            await asyncio.sleep(0)

    async def settle(self, _n=0):
        await self.save()
        await self.wait(None)
        # Live bars that waited for charts to look are computed by themselves after a while.
        await until(lambda: not [chart for chart in self.charts if chart._shared._later is not None])
        await self.wait(None)
        for chart in self.charts:
            await self.check(chart)

    async def check(self, chart):
        now_ns = self.opened.studies.now_ns
        snapshot, spec = chart.snapshot(), chart.series.spec
        bars = snapshot.bars.bars
        asked = await self.opened.history.bars(chart.series, adjusted=chart.adjusted, as_of_ns=now_ns)
        for one, other in zip((bars.event_ns, *bars.columns()), (asked.event_ns, *asked.columns()), strict=True):
            np.testing.assert_array_equal(one, other, f"{chart.series} at {now_ns}")
        check_lines(chart)
        studies, comparisons = chart.asked
        ids = {study.id for study in studies} | {one.id for one in comparisons}
        assert {key for key, _ in snapshot.lines} | set(snapshot.errors) == ids
        assert set(snapshot.errors) <= {"bad", "none", "of it"}  # one reads what may have been taken away
        for one in [one for one in comparisons if one.id != "none"]:
            other = Series(InstrumentId.parse(one.instrument), spec)
            closes = await self.opened.history.bars(other, adjusted=chart.adjusted, as_of_ns=now_ns)
            known = known_ns(spec, bars.event_ns, SESSIONS)
            values = align(known, known_ns(spec, closes.event_ns, SESSIONS), closes.close)
            np.testing.assert_array_equal(snapshot.lines[one.id, "close"].rows(0, len(bars)), values, str(other))
        if spec.is_intraday:
            starts = np.flatnonzero(np.diff(session_numbers(spec, bars.event_ns, SESSIONS))) + 1
            np.testing.assert_array_equal(snapshot.breaks, starts)


LIKELY = {"open": 2, "close": 1, "live": 6, "save": 2, "revise": 3, "study": 2, "replay": 2, "step": 5, "leave": 1, "settle": 2}


def imagine(seed):
    """What happens: names of a story's methods with a number each, and how long the background may go on afterwards."""
    rng = np.random.default_rng(seed)
    weights = np.array(list(LIKELY.values())) / sum(LIKELY.values())
    names = rng.choice(list(LIKELY), 14, p=weights).tolist()
    # Every number of turns is a moment at which something else may come in between; None waits for the end.
    turns = rng.choice([-1, -1, -1, 0, 1, 4, 15], 14).tolist()
    acts = [(name, int(n), None if wait < 0 else wait) for name, n, wait in zip(names, rng.integers(0, 80, 14), turns, strict=True)]
    return int(rng.integers(20, 700)), [("open", int(rng.integers(5)), None), *acts]


async def tell(n_first, acts, seed):
    market = MemoryMarket(SESSIONS, actions=ACTIONS)
    market.stored = {Series(ONE, MINUTES): make_bars(0, n_first, seed), Series(TWO, MINUTES): make_bars(0, n_first, seed + 1)}
    async with open_market(market, ManualClock(int(LABELS[50]))) as opened:
        story = Story(opened, seed)
        await story.open(0)
        for name, n, n_turns in acts:
            await getattr(story, name)(n)
            await story.wait(n_turns)
            for chart in story.charts:
                check_lines(chart)
        await story.settle()
        for chart in story.charts:
            chart.close()
        await asyncio.sleep(0)
        assert opened.studies.n_shared == 0


@settings(max_examples=30)
@given(st.integers(0, 2**32))
def test_every_snapshot_belongs_together_and_ends_as_history_is(seed):
    n_first, acts = imagine(seed)
    note(f"{n_first} bars, then {acts}")
    asyncio.run(tell(n_first, acts, seed))
