"""The table of long runs."""

from pathlib import Path

import pytest

from tests.long_runs import LongRuns

TEST = "tests/test_sample.py::test_figures"


def report(name: str = TEST, outcome: str = "passed", *, when: str = "call", is_long: bool = True) -> pytest.TestReport:
    keywords = {"long": 1} if is_long else {}
    return pytest.TestReport(
        name, (name, 1, name), keywords, outcome, None, when, duration=61.4, user_properties=[("kills", 200), ("odds", "1|2")]
    )


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_sample.py").write_text("")
    return tmp_path / "docs" / "long-runs.md"


def run(table: Path, *reports: pytest.TestReport, seed: str = "7") -> str:
    runs = LongRuns(seed, table)
    for each in reports:
        runs.pytest_runtest_logreport(each)
    runs.pytest_sessionfinish()
    return table.read_text() if table.exists() else ""


def test_a_row_tells_result_seconds_date_seed_and_figures(table):
    text = run(table, report(when="setup"), report(), report(when="teardown"))
    row = next(line for line in text.splitlines() if TEST in line)

    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:3] == [f"`{TEST}`", "passed", "61"]
    assert len(cells[3]) == len("2024-01-08")
    assert (cells[4], cells[6]) == ("7", "kills 200; odds 1/2")


def test_a_later_result_takes_the_place_of_the_earlier_one_and_leaves_other_rows(table):
    run(table, report(), report("tests/test_sample.py::test_other"))

    text = run(table, report(outcome="failed"), seed="8")

    assert text.count("test_figures") == 1
    assert "| failed |" in text
    assert "test_other` | passed" in text


def test_a_long_test_that_fails_before_it_begins_is_told(table):
    assert "| failed |" in run(table, report(outcome="failed", when="setup"))


def test_short_tests_and_runs_without_long_ones_write_nothing(table):
    assert run(table, report(is_long=False)) == ""


def test_rows_of_tests_that_are_gone_are_dropped(table):
    table.parent.mkdir()
    table.write_text("| `tests/test_gone.py::test_old` | passed | 1 |\n")

    assert "test_gone" not in run(table, report())
