"""The analysis of Apple's real bars as it is worded, word for word, and the founding inputs that it carries."""

from pathlib import Path

import numpy as np
import pytest

from backend.app import open_backend
from backend.assistant.analysis.analyst import FOUNDING_INPUTS, Analyst
from backend.assistant.facts.gathering import FactGatherer
from backend.assistant.facts.view import Person
from backend.domain.bars import DAY_NS, HOUR_NS, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.market.samples import load_samples

GOLDEN = Path(__file__).parents[1] / "data" / "analysis"
DAYS = BarSpec.parse("1d")
CASES = {  # a strong downtrend near its low, an idea, an index in which nothing trends, closes alone, hardly any bars
    "apple-downtrend": ("AAPL.XNAS", "2013-03-01"),
    "apple-idea": ("AAPL.XNAS", "2004-04-28"),
    "index-sideways": ("SPX.INDEX", "2012-06-01"),
    "closes-alone": ("VIX.INDEX", "2018-02-06"),
    "hardly-any-bars": ("AAPL.XNAS", "2000-03-15"),
}


def moment_ns(date: str) -> int:
    """Ten in the evening of a date, UTC."""
    return int(np.datetime64(date, "D").astype(np.int64)) * DAY_NS + 22 * HOUR_NS


def told(facts, analysis) -> str:
    """Inputs, then each section as it is tagged and as it is read."""
    lines = [
        f"{facts[one].label}: {facts[one].value if facts[one].is_available else facts[one].why_not}" for one in analysis.inputs
    ]
    for section in analysis.sections:
        names = "\n".join(f"{fact_id} = {facts[fact_id].name}" for fact_id in section.facts)
        lines += [f"\n## {section.title}\n", "".join(span.text for span in section.spans), "", section.tagged, "", names]
    return "\n".join(lines).rstrip() + "\n"


async def tell_cases(home):
    """Facts and analysis of each case, by its name."""
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        analyst = Analyst(FactGatherer(backend.history, backend.catalog, backend.clock, lambda: Person("swing", "medium")))
        found = {}
        for name, (code, date) in CASES.items():
            instrument = await backend.catalog.get(InstrumentId.parse(code))
            facts = await analyst.facts(instrument.id, DAYS, moment_ns(date))
            found[name] = (facts, analyst.analyse(facts, instrument, Series(instrument.id, DAYS)))
        return found


async def test_the_wording_of_real_bars_is_what_was_read_and_found_good(home):
    for name, (facts, analysis) in (await tell_cases(home)).items():
        path = GOLDEN / f"{name}.txt"
        assert told(facts, analysis) == path.read_text(encoding="utf-8"), f"{path.name}: read the new words, then keep them."


async def test_each_founding_input_is_carried(home):
    facts, analysis = (await tell_cases(home))["apple-downtrend"]
    inputs = [facts[one] for one in analysis.inputs]
    assert [fact.name for fact in inputs] == list(FOUNDING_INPUTS)
    known = {fact.name: fact.value for fact in inputs if fact.is_available}
    assert known["instrument.id"] == "AAPL.XNAS"
    assert known["price.last"] == 430.47
    assert known["price.change_1"] == pytest.approx(100 * (430.47 / 441.40 - 1))
    assert known["volume.last"] == 19_730_300
    assert known["volume.ratio_20"] == pytest.approx(1.1434, abs=1e-3)
    assert (known["person.style"], known["person.risk"]) == ("swing trading", "medium")
    missing = {fact.name for fact in inputs if not fact.is_available}
    assert missing == {"news.1", "news.2", "news.3", "sentiment.score", "sentiment.label", "fundamental.ratios"}
