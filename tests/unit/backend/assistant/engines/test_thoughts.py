"""What is thought is told apart from what is answered, however the signs around it are cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.engines.chat_template import ChatTemplate
from backend.assistant.engines.engine import Thought
from backend.assistant.engines.thoughts import OPENERS, ThoughtSplitter, knows_thinking, open_sign, sign_words

HARMONY = "<|channel|>analysis<|message|>2 < 3, so<|end|><|start|>assistant<|channel|>final<|message|>Yes."
WHOLE = {
    "closed": ("", "<think>\nIf 2 < 3\n</think>\n\nYes.", "\nIf 2 < 3\n", "Yes."),
    "behind white space": ("", "\n <think>a</think>b", "a", "b"),
    "empty": ("", "<think>\n\n</think>\n\nYes.", "\n\n", "Yes."),
    "two after each other": ("", "<think>a</think>\n<think>b</think>c", "ab", "c"),
    "closed twice": ("", "<think>a</think>\n</think>\nb", "a", "b"),
    "never closed": ("", "<think>on and on </thin", "on and on </thin", ""),
    "begun by the template": ("<think>", "so it is\n</think>\nYes.", "so it is\n", "Yes."),
    "begun by the template, never closed": ("<think>", "so it is 4.", "so it is 4.", ""),
    "begun by nobody": ("", "so it is\n</think>\n\nYes.", "so it is\n", "Yes."),
    "white space and an end that nobody began": ("", "\n</think>Yes.", "", "Yes."),
    "channels": ("", HARMONY, "2 < 3, so", "Yes."),
    "a channel without thoughts": ("", "<|channel|>final<|message|>Yes.", "", "Yes."),
    "Magistral": ("", "[THINK]a[/THINK]b", "a", "b"),
    "no thought": ("", "  It rose < 3 <b>.", "", "  It rose < 3 <b>."),
    "a sign as a word": ("", "The sign <think> begins, </think> ends it.", "", "The sign <think> begins, </think> ends it."),
    "a quoted end": ("", "Write `</think>` behind it.", "", "Write `</think>` behind it."),
    "half a sign": ("", "<thi", "", "<thi"),
    "nothing": ("", "", "", ""),
}


def told(begins_in, pieces):
    """(thought, answer), as a listener puts pieces together."""
    splitter, thought, answer = ThoughtSplitter(begins_in), "", ""
    for piece in [*(one for text in pieces for one in splitter.feed(text)), *splitter.end()]:
        if isinstance(piece, Thought):
            thought, answer = (piece.text, "") if piece.is_all else (thought + piece.text, answer)
        else:
            answer += piece.text
    return thought, answer


@pytest.mark.parametrize("name", WHOLE)
def test_a_text_is_told_apart_wherever_it_is_cut(name):
    begins_in, text, thought, answer = WHOLE[name]
    assert told(begins_in, [text]) == (thought, answer)
    assert told(begins_in, list(text)) == (thought, answer)
    for place in range(len(text)):
        assert told(begins_in, [text[:place], text[place:]]) == (thought, answer), place


PARTS = st.lists(st.sampled_from([*OPENERS, *OPENERS.values(), "<", "</th", "`", "\n", " ", "word", "7", "|>"]), max_size=8)


@given(PARTS, st.lists(st.integers(0, 80), max_size=6), st.sampled_from(["", "<think>"]))
def test_any_text_is_told_the_same_however_it_is_cut(parts, places, begins_in):
    text = "".join(parts)
    borders = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    pieces = [text[first:last] for first, last in itertools.pairwise(borders)]
    assert told(begins_in, pieces) == told(begins_in, [text])


@given(st.text("ab <>/\n", max_size=60).filter(lambda text: "</" not in text), st.text("cd .\n<", max_size=60))
def test_no_letter_of_a_thought_gets_into_the_answer_or_the_other_way(thought, answer):
    assert told("", [f"<think>{thought}</think>{answer}"]) == (thought, answer.lstrip())


def test_thoughts_and_answers_do_not_wait_for_what_cannot_be_a_sign():
    splitter = ThoughtSplitter()
    came = [
        [piece.text for piece in splitter.feed(text)] for text in ("<think>", "first ", "then </th", "an</", "think>", " so", " it")
    ]
    assert came == [[], ["first "], ["then "], ["</than"], [], ["so"], [" it"]]


def test_every_token_is_counted_once():
    splitter = ThoughtSplitter()
    pieces = [*splitter.feed("<think>a</think>b", 5), *splitter.feed("c", 2), *splitter.end()]
    assert sum(piece.n_tokens for piece in pieces) == 7


def test_a_template_tells_whether_its_model_thinks_and_whether_it_begins_to():
    def render(messages):
        return f"{messages[-1]['content']}\n<|im_start|>assistant\n<think>\n"

    assert ChatTemplate(render, "Thinker").begins_in == "<think>"
    assert ChatTemplate(str, "Other").begins_in == ""
    assert open_sign("<think>\n\n</think>\n\n") == ""  # thinking was turned off
    assert knows_thinking("{% if '</think>' in content %}")
    assert not knows_thinking("{% for message in messages %}<|im_start|>{% endfor %}")


def test_signs_of_channels_are_shown_only_of_a_vocabulary_that_has_channels():
    assert sign_words(["<|end|>", "[THINK]", "[/THINK]"]) == ("[THINK]", "[/THINK]")
    assert sign_words(["<|channel|>", "<|message|>", "<|start|>", "<|end|>"]) == (
        "<|channel|>",
        "<|message|>",
        "<|start|>",
        "<|end|>",
    )
