"""Charts read for pictures and files: the values that the whole history gives, whatever part of it is asked for."""

import numpy as np

from backend.app import open_backend
from backend.charts.chart_state import ChartState, ChartType, Comparison, Study
from backend.charts.still_chart import ChartReader, Stretch
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.indicators import compute
from backend.market.samples import load_samples

DAILY = Series(InstrumentId("AAPL", "XNAS"), BarSpec.parse("1d"))
WEEKLY = Series(InstrumentId("AAPL", "XNAS"), BarSpec.parse("1w"))
STATE = ChartState(
    chart_type=ChartType.HEIKIN_ASHI,
    studies=(
        Study("mean", "sma", (("period", 200),)),
        Study("slow", "ema", (("period", 300),)),
        Study("broken", "sma", (("period", 0),)),
    ),
    comparisons=(Comparison("other", "MSFT.XNAS"), Comparison("none", "NOTHING.XNAS")),
)


async def test_a_part_of_the_history_has_the_bits_of_the_whole(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        reader = ChartReader(backend.history, backend.catalog, backend.calendars)
        whole = await reader.read(DAILY, STATE, Stretch())
        part = await reader.read(DAILY, STATE, Stretch(n_last=100))
        assert len(part.bars) == 100
        np.testing.assert_array_equal(whole.lines["slow", "value"], compute("ema", whole.bars, period=300)["value"])
        assert set(part.lines) == {
            ("mean", "value"),
            ("slow", "value"),
            ("other", "close"),
            *(("shape", name) for name in ("open", "high", "low", "close")),
        }
        for key, values in part.lines.items():
            np.testing.assert_array_equal(values, whole.lines[key][-100:], err_msg=str(key))
        assert set(part.errors) == {"broken", "none"}
        assert "NOTHING" in part.errors["none"]

        middle = Stretch(from_ns=int(whole.bars.event_ns[1000]), to_ns=int(whole.bars.event_ns[1500]))
        cut = await reader.read(DAILY, STATE, middle)
        np.testing.assert_array_equal(cut.bars.event_ns, whole.bars.event_ns[1000:1500])
        np.testing.assert_array_equal(cut.lines["slow", "value"], whole.lines["slow", "value"][1000:1500])
        np.testing.assert_array_equal(cut.lines["other", "close"], whole.lines["other", "close"][1000:1500])


async def test_nothing_later_than_asked_for_is_known(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        reader = ChartReader(backend.history, backend.catalog, backend.calendars)
        whole = await reader.read(WEEKLY, STATE, Stretch())
        then_ns = int((await backend.history.bars(DAILY)).event_ns[2000])
        then = await reader.read(WEEKLY, STATE, Stretch(as_of_ns=then_ns))
        n_done = len(then.bars) - 1  # the newest was under way
        assert 200 < n_done < len(whole.bars)
        for key, values in then.lines.items():
            np.testing.assert_array_equal(values[:n_done], whole.lines[key][:n_done], err_msg=str(key))


async def test_a_stretch_without_bars_is_an_empty_chart(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        reader = ChartReader(backend.history, backend.catalog, backend.calendars)
        chart = await reader.read(DAILY, STATE, Stretch(to_ns=0))
        assert (len(chart.bars), dict(chart.lines), dict(chart.errors)) == (0, {}, {})
