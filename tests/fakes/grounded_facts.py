"""Facts as the assistant gathers them, with few words: for tests of what may be said."""

from datetime import UTC, datetime
from random import Random
from typing import Any

from backend.assistant.facts.fact import BarRange, Fact, FactSet, Unit
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId


def at(text: str) -> int:
    """UTC nanoseconds of a day or an instant."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) * 1_000_000_000


DAILY = BarRange(Series(InstrumentId.parse("AAPL.XNAS"), BarSpec.parse("1d")), at("2012-01-03"), at("2013-03-01"))


def fact(fact_id: str, name: str, label: str, value: Any, unit: Unit, **more: Any) -> Fact:
    """A fact as of 1 March 2013 over daily bars."""
    given = {"decimals": 2, "as_of_ns": at("2013-03-01"), "source": "import", "formula": "", "bars": DAILY} | more
    return Fact(id=fact_id, name=name, label=label, value=value, unit=unit, **given)


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


def random_facts(random: Random, n_each: int = 4) -> FactSet:
    """Facts of every unit with random values; ids in order."""
    drafts: list[tuple[str, str, Any, Unit, int]] = []
    base = 10 ** random.uniform(0, 4)
    for place in range(n_each):
        level = round(base * random.uniform(0.6, 1.5), 4)
        drafts.append((f"level.support.{place}", f"Support level {'abcdefgh'[place]}", level, Unit.PRICE, 2))
        drafts.append((f"price.change_{place}", f"Change {'abcdefgh'[place]}", round(random.uniform(-40, 60), 4), Unit.PERCENT, 2))
        drafts.append(
            (f"volume.ratio_{place}", f"Volume ratio {'abcdefgh'[place]}", round(random.uniform(0.2, 6), 4), Unit.RATIO, 2)
        )
        drafts.append((f"oscillator.{place}", f"Oscillator {'abcdefgh'[place]}", round(random.uniform(5, 95), 3), Unit.INDEX, 1))
        drafts.append((f"volume.{place}", f"Volume {'abcdefgh'[place]}", float(random.randint(10**5, 10**9)), Unit.QUANTITY, 0))
        drafts.append((f"touches.{place}", f"Touches {'abcdefgh'[place]}", random.randint(3, 60), Unit.COUNT, 0))
        day = f"{random.randint(2001, 2024)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
        drafts.append((f"day.{place}", f"Day {'abcdefgh'[place]}", day, Unit.DATE, 0))
    random.shuffle(drafts)
    made = [
        fact(f"F{place}", name, label, value, unit, decimals=decimals, formula="rsi(14)" if unit is Unit.INDEX else "sma(50)")
        for place, (name, label, value, unit, decimals) in enumerate(drafts, 1)
    ]
    return FactSet(made)
