"""Sums are read as they are written, worked out exactly, and everything else is left alone or refused in words."""

import contextlib
import operator
import re
from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.facts.fact import Unit
from backend.assistant.grounding.tags import render_tags
from backend.assistant.maths.algebra import Algebra
from backend.assistant.maths.approximate import approximate
from backend.assistant.maths.exact import evaluate
from backend.assistant.maths.expression import names_in, parse_expression
from backend.assistant.maths.reading import Task, read_sum
from backend.assistant.maths.showing import show, show_rounded
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
        assert found is None or evaluate(found.tree) is not None or approximate(found.tree) is not None
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
    """Worked out by numbers alone: the child is never begun."""
    found, algebra = read_sum(text), Algebra()
    assert found is not None
    solved = await solve(found, algebra, 0)
    assert not algebra.pid
    return solved


async def told(text):
    solved = await answered(text)
    return solved.asked + "".join(span.text for span in render_tags(solved.tagged, solved.facts))


async def test_an_exact_result_is_one_fact_and_a_fraction_another():
    whole, third = await answered("15% of 2300"), await answered("1/3")
    assert (whole.asked, whole.tagged) == ("15% of 2300", " = {F1}.")
    assert third.tagged == " is about {F1}, exactly {F2}."
    assert whole.facts["F1"].value == 345
    assert third.facts["F1"].value == pytest.approx(1 / 3)
    assert third.facts["F2"].value == "1/3"
    assert third.facts["F1"].formula == "1/3"


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
    assert solved.facts["F1"].value == pytest.approx((1.07**10 - 1) * 100, abs=0.005)
    assert (solved.facts["F1"].unit, solved.tagged) == (Unit.PERCENT, " is about {F1}.")


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


@given(st.text(alphabet="0123456789.,%!$kmbex()^ ofrmnvg", max_size=60))
def test_no_sum_in_words_does_harm(text):
    with contextlib.suppress(InvalidInput):
        found = read_sum(text)
        assert found is None or found.text


@given(sums)
def test_what_is_not_zero_is_never_shown_as_zero_and_what_is_rounded_is_said_to_be(made):
    _, value = made
    if value is None:
        return
    shown = show(value)
    written = Fraction(shown.text.replace(",", ""))
    assert shown.is_exact == (written == value)
    assert abs(written - value) <= abs(value) * Fraction(1, 10**11)


@given(st.decimals(places=2, min_value=-(10**12), max_value=10**12), st.integers(1, 10_000), st.decimals(0, 100, places=2))
def test_money_is_exact(amount, times, percent):
    """Against decimals that round nothing."""
    for text, wanted in (
        (f"({amount}) * {times}", amount * times),
        (f"({amount}) + {percent}", amount + percent),
        (f"{percent}% of ${abs(amount)}", abs(amount) * percent / 100),
        (f"${abs(amount)} - {percent}%", abs(amount) * (100 - percent) / 100),
        (f"{abs(amount)} plus {percent}%", abs(amount) * (100 + percent) / 100),
    ):
        shown = show(evaluate(read_sum(text).tree))
        assert (Fraction(shown.text.replace(",", "")), shown.is_exact) == (Fraction(wanted), True)


def _curve(made):
    name, (text, value) = made
    function = {"ln": mpmath.log}.get(name) or getattr(mpmath, name)
    return f"{name}({text})", lambda: function(value())


def _joined(made):
    (left, x), sign, (right, y) = made
    work = {"+": operator.add, "*": operator.mul, "/": operator.truediv, "^": operator.pow}[sign]
    return f"({left} {sign} {right})", lambda: work(x(), y())


positive = st.decimals("0.001", 1_000, places=3).map(lambda number: (str(number), lambda: mpmath.mpf(str(number))))
# Texts of positive values, each with what the library makes of it at the precision of the moment.
curves = st.recursive(
    positive,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+*/"), inner).map(_joined),
        st.tuples(positive, st.just("^"), positive).map(_joined),
        st.tuples(st.sampled_from(["sqrt", "exp"]), positive).map(_curve),
        st.tuples(st.just("sqrt"), inner).map(_curve),
    ),
    max_leaves=6,
)


@given(st.tuples(st.sampled_from(["sqrt", "ln", "log10", "sin", "cos", "tan"]), curves).map(_curve))
def test_digits_that_are_told_are_those_of_a_library_for_them(made):
    text, wanted = made
    try:
        found = approximate(parse_expression(text))
    except InvalidInput:  # e to the thousandth power of e
        return
    if found is not None:
        with mpmath.workdps(150):
            assert abs(mpmath.mpf(str(found)) - wanted()) <= abs(wanted()) * mpmath.mpf("1e-29")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1/3000000000000", "1/3000000000000 is about 3.33333333333e-13."),
        ("0.00000000001 * 0.00000000003", "0.00000000001 * 0.00000000003 = 3e-22."),
        ("1e-10", "1e-10 = 1e-10."),
        ("1e3*2", "1e3*2 = 2,000."),
        ("1e308*10", "1e308*10 = 1e309."),
        ("0.12345678901234567890123 + 1", "0.12345678901234567890123 + 1 is about 1.12345678901."),
        ("12345678901234567.89 + 0.01", "12345678901234567.89 + 0.01 = 12,345,678,901,234,567.9."),
        ("2^100", "2^100 = 1,267,650,600,228,229,401,496,703,205,376."),
        ("factorial(1000)", "factorial(1000) is about 4.02387260077e2567."),
        ("1/factorial(1000)", "1/factorial(1000) is about 2.48516814327e-2568."),
        ("1.0001^100000", "1.0001^100000 is about 22,015.4560486."),
        ("sqrt(2)", "sqrt(2) is about 1.41421356237."),
        ("sqrt(1/4)", "sqrt(1/4) = 0.5."),
        ("8^(1/3)", "8^(1/3) = 2."),
        ("e^2", "e^2 is about 7.38905609893."),
        ("log(100)", "log(100) is about 4.60517018599. Here log is the natural logarithm; log10 is the one to base ten."),
        ("sin(30)", "sin(30) is about -0.988031624093. Angles are in radians."),
        ("2.5k * 3", "2.5k * 3 = 7,500. Here k stands for thousand, m for million and b for billion."),
        ("3M / 4", "3M / 4 = 750,000. Here k stands for thousand, m for million and b for billion."),
        ("2.5 million / 3", "2.5 million / 3 is about 833,333.333333."),
        ("10% + 5%", "10% + 5% = 15%."),
        ("what percent of 80 is 20", "That is 25%."),
    ],
)
async def test_results_are_written_with_the_digits_that_say_them(text, said):
    assert await told(text) == said


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100 - 10%", 90),
        ("450 - 15%", Fraction("382.5")),
        ("50 plus 10%", 55),
        ("100 + 10% + 10%", 121),
        ("100 - (5% + 5%)", 90),
        ("100 - 50 bps", Fraction("99.5")),
    ],
)
async def test_a_percentage_of_an_amount_is_said_to_be_read_so(text, value):
    assert evaluate(read_sum(text).tree) == value
    assert (await told(text)).endswith("A percentage that is added to an amount, or taken from one, is of that amount.")


@pytest.mark.parametrize(
    ("text", "value"),
    [("100 * 10%", 10), ("100 - 10% * 50", 95), ("3 * (1 + 10%)", Fraction("3.3")), ("10% of 10%", Fraction("0.01"))],
)
async def test_other_percentages_are_parts_of_a_hundred(text, value):
    assert evaluate(read_sum(text).tree) == value
    assert "percentage" not in await told(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sqrt(-1)", "No real number is the square root"),
        ("log(0)", "Only numbers above zero have a logarithm"),
        ("(-8)^(1/3)", "no real power with a fraction"),
        ("9^9^9^9", "too large to be told"),
        ("factorial(2.5)", "Factorials of whole numbers"),
        ("5/0", "divided by zero"),
        ("1/(0.1 + 0.2 - 0.3)", "divided by zero"),
        ("what gain do I need to recover a 100% loss", "nothing to recover it with"),
        ("$100 + €50", "cannot be reckoned together"),
        ("7 % 3", "After a percentage comes a sign"),
        ("1_000 * 2", "cannot be read as a number"),
        ("1e5000 * 2", "too large or too long a number"),
        ("median of (3, 5", "no expression"),
    ],
)
async def test_what_has_no_value_is_refused_in_plain_words(text, said):
    with pytest.raises(InvalidInput, match=said):
        await answered(text)


def test_a_change_between_two_years_is_left_to_the_bars():
    assert read_sum("percentage change from 2012 to 2015") is None


def test_letters_are_unknowns_beside_others_and_in_equations():
    assert read_sum("2k + 3 = 11").unknown == "k"
    assert names_in(read_sum("2k + 3x").tree) == {"k", "x"}


def test_rounding_keeps_cents():
    assert show_rounded(approximate(parse_expression("10^14 * sqrt(2)"))).text == "141,421,356,237,309.5"
