"""Facts as the assistant gathers them, with few words: for tests of what may be said."""

import json
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from backend.assistant.facts.fact import BarRange, Fact, FactSet, Unit
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId

APPLE_FACTS = Path(__file__).parents[1] / "data" / "grounding" / "apple-facts.json"


def at(text: str) -> int:
    """UTC nanoseconds of a day or an instant."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) * 1_000_000_000


DAILY = BarRange(Series(InstrumentId.parse("AAPL.XNAS"), BarSpec.parse("1d")), at("2012-01-03"), at("2013-03-01"))


def fact(fact_id: str, name: str, label: str, value: Any, unit: Unit, **more: Any) -> Fact:
    """A fact as of 1 March 2013 over daily bars."""
    given = {"decimals": 2, "as_of_ns": at("2013-03-01"), "source": "import", "formula": "", "bars": DAILY} | more
    return Fact(id=fact_id, name=name, label=label, value=value, unit=unit, **given)


def apple_facts() -> FactSet:
    """All facts of the sample of Apple as the program told them, thirteen years after its last bar: 430.47 on 2013-03-01."""
    return FactSet(_read(row) for row in json.loads(APPLE_FACTS.read_text(encoding="utf-8")))


def _read(row: dict[str, Any]) -> Fact:
    bars, known = row["bars"], row["known"]
    span = None if bars is None else BarRange(_series(bars), at(bars["from"]), at(bars["to"]))
    given = {name: row[name] for name in ("id", "name", "label", "value", "decimals", "source", "formula", "why_not")}
    moments = {"as_of_ns": at(row["as_of"]), "known_ns": at(known) if isinstance(known, str) else None}
    return Fact(unit=Unit(row["unit"]), inputs=tuple(row["inputs"]), bars=span, **moments, **given)


def _series(bars: dict[str, str]) -> Series:
    return Series(InstrumentId.parse(bars["instrument"]), BarSpec.parse(bars["interval"]))


def known_facts() -> FactSet:
    """A small, fixed set with each unit, a fall, a missing value and an indicator's parameters."""
    return FactSet(
        (
            fact("F1", "price.last", "Last price", 182.5349, Unit.PRICE),
            fact("F2", "price.change_1", "Change over one session", -3.2, Unit.PERCENT),
            fact("F3", "oscillator.rsi", "Relative strength index", 71.34, Unit.INDEX, decimals=1, formula="rsi(14) of closes"),
            fact("F4", "average.sma_50", "The medium average", 175.02, Unit.PRICE, formula="sma(50) of closes"),
            fact("F5", "volume.ratio", "Volume against its norm", 2.03, Unit.RATIO, formula="volume / mean of 20 bars"),
            fact("F6", "risk.drawdown", "Largest fall of a year", -21.4, Unit.PERCENT),
            fact("F7", "level.support.1.touches", "Touches of the first support", 4, Unit.COUNT, decimals=0),
            fact("F8", "volume.last", "Volume of the session", 12_345_678.0, Unit.QUANTITY, decimals=0),
            fact("F9", "price.change_21", "Change over a month", 6.75, Unit.PERCENT),
            fact("F10", "average.sma_200", "The long average", None, Unit.PRICE, why_not="It takes 200 bars, and there are 120."),
            fact("F11", "level.high.date", "Day of the highest high", "2012-09-21", Unit.DATE),
            fact("F12", "price.tiny", "Price of the coin", 0.000012345, Unit.PRICE, decimals=8),
            fact("F13", "trend.word", "Direction of the trend", "up", Unit.WORD),
            fact("F14", "pattern.flag", "Whether a pattern is open", True, Unit.FLAG),
        )
    )


# What facts of random values are called: as those of real bars are, two of each kind that text may take for one another.
_CALLED = (
    ("price.last", "Last price", Unit.PRICE, 2, "close of the newest complete bar"),
    ("price.previous_close", "Previous close", Unit.PRICE, 2, "close of the session before"),
    ("price.high_52w", "Highest high of a year", Unit.PRICE, 2, "highest high of 52 weeks"),
    ("price.low_52w", "Lowest low of a year", Unit.PRICE, 2, "lowest low of 52 weeks"),
    ("price.change_1", "Change on the session before", Unit.PERCENT, 2, "last / close 1 session ago - 1"),
    ("price.change_5", "Change over a week", Unit.PERCENT, 2, "last / close 5 sessions ago - 1"),
    ("price.change_21", "Change over a month", Unit.PERCENT, 2, "last / close 21 sessions ago - 1"),
    ("price.change_252", "Change over a year", Unit.PERCENT, 2, "last / close 252 sessions ago - 1"),
    ("volume.last", "Volume", Unit.QUANTITY, 0, "volume of the newest complete bar"),
    ("volume.average_20", "Usual volume", Unit.QUANTITY, 0, "mean volume of the 20 bars before"),
    ("volume.ratio_20", "Volume against its usual", Unit.RATIO, 2, "volume / usual volume"),
    ("risk.beta", "Beta", Unit.RATIO, 2, "covariance with the index / its variance"),
    ("average.sma_50", "The middle average", Unit.PRICE, 2, "sma(50) of closes"),
    ("average.sma_200", "The long average", Unit.PRICE, 2, "sma(200) of closes"),
    ("oscillator.rsi", "Relative strength index", Unit.INDEX, 1, "rsi(14) of closes"),
    ("trend.adx", "Strength of the trend", Unit.INDEX, 1, "adx(14)"),
    ("stochastic.k", "Stochastic %K", Unit.INDEX, 1, "stochastic(14, 3, 3)"),
    ("stochastic.d", "Stochastic %D", Unit.INDEX, 1, "average of %K over 3 bars"),
    ("volatility.realised", "Volatility a year", Unit.PERCENT, 2, "standard deviation of 20 daily returns"),
    ("volatility.atr", "Average true range", Unit.PRICE, 2, "atr(14)"),
    ("level.support.1", "Nearest support", Unit.PRICE, 2, "price around which swings turned"),
    ("level.support.1.touches", "Touches of the nearest support", Unit.COUNT, 0, "count of swings in its band"),
    ("level.resistance.1", "Nearest resistance", Unit.PRICE, 2, "price around which swings turned"),
    ("level.resistance.1.touches", "Touches of the nearest resistance", Unit.COUNT, 0, "count of swings in its band"),
    ("level.resistance.1.distance", "Distance of the nearest resistance", Unit.PERCENT, 2, "level / close - 1"),
    ("setting.average_middle", "Bars of the middle average", Unit.COUNT, 0, "chosen by custom"),
    ("swing.high.date", "Day of the newest swing high", Unit.DATE, 0, "as the bars say"),
    ("swing.low.date", "Day of the newest swing low", Unit.DATE, 0, "as the bars say"),
)


def random_facts(random: Random) -> FactSet:
    """Facts of every unit with random values; ids in order."""
    base = 10 ** random.uniform(0, 4)
    made = []
    for place, (name, label, unit, decimals, formula) in enumerate(random.sample(_CALLED, len(_CALLED)), 1):
        value: float | int | str = {
            Unit.PRICE: round(base * random.uniform(0.6, 1.5), 4),
            Unit.PERCENT: round(random.uniform(3, 60) if name[:5] != "price" else random.uniform(-40, 60), 4),
            Unit.RATIO: round(random.uniform(0.2, 6), 4),
            Unit.INDEX: round(random.uniform(5, 95), 3),
            Unit.QUANTITY: float(random.randint(10**5, 10**9)),
            Unit.COUNT: 50 if name.startswith("setting.") else random.randint(3, 60),
            Unit.DATE: f"{random.randint(2001, 2024)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
        }[unit]
        made.append(fact(f"F{place}", name, label, value, unit, decimals=decimals, formula=formula))
    return FactSet(made)
