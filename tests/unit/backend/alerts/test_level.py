"""Levels that stay, levels that move, and the index that finds rules by them."""

import math
import random

import numpy as np
import pytest

from backend.alerts.alert import Operator, When
from backend.alerts.level import Level
from backend.alerts.level_index import LevelIndex
from backend.alerts.machine import Machine
from backend.alerts.rules import Comparison, LastPrice, Rule
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput

LINE = Level(((100, 10.0), (200, 20.0), (200, 5.0), (300, 5.0), (400, math.nan)), before=1.0, after=2.0)


@pytest.mark.parametrize(
    ("event_ns", "price"),
    [(99, 1.0), (100, 10.0), (150, 15.0), (199, 19.9), (200, 5.0), (250, 5.0), (300, math.nan), (350, math.nan), (401, 2.0)],
)
def test_a_line_runs_straight_between_points_jumps_and_ends(event_ns, price):
    assert LINE.at(event_ns) == pytest.approx(price, nan_ok=True)


def test_many_instants_at_once_have_the_bits_of_each_alone():
    rng = random.Random(1)
    for _ in range(200):
        points = sorted((rng.randrange(10**18, 10**18 + 10**12), rng.uniform(-5, 5)) for _ in range(rng.randint(1, 5)))
        level = Level(tuple(points), rng.choice((math.nan, 1.5)), rng.choice((math.nan, -1.5)))
        instants = [rng.randrange(10**18 - 10**11, 10**18 + 11 * 10**11) for _ in range(20)] + [ns for ns, _ in points]
        together = level.over(np.array(sorted(instants), np.int64))
        np.testing.assert_array_equal(together, [level.at(ns) for ns in sorted(instants)])


def test_a_constant_is_everywhere_and_none_is_nowhere():
    assert Level.constant(5.0).at(-(2**63)) == 5.0
    assert math.isnan(Level.none().at(0))
    assert Level.constant(5.0).is_constant
    assert not LINE.is_constant


@pytest.mark.parametrize("points", [((2, 1.0), (1, 1.0)), ((1, math.inf),)])
def test_points_out_of_order_and_infinite_prices_are_refused(points):
    with pytest.raises(InvalidInput):
        Level(points)


def machines(n):
    series = Series(InstrumentId("A", "XNAS"), BarSpec.parse("1m"))
    leaf = Comparison(LastPrice(), Operator.ABOVE, Level.constant(1.0))
    return [Machine(Rule(str(place), series, (leaf,), 0, When.TICK)) for place in range(n)]


def test_the_index_finds_those_between_however_they_came_and_went():
    rng, index, held = random.Random(2), LevelIndex(), {}
    for machine in machines(200):
        held[machine] = tuple(float(rng.randint(0, 30)) for _ in range(rng.choice((1, 3))))
        index.add(machine, held[machine])
        if rng.random() < 0.3:
            gone = rng.choice(list(held))
            index.discard(gone, held.pop(gone))
        if rng.random() < 0.3:
            low = rng.uniform(-1, 30)
            high = low + rng.choice((0.0, 1.0, 5.0))
            expected = sorted(m.rule.alert_id for m, levels in held.items() for level in levels if low <= level <= high)
            assert sorted(machine.rule.alert_id for machine in index.between(low, high)) == expected
    assert len(index) == sum(map(len, held.values())) == len(index.everyone())
