"""How studies are drawn together: what the legend calls one that reads another."""

import pytest

from backend.charts.chart_state import Study, StudySource
from trii_desktop.charts.study_looks import looks_of

RSI = Study("r", "rsi")
MACD = Study("m", "macd")


def titles(*studies):
    return [look.title for look in looks_of(studies)]


def test_a_study_on_a_study_names_it_and_so_does_one_on_top_of_that():
    ema = Study("e", "ema", (("period", 9),), source=StudySource("value", "r"))
    on_top = Study("s", "sma", (("period", 5),), source=StudySource("value", "e"))
    assert titles(RSI, ema, on_top) == ["RSI 14", "EMA 9 of RSI 14", "SMA 5 of EMA 9 of RSI 14"]


@pytest.mark.parametrize(("output", "words"), [("line", ""), ("signal", "Signal"), ("gone", "")])
def test_of_several_lines_the_one_that_is_read_is_named(output, words):
    ema = Study("e", "ema", (("period", 9),), source=StudySource(output, "m"))
    assert titles(MACD, ema)[1] == f"EMA 9 of MACD 12 26 9 {words}".strip()


@pytest.mark.parametrize("source", [StudySource("high"), StudySource("value", "gone"), StudySource("value", "e")])
def test_a_study_that_reads_prices_or_nothing_that_is_there_is_called_as_before(source):
    alone = Study("e", "ema", (("period", 9),), source=source)
    assert titles(alone) == ["EMA 9 high" if not source.study else "EMA 9"]


def test_an_indicator_that_is_not_known_here_keeps_its_name():
    ema = Study("e", "ema", (("period", 9),), source=StudySource("value", "x"))
    assert titles(Study("x", "strange"), ema) == ["strange", "EMA 9 of strange"]
