"""A JSON schema becomes a grammar that a model's text must follow; what a grammar cannot hold a text to is refused by name.

The libraries' own converters answer a schema they do not understand with "any JSON", without a word. Ours knows a part of
JSON Schema and says what is outside it. Whatever follows the grammar is valid under the schema, not the other way round:
properties come in the order of the schema, numbers have no exponent, and at most one blank separates.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from backend.assistant.engines.engine import Request
from backend.errors import InvalidInput

DEPTH_MAX = 40
REPEATS_MAX = 2_000
ENUMERATED_MAX = 256

SHARED_RULES = {
    "ws": '" "?',
    "char": r'[^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" code)',
    # Never half of a surrogate pair: such a text could not be stored.
    "code": "[0-9a-cA-CefEF] hex hex hex | [dD] [0-7] hex hex",
    "hex": "[0-9a-fA-F]",
    "natural": '"0" | [1-9] [0-9]{0,14}',
    "fraction": '"." [0-9]{1,15}',
}
ANNOTATIONS = frozenset(
    {"title", "description", "default", "examples", "deprecated", "$schema", "$id", "$comment", "$defs", "definitions"}
)
OF_TYPE: dict[str, frozenset[str]] = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "string": frozenset({"minLength", "maxLength"}),
    "integer": frozenset({"minimum", "maximum"}),
    "number": frozenset({"minimum"}),
    "boolean": frozenset(),
    "null": frozenset(),
}
PYTHON_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


def grammar_of(request: Request) -> str:
    """The grammar that a request's text must follow, empty for none.

    Raises InvalidInput for a request with both a grammar and a schema, and for a schema that no grammar can hold a text to.
    """
    if request.schema is None:
        return request.grammar
    if request.grammar:
        raise InvalidInput("A request has both a grammar and a JSON schema.", hint="Give one of them.", code="engine.two_grammars")
    return schema_to_grammar(request.schema)


def schema_to_grammar(schema: Mapping[str, Any]) -> str:
    """GBNF whose texts are all valid under the schema. Raises InvalidInput that names the keyword and where it stands."""
    writer = _Writer(schema)
    writer.rules["root"] = writer.rule(schema, "#", 0)
    return "".join(f"{name} ::= {body}\n" for name, body in {**writer.rules, **SHARED_RULES}.items())


def literal(text: str) -> str:
    """The text as a literal of GBNF."""
    escaped = {char: f"\\x{ord(char):02X}" for char in text if ord(char) < 0x20 or char in '"\\\x7f'}
    return '"' + "".join(escaped.get(char, char) for char in text) + '"'


def _refuse(where: str, words: str) -> NoReturn:
    raise InvalidInput(
        f"The JSON schema at {where} {words}.",
        hint="Write it with what a grammar can hold a text to, or check the text afterwards.",
        code="grammar.schema",
    )


class _Writer:
    """Collects the rules of one schema."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._names: dict[str, str] = {"#": "root"}
        self._begun = ["#"]  # what is being written and has said no character yet
        self.rules: dict[str, str] = {}

    def rule(self, schema: Any, where: str, depth: int) -> str:
        """The right side of a rule for this part of the schema."""
        if not isinstance(schema, Mapping):
            _refuse(where, f"is {json.dumps(schema, default=str)}, which leaves any value free")
        if depth > DEPTH_MAX:
            _refuse(where, f"is nested more than {DEPTH_MAX} deep")
        said = set(schema) - ANNOTATIONS
        if "$ref" in said:
            self._only(said, {"$ref"}, where)
            return self._reference(schema["$ref"], where)
        if "anyOf" in said:
            self._only(said, {"anyOf"}, where)
            return self._alternatives(schema["anyOf"], f"{where}/anyOf", depth)
        if said & {"enum", "const"}:
            self._only(said, {"enum", "const", "type"}, where)
            return self._values(schema, where)
        types = schema.get("type")
        types = [types] if isinstance(types, str) else types
        if not isinstance(types, list) or not types or not all(isinstance(name, str) and name in OF_TYPE for name in types):
            _refuse(where, "has no type that is known, which leaves any value free")
        self._only(said, {"type"}.union(*(OF_TYPE[name] for name in types)), where)
        return " | ".join(f"({self._typed(name, schema, where, depth)})" for name in types)

    def _only(self, said: set[str], known: set[str], where: str) -> None:
        if strange := sorted(said - known):
            _refuse(where, f"says {', '.join(strange)}, which a grammar cannot hold a text to here")

    def _reference(self, pointer: Any, where: str) -> str:
        """The name of the rule for what a reference points at, written when it is first met."""
        if not isinstance(pointer, str) or not pointer.startswith("#"):
            _refuse(where, f"refers to {pointer!r}, outside itself")
        if pointer in self._begun:
            _refuse(where, f"refers to {pointer!r} with nothing before it, from which no text can come")
        if pointer not in self._names:
            name = self._names[pointer] = f"ref-{len(self._names)}"
            self._begun.append(pointer)
            self.rules[name] = self.rule(self._at(pointer, where), pointer, 0)
            self._begun.remove(pointer)
        return self._names[pointer]

    def _at(self, pointer: str, where: str) -> Mapping[str, Any]:
        found: Any = self._schema
        for part in pointer.removeprefix("#/").split("/"):
            found = found.get(part) if isinstance(found, Mapping) else None
        if not isinstance(found, Mapping):
            _refuse(where, f"refers to {pointer!r}, which is not there")
        return found

    def _alternatives(self, options: Any, where: str, depth: int) -> str:
        if not isinstance(options, list) or not options:
            _refuse(where, "has no alternatives")
        return " | ".join(f"({self.rule(option, f'{where}/{place}', depth + 1)})" for place, option in enumerate(options))

    def _values(self, schema: Mapping[str, Any], where: str) -> str:
        if "enum" in schema and "const" in schema:
            _refuse(where, "says both enum and const")
        values = [schema["const"]] if "const" in schema else schema["enum"]
        if not isinstance(values, list) or not values:
            _refuse(where, "has an enum without values")
        name = schema.get("type")
        if name is not None:
            names = [name] if isinstance(name, str) else list(name)
            if strange := [value for value in values if not any(PYTHON_TYPES.get(each, _never)(value) for each in names)]:
                _refuse(where, f"allows {strange[0]!r}, which is not of its type")
        try:
            return " | ".join(literal(json.dumps(value, ensure_ascii=False, allow_nan=False)) for value in values)
        except (TypeError, ValueError):
            _refuse(where, "has a value that JSON cannot say")

    def _typed(self, name: str, schema: Mapping[str, Any], where: str, depth: int) -> str:
        if name in {"object", "array"}:
            return (self._object if name == "object" else self._array)(schema, where, depth)
        if name == "string":
            return rf'"\"" char{_times(*self._bounds(schema, ("minLength", "maxLength"), where))} "\""'
        if name == "integer":
            return self._integer(schema, where)
        if name == "number":
            return f"{self._sign(schema, where)}(natural) fraction?"
        return '"true" | "false"' if name == "boolean" else '"null"'

    def _sign(self, schema: Mapping[str, Any], where: str) -> str:
        minimum = schema.get("minimum")
        if minimum is None:
            return '"-"? '
        if minimum != 0 or isinstance(minimum, bool):
            _refuse(where, f"says minimum {minimum!r}; a grammar can hold a number above 0 only")
        return ""

    def _integer(self, schema: Mapping[str, Any], where: str) -> str:
        if "maximum" not in schema:
            return f"{self._sign(schema, where)}(natural)"
        low, high = schema.get("minimum"), schema["maximum"]
        if not isinstance(low, int) or not isinstance(high, int) or isinstance(low, bool) or isinstance(high, bool):
            _refuse(where, "says a maximum, but not a whole minimum and maximum")
        if not 0 <= high - low < ENUMERATED_MAX:
            _refuse(where, f"allows {max(0, high - low + 1)} whole numbers; 1 to {ENUMERATED_MAX} can be held to")
        return " | ".join(literal(str(value)) for value in range(low, high + 1))

    def _bounds(self, schema: Mapping[str, Any], names: tuple[str, str], where: str) -> tuple[int, int | None]:
        low, high = schema.get(names[0], 0), schema.get(names[1])
        for name, value in zip(names, (low, high), strict=True):
            if value is not None and (not PYTHON_TYPES["integer"](value) or not 0 <= value <= REPEATS_MAX):
                _refuse(where, f"says {name} {value!r}; 0 to {REPEATS_MAX} can be held to")
        if high is not None and high < low:
            _refuse(where, f"says {names[1]} {high}, below {names[0]} {low}")
        return low, high

    def _array(self, schema: Mapping[str, Any], where: str, depth: int) -> str:
        low, high = self._bounds(schema, ("minItems", "maxItems"), where)
        if "items" not in schema:
            _refuse(where, "is an array that does not say of what")
        item = self._named(f"item-{len(self.rules)}", schema["items"], f"{where}/items", depth)
        if high == 0:
            return '"[" ws "]"'
        more = f'{item} (ws "," ws {item}){_times(max(0, low - 1), None if high is None else high - 1)}'
        return f'"[" ws {more} ws "]"' if low else f'"[" ws ({more} ws)? "]"'

    def _named(self, name: str, schema: Any, where: str, depth: int) -> str:
        """A rule of its own, so that what stands in it several times is written once."""
        self.rules[name] = ""
        begun, self._begun = self._begun, []
        self.rules[name] = self.rule(schema, where, depth + 1)
        self._begun = begun
        return name

    def _object(self, schema: Mapping[str, Any], where: str, depth: int) -> str:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if not isinstance(properties, Mapping) or not isinstance(required, list):
            _refuse(where, "has properties or required names that are none")
        if unknown := [name for name in required if name not in properties]:
            _refuse(where, f"requires {unknown[0]!r}, which is not among its properties")
        others = schema.get("additionalProperties")
        if isinstance(others, Mapping) or (not properties and others is not False):
            _refuse(where, "is an object of any properties")
        members = [
            (self._member(name, part, f"{where}/properties/{name}", depth), name in required) for name, part in properties.items()
        ]
        return f'"{{" ws {self._sequence(members)} "}}"'

    def _member(self, name: str, schema: Any, where: str, depth: int) -> str:
        value = self._named(f"value-{len(self.rules)}", schema, where, depth)
        return f'{literal(json.dumps(name, ensure_ascii=False))} ws ":" ws {value}'

    def _sequence(self, members: Sequence[tuple[str, bool]]) -> str:
        """Members in order, those not required there or not, and commas only between them."""
        rest, start = "", '""'
        for member, is_required in reversed(members):
            first = f"{member} ws {rest}"
            start = first if is_required else f"({first} | {start})"
            name = f"rest-{len(self.rules)}"
            self.rules[name] = f'("," ws {member} ws){"" if is_required else "?"} {rest}'
            rest = name
        return start


def _times(low: int, high: int | None) -> str:
    if high is None:
        return "*" if low == 0 else f"{{{low},}}"
    return f"{{{low},{high}}}"


def _never(_value: Any) -> bool:
    return False
