"""docs/indicators.md: its table is the registry, and its example of a new indicator runs."""

import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import talib

from backend.indicators import compute, registry, stream
from backend.indicators.registry import SPECS
from tests.fakes.indicator_bars import make_bars

PAGE = (Path(__file__).parents[4] / "docs" / "indicators.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def row_of(spec):
    defaults = {p.name: p.default for p in spec.parameters}
    params = ", ".join(f"`{name}` {value}" for name, value in defaults.items()) or "none"
    outputs = ", ".join(f"`{output.name}`" for output in spec.outputs)
    return f"| `{spec.name}` | {spec.title} | {params} | {outputs} | {spec.warm_up(defaults)} | {spec.verified} |"


def test_the_table_is_the_registry():
    shown = [line for line in PAGE.splitlines() if line.startswith("| `")]

    assert shown == [row_of(spec) for spec in SPECS.values()]


def load(file, name, text):
    """A module of its own from text, as one that stands in the project would be."""
    file.write_text(text, encoding="utf-8")
    found = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_example_of_a_new_indicator_is_all_it_takes(monkeypatch, tmp_path):
    kernel, spec = (next(block for block in BLOCKS if word in block) for word in ("def roc_next", "IndicatorSpec("))
    monkeypatch.setitem(sys.modules, "backend.kernels.roc", load(tmp_path / "roc.py", "backend.kernels.roc", kernel))
    words = "from backend.indicators.spec import IndicatorSpec, Kernel, Output, Parameter\n\nSPEC = "
    monkeypatch.setitem(registry._NAMES, "roc", load(tmp_path / "entry.py", "entry", words + spec).SPEC)
    bars = make_bars(300, seed=2)

    values = compute("ROC", bars, timeperiod=7)["value"]
    np.testing.assert_allclose(values, talib.ROC(bars.close, 7), rtol=1e-9, atol=1e-9)
    running = stream("roc", period=7)
    start = running.sweep(bars[:100])["value"]
    rest = [running.update(bars.bar(row))["value"] for row in range(100, 300)]
    np.testing.assert_array_equal(np.concatenate((start, rest)), values)
    assert running.warm_up == int(np.argmax(~np.isnan(values))) == 7
