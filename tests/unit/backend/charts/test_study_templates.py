"""Templates of studies in a real ledger: saved, applied to another chart, deleted and brought back."""

from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from backend.charts.chart_state import ChartState, ChartType, LineStyle, Pane, PriceRange, ScaleKind, Study, check_state
from backend.charts.study_templates import NAME_MAX, StudyTemplate, TemplateStore, applied, template_of
from backend.errors import CorruptData, InvalidInput, NotFound
from backend.storage import money
from backend.storage.ledger import open_ledger

RSI = Study("r", "rsi", (("period", 7),), pane="p1", styles=(("value", LineStyle("#10a0ff", 2)),))
CHART = replace(
    ChartState(instrument="AAPL.XNAS", panes=(Pane("p1", 0.4, range=PriceRange(0, 50)), Pane(scale=ScaleKind.LOG))),
    studies=(RSI, Study("s", "sma")),
)


@asynccontextmanager
async def _store(tmp_path):
    async with open_ledger(
        tmp_path / "money.db", b"k" * 32, money.MIGRATIONS, backups=tmp_path / "b", quarantine=tmp_path / "q"
    ) as ledger:
        yield TemplateStore(ledger), ledger


def test_a_template_puts_its_studies_on_another_chart_whose_prices_stay_as_they_are():
    other = ChartState(instrument="MSFT.XNAS", chart_type=ChartType.LINE, panes=(Pane(range=PriceRange(1, 2)),))

    made = applied(other, template_of(CHART, " Swing "))

    check_state(made)
    assert made.studies == CHART.studies
    assert made.panes == (Pane("p1", 0.4), other.main)
    assert (made.instrument, made.chart_type) == ("MSFT.XNAS", ChartType.LINE)
    assert applied(made, template_of(CHART, "Swing")) == made


async def test_what_was_saved_is_there_by_name_and_a_second_of_the_name_replaces_it(tmp_path):
    first = template_of(CHART, "swing")
    second = StudyTemplate("Swing", (Study("e", "ema"),))
    async with _store(tmp_path) as (store, _):
        assert await store.save(first) is None
        assert await store.save(StudyTemplate("Daily", (Study("e", "ema"),))) is None
        assert [kept.name for kept in await store.all()] == ["Daily", "swing"]
        assert await store.save(second) == first
        assert (await store.all())[1] == second


async def test_a_deleted_template_comes_back_as_it_was(tmp_path):
    template = template_of(CHART, "Swing")
    async with _store(tmp_path) as (store, _):
        await store.save(template)
        gone = await store.delete("SWING")
        assert await store.all() == ()
        await store.save(gone)
        assert await store.all() == (template,)
        with pytest.raises(NotFound, match="no template Nothing"):
            await store.delete("Nothing")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * (NAME_MAX + 1)])
def test_a_name_that_no_list_can_show_is_refused(name):
    with pytest.raises(InvalidInput, match="cannot name a template"):
        template_of(CHART, name)


def test_a_chart_without_indicators_makes_no_template():
    with pytest.raises(InvalidInput, match="no indicator on the chart"):
        template_of(ChartState(), "Empty")


async def test_a_template_that_no_chart_can_show_is_told_as_damage(tmp_path):
    async with _store(tmp_path) as (store, ledger):
        await ledger.write(lambda db: db.execute("INSERT INTO study_templates VALUES ('x', ?)", (b'{"name": "x"}',)).rowcount)
        with pytest.raises(CorruptData, match="cannot be read"):
            await store.all()
