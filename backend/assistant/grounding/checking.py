"""An answer's text held against what is known: every piece of it marked."""

from dataclasses import replace

from backend.assistant.grounding.derived import find_relation, find_sum, is_difference
from backend.assistant.grounding.folding import BIDI, fold_text
from backend.assistant.grounding.found import FoundNumber
from backend.assistant.grounding.matching import UNKNOWN, Known
from backend.assistant.grounding.names import START, TAG_MENTION, Place
from backend.assistant.grounding.numbers import find_in, find_numbers
from backend.assistant.grounding.segments import next_cut
from backend.assistant.grounding.sentence import HEADS, STRANGE, Sentence
from backend.assistant.grounding.span import COMPUTED, Mark, Span, Standing
from backend.assistant.grounding.tags import join_spans
from backend.assistant.grounding.words import Words
from backend.assistant.grounding.wrong_tags import wrong_tags

_PRICES = frozenset({"price", "previous"})


def check_text(text: str, known: Known, words: Words | None = None) -> tuple[Span, ...]:
    """Spans that cover the text without gaps; a number that nothing stands for is UNVERIFIED. Sentences are judged one by one.

    words : made for this text, where comparing words are to be judged too
    Letters that turn the direction of reading are left out: they can show another number than the one that is written.
    """
    rest = drop_bidi(text)
    spans: list[Span] = []
    was_forced, place = False, known.place
    while rest:
        n_chars, is_forced = next_cut(rest, is_whole=True)
        spans += check_segment(rest[:n_chars], known, place, words, is_torn=was_forced or is_forced)
        rest, was_forced, place = rest[n_chars:], is_forced, place.after(rest[:n_chars])
    return join_spans(spans)


def drop_bidi(text: str) -> str:
    """The text without letters that turn the direction of reading."""
    return BIDI.sub("", text)


def check_segment(
    segment: str, known: Known, place: Place = START, words: Words | None = None, *, is_torn: bool = False
) -> list[Span]:
    """The spans of one sentence or line. ``is_torn``: it was cut anywhere, so that no number in it can be trusted."""
    numbers = find_in(fold_text(segment), segment, known.names, place)
    sentence = known.sentence(segment, numbers, place)
    standings = [UNKNOWN] * len(numbers) if is_torn else _judge_all(numbers, sentence, known)
    marked = [(number.start, number.end, standing) for number, standing in zip(numbers, standings, strict=True)]
    marked += [(start, end, UNKNOWN) for start, end in wrong_tags(sentence, known)]
    marked += words.judge(sentence, marked) if words is not None else []
    spans: list[Span] = []
    at = 0
    for start, end, standing in sorted(marked, key=lambda one: (one[0], -one[1])):
        if start < at or standing.mark is Mark.PLAIN:
            continue
        spans += [Span(segment[at:start]), Span(segment[start:end], standing.mark, standing.fact, standing.why)]
        at = end
    return [*spans, Span(segment[at:])]


def _judge_all(numbers: tuple[FoundNumber, ...], sentence: Sentence, known: Known) -> list[Standing]:
    """First each number by itself, then those that are left by the arithmetic that the sentence states."""
    segment = sentence.text
    standings = [_judge(number, sentence, known) for number in numbers]
    named = [one or other for one, other in TAG_MENTION.findall(segment)]
    for place, number in enumerate(numbers):
        is_unknown = standings[place].mark is Mark.UNVERIFIED
        if is_unknown and (relation := find_relation(number, segment, known.facts, named)):
            standings[place] = Standing(Mark.NUMBER, *relation)
        elif "=" in segment or is_unknown:
            _judge_sum(place, numbers, segment, known, standings)
    for place in range(1, len(numbers) - 1):
        if standings[place].mark is Mark.UNVERIFIED:
            _judge_difference(place, numbers, sentence, known, standings)
    return standings


def _judge_difference(
    place: int, numbers: tuple[FoundNumber, ...], sentence: Sentence, known: Known, standings: list[Standing]
) -> None:
    """Where nothing but prices is spoken of, two that facts have and what lies between them are facts: computed again."""
    before, said, after = numbers[place - 1], numbers[place], numbers[place + 1]
    first, second = known.price_at(before), known.price_at(after)
    if first is None or second is None or not is_difference(sentence.text, before, said, after, (first, second)):
        return
    is_of_prices = all(piece.value in _PRICES for piece in sentence.pieces if piece.sort in HEADS)
    if not is_of_prices or any(piece.sort in STRANGE for piece in sentence.context):
        return
    computed = Standing(Mark.NUMBER, first.id, f"{first.id} \u2212 {second.id}")
    shown = (Standing(Mark.NUMBER, first.id, first.id), computed, Standing(Mark.NUMBER, second.id, second.id))
    for other, standing in zip(range(place - 1, place + 2), shown, strict=True):
        if standings[other].mark is Mark.UNVERIFIED:
            standings[other] = standing


def _judge_sum(place: int, numbers: tuple[FoundNumber, ...], segment: str, known: Known, standings: list[Standing]) -> None:
    """Where a number is the result of arithmetic written before it, it and what was computed with are grounded; or it is wrong."""

    def is_grounded(other: int) -> bool:
        return standings[other].mark is not Mark.UNVERIFIED or known.quotes.has_figure(numbers[other])

    found = find_sum(place, numbers, segment, is_grounded)
    if found is None or not found.is_right:
        standings[place] = standings[place] if found is None else UNKNOWN
        return
    facts = [standings[other].fact for other in found.operands if standings[other].fact]
    computed = Standing(Mark.NUMBER if facts else Mark.QUOTED, facts[0] if facts else "", f"{COMPUTED}: {found.formula}")
    for other in (*found.operands, place):
        if standings[other].mark is Mark.UNVERIFIED:
            standings[other] = computed


def _judge(number: FoundNumber, sentence: Sentence, known: Known) -> Standing:
    """A number; figures in groups with spaces between may also be several numbers, if each of them is known."""
    standing = known.judge(number, sentence)
    if standing.mark is not Mark.UNVERIFIED or " " not in number.text.strip() or number.value is None:
        return standing
    parts = number.text.split(" ")
    if not all(part.strip("|") and find_numbers(part) for part in parts) or number.is_word:
        return standing
    each = []
    at = number.start
    for part in parts:
        shifted = (replace(one, start=at + one.start, end=at + one.end) for one in find_numbers(part, known.names))
        each += [known.judge(one, sentence) for one in shifted]
        at += len(part) + 1
    return next((one for one in each if one.mark is not Mark.PLAIN), standing) if _are_known(each) else standing


def _are_known(standings: list[Standing]) -> bool:
    return bool(standings) and all(one.mark in {Mark.NUMBER, Mark.QUOTED} for one in standings)
