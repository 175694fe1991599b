"""What differs between two states of a chart, as a list of changes that can be sent, applied and taken back."""

from typing import Any, Final

import msgspec

from backend.charts.chart_state import ChartState, Comparison, Pane, Study, check_state
from backend.errors import InvalidInput

_PARTS: Final[dict[str, type[Any]]] = {"panes": Pane, "studies": Study, "comparisons": Comparison}
_FIELDS: Final = tuple(name for name in ChartState.__struct_fields__ if name not in {*_PARTS, "version"})


class StateChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One difference.

    path : a field (``chart_type``), or a field of an item (``studies/7f/params``), an item (``studies/7f``), or the order of
        items (``studies``)
    old, new : JSON text of the values; empty where an item is not there
    """

    path: str
    old: bytes = b""
    new: bytes = b""

    def reversed(self) -> "StateChange":
        """The change that takes this one back."""
        return StateChange(self.path, self.new, self.old)


def diff(old: ChartState, new: ChartState) -> tuple[StateChange, ...]:
    """Say what makes ``new`` of ``old``: ``apply`` of the result to ``old`` gives ``new``."""
    changes = [
        StateChange(name, _packed(getattr(old, name)), _packed(getattr(new, name)))
        for name in _FIELDS
        if getattr(old, name) != getattr(new, name)
    ]
    for name in _PARTS:
        changes.extend(_diff_items(name, getattr(old, name), getattr(new, name)))
    return tuple(changes)


def apply(state: ChartState, changes: tuple[StateChange, ...]) -> ChartState:
    """``state`` with ``changes`` made; what a change names and is gone meanwhile stays gone. Raises InvalidInput."""
    values: dict[str, Any] = {name: getattr(state, name) for name in ChartState.__struct_fields__}
    try:
        for change in sorted(changes, key=lambda change: change.path in _PARTS):  # orders last, when all items are there
            _apply_one(values, change)
        made = msgspec.convert({**values, **{n: tuple(values[n]) for n in _PARTS}}, ChartState)
    except (msgspec.MsgspecError, KeyError, TypeError) as e:
        raise InvalidInput(f"A change of a chart cannot be made: {e}.", hint="Reload the chart.", code="chart.change") from e
    check_state(made)
    return made


def reversed_changes(changes: tuple[StateChange, ...]) -> tuple[StateChange, ...]:
    """The changes that take ``changes`` back."""
    return tuple(change.reversed() for change in reversed(changes))


def joined(first: tuple[StateChange, ...], then: tuple[StateChange, ...]) -> tuple[StateChange, ...]:
    """The changes that do what ``first`` and ``then`` do one after the other; what comes back to its old value is left out."""
    made = list(first)
    for change in then:
        place = next((n for n in range(len(made) - 1, -1, -1) if _touches(made[n].path, change.path)), None)
        if place is None or made[place].path != change.path:
            made.append(change)
        elif made[place].old == change.new:
            made.pop(place)
        else:
            made[place] = StateChange(change.path, made[place].old, change.new)
    return tuple(made)


def _touches(one: str, other: str) -> bool:
    # An order says nothing about the items themselves.
    if one in _PARTS or other in _PARTS:
        return one == other
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def _diff_items(name: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> list[StateChange]:
    before, after = {item.id: item for item in old}, {item.id: item for item in new}
    changes = [StateChange(f"{name}/{key}", _packed(item), b"") for key, item in before.items() if key not in after]
    for key, item in after.items():
        if key not in before:
            changes.append(StateChange(f"{name}/{key}", b"", _packed(item)))
            continue
        changes.extend(
            StateChange(f"{name}/{key}/{field}", _packed(getattr(before[key], field)), _packed(getattr(item, field)))
            for field in item.__struct_fields__
            if getattr(before[key], field) != getattr(item, field)
        )
    if list(before) != list(after):
        changes.append(StateChange(name, _packed(list(before)), _packed(list(after))))
    return changes


def _apply_one(values: dict[str, Any], change: StateChange) -> None:
    name, *rest = change.path.split("/")
    if name not in _PARTS:
        if name not in _FIELDS or rest:
            raise KeyError(change.path)
        values[name] = msgspec.json.decode(change.new, type=_kind_of(ChartState, name))
        return
    items = {item.id: item for item in values[name]}
    match rest:
        case []:
            order = msgspec.json.decode(change.new, type=list[str])
            ranked = {key: place for place, key in enumerate(order)}
            values[name] = tuple(sorted(items.values(), key=lambda item: ranked.get(item.id, len(ranked))))
            return
        case [key]:
            if change.new:
                items[key] = msgspec.json.decode(change.new, type=_PARTS[name])
            else:
                items.pop(key, None)
        case [key, field]:
            if key in items:
                value = msgspec.json.decode(change.new, type=_kind_of(_PARTS[name], field))
                items[key] = msgspec.structs.replace(items[key], **{field: value})
        case _:
            raise KeyError(change.path)
    values[name] = tuple(items.values())


def _kind_of(struct: type[Any], name: str) -> Any:
    return {field.name: field.type for field in msgspec.structs.fields(struct)}[name]


def _packed(value: Any) -> bytes:
    return msgspec.json.encode(value)
