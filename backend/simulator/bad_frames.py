"""Messages made wrong in the ways that venues, networks and bugs make them wrong."""

import enum
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final


class Harm(enum.StrEnum):
    """What is done to one message."""

    TRUNCATED = "truncated"  # JSON that ends in the middle
    WRONG_TYPE = "wrong type"  # an object where a price belongs
    NOT_A_NUMBER = "not a number"  # NaN as a price
    NEGATIVE = "negative"  # a size below 0
    CROSSED = "crossed"  # bid and ask exchanged
    UNKNOWN = "unknown"  # a kind of message that nobody has heard of


@dataclass(frozen=True, slots=True)
class FieldNames:
    """How a venue calls what can be harmed: ``pairs`` are bid and ask, alone or as lists; ``unknown`` is a whole message."""

    prices: frozenset[str]
    sizes: frozenset[str]
    pairs: tuple[tuple[str, str], ...]
    unknown: bytes


_SIDES: Final = frozenset({"b", "a", "bids", "asks"})  # lists of [price, size] under these names


def harm_message(message: bytes, harm: Harm, names: FieldNames) -> bytes | None:
    """The message made wrong; None where it has nothing that could be wrong in this way."""
    if harm is Harm.TRUNCATED:
        return message[: max(len(message) // 2, 1)]
    if harm is Harm.UNKNOWN:
        return names.unknown
    tree = json.loads(message)
    if harm is Harm.CROSSED:
        is_harmed = _cross(tree, names)
    elif harm is Harm.NEGATIVE:
        is_harmed = _change(tree, names.sizes, 1, _negate)
    else:
        is_harmed = _change(tree, names.prices, 0, _not_a_number if harm is Harm.NOT_A_NUMBER else _wrap)
    return json.dumps(tree, separators=(",", ":")).encode() if is_harmed else None


def _change(tree: Any, names: frozenset[str], place: int, change: Callable[[Any], Any]) -> bool:
    """Change the first value under one of ``names``, or at ``place`` of a level of a book; whether there was one."""
    if isinstance(tree, list):
        return any(_change(each, names, place, change) for each in tree)
    if not isinstance(tree, dict):
        return False
    for name, value in tree.items():
        if name in names and isinstance(value, str | int | float):
            tree[name] = change(value)
            return True
        if name in _SIDES and isinstance(value, list) and value and isinstance(value[0], list):
            value[0][place] = change(value[0][place])
            return True
        if isinstance(value, list | dict) and _change(value, names, place, change):
            return True
    return False


def _cross(tree: Any, names: FieldNames) -> bool:
    if isinstance(tree, list):
        return any(_cross(each, names) for each in tree)
    if not isinstance(tree, dict):
        return False
    for bid, ask in names.pairs:
        if tree.get(bid) and tree.get(ask):
            tree[bid], tree[ask] = tree[ask], tree[bid]
            return True
    return any(_cross(value, names) for value in tree.values())


def _not_a_number(value: Any) -> Any:
    return "NaN" if isinstance(value, str) else float("nan")


def _negate(value: Any) -> Any:
    return f"-{value}" if isinstance(value, str) else -value


def _wrap(value: Any) -> Any:
    return {"value": value}
