"""Clocks: the system's, and the one moved by hand."""

import pytest

from backend.clock import ManualClock, SystemClock
from backend.errors import InvalidInput


def test_a_clock_moved_by_hand_stands_still_until_it_is_moved():
    clock = ManualClock(100)
    assert (clock.now_ns(), clock.monotonic_ns()) == (100, 0)
    clock.advance(5)
    assert (clock.now_ns(), clock.monotonic_ns()) == (105, 5)


def test_a_jump_moves_utc_time_only():
    clock = ManualClock(100)
    clock.advance(5)
    clock.jump(50)
    assert (clock.now_ns(), clock.monotonic_ns()) == (50, 5)


def test_advancing_backwards_is_refused():
    with pytest.raises(InvalidInput, match="go back 1 ns"):
        ManualClock().advance(-1)


def test_the_system_clock_is_past_2025_and_its_steady_time_never_falls():
    clock = SystemClock()
    assert clock.now_ns() > 1_735_689_600 * 10**9
    readings = [clock.monotonic_ns() for _ in range(100)]
    assert readings == sorted(readings)
