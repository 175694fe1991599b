"""Answers about tables and paragraphs: their figures are quoted, derivations computed again, changed digits caught."""

from random import Random

from backend.assistant.facts.fact import FactSet
from backend.assistant.grounding.checking import check_text
from backend.assistant.grounding.matching import Known
from backend.assistant.grounding.span import Mark
from tests.fakes.filings import WRITTEN, Question, made_questions
from tests.fakes.scripted_answers import change_digit

QUESTIONS = (*made_questions(seed=5, n_questions=400), *WRITTEN)


def is_doubted(text: str, known: Known) -> bool:
    return any(span.mark is Mark.UNVERIFIED for span in check_text(text, known))


def known_of(question: Question) -> Known:
    return Known(FactSet(()), question.passages)


def test_there_are_enough_questions_and_forty_were_written_by_hand():
    assert len(QUESTIONS) >= 240
    assert len(WRITTEN) >= 40


def test_operands_and_answers_in_words_are_found_in_the_passages():
    doubted = [question.answer for question in QUESTIONS if is_doubted(question.answer, known_of(question))]

    assert len(doubted) <= 0.02 * len(QUESTIONS), doubted[:5]


def test_derivations_are_computed_again():
    wrong = [text for question in QUESTIONS if is_doubted(text := f"{question.derivation} = {question.result}", known_of(question))]

    assert len(wrong) <= 0.02 * len(QUESTIONS), wrong[:5]


def test_a_result_with_one_digit_changed_is_always_caught():
    random = Random(3)
    passed = []
    for question in QUESTIONS:
        changed = change_digit(random, question.result)
        if not is_doubted(f"{question.derivation} = {changed}", known_of(question)):
            passed.append((question.derivation, question.result, changed))

    assert not passed


def test_at_least_97_of_100_operands_with_one_digit_changed_are_caught():
    random = Random(4)
    n_all, passed = 0, []
    for question in QUESTIONS:
        known = known_of(question)
        for operand in question.operands:
            changed = change_digit(random, operand)
            n_all += 1
            if not is_doubted(f"The figure is {changed} here.", known):
                passed.append((operand, changed))

    assert n_all > 800
    assert len(passed) <= 0.03 * n_all, (len(passed), n_all, passed[:20])
