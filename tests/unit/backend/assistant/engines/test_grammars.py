"""What no grammar can hold a text to is refused by name; nothing becomes "any JSON" in silence."""

import pytest

from backend.assistant.engines.engine import Request
from backend.assistant.engines.grammars import grammar_of, schema_to_grammar
from backend.errors import InvalidInput

NUMBER = {"type": "number"}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, "no type"),
        ({"type": "any"}, "no type"),
        ({"type": []}, "no type"),
        ({"type": "string", "pattern": "^F[0-9]+$"}, "pattern"),
        ({"type": "string", "format": "date"}, "format"),
        ({"type": "integer", "maxLength": 3}, "maxLength"),
        ({"type": "integer", "multipleOf": 5}, "multipleOf"),
        ({"type": "number", "minimum": 3}, "minimum 3"),
        ({"type": "number", "maximum": 3}, "maximum"),
        ({"type": "integer", "minimum": True}, "minimum True"),
        ({"type": "integer", "maximum": 3}, "whole minimum"),
        ({"type": "integer", "minimum": 0, "maximum": 256}, "257 whole numbers"),
        ({"type": "integer", "minimum": 1, "maximum": 0}, "0 whole numbers"),
        ({"type": "string", "minLength": 4, "maxLength": 3}, "below"),
        ({"type": "string", "maxLength": 1e3}, "maxLength"),
        ({"type": "string", "maxLength": 2001}, "maxLength 2001"),
        ({"type": "array"}, "does not say of what"),
        ({"type": "array", "items": True}, "any value"),
        ({"type": "array", "items": NUMBER, "uniqueItems": True}, "uniqueItems"),
        ({"type": "array", "items": NUMBER, "minItems": -1}, "minItems -1"),
        ({"type": "object"}, "any properties"),
        ({"type": "object", "properties": {"a": NUMBER}, "additionalProperties": NUMBER}, "any properties"),
        ({"type": "object", "properties": {"a": NUMBER}, "required": ["b"]}, "'b'"),
        ({"type": "object", "properties": {"a": NUMBER}, "minProperties": 1}, "minProperties"),
        ({"type": "object", "properties": {"a": {"type": "string", "pattern": "x"}}}, "#/properties/a"),
        ({"type": "object", "properties": [NUMBER]}, "properties"),
        ({"enum": []}, "without values"),
        ({"enum": ["a"], "const": "a"}, "both enum and const"),
        ({"enum": ["a", 1], "type": "string"}, "1, which is not of its type"),
        ({"enum": [True], "type": "integer"}, "not of its type"),
        ({"const": float("nan")}, "JSON cannot say"),
        ({"oneOf": [NUMBER]}, "no type"),
        ({"anyOf": [NUMBER], "type": "number"}, "type"),
        ({"anyOf": []}, "no alternatives"),
        ({"allOf": [NUMBER], "type": "number"}, "allOf"),
        ({"$ref": "https://example.org/a.json"}, "outside itself"),
        ({"$ref": "#/$defs/a"}, "not there"),
        ({"$ref": "#"}, "nothing before it"),
        ({"$ref": "#/$defs/a", "type": "number", "$defs": {"a": NUMBER}}, "type"),
        (
            {"anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
            "nothing before it",
        ),
    ],
)
def test_what_no_grammar_can_hold_a_text_to_is_refused_by_name(schema, words):
    with pytest.raises(InvalidInput, match="JSON schema") as told:
        schema_to_grammar(schema)
    assert words in told.value.message
    assert told.value.code == "grammar.schema"


def test_a_schema_nested_without_end_is_refused():
    schema = NUMBER
    for _ in range(60):
        schema = {"type": "array", "items": schema}
    with pytest.raises(InvalidInput, match="deep"):
        schema_to_grammar(schema)


def test_words_about_a_schema_change_nothing():
    said = {**NUMBER, "title": "Price", "description": "of now", "default": 1, "examples": [2], "$comment": "x"}
    assert schema_to_grammar(said) == schema_to_grammar(NUMBER)


def test_a_request_has_a_grammar_or_a_schema_and_never_both():
    assert grammar_of(Request("1", ())) == ""
    assert grammar_of(Request("1", (), grammar='root ::= "a"')) == 'root ::= "a"'
    assert grammar_of(Request("1", (), schema={"type": "null"})).startswith("root ::= ")
    with pytest.raises(InvalidInput, match="both"):
        grammar_of(Request("1", (), grammar='root ::= "a"', schema={"type": "null"}))
