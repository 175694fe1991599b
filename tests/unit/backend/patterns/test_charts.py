"""Chart patterns drawn with noise are found with their corners, lines and moves, and end as they were drawn to end."""

import itertools
import math

import pytest

from backend.indicators import compute
from backend.kernels import shapes
from backend.patterns import find_chart_patterns
from backend.patterns.chart_words import FORMS
from backend.patterns.found import Bias, ChartKind, LineRole, OutcomeKind
from tests.fakes.pattern_bars import drawing

# Corners (row, price) as drawn; the first one leads in, the last leads out. In brackets: which of them are the pattern's.
CUP = [(row, 75 + 25 * ((row - 85) / 35) ** 2) for row in range(51, 120)]
TRIANGLE = [(20, 70), (40, 100), (60, 78), (80, 100), (98, 86), (114, 100)]
WEDGE = [(20, 60), (50, 90), (74, 75), (98, 96.7), (116, 87), (134, 101.8)]
TOPS = {
    "double_top": ([(0, 70), (20, 60), (60, 100), (80, 80), (100, 100), (140, 60)], range(2, 5)),
    "triple_top": ([(0, 70), (20, 60), (60, 100), (80, 80), (100, 100), (120, 80), (140, 100), (180, 60)], range(2, 7)),
    "head_and_shoulders": ([(0, 70), (20, 55), (60, 100), (80, 85), (105, 115), (130, 85), (150, 100), (190, 60)], range(2, 7)),
    "ascending_triangle": ([(0, 80), *TRIANGLE, (128, 93), (150, 115)], range(1, 7)),
    "symmetrical_triangle": ([(0, 70), (30, 104), (54, 70), (74, 98), (90, 76), (104, 93), (116, 82), (150, 110)], range(1, 7)),
    "rising_wedge": ([(0, 105), *WEDGE, (146, 95), (180, 70)], range(1, 7)),
    "bear_flag": ([(0, 95), (20, 100), (34, 60), (42, 69), (48, 62), (56, 71), (80, 30)], range(1, 6)),
    "rectangle": ([(0, 70), (20, 60), (40, 80), (60, 60), (80, 80), (100, 60), (120, 80), (150, 50)], range(1, 7)),
    "channel_up": ([(0, 95), (20, 60), (45, 85), (65, 73), (90, 98), (110, 86), (135, 111), (160, 90)], range(1, 7)),
    "cup_and_handle": ([(0, 60), (20, 55), (50, 100), *CUP, (120, 100), (130, 92), (160, 130)], (2, 37, 72, 73)),
}
MIRROR = {
    "double_top": "double_bottom",
    "triple_top": "triple_bottom",
    "head_and_shoulders": "inverse_head_and_shoulders",
    "ascending_triangle": "descending_triangle",
    "rising_wedge": "falling_wedge",
    "bear_flag": "bull_flag",
    "channel_up": "channel_down",
    "cup_and_handle": "inverse_cup_and_handle",
}
DRAWN = {
    **TOPS,
    **{
        MIRROR[name]: ([(row, 200 - price) for row, price in corners], ours)
        for name, (corners, ours) in TOPS.items()
        if name in MIRROR
    },
}


def found_in(name, seed):
    """The one pattern of the drawn kind whose corners lie at the drawn ones, and those corners."""
    corners, ours = DRAWN[name]
    expected = [corners[k] for k in ours]
    bars = drawing(corners, seed)
    # A triangle may be known one corner earlier than it was drawn.
    counts = {len(expected), len(expected) - ("triangle" in name)}
    patterns = [found for found in find_chart_patterns(bars) if found.kind == name and len(found.corners) in counts]
    hits = [
        found
        for found in patterns
        if all(abs(corner - row) <= 4 for corner, (row, _) in zip(found.corners, expected, strict=False))
    ]
    assert len(hits) == 1, (name, [(found.kind.value, found.corners) for found in find_chart_patterns(bars)])
    return bars, hits[0], expected[: len(hits[0].corners)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", DRAWN)
def test_a_drawn_pattern_is_found_with_its_corners_before_it_ends(name, seed):
    bars, found, expected = found_in(name, seed)

    reach = 4 if "cup" in name else 2  # the bottom of a cup is flat
    for (row, price), corner, (event_ns, at_price) in zip(expected, found.corners, found.points, strict=True):
        assert abs(corner - row) <= reach
        assert at_price == pytest.approx(price, abs=1.5)
        assert event_ns == bars.event_ns[corner]
    assert found.end < found.known < len(bars)
    assert 0.0 < found.strength <= 1.0
    assert found.outcome is not None
    assert found.outcome.known >= found.known


def test_every_kind_of_pattern_is_drawn_here():
    assert {*DRAWN} == {kind.value for kind in ChartKind}


@pytest.mark.parametrize(
    ("name", "neck", "target", "fails_at"),
    [
        ("double_top", 80.0, 60.0, 100.0),
        ("double_bottom", 120.0, 140.0, 100.0),
        ("triple_top", 80.0, 60.0, 100.0),
        ("head_and_shoulders", 85.0, 55.0, 100.0),
        ("cup_and_handle", 100.0, 125.0, 92.0),
    ],
)
def test_a_reversal_tells_its_neckline_its_measured_move_and_where_it_fails(name, neck, target, fails_at):
    bars, found, _ = found_in(name, 0)

    (line,) = found.lines
    assert line.role is LineRole.NECKLINE
    assert line.price_at(found.known) == pytest.approx(neck, abs=1.5)
    assert found.target == pytest.approx(target, abs=3.0)
    assert found.invalidation == pytest.approx(fails_at, abs=1.5)
    assert found.height == pytest.approx(abs(target - neck), abs=2.0)
    wanted = OutcomeKind.BREAKOUT_DOWN if found.bias is Bias.BEARISH else OutcomeKind.BREAKOUT_UP
    assert found.outcome.kind is wanted
    sign = -1.0 if found.bias is Bias.BEARISH else 1.0
    inside = bars.close[found.end + 1 : found.outcome.index]
    assert (sign * inside <= sign * neck + 1.5).all()
    assert sign * bars.close[found.outcome.index] > sign * line.price_at(found.outcome.index)
    assert found.outcome.price == bars.close[found.outcome.index]
    assert found.outcome.target == pytest.approx(target, abs=3.0)


def test_strength_is_the_mean_of_fit_balance_and_size():
    bars = drawing(DRAWN["double_top"][0], noise=0.8)
    (found,) = [each for each in find_chart_patterns(bars) if each.kind is ChartKind.DOUBLE_TOP]
    (first, at_first), (neck_row, neck), (second, at_second) = (
        (row, price) for row, (_, price) in zip(found.corners, found.points, strict=True)
    )
    height = max(at_first, at_second) - neck
    fit = 1 - abs(at_first - at_second) / (0.1 * height)
    balance = min(neck_row - first, second - neck_row) / max(neck_row - first, second - neck_row)
    size = min(height / (8 * compute("atr", bars, period=14)["value"][found.known]), 1)

    assert found.height == pytest.approx(height)
    assert found.strength == pytest.approx((fit + balance + size) / 3)
    assert size < 1


def test_a_flag_expects_its_pole_once_more():
    _, found, _ = found_in("bear_flag", 0)

    assert {line.role for line in found.lines} == {LineRole.UPPER, LineRole.LOWER}
    assert all(line.start == found.corners[1] for line in found.lines)
    lower = next(line for line in found.lines if line.role is LineRole.LOWER)
    assert lower.price_at(found.corners[1]) == pytest.approx(60.0, abs=1.0)
    assert lower.price_at(found.known) - found.target == pytest.approx(40.0, abs=2.0)


def test_a_neutral_pattern_has_a_target_only_once_it_breaks_out():
    _, found, _ = found_in("symmetrical_triangle", 0)

    assert found.bias is Bias.NEUTRAL
    assert math.isnan(found.target)
    assert found.outcome.kind is OutcomeKind.BREAKOUT_UP
    upper = next(line for line in found.lines if line.role is LineRole.UPPER)
    assert found.outcome.target == pytest.approx(upper.price_at(found.outcome.index) + found.height)


def test_a_double_top_that_prices_pass_has_failed():
    corners = [*DRAWN["double_top"][0][:5], (108, 90), (140, 130)]
    (found,) = [each for each in find_chart_patterns(drawing(corners)) if each.kind is ChartKind.DOUBLE_TOP]

    assert found.outcome.kind is OutcomeKind.INVALIDATED
    assert found.outcome.price > found.invalidation
    assert math.isnan(found.outcome.target)


def test_a_double_top_after_which_nothing_happens_expires():
    corners = [*DRAWN["double_top"][0][:5], *((104 + 4 * k, 91 - 2 * (k % 2)) for k in range(16))]
    (found,) = [each for each in find_chart_patterns(drawing(corners)) if each.kind is ChartKind.DOUBLE_TOP]

    assert found.outcome.kind is OutcomeKind.EXPIRED
    assert found.outcome.index - found.end == found.end - found.start


def test_unequal_highs_are_no_double_top():
    corners = [(0, 70), (20, 60), (60, 100), (80, 80), (100, 94), (140, 60)]
    assert not [found for found in find_chart_patterns(drawing(corners)) if found.kind is ChartKind.DOUBLE_TOP]


def test_a_sharp_bottom_is_no_cup():
    corners = [(0, 60), (20, 55), (50, 100), (85, 75), (120, 100), (130, 92), (160, 130)]
    assert not [found for found in find_chart_patterns(drawing(corners)) if found.kind is ChartKind.CUP_AND_HANDLE]


def test_a_drawing_that_goes_on_is_told_again_only_when_most_of_it_is_new():
    corners = [(0, 70), *((20 * k, 60 if k % 2 else 80) for k in range(1, 16))]
    rectangles = [found for found in find_chart_patterns(drawing(corners)) if found.kind is ChartKind.RECTANGLE]

    assert 2 <= len(rectangles) <= 3
    for one, other in itertools.pairwise(rectangles):
        assert 3 * (one.end - other.start) < max(one.end - one.start, other.end - other.start)


def test_words_stand_in_the_order_of_the_kernels_shapes():
    for name, kind in {
        "DOUBLE": "double_top",
        "TRIPLE": "triple_top",
        "HEAD": "head_and_shoulders",
        "ASCENDING": "ascending_triangle",
        "DESCENDING": "descending_triangle",
        "SYMMETRICAL": "symmetrical_triangle",
        "RISING_WEDGE": "rising_wedge",
        "FALLING_WEDGE": "falling_wedge",
        "RECTANGLE": "rectangle",
        "CHANNEL_UP": "channel_up",
        "CHANNEL_DOWN": "channel_down",
        "FLAG": "bear_flag",
        "CUP": "inverse_cup_and_handle",
    }.items():
        assert FORMS[getattr(shapes, name)][0].kind == kind
