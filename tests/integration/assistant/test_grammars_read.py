"""Grammars from JSON schemas, read by the engine that holds models to them: what is valid is let through, the rest is not."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.assistant.engines.grammars import literal, schema_to_grammar
from tests.fakes.grammar_reader import GrammarReader

# The vocabulary has no tokens for bytes of planes that nobody writes in.
KNOWN = st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]) | st.sampled_from("😀📈🇩🇪")
CLAIMS = {
    "type": "object",
    "properties": {
        "stance": {"enum": ["bullish", "neutral", "bearish"]},
        "claims": {
            "type": "array",
            "items": {"$ref": "#/$defs/Claim"},
            "maxItems": 3,
        },
        "note": {"type": ["string", "null"], "maxLength": 12},
        "score": {"type": "integer", "minimum": 0, "maximum": 100},
    },
    "required": ["stance", "claims"],
    "additionalProperties": False,
    "$defs": {
        "Claim": {
            "type": "object",
            "properties": {
                "op": {"const": "above"},
                "args": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
            },
            "required": ["op", "args"],
        }
    },
}
TREE = {
    "anyOf": [
        {"type": "number"},
        {"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}, "required": ["left", "right"]},
    ]
}


@pytest.fixture(scope="module")
def reader(starter_model):
    made = GrammarReader(starter_model)
    yield made
    made.close()


def claim(*args):
    return {"op": "above", "args": list(args)}


@pytest.mark.parametrize(
    ("value", "is_valid"),
    [
        ({"stance": "bullish", "claims": []}, True),
        ({"stance": "bearish", "claims": [claim("F1", "F2")], "note": None, "score": 0}, True),
        ({"stance": "neutral", "claims": [claim("F1", "F2")] * 3, "score": 100}, True),
        ({"stance": "neutral", "claims": [], "note": 'a "b" \\ é €'}, True),
        ({"stance": "neutral", "claims": [claim("F1", "F2")] * 4}, False),
        ({"stance": "neutral", "claims": [claim("F1")]}, False),
        ({"stance": "neutral", "claims": [claim("F1", "F2", "F3")]}, False),
        ({"stance": "up", "claims": []}, False),
        ({"stance": "neutral"}, False),
        ({"claims": [], "stance": "neutral"}, False),
        ({"stance": "neutral", "claims": [], "score": 101}, False),
        ({"stance": "neutral", "claims": [], "score": -1}, False),
        ({"stance": "neutral", "claims": [], "note": "thirteen char"}, False),
        ({"stance": "neutral", "claims": [], "more": 1}, False),
        ([], False),
    ],
)
def test_a_text_is_let_through_where_its_value_is_valid(reader, value, is_valid):
    grammar = schema_to_grammar(CLAIMS)
    for separators in ((",", ":"), (", ", ": ")):
        assert reader.follows(grammar, json.dumps(value, separators=separators, ensure_ascii=False)) is is_valid


@pytest.mark.parametrize(
    "text", ['{"stance":"bullish","claims":[]', '{"stance":"bullish","claims":[],}', '{,"stance":"bullish"}', ""]
)
def test_broken_json_is_not_let_through(reader, text):
    assert not reader.follows(schema_to_grammar(CLAIMS), text)


def test_a_schema_that_refers_to_itself_holds_at_any_depth(reader):
    grammar, value = schema_to_grammar(TREE), -1.5
    for _ in range(6):
        value = {"left": value, "right": 0}
        assert reader.follows(grammar, json.dumps(value))
    assert not reader.follows(grammar, json.dumps({"left": 1}))
    assert not reader.follows(grammar, json.dumps({"left": 1, "right": "x"}))


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "integer"}, ["0", "-7", "123456789012345"], ["01", "1.5", "1e3", "", "--1", "1234567890123456"]),
        ({"type": "integer", "minimum": 0}, ["0", "12"], ["-1"]),
        ({"type": "integer", "minimum": -2, "maximum": 1}, ["-2", "-1", "0", "1"], ["-3", "2", "10"]),
        ({"type": "number", "minimum": 0}, ["0", "0.5", "17.25"], ["-0.5", ".5", "5.", "1e9"]),
        ({"type": "number"}, ["-0.125", "3"], ["NaN", "Infinity", "+1"]),
        ({"type": "boolean"}, ["true", "false"], ["True", "1", "null"]),
        ({"type": "null"}, ["null"], ["None", ""]),
        ({"type": "string", "minLength": 2, "maxLength": 3}, ['"ab"', '"abc"', r'"\u00e9\n"'], ['"a"', '"abcd"', '"a\nb"', "ab"]),
        ({"type": "string"}, ['""', r'"\ud7ff"', r'"\uE000"'], [r'"\ud800"', r'"\x41"', '"']),
        ({"type": "array", "items": {"type": "null"}}, ["[]", "[null]", "[null, null]"], ["[,]", "[null,]", "[null null]"]),
        ({"type": "array", "items": {"type": "null"}, "minItems": 2}, ["[null,null]", "[null,null,null]"], ["[]", "[null]"]),
        ({"type": "array", "items": {"type": "null"}, "maxItems": 0}, ["[]"], ["[null]"]),
        ({"type": "array", "items": {"type": "null"}, "minItems": 1, "maxItems": 1}, ["[null]"], ["[]", "[null,null]"]),
        ({"type": "object", "additionalProperties": False}, ["{}", "{ }"], ['{"a":1}']),
        ({"enum": [1, "a", None, [1.5], {"k": True}]}, ["1", '"a"', "null", "[1.5]", '{"k": true}'], ["2", "a", '{"k": false}']),
        ({"const": 'a"\\\n'}, [json.dumps('a"\\\n')], ['"a"']),
    ],
)
def test_each_kind_of_value_is_held_to(reader, schema, good, bad):
    grammar = schema_to_grammar(schema)
    assert [text for text in good if not reader.follows(grammar, text)] == []
    assert [text for text in bad if reader.follows(grammar, text)] == []


def test_optional_properties_may_each_be_there_or_not(reader):
    names = ["a", "b", "c", "d"]
    schema = {"type": "object", "properties": {name: {"type": "null"} for name in names}, "required": ["c"]}
    grammar = schema_to_grammar(schema)
    for bits in range(16):
        chosen = [name for place, name in enumerate(names) if bits >> place & 1]
        assert reader.follows(grammar, json.dumps(dict.fromkeys(chosen))) is ("c" in chosen)


@given(st.text(KNOWN, max_size=12))
@settings(max_examples=60)
def test_any_text_can_be_a_value_and_is_held_to_exactly(reader, text):
    grammar = schema_to_grammar({"const": text})
    assert reader.follows(grammar, json.dumps(text, ensure_ascii=False))
    assert not reader.follows(grammar, json.dumps(text + "x", ensure_ascii=False))
    assert reader.knows(f"root ::= {literal(text)}")


@given(st.text(KNOWN, max_size=12))
@settings(max_examples=60)
def test_any_text_without_control_characters_is_a_string(reader, text):
    grammar = schema_to_grammar({"type": "string"})
    assert reader.follows(grammar, json.dumps(text, ensure_ascii=False)) is ("\x7f" not in text)
    assert reader.follows(grammar, json.dumps(text).replace("\x7f", "")) is all(ord(char) <= 0xFFFF for char in text)


@pytest.mark.parametrize("grammar", ['root ::= "a" b', 'root ::= "a', 'other ::= "a"', "root ::= root"])
def test_the_engine_says_which_grammars_are_none(reader, grammar):
    assert not reader.knows(grammar)
