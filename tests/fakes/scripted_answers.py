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
PRICE_WORDS = (
    "The stock closed at {n}.",
    "The last price is ${n}.",
    "Support lies at {n}, close to the band.",
    "- **Level**: {n}",
    "| Level | {n} |",
    "It trades near {n} USD today.",
    "A stop below {n} would make sense.",
    "The level of {n} held in words of the chart.",
    "At `{n}` buyers came in.",
    "Resistance (${n}) is close.",
    "From {n} on it gets thin.",
    "Its level ({n}) held.",
)
UP_WORDS = (
    "It rose {n} % over that time.",
    "It is up {n}%.",
    "A gain of {n} percent followed.",
    "The change is +{n}%.",
    "It climbed by {n} %.",
    "It stands {n} % higher.",
)
DOWN_WORDS = (
    "It fell {n} % over that time.",
    "It is down {n}%.",
    "A loss of {n} percent followed.",
    "The change is -{n}%.",
    "It dropped by {n} %.",
    "It stands {n} % lower.",
    "The change was ({n}%).",
    "The change is \u2212{n} %.",
)
RATIO_WORDS = (
    "Volume was {n} times its norm.",
    "Volume ran at {n}x the usual.",
    "The ratio is {n}.",
    "A ratio of {n}:1 is what it gives.",
)
INDEX_WORDS = (
    "RSI 14 stands at {n}.",
    "The oscillator reads {n}.",
    "RSI(14) = {n}",
    "The 14-day RSI is {n}, which says little.",
    "An RSI of {n} is what we have.",
)
QUANTITY_WORDS = ("About {n} shares changed hands.", "Volume was {n}.", "With {n} shares traded it was busy.")
COUNT_WORDS = ("The level was touched {n} times.", "There were {n} such bars.", "In all {n} touches were counted.")
DATE_WORDS = ("The high came on {n}.", "Since {n} little has changed.", "({n})", "On {n} it turned.")
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
            text += said.text + ("\n" if said.text[0] in "|-" else random.choice((" ", " ", "\n", "\n\n")))
        yield ScriptedAnswer(text, facts, tuple(stretches))


def make_statement(random: Random, facts: FactSet) -> Statement:
    """Six in ten are true; a quarter has one digit changed; the rest is made up."""
    kind = random.random()
    if kind > 0.85:
        return invent(random)
    chosen = random.choice(list(facts.values()))
    pattern, number = state(random, chosen)
    if kind > 0.6:
        for _ in range(20):
            changed = change_digit(random, number)
            if changed != number and not is_said_by_any(changed, facts):
                return fill(random, pattern, changed, is_true=False)
        return invent(random)
    return fill(random, pattern, number, is_true=True)


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
    if chosen.unit is Unit.COUNT:
        return random.choice(COUNT_WORDS), spell(int(number)) if random.random() < 0.3 else str(int(number))
    if chosen.unit is Unit.QUANTITY:
        return random.choice(QUANTITY_WORDS), say_quantity(random, number)
    words, decimals = {
        Unit.PRICE: (PRICE_WORDS, (2, 2, 2, 1, 3)),
        Unit.PERCENT: (DOWN_WORDS if chosen.number < 0 else UP_WORDS, (1, 2, 2) if number >= 1 else (2,)),
        Unit.RATIO: (RATIO_WORDS, (2, 2, 1) if number >= 1 else (2,)),
        Unit.INDEX: (INDEX_WORDS, (1, 1, 2, 0) if number > 10 else (1,)),
    }[chosen.unit]
    return random.choice(words), f"{number:,.{random.choice(decimals)}f}"


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
    plain = re.sub(r"[^\d.]", "", number)
    if not plain.strip("."):
        plain = next((str(value) for value in range(100) if spell(value) == number), "")
        if not plain:
            return False
    decimals = len(plain.partition(".")[2])
    if any(number in all_ways(date.fromisoformat(day)) for day in ("2013-03-01", "2012-01-03")):  # of the bars
        return True
    for other in facts.values():
        if other.unit is Unit.DATE:
            if number in all_ways(date.fromisoformat(str(other.value))):
                return True
            continue
        shown = float(f"{abs(other.number):.{other.decimals}f}")  # what is shown may be rounded once more
        if plain in {f"{shown * (1 + tilt):.{decimals}f}" for tilt in (-1e-9, 1e-9)}:
            return True
        for factor in (1, 100, 0.01, 1e-3, 1e-6, 1e-9):
            low, high = abs(other.number) * factor * (1 - 1e-9), abs(other.number) * factor * (1 + 1e-9)
            if plain in {f"{low:.{decimals}f}", f"{high:.{decimals}f}"}:
                return True
    return False
