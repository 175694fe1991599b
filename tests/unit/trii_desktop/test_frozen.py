"""What may cross the bridge, and what may not."""

import dataclasses
import datetime as dt
import enum
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import msgspec
import numpy as np
import pytest

from backend.domain.bars import BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import NotFound
from backend.settings import Settings
from trii_desktop.frozen import check_arguments, check_frozen, find_live


class _Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass(frozen=True)
class _Box:
    inside: object


@dataclasses.dataclass
class _OpenBox:
    inside: object


class _OpenStruct(msgspec.Struct):
    inside: int


class _Shared:
    crosses_bridge: ClassVar[str] = "its snapshots are immutable and versioned"


def _read_only(values: np.ndarray) -> np.ndarray:
    values.flags.writeable = False
    return values


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        "text",
        Decimal("1.5"),
        _Colour.RED,
        Path("x"),
        dt.datetime(2024, 1, 8, tzinfo=dt.UTC),
        (1, ("a", b"b")),
        frozenset({1}),
        MappingProxyType({"a": (1,)}),
        _Box((1, 2)),
        Settings(),
        BarArrays.empty(),
        Series(InstrumentId("AAPL", "XNAS"), BarSpec.parse("1d")),
        NotFound("gone"),
        _read_only(np.zeros(3)),
        np.float64(1.0),
        _Shared(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_frozen_values_and_what_is_made_to_be_shared_may_cross(value):
    assert find_live(value) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1], "value is a live list"),
        ({"a": 1}, "value is a live dict"),
        ((1, [2]), r"value\[1\] is a live list"),
        (_Box([1]), "value.inside is a live list"),
        (_OpenBox(1), "value is a _OpenBox, which is not frozen"),
        (_OpenStruct(1), "value is a _OpenStruct, which is not frozen"),
        (MappingProxyType({"a": [1]}), r"value\[1\] is a live list"),
        (np.zeros(3), "value is an array that can be written to"),
        (_Box(np.zeros(3)), "value.inside is an array that can be written to"),
        (object(), "value is a live object"),
        (print, "value is a live builtin_function_or_method"),
    ],
)
def test_what_can_change_under_its_reader_may_not_and_its_place_is_told(value, words):
    with pytest.raises(TypeError, match=words):
        check_frozen(value, "value")


def test_the_arguments_of_a_call_are_checked_but_not_its_own_object():
    class Facade:
        async def rename(self, name: object, *, to: object = None) -> None:
            raise AssertionError("never begun")

    for coro, words in (
        (Facade().rename("a"), None),
        (Facade().rename(["a"]), r"Facade.rename\(name\) is a live list"),
        (Facade().rename("a", to={}), r"Facade.rename\(to\) is a live dict"),
    ):
        if words is None:
            check_arguments(coro)
        else:
            with pytest.raises(TypeError, match=words):
                check_arguments(coro)
        coro.close()
