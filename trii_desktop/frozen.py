"""Checks, in debug builds, that what crosses the bridge is frozen: the engine could then move to another process."""

import dataclasses
import datetime as dt
import enum
import uuid
from decimal import Decimal
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, Final

import msgspec
import numpy as np

_PLAIN: Final = (
    type(None), bool, int, float, complex, str, bytes, Decimal, enum.Enum, PurePath, uuid.UUID, range, type,
    dt.date, dt.time, dt.timedelta, dt.tzinfo, np.generic, np.dtype, BaseException,
)  # fmt: skip
CROSSES: Final = "crosses_bridge"


def find_live(value: Any, place: str = "value") -> str | None:
    """Where in ``value`` something lies that could change under its reader; None when all of it is frozen.

    A class whose instances are made to be shared between threads (versioned snapshots) says why in a class
    attribute ``crosses_bridge``.
    """
    if isinstance(value, _PLAIN) or isinstance(getattr(type(value), CROSSES, None), str):
        return None
    match value:
        case np.ndarray():
            return f"{place} is an array that can be written to" if value.flags.writeable else None
        case tuple() | frozenset():
            return _first(value, place)
        case MappingProxyType():
            return _first((*value.keys(), *value.values()), place)
        case _:
            return _find_in_fields(value, place)


def _find_in_fields(value: Any, place: str) -> str | None:
    kind: Any = type(value)
    if hasattr(kind, "__dataclass_params__"):
        is_frozen, names = kind.__dataclass_params__.frozen, [f.name for f in dataclasses.fields(kind)]
    elif isinstance(value, msgspec.Struct):
        is_frozen, names = value.__struct_config__.frozen, list(value.__struct_fields__)
    else:
        return f"{place} is a live {kind.__name__}"
    if not is_frozen:
        return f"{place} is a {kind.__name__}, which is not frozen"
    return next((live for name in names if (live := find_live(getattr(value, name), f"{place}.{name}"))), None)


def check_frozen(value: Any, place: str) -> None:
    """Raise TypeError if ``value`` may not cross the bridge, saying where in it."""
    live = find_live(value, place)
    if live is not None:
        raise TypeError(f"{live}; only frozen values cross the bridge.")


def check_arguments(coro: Any) -> None:
    """Raise TypeError if a coroutine that has not begun was given live arguments; its own object is allowed."""
    frame = getattr(coro, "cr_frame", None)
    if frame is None:
        return
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    for name in names:
        if name not in ("self", "cls") and name in frame.f_locals:
            check_frozen(frame.f_locals[name], f"{code.co_qualname}({name})")


def _first(values: Any, place: str) -> str | None:
    return next((live for i, v in enumerate(values) if (live := find_live(v, f"{place}[{i}]"))), None)
