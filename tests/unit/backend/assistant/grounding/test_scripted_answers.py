"""Scripted answers, true and false: no number that nobody computed passes as fact, and hardly a true one is doubted."""

from random import Random

from backend.assistant.grounding.checking import check_text
from backend.assistant.grounding.guard import StreamGuard
from backend.assistant.grounding.matching import Known
from backend.assistant.grounding.span import Mark, Span
from backend.assistant.grounding.tags import join_spans
from tests.fakes.scripted_answers import ScriptedAnswer, scripted_answers


def doubted(spans: tuple[Span, ...]) -> list[tuple[int, int]]:
    """Stretches of the text that are marked as unverified."""
    found, at = [], 0
    for span in spans:
        if span.mark is Mark.UNVERIFIED:
            found.append((at, at + len(span.text)))
        at += len(span.text)
    return found


def judged(answer: ScriptedAnswer, known: Known) -> tuple[list[str], list[str], int]:
    """False statements that pass, true ones that are doubted, and how many were true."""
    marks = doubted(check_text(answer.text, known))
    passed, alarms, n_true = [], [], 0
    for start, end, is_true in answer.stretches:
        is_doubted = any(first < end and start < last for first, last in marks)
        n_true += is_true
        if is_true and is_doubted:
            alarms.append(answer.text[max(0, start - 40) : end + 20])
        if not is_true and not is_doubted:
            passed.append(answer.text[max(0, start - 40) : end + 20])
    return passed, alarms, n_true


def test_of_ten_thousand_scripted_answers_no_invented_number_passes_and_hardly_a_true_one_is_doubted():
    passed, alarms, n_true = [], [], 0
    known, facts = None, None
    for answer in scripted_answers(seed=20130301, n_answers=10_000):
        if answer.facts is not facts:
            facts, known = answer.facts, Known(answer.facts)
        one_passed, one_alarms, n = judged(answer, known)
        passed += one_passed
        alarms += one_alarms
        n_true += n

    assert not passed, passed[:10]
    assert n_true > 10_000
    assert len(alarms) <= 0.02 * n_true, alarms[:10]


def test_scripted_answers_that_stream_in_pieces_are_shown_as_they_are_judged_whole():
    random = Random(7)
    for answer in scripted_answers(seed=11, n_answers=300):
        known = Known(answer.facts)
        guard = StreamGuard(known)
        spans, at = [], 0
        while at < len(answer.text):
            n = random.randint(1, 12)
            spans += guard.feed(answer.text[at : at + n])
            at += n

        assert join_spans([*spans, *guard.end()]) == check_text(answer.text, known)
