"""The import dialog on real files and broken ones: preview, correction, progress, cancel, report."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox

from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.jobs.imports import KIND
from backend.jobs.job import JobState
from backend.market.importers.plan import Role
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown
from trii_desktop.jobs.model import WORDS
from trii_desktop.market.import_dialog import MAPPING, PROBLEM, REPORT
from trii_desktop.market.import_files import expand
from trii_desktop.market.import_list import ItemState

HEADER = "Date,Open,High,Low,Close,Volume\n"
PRICES = ("open", "high", "low", "close", "volume")


def _write_days(path, n_days=40, bad_lines=()):
    lines = [HEADER]
    for n in range(n_days):
        day = dt.date(2024, 1, 1) + dt.timedelta(days=n)
        close = 100 + n
        lines.append(
            "2024-13-99,a,b,c,d,e\n" if n in bad_lines else f"{day},{close - 1},{close + 2},{close - 2},{close},{1000 + n}\n"
        )
    path.write_text("".join(lines))
    return path


async def _opened(desktop, *paths):
    desktop.workbench.data.open_dialog(paths)
    dialog = desktop.workbench.data.dialog
    await shown(dialog._reading.done, "the files are read")
    return dialog


async def _imported(dialog):
    dialog.start_import()
    await shown(lambda: not dialog.is_running and dialog.items.n_done(), "the import is done")


async def _bars(desktop, instrument, spec="1d"):
    return await desktop.desk.bridge.call(
        desktop.desk.backend.history.bars(Series(InstrumentId.parse(instrument), BarSpec.parse(spec)))
    )


def test_a_file_is_recognised_imported_reported_and_shown_on_the_chart(qapp, sampled, tmp_path):
    path = _write_days(tmp_path / "ACME.csv", bad_lines=(7,))

    async def story():
        async with open_window(sampled) as desktop:
            dialog = await _opened(desktop, path)
            assert dialog._right.currentIndex() == MAPPING
            assert not dialog.isModal()
            instrument = dialog.mapping.instrument.currentText()
            assert instrument.startswith("ACME.")
            assert dialog.mapping.interval.currentText() == "1d"
            await _imported(dialog)
            assert dialog._right.currentIndex() == REPORT
            report = dialog.items.current().report
            assert (report.n_accepted, report.n_refused) == (39, 1)
            assert dialog.report._table.model().rowCount() == 1
            assert dialog.report._table.model().index(0, 0).data() == "9"
            dialog.report.chart.click()
            await shown(lambda: str(desktop.panels.chart.shown.instrument.id) == instrument)
            assert len(desktop.panels.chart.view.model.snapshot) == 39

    run_on_qt(story())


def test_a_correction_is_previewed_at_once_and_followed(qapp, sampled, tmp_path):
    path = _write_days(tmp_path / "prices.csv")

    async def story():
        async with open_window(sampled) as desktop:
            dialog = await _opened(desktop, path)
            dialog.mapping.instrument.setCurrentText("ZZZ.XNYS")
            await shown(lambda: str(dialog.items.current().plan.instrument.id) == "ZZZ.XNYS", "the corrected plan")
            place = next(n for n, c in enumerate(dialog.items.current().plan.columns) if c.role is Role.VOLUME)
            chooser = dialog.mapping.sample.cellWidget(0, place)
            assert isinstance(chooser, QComboBox)
            chooser.setCurrentIndex(chooser.findData(Role.NONE))
            await shown(lambda: dialog.items.current().plan.column_of(Role.VOLUME) is None, "volume left out")
            assert str(dialog.items.current().plan.instrument.id) == "ZZZ.XNYS"
            await _imported(dialog)
            bars = await _bars(desktop, "ZZZ.XNYS")
            assert len(bars) == 40
            assert bars.volume[0] != bars.volume[0]

    run_on_qt(story())


def test_a_correction_that_cannot_be_followed_says_why(qapp, sampled, tmp_path):
    path = _write_days(tmp_path / "prices.csv")

    async def story():
        async with open_window(sampled) as desktop:
            dialog = await _opened(desktop, path)
            dialog.mapping.interval.setCurrentText("7 parsecs")
            await shown(lambda: "7 parsecs" in dialog.mapping._problem.text() or dialog.items.current().state is ItemState.OPEN)
            assert dialog.mapping._problem.isVisible()

    run_on_qt(story())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", b"only words\nand more\n"),
        ("empty.csv", b""),
        ("broken.zip", b"PK\x03\x04broken"),
    ],
)
def test_a_file_that_holds_no_prices_is_listed_with_the_reason(qapp, sampled, tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)

    async def story():
        async with open_window(sampled, docks=False) as desktop:
            dialog = await _opened(desktop, path)
            item = dialog.items.current()
            assert item.state is ItemState.FAILED
            assert item.problem
            assert dialog._right.currentIndex() == PROBLEM
            assert not dialog._start.isEnabled()

    run_on_qt(story())


def test_a_table_without_a_readable_column_waits_for_a_decision(qapp, sampled, tmp_path):
    path = tmp_path / "noise.csv"
    path.write_bytes(bytes(range(256)) * 40)

    async def story():
        async with open_window(sampled, docks=False) as desktop:
            dialog = await _opened(desktop, path)
            assert dialog.items.current().state is ItemState.OPEN
            assert dialog.mapping._problem.isVisible()
            assert not dialog._start.isEnabled()

    run_on_qt(story())


def test_a_folder_gives_one_table_a_file_and_unticked_ones_are_left_out(qapp, sampled, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    _write_days(folder / "AAA.csv")
    _write_days(folder / "BBB.csv")
    (folder / ".hidden.csv").write_text("x")

    async def story():
        async with open_window(sampled) as desktop:
            dialog = await _opened(desktop, folder)
            assert dialog.items.view.count() == 2
            dialog.items.view.item(0).setCheckState(Qt.CheckState.Unchecked)
            await _imported(dialog)
            stored = await desktop.desk.bridge.call(desktop.desk.backend.store.series())
            codes = {s.series.instrument.code for s in stored}
            assert "BBB" in codes
            assert "AAA" not in codes

    run_on_qt(story())


def test_the_same_file_again_changes_nothing(qapp, sampled, tmp_path):
    path = _write_days(tmp_path / "ACME.csv")

    async def story():
        async with open_window(sampled) as desktop:
            dialog = await _opened(desktop, path)
            await _imported(dialog)
            dialog.close()
            await shown(lambda: desktop.workbench.data.dialog is None)
            dialog = await _opened(desktop, path)
            await _imported(dialog)
            report = dialog.items.current().report
            assert (report.n_accepted, report.n_same) == (0, 40)

    run_on_qt(story())


def test_without_a_preview_what_is_sure_is_imported_at_once(qapp, sampled, tmp_path):
    good, bad = _write_days(tmp_path / "ACME.csv"), tmp_path / "notes.txt"
    bad.write_text("only words\nand more\n")

    async def story():
        async with open_window(sampled) as desktop:
            await desktop.desk.bridge.call(desktop.desk.backend.settings.change("data", ask_before_import=False))
            dialog = await _opened(desktop, good, bad)
            await shown(lambda: not dialog.is_running and dialog.items.n_done() == 1, "the import is done")
            dialog.items.view.setCurrentRow(1)
            assert dialog._right.currentIndex() == PROBLEM

    run_on_qt(story())


def test_cancelling_leaves_nothing_of_the_table_under_way(qapp, sampled, tmp_path):
    path = tmp_path / "LARGE.csv"
    n_rows = 3_000_000
    columns = {"time": 1_400_000_000 + 60 * np.arange(n_rows)}
    columns |= {name: np.full(n_rows, value) for name, value in zip(PRICES, (1, 2, 0.5, 1.5, 10), strict=True)}
    csv.write_csv(pa.table(columns), path, csv.WriteOptions(quoting_style="none"))

    async def story():
        async with open_window(sampled) as desktop:
            dialog = await _opened(desktop, path)
            dialog.start_import()
            await shown(lambda: "rows/s" in dialog.progress._details.text(), "progress")
            assert dialog._cancel.isVisible()
            dialog.cancel()
            await shown(lambda: not dialog.is_running)
            assert "Cancelled" in dialog._status.text()
            stored = await desktop.desk.bridge.call(desktop.desk.backend.store.series())
            assert "LARGE" not in {s.series.instrument.code for s in stored}
            assert dialog.items.current().state is ItemState.READY

    run_on_qt(story(), 60)


def test_an_import_goes_on_when_its_dialog_is_closed_and_is_found_among_the_jobs_and_in_the_dialog_again(qapp, sampled, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(3):
        rows = (f"{1_400_000_000 + 60 * n},1,2,0.5,1.5,10\n" for n in range(200_000))
        (folder / f"LONG{number}.csv").write_text("time,open,high,low,close,volume\n" + "".join(rows))

    async def story():
        async with open_window(sampled) as desktop:
            jobs = desktop.panels.jobs
            dialog = await _opened(desktop, folder)
            dialog.start_import()
            await shown(lambda: any(item.state is ItemState.RUNNING for item in dialog.items._items), "a table under way")
            dialog.close()
            await shown(lambda: desktop.workbench.data.dialog is None)

            desktop.workbench.view.toggle_jobs()
            await shown(lambda: jobs.model.jobs and jobs.model.jobs[0].kind == KIND, "the job is listed")
            jobs.table.selectRow(0)
            assert jobs.show_button.isEnabled()
            QTest.keyClick(jobs.table, Qt.Key.Key_Return)
            await shown(lambda: desktop.workbench.data.dialog is not None, "the dialog is there again")
            again = desktop.workbench.data.dialog
            await shown(lambda: again.items.n_done() == 3, "all of it is imported")
            assert again.items._items[0].report.n_accepted == 200_000
            await shown(lambda: jobs.current.state is JobState.DONE, "the list says so")
            assert jobs.proxy.index(0, 0).data() == "Import"
            assert jobs.proxy.index(0, WORDS).data() == "3 tables are stored, 600,000 rows of them new."

    run_on_qt(story(), 60)


def test_a_job_is_cancelled_and_tried_again_from_the_list_by_keys(qapp, sampled, tmp_path):
    path = tmp_path / "LARGE.csv"
    rows = (f"{1_400_000_000 + 60 * n},1,2,0.5,1.5,10\n" for n in range(800_000))
    path.write_text("time,open,high,low,close,volume\n" + "".join(rows))

    async def story():
        async with open_window(sampled) as desktop:
            jobs = desktop.panels.jobs
            desktop.workbench.view.toggle_jobs()
            dialog = await _opened(desktop, path)
            dialog.start_import()
            await shown(lambda: jobs.model.jobs and jobs.model.jobs[0].progress > 0, "progress in the list")
            jobs.table.selectRow(0)
            QTest.keyClick(jobs.table, Qt.Key.Key_Delete)
            await shown(lambda: not dialog.is_running, "the dialog hears of it")
            assert dialog._status.text() == "Cancelled. Nothing of LARGE.csv was imported."
            await shown(jobs.retry_button.isEnabled, "it can be tried again")
            jobs.states.setCurrentIndex(2)
            assert jobs.current.state is JobState.CANCELLED
            jobs.retry_button.click()
            await shown(lambda: jobs.proxy.rowCount() == 0, "it is cancelled no more")
            jobs.states.setCurrentIndex(0)
            await shown(lambda: jobs.model.jobs[0].state is JobState.DONE, "it is done")

    run_on_qt(story(), 60)


def test_files_dropped_onto_the_window_open_the_dialog(qapp, sampled, tmp_path):
    path = _write_days(tmp_path / "DROP.csv")

    async def story():
        async with open_window(sampled) as desktop:
            data = QMimeData()
            data.setUrls([QUrl.fromLocalFile(str(path))])
            event = QDropEvent(
                QPointF(300, 300), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
            )
            desktop.window.dropEvent(event)
            dialog = desktop.workbench.data.dialog
            await shown(lambda: dialog.items.view.count() == 1)
            assert dialog.items.current().path == path

    run_on_qt(story())


def test_a_very_long_name_is_shortened_in_the_list_and_whole_in_the_tooltip(qapp, sampled, tmp_path):
    path = _write_days(tmp_path / f"{'a very long name ' * 10}.csv")

    async def story():
        async with open_window(sampled, docks=False) as desktop:
            dialog = await _opened(desktop, path)
            assert path.name in dialog.items.view.item(0).toolTip()
            assert dialog.width() < 1400

    run_on_qt(story())


def test_folders_are_walked_in_order_without_hidden_files(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("b/2.csv", "a.csv", ".git/config", "b/.x.csv"):
        (tmp_path / name).write_text("x")

    assert [p.relative_to(tmp_path).as_posix() for p in expand((tmp_path,))] == ["a.csv", "b/2.csv"]
