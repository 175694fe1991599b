"""What a settings dialog must know of each field, read from the annotations of a section."""

import difflib
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec
import msgspec.inspect

from backend.errors import InvalidInput

FieldKind: TypeAlias = Literal["flag", "whole", "number", "text", "choice", "colour", "folders", "hidden"]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One page of the settings dialog."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible value and its words."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class SettingsField:
    """One row of the settings dialog; bounds are inclusive and None where there are none."""

    name: str
    kind: FieldKind
    title: str
    description: str
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    unit: str = ""
    choices: tuple[Choice, ...] = ()


def describe_fields(section: type[msgspec.Struct]) -> tuple[SettingsField, ...]:
    """Every field of ``section`` in order. Raises TypeError for a field the dialog could not show."""
    described = msgspec.inspect.type_info(section)
    assert isinstance(described, msgspec.inspect.StructType)
    return tuple(_describe(field) for field in described.fields)


def check_names(names: list[str], known: list[str], what: str) -> None:
    """Raise InvalidInput for the first of ``names`` that is not ``known``, suggesting the nearest one."""
    for name in names:
        if name in known:
            continue
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known names: {', '.join(known)}."
        raise InvalidInput(f"{name!r} is not a {what}.", hint=hint, code="settings.name")


def _describe(field: msgspec.inspect.Field) -> SettingsField:
    kind = field.type
    json_schema: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    if isinstance(kind, msgspec.inspect.Metadata):
        json_schema, extra, kind = kind.extra_json_schema or {}, kind.extra or {}, kind.type
    labels = extra.get("labels", {})
    choices = (
        tuple(Choice(str(v), labels.get(v, str(v))) for v in kind.values) if isinstance(kind, msgspec.inspect.LiteralType) else ()
    )
    bounds = kind if isinstance(kind, msgspec.inspect.IntType | msgspec.inspect.FloatType) else None
    return SettingsField(
        name=field.name,
        kind=extra.get("kind") or _kind_of(kind, field.name),
        title=json_schema.get("title", ""),
        description=json_schema.get("description", ""),
        default=field.default,
        minimum=bounds.ge if bounds else None,
        maximum=bounds.le if bounds else None,
        step=extra.get("step"),
        unit=extra.get("unit", ""),
        choices=choices,
    )


def _kind_of(kind: msgspec.inspect.Type, name: str) -> FieldKind:
    match kind:
        case msgspec.inspect.BoolType():
            return "flag"
        case msgspec.inspect.IntType():
            return "whole"
        case msgspec.inspect.FloatType():
            return "number"
        case msgspec.inspect.LiteralType():
            return "choice"
        case msgspec.inspect.StrType():
            return "text"
        case _:
            raise TypeError(f"{name} is a {type(kind).__name__}, which no settings editor shows; give it a kind in its Meta.")
