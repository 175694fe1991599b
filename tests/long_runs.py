"""Keeps the last result of every long test, with date and seed, in docs/long-runs.md.

A long test states its figures with pytest's ``record_property("kills", 200)``.
"""

import datetime as dt
import platform
import re
from pathlib import Path

import pytest

TABLE = Path(__file__).parents[1] / "docs" / "long-runs.md"
HEAD = """# Long runs

Full figures that take minutes to hours, run by `python3 dev.py test --long`: each row is the last result of one test.

| test | result | seconds | date | seed | system | figures |
|---|---|--:|---|--:|---|---|
"""
ROW = re.compile(r"^\| `([^`]+)` \|.*$", re.MULTILINE)


class LongRuns:
    """A pytest plugin that gathers the reports of long tests and writes the table at the end."""

    def __init__(self, seed: str, table: Path = TABLE) -> None:
        self._seed = seed
        self._table = table
        self._rows: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if "long" not in report.keywords or (report.when != "call" and report.passed):
            return
        today = dt.datetime.now(dt.UTC).date().isoformat()
        figures = "; ".join(f"{name} {value}" for name, value in report.user_properties)
        system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
        cells = [report.outcome, f"{report.duration:.0f}", today, self._seed, system, figures.replace("|", "/")]
        self._rows[report.nodeid] = f"| `{report.nodeid}` | {' | '.join(cells)} |"

    def pytest_sessionfinish(self) -> None:
        if not self._rows:
            return
        kept = {match[1]: match[0] for match in ROW.finditer(self._table.read_text("utf-8"))} if self._table.exists() else {}
        kept = {test: row for test, row in kept.items() if (self._table.parents[1] / test.partition("::")[0]).exists()}
        rows = [row for _, row in sorted({**kept, **self._rows}.items())]
        self._table.parent.mkdir(exist_ok=True)
        self._table.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
