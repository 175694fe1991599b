"""Scripted answers of a model: sentences about random facts in many wordings, some of them with numbers that nobody computed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from backend.assistant.facts.fact import Fact, FactSet, Unit
from tests.fakes.grounded_facts import random_facts

UNIT_WORDS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
TEN_WORDS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
FULL_WIDTH = str.maketrans("0123456789", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")
ARABIC = str.maketrans("0123456789.", "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u066b")
FILLERS = (
    "The picture is mixed, and patience helps.",
    "Traders watch the close first of all.",
    "The S&P 500 and the Nasdaq 100 are not part of this.",
    "See the Form 10-K for the business itself.",
    "On one hand momentum is healthy; on the other, breadth is thin.",
    "No one knows what comes next.",
    "## What stands out",
    "1. Look at the trend.\n2. Look at the levels.",
    "Nothing here is advice, e.g. about position size.",
)
# How each fact is told; words of percents for rises and for falls.
SAID = {
    "price.last": (
        "The stock closed at {n}.", "The last price is ${n}.", "It trades near {n} USD today.", "- **Price**: {n}",
        "| Close | {n} |", "Shares finished at {n}.", "At `{n}` it closed.", "The quote ({n}) is thin.", "AAPL is at {n}.",
        "The stock is at ${n} now.",
    ),
    "price.previous_close": ("The previous close was {n}.", "Previous close: ${n}", "It came from {n}, the previous close."),
    "price.high_52w": ("The 52-week high is {n}.", "The highest high of a year is ${n}.", "Its yearly high of {n} held."),
    "price.low_52w": ("The 52-week low is {n}.", "The lowest low of a year is ${n}.", "Its yearly low of {n} held."),
    "volume.last": ("Volume was {n}.", "About {n} shares changed hands.", "With {n} shares traded it was busy."),
    "volume.average_20": ("The usual volume is {n}.", "Average volume is {n} shares.", "- Usual volume: {n}"),
    "volume.ratio_20": ("Volume was {n} times its norm.", "Volume ran at {n}x the usual.", "The volume ratio is {n}."),
    "risk.beta": ("Beta is {n}.", "Its beta of {n} says little.", "- Beta: {n}"),
    "average.sma_50": ("The 50-day average is {n}.", "SMA 50 stands at ${n}.", "It holds the 50-day moving average of {n}."),
    "average.sma_200": ("The 200-day average is {n}.", "SMA(200): {n}", "It is far from the long average of {n}."),
    "oscillator.rsi": (
        "RSI 14 stands at {n}.", "The oscillator reads {n}.", "RSI(14) = {n}", "The 14-day RSI is {n}, which says little.",
        "An RSI of {n} is what we have.",
    ),
    "trend.adx": ("ADX is {n}.", "The ADX of {n} shows strength.", "| ADX | {n} |"),
    "stochastic.k": ("Stochastic %K is {n}.", "The %K stands at {n}."),
    "stochastic.d": ("Stochastic %D is {n}.", "The %D stands at {n}."),
    "volatility.realised": ("Volatility is {n} % a year.", "The annualised volatility stands at {n}%."),
    "volatility.atr": ("The ATR is {n}.", "ATR(14): {n}", "An average true range of ${n} is usual."),
    "level.support.1": (
        "Support lies at {n}, close to the band.", "The nearest support is {n}.", "| Support | {n} |", "Support (${n}) is close.",
    ),
    "level.resistance.1": ("Resistance lies at {n}.", "The nearest resistance is ${n}.", "- **Resistance**: {n}"),
    "level.support.1.touches": ("The nearest support was touched {n} times.", "In all {n} touches of support were counted."),
    "level.resistance.1.touches": ("Resistance was touched {n} times.", "There were {n} touches of the nearest resistance."),
    "level.resistance.1.distance": ("The nearest resistance is {n} % away.", "Resistance lies {n}% above the price."),
}  # fmt: skip
STRETCHES = {
    "price.change_1": "on the session", "price.change_5": "over a week", "price.change_21": "over the month",
    "price.change_252": "over a year",
}  # fmt: skip
UP_WORDS = (
    "It rose {n} % {over}.", "It is up {n}% {over}.", "A gain of {n} percent {over} followed.", "The change {over} is +{n}%.",
    "It climbed by {n} % {over}.", "It closed {n} % higher {over}.", "The price gained {n}%.",
)  # fmt: skip
DOWN_WORDS = (
    "It fell {n} % {over}.", "It is down {n}% {over}.", "A loss of {n} percent {over} followed.", "The change {over} is -{n}%.",
    "It dropped by {n} % {over}.", "It closed {n} % lower {over}.", "The change {over} was ({n}%).",
    "The change {over} is \u2212{n} %.",
)  # fmt: skip
DATE_WORDS = ("The swing came on {n}.", "Since the swing of {n} little has changed.", "({n}).", "On {n} it turned.")
INVENTED = (
    "Analysts see a target of {big}.",
    "The 37-day average holds.",
    "The 43-period RSI agrees.",
    "Chances are {pct} % by our count.",
    "It was founded in {year}.",
    "Earnings came in at ${big} million.",
    "The S&P {big} fell too.",
    "Margins are {pct} percentage points wider.",
    "Dozens of funds bought.",
    "Hundreds of desks watch it.",
    "See F9999 for more.",
    "The move repeated seventy-three thousand times.",
    "A dividend of {bps} bps was paid.",
    "The P/E is {big}.",
    "It happened at 23:59.",
    "A double-digit gain is near.",
    "Profit grew nine hundred thousand-fold.",
    "Odds are 97:1 by feel.",
    "By {year}-11-30 it will be over.",
    "Fair value is {wide}.",
    "The level is &#57;{big}.",
    "The level is 9**{big}**.",
    "Price v{big} matters.",
    "It is x{big}y.",
    "That is 9\u200b{big}.",
)
# Sentences of what no fact is of, for numbers as markets have them and for values that facts do have.
FOREIGN = (
    "The P/E ratio is {n}.", "Earnings grew {n} %.", "Revenue grew {n}% last year.", "EPS of ${n} beat it.",
    "{n} analysts rate it a buy.",
    "The probability of a rise is {n} %.", "There is a {n} % chance of a rise.", "Inflation is {n}%.", "GDP grew {n} %.",
    "It has {n} employees.", "Use {n} contracts.", "Microsoft closed at {n}.", "Tesla rose {n}%.", "The VIX is at {n}.",
    "The dividend is ${n}.", "The market cap is ${n} billion.", "Analysts see a target of {n}.", "Sales rose {n} percent.",
    "Its fair value is {n}.", "The Sharpe ratio is {n}.", "The MACD is {n}.", "The upper Bollinger band is {n}.", "S&P {n}",
    "The yield is {n} %.", "The win rate is {n}%.", "It sold {n} million iPhones.", "The price will be {n} by December.",
    "Nvidia's RSI is {n}.", "Net profit fell {n}%.", "The zork factor is {n}.",
)  # fmt: skip


@dataclass(frozen=True)
class Statement:
    """A sentence, and the stretch of it that states a number; ``is_true`` by construction."""

    text: str
    start: int
    end: int
    is_true: bool


@dataclass(frozen=True)
class ScriptedAnswer:
    """An answer of several statements about some facts; ``stretches`` are (start, end, is_true) in its text."""

    text: str
    facts: FactSet
    stretches: tuple[tuple[int, int, bool], ...]


def scripted_answers(seed: int, n_answers: int) -> Iterator[ScriptedAnswer]:
    """The same answers for the same seed; facts change every twenty answers."""
    random = Random(seed)
    facts = FactSet(())
    for place in range(n_answers):
        if place % 20 == 0:
            facts = random_facts(random)
        text, stretches = "", []
        for _ in range(random.randint(1, 5)):
            if random.random() < 0.3:
                text += random.choice(FILLERS) + random.choice((" ", "\n", "\n\n"))
                continue
            said = make_statement(random, facts)
            stretches.append((len(text) + said.start, len(text) + said.end, said.is_true))
            is_apart = not said.is_true  # what a sentence after it points back to would be anybody's guess
            text += said.text + ("\n\n" if is_apart or said.text[-1] != "." else random.choice((" ", " ", "\n", "\n\n")))
        yield ScriptedAnswer(text, facts, tuple(stretches))


def make_statement(random: Random, facts: FactSet) -> Statement:
    """Half are true; a fifth has one digit changed; the rest is made up, or true of something else than the sentence speaks of."""
    kind = random.random()
    if kind > 0.9:
        return invent(random)
    chosen = random.choice([one for one in facts.values() if not one.name.startswith("setting.")])
    pattern, number = state(random, chosen)
    if kind > 0.7:
        return misbind(random, facts) if kind > 0.8 else invent_of_market_size(random)
    if kind > 0.5:
        for _ in range(20):
            changed = change_digit(random, number)
            if changed != number and not is_said_by_any(changed, facts):
                return fill(random, pattern, changed, is_true=False)
        return invent(random)
    return fill(random, pattern, number, is_true=True)


def misbind(random: Random, facts: FactSet) -> Statement:
    """The value of one fact in a sentence that speaks of another, or of what no fact is of."""
    numeric = [one for one in facts.values() if one.unit is not Unit.DATE]
    chosen, other = random.sample(numeric, 2)
    _, number = state(random, chosen) if chosen.name in SAID or chosen.name in STRETCHES else ("", str(chosen.value))
    if random.random() < 0.4 or other.name not in SAID or chosen.name[:13] == other.name[:13]:
        return fill(random, random.choice(FOREIGN), number, is_true=False)
    if is_shown_as(number, other) or (chosen.unit is Unit.COUNT and other.unit is Unit.COUNT):
        return invent_of_market_size(random)
    return fill(random, random.choice(SAID[other.name]), number, is_true=False)


def invent_of_market_size(random: Random) -> Statement:
    """A number as markets have them, of what no fact is of: it may be the value of a fact."""
    number = random.choice((str(random.randint(1, 99)), f"{random.uniform(1, 99):.1f}", f"{random.uniform(0, 500):.2f}"))
    return fill(random, random.choice(FOREIGN), number, is_true=False)


def fill(random: Random, pattern: str, number: str, *, is_true: bool) -> Statement:
    shown = dress(random, number) if "`" not in pattern else number
    start = pattern.index("{n}")
    return Statement(pattern.replace("{n}", shown), start, start + len(shown), is_true)


def invent(random: Random) -> Statement:
    pattern = random.choice(INVENTED)
    text = pattern.format(
        big=random.randint(10**11, 10**12),
        pct=f"{random.uniform(100, 999):.4f}",
        year=random.randint(1801, 1899),
        bps=random.randint(10**6, 10**7),
        wide=str(random.randint(10**11, 10**12)).translate(FULL_WIDTH),
    )
    return Statement(text, 0, len(text), is_true=False)


def state(random: Random, chosen: Fact) -> tuple[str, str]:
    """A wording for a fact, and its number as it may be rounded."""
    if chosen.unit is Unit.DATE:
        return random.choice(DATE_WORDS), say_date(random, date.fromisoformat(str(chosen.value)))
    number = abs(chosen.number)
    if chosen.name in STRETCHES:
        words = random.choice(DOWN_WORDS if chosen.number < 0 else UP_WORDS).replace("{over}", STRETCHES[chosen.name])
        return words, f"{number:,.{random.choice((1, 2, 2) if number >= 1 else (2,))}f}"
    words = random.choice(SAID[chosen.name])
    if chosen.unit is Unit.COUNT:
        return words, spell(int(number)) if random.random() < 0.3 else str(int(number))
    if chosen.unit is Unit.QUANTITY:
        return words, say_quantity(random, number)
    decimals = {
        Unit.PRICE: (2, 2, 2, 1, 3),
        Unit.PERCENT: (1, 2, 2) if number >= 1 else (2,),
        Unit.RATIO: (2, 2, 1) if number >= 1 else (2,),
        Unit.INDEX: (1, 1, 2, 0) if number > 10 else (1,),
    }[chosen.unit]
    return words, f"{number:,.{random.choice(decimals)}f}"


def say_quantity(random: Random, number: float) -> str:
    if random.random() < 0.5:
        return f"{number:,.0f}"
    for scale, words in ((1e9, ("billion", "bn", "B")), (1e6, ("million", "M", "mn")), (1e3, ("thousand", "k", "K"))):
        if number >= scale:
            return f"{number / scale:.2f}{random.choice((' ', ''))}{random.choice(words)}"
    return f"{number:,.0f}"


def say_date(random: Random, day: date) -> str:
    return random.choice(all_ways(day))


def all_ways(day: date) -> tuple[str, ...]:
    name = day.strftime("%B")
    return (
        day.isoformat(),
        f"{name} {day.day}, {day.year}",
        f"{day.day} {name} {day.year}",
        f"{name} {day.year}",
        f"{name[:3]} {day.day}, {day.year}",
    )


def spell(number: int) -> str:
    """Number words up to 99."""
    if number < 20:
        return UNIT_WORDS[number]
    tens, ones = divmod(number, 10)
    return TEN_WORDS[tens] + (f"-{UNIT_WORDS[ones]}" if ones else "")


def dress(random: Random, number: str) -> str:
    """Sometimes in other scripts, with markup or invisible letters."""
    kind = random.random()
    if kind < 0.80 or not number.replace(",", "").replace(".", "").isdigit():
        return number
    if kind < 0.84:
        return number.translate(FULL_WIDTH)
    if kind < 0.88 and "," not in number:
        return number.translate(ARABIC)
    if kind < 0.92:
        return f"**{number}**"
    if kind < 0.96:
        return number.replace(",", "\u202f")
    return f"{number[0]}\u200b{number[1:]}"


def change_digit(random: Random, number: str) -> str:
    """One digit changed, or a number word replaced; never a leading zero."""
    places = [place for place, char in enumerate(number) if char.isdigit()]
    if not places:
        words = re.findall(r"[a-z]+", number)
        word = random.choice(words)
        table = TEN_WORDS if word in TEN_WORDS else UNIT_WORDS[1:10] if word in UNIT_WORDS[1:10] else UNIT_WORDS
        return number.replace(word, random.choice([other for other in table if other and other != word]))
    place = random.choice(places)
    digits = [digit for digit in "0123456789" if digit != number[place] and not (place == places[0] and digit == "0")]
    return number[:place] + random.choice(digits) + number[place + 1 :]


def is_said_by_any(number: str, facts: FactSet) -> bool:
    """Whether another fact happens to be shown so: an oracle of its own, by formatting every value to the same digits."""
    if any(number in all_ways(date.fromisoformat(day)) for day in ("2013-03-01", "2012-01-03")):  # of the bars
        return True
    return any(is_shown_as(number, other) for other in facts.values())


def is_shown_as(number: str, other: Fact) -> bool:
    """Whether a fact may be shown so."""
    plain = re.sub(r"[^\d.]", "", number)
    if other.unit is Unit.DATE:
        return number in all_ways(date.fromisoformat(str(other.value)))
    if not plain.strip("."):
        plain = next((str(value) for value in range(100) if spell(value) == number), "")
        if not plain:
            return False
    decimals = len(plain.partition(".")[2])
    shown = float(f"{abs(other.number):.{other.decimals}f}")  # what is shown may be rounded once more
    if plain in {f"{shown * (1 + tilt):.{decimals}f}" for tilt in (-1e-9, 1e-9)}:
        return True
    for factor in (1, 100, 0.01, 1e-3, 1e-6, 1e-9):
        low, high = abs(other.number) * factor * (1 - 1e-9), abs(other.number) * factor * (1 + 1e-9)
        if plain in {f"{low:.{decimals}f}", f"{high:.{decimals}f}"}:
            return True
    return False
