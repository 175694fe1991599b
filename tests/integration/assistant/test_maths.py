"""Sums are read as they are written, worked out exactly, and everything else is left alone or refused in words."""

import contextlib
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.facts.fact import Unit
from backend.assistant.maths.expression import evaluate, names_in, parse_expression
from backend.assistant.maths.reading import Task, read_sum
from backend.assistant.maths.sizing import read_sizing
from backend.assistant.maths.solving import solve
from backend.errors import InvalidInput


def _number(text):
    return text, Fraction(text)


def _two(parts):
    (left, x), sign, (right, y) = parts
    if x is None or y is None or (sign == "/" and y == 0):
        return f"({left} {sign} {right})", None
    value = {"+": x + y, "-": x - y, "*": x * y, "/": x / y if y else None}[sign]
    return f"({left} {sign} {right})", value


def _minus(part):
    return f"-({part[0]})", None if part[1] is None else -part[1]


def _power(parts):
    (text, value), exponent = parts
    return f"({text})^{exponent}", None if value is None else value**exponent


numbers = st.one_of(st.integers(0, 10_000).map(str), st.decimals(0, 1_000, places=3).map(str)).map(_number)
# Texts with what Python's own fractions make of them; None where something is divided by zero.
sums = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(_two),
        inner.map(_minus),
        st.tuples(inner, st.integers(0, 3)).map(_power),
    ),
    max_leaves=8,
)


@given(sums)
def test_sums_of_numbers_are_exact(made):
    text, wanted = made
    if wanted is None:
        with pytest.raises(InvalidInput):
            evaluate(parse_expression(text))
        return
    assert evaluate(parse_expression(text)) == wanted


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("15% of 2300", Fraction(345)),
        ("What is 15 percent of 2,300?", Fraction(345)),
        ("calculate 1/3 + 1/4", Fraction(7, 12)),
        ("10000 * 1.07^2", Fraction(11449)),
        ("2(3 + 4)", Fraction(14)),
        ("2 x 3", Fraction(6)),
        ("100 minus 7% of 50", Fraction(193, 2)),
        ("half of 9", Fraction(9, 2)),
        ("12 divided by 8", Fraction(3, 2)),
        ("3 squared plus 4²", Fraction(25)),
        ("1,234,567 - 1", Fraction(1_234_566)),
    ],
)
def test_the_ways_people_write_sums(text, value):
    found = read_sum(text)
    assert found is not None
    assert found.task is Task.VALUE
    assert evaluate(found.tree) == value


@pytest.mark.parametrize(
    ("text", "task", "unknown"),
    [
        ("solve x^2 - 5x + 6 = 0", Task.SOLVE, "x"),
        ("2y + 3 = 11", Task.SOLVE, "y"),
        ("solve a*b = 3 for b", Task.SOLVE, "b"),
        ("derivative of x^3 + 2x", Task.DERIVE, "x"),
        ("integrate sin(t) with respect to t", Task.INTEGRATE, "t"),
        ("simplify (x^2 - 1)/(x - 1)", Task.SIMPLIFY, "x"),
        ("factor x^2 - 1", Task.FACTOR, "x"),
        ("expand (x + 1)^3", Task.EXPAND, "x"),
        ("sqrt(2) * 3", Task.VALUE, "x"),
    ],
)
def test_what_is_to_be_done_is_read(text, task, unknown):
    found = read_sum(text)
    assert found is not None
    assert (found.task, found.unknown) == (task, unknown)


@pytest.mark.parametrize(
    "text",
    [
        "how far is AAPL from its 52-week high",
        "What is the price of 3M?",
        "what is up",
        "AAPL 2012-05-01",
        "how many days did AAPL close above its 50-day average in 2012",
        "buy 100",
        "hello",
        "",
    ],
)
def test_other_questions_are_left_to_others(text):
    assert read_sum(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "5/0",
        "9^9^9^9",
        "2 +",
        "(1 + 2",
        "1 = 2 = 3",
        "solve x + 1 = 0 for y",
        "1" * 500 + "+1",
        "2 ** (3",
        "7% of 1.234,56",
        "1 if 2 else (3)",
        "(1)[0] + 2",
    ],
)
def test_what_cannot_be_worked_out_is_refused_in_words(text):
    with pytest.raises(InvalidInput) as told:  # noqa: PT012 - either step may refuse
        found = read_sum(text)
        assert found is None or evaluate(found.tree) is not None
        if found is None:
            parse_expression(text)
    assert told.value.message


@given(st.text(max_size=60))
def test_no_text_does_harm(text):
    try:
        tree = parse_expression(text)
    except InvalidInput:
        return
    assert names_in(tree) <= frozenset("abcdhkmnpqrstuvwxyz")


async def answered(text):
    found = read_sum(text)
    assert found is not None
    return await solve(found, 0)


async def test_an_exact_result_is_one_fact_and_a_fraction_another():
    whole, third = await answered("15% of 2300"), await answered("1/3")
    assert whole.tagged == "15% of 2300 = {F1}."
    assert whole.facts["F1"].value == 345
    assert third.facts["F1"].value == pytest.approx(1 / 3)
    assert third.facts["F2"].value == "1/3"
    assert third.facts["F1"].formula == "1/3"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("solve x^2 - 5x + 6 = 0", ["(x - 3)*(x - 2) = 0", "2", "3"]),
        ("solve x^2 = 2", ["-sqrt(2)", pytest.approx(-(2**0.5)), "sqrt(2)", pytest.approx(2**0.5)]),
        ("derivative of x^3 + 2x", ["3*x^2 + 2"]),
        ("x^2 + 1 = 0", []),
    ],
)
async def test_equations_are_solved_in_a_child(text, values):
    solved = await answered(text)
    found = [fact.value for fact in solved.facts.values()]
    assert found == values
    if not values:
        assert solved.tagged == "No real number solves it."


async def test_what_takes_too_long_is_given_up_and_the_next_sum_is_worked_out():
    with pytest.raises(InvalidInput, match="could not be worked out"):
        await answered("factorial(5000)^factorial(5000)")
    assert (await answered("2 + 2")).facts["F1"].value == 4


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("average of 3, 5 and 10", Fraction(6)),
        ("What is the mean of 1,500, 2 and 3.5?", Fraction(3011, 6)),
        ("median of 4, 1, 9, 2", Fraction(3)),
        ("sum of 3, 5 and 10", Fraction(18)),
        ("product of 3; 5 and 10", Fraction(150)),
        ("10% more than 250", Fraction(275)),
        ("what is 10 percent less than 250", Fraction(225)),
        ("250 increased by 10%", Fraction(275)),
        ("1000 at 7% for 2 years", Fraction("1144.9")),
        ("12 factorial", Fraction(479_001_600)),
        ("What is 5!", Fraction(120)),
    ],
)
def test_sums_in_words_are_exact(text, value):
    assert evaluate(read_sum(text).tree) == value


async def test_a_compound_return_is_told_in_percent():
    solved = await answered("compound return of 7% over 10 years")
    assert solved.facts["F1"].value == pytest.approx((1.07**10 - 1) * 100)
    assert (solved.facts["F1"].unit, solved.tagged) == (Unit.PERCENT, "compound return of 7% over 10 years = {F1}.")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("is 17 prime", "Yes: {F1} is prime."),
        ("Is 999,999,999,999,999,989 a prime number?", "Yes: {F1} is prime."),
        ("prime factors of 360", "No: {F1} is not prime, it is {F2}."),
        ("is 1 prime", "No: {F1} is not prime; the least prime is two."),
    ],
)
async def test_primes_are_told_with_the_factors_of_what_is_none(text, told):
    solved = await answered(text)
    assert solved.tagged == told
    assert "F2" not in solved.facts or solved.facts["F2"].value == "2^3 * 3^2 * 5"


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("7% of 1.234,56", "The comma of 1.234,56 cannot be read", "Write it as 1234.56."),
        ("3,5 + 2", "The comma of 3,5 cannot be read", "Write it as 3.5."),
        ("1.234.567 + 1", "The points of 1.234.567 cannot be read", "Write it as 1234567."),
        ("average of 3,5", "3,5 is one number", "Part numbers by commas and blanks, as in: 3, 5 and 10."),
        ("is 1234567890123456789 prime", "up to 18 digits", "Ask about a shorter one."),
    ],
)
def test_marks_between_digits_that_are_not_understood_are_named_with_what_to_write(text, said, hint):
    with pytest.raises(InvalidInput, match=re.escape(said)) as told:
        read_sum(text)
    assert told.value.hint == hint


@pytest.mark.parametrize(
    ("text", "shares", "entry", "stop"),
    [
        ("risk 1% of 50000 with a stop 2.5 below 100", 200, 100, 97.5),
        ("how many shares can I buy at 100 with a stop at 97 risking 2% of my 10k account", 66, 100, 97),
        ("position size for 1% risk on a 50,000 account, entry 100, stop 103", 166, 100, 103),
    ],
)
async def test_a_position_is_as_large_as_what_may_be_lost_allows(text, shares, entry, stop):
    solved = await solve(read_sizing(text), 0)
    values = {fact.label: fact.value for fact in solved.facts.values()}
    assert (values["Shares"], values["Entry"], values["Stop"]) == (shares, entry, stop)
    assert shares == int(values["Account"] * values["Risk"] / 100 / abs(entry - stop))
    assert values["Worth of the position"] == shares * entry
    assert solved.tagged.startswith("{F7} shares short" if stop > entry else "{F7} shares long")


@pytest.mark.parametrize("text", ["risk of AAPL with a stop", "how risky is a stop 2 below 100 at 1%", "set a stop at 100", ""])
def test_other_words_about_risks_and_stops_are_left_to_others(text):
    assert read_sizing(text) is None


def test_a_stop_at_the_entry_is_refused():
    with pytest.raises(InvalidInput, match="apart from the entry"):
        read_sizing("risk 1% of 50000 with a stop at 100 and entry 100")


@given(st.text(alphabet="0123456789.,%! riskstopfeanvg", max_size=60))
def test_no_sum_in_words_does_harm(text):
    for read in (read_sum, read_sizing):
        with contextlib.suppress(InvalidInput):
            found = read(text)
            assert found is None or found.text
