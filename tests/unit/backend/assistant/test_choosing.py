"""The mode of a question is chosen by code: what can be computed is, what is looked up is found, what takes thought gets it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.answers import Mode
from backend.assistant.choosing import choose_mode
from backend.assistant.questions.help_topics import load_topics
from backend.assistant.questions.search import index_of
from tests.fakes.asking import SAMPLE_NAMES

INDEX = index_of(load_topics())
CHART = "AAPL.XNAS"
MODES = {"code": Mode.FAST, "analysis": Mode.ANALYSIS, "search": Mode.SEARCH, "deep": Mode.DEEP, "fast": Mode.FAST}
SHARE_MIN = 0.95
SHARE_OF_EACH_MIN = 0.90


def labelled():
    label = ""
    for line in (Path(__file__).parent / "questions_by_mode.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            label = line[1:-1]
        elif line and not line.startswith("#"):
            yield label, line.removeprefix("@ "), CHART if line.startswith("@ ") else ""


def chosen(text, instrument=""):
    return choose_mode(text, SAMPLE_NAMES, INDEX, instrument=instrument)


def test_nineteen_of_twenty_labelled_questions_go_where_they_belong_and_nine_of_ten_in_each_mode():
    asked = list(labelled())
    assert len(asked) >= 300
    for label, mode in MODES.items():
        of_it = [(text, chosen(text, instrument)) for one, text, instrument in asked if one == label]
        wrong = [(text, found.mode, found.why) for text, found in of_it if found.mode is not mode]
        assert len(of_it) >= 50
        assert len(wrong) <= (1 - SHARE_OF_EACH_MIN) * len(of_it), wrong
    right = sum(chosen(text, instrument).mode is MODES[label] for label, text, instrument in asked)
    assert right >= SHARE_MIN * len(asked)


def test_what_code_can_compute_is_never_given_to_another_mode():
    asked = [(text, instrument) for label, text, instrument in labelled() if label == "code"]
    assert {chosen(text, instrument).mode for text, instrument in asked} == {Mode.FAST}


@pytest.mark.parametrize(
    ("text", "instrument", "mode", "why"),
    [
        ("analyse it", CHART, Mode.ANALYSIS, "an analysis of one instrument"),
        ("analyse it", "", Mode.ANALYSIS, "an analysis of one instrument"),
        ("analysis of Apple against Microsoft", "", Mode.FAST, "a short question"),
        ("why did it fall?", CHART, Mode.DEEP, "it asks for reasons or a plan"),
        ("What is a gap? What fills it?", "", Mode.DEEP, "several questions at once"),
        ("word " * 21, "", Mode.DEEP, "a long question"),
        ("what did we say about stops", "", Mode.SEARCH, "something said before"),
        ("MSFT 2014-06-03", "", Mode.SEARCH, "the name of an instrument"),
        ("how do I draw a trend line", "", Mode.SEARCH, "how something is done here"),
        ("how do I cook pasta", "", Mode.FAST, "a short question"),
        ("how often did Apple moonwalk above 5 in 2012", "", Mode.FAST, "a question over stored bars"),
    ],
)
def test_each_rule_says_in_a_few_words_why(text, instrument, mode, why):
    found = chosen(text, instrument)
    assert (found.mode, found.why) == (mode, why)


@given(st.text(max_size=300))
def test_any_text_gets_a_mode_and_the_same_one_each_time(text):
    assert chosen(text) == chosen(text)
    assert chosen(text, CHART).mode in set(Mode)
