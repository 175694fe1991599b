"""Examples to learn from: what is taken, what is refused and where, and which judge."""

import json

import pytest

from backend.assistant.engines.engine import Message, Role
from backend.assistant.training.examples import hold_out, read_examples
from backend.assistant.training.recipe import Recipe
from backend.errors import InvalidInput, NotFound

ASKED = {"role": "user", "content": "Hello?"}
SAID = {"role": "assistant", "content": "Hello, trader."}


def lines(path, *examples):
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in examples), encoding="utf-8")
    return path


def test_a_line_is_a_conversation_and_empty_ones_are_passed_over(tmp_path):
    manner = {"role": "system", "content": "Be brief."}
    path = lines(tmp_path / "two.jsonl", {"messages": [manner, ASKED, SAID]}, "  ", {"messages": [ASKED, SAID], "source": "mine"})
    first, second = read_examples(path)
    assert first == (Message(Role.SYSTEM, "Be brief."), Message(Role.USER, "Hello?"), Message(Role.ASSISTANT, "Hello, trader."))
    assert second == first[1:]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no messages"),
        ({"messages": []}, "no messages"),
        ({"messages": [ASKED]}, "last word"),
        ({"messages": [SAID, ASKED]}, "last word"),
        ({"messages": [ASKED, {"role": "tool", "content": "x"}, SAID]}, "needs a role"),
        ({"messages": [ASKED, {"role": "assistant", "content": " "}]}, "content that is not empty"),
        ({"messages": [ASKED, {"role": "assistant", "content": 7}]}, "content that is not empty"),
        ({"messages": ["hello", SAID]}, "needs a role"),
    ],
)
def test_what_is_no_conversation_is_refused_with_its_line(tmp_path, line, why):
    path = lines(tmp_path / "odd.jsonl", {"messages": [ASKED, SAID]}, line)
    with pytest.raises(InvalidInput, match=f"line 2 of odd.jsonl.*{why}"):
        read_examples(path)


def test_a_file_that_is_not_there_empty_or_no_text_is_refused(tmp_path):
    with pytest.raises(NotFound):
        read_examples(tmp_path / "none.jsonl")
    with pytest.raises(InvalidInput, match="holds no examples"):
        read_examples(lines(tmp_path / "empty.jsonl", "", ""))
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="UTF-8"):
        read_examples(tmp_path / "binary.jsonl")


def test_a_tenth_judges_the_same_for_the_same_seed_and_none_where_there_are_few():
    examples = [(Message(Role.USER, str(number)), Message(Role.ASSISTANT, "Yes.")) for number in range(40)]
    learned, held = hold_out(examples, 3)
    assert len(held) == 4
    assert sorted([*learned, *held], key=examples.index) == examples
    assert hold_out(examples, 3) == (learned, held)
    assert hold_out(examples, 4) != (learned, held)
    assert hold_out(examples[:9], 3)[1] == []


@pytest.mark.parametrize(
    "given", [{"rank": 0}, {"rank": 257}, {"n_epochs": 0}, {"rate": 0.0}, {"rate": float("nan")}, {"n_tokens": 4}]
)
def test_a_recipe_out_of_bounds_is_refused(given):
    with pytest.raises(InvalidInput):
        Recipe(**given)
