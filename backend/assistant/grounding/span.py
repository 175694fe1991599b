"""What of an answer's text may be shown, and as what."""

import enum
from dataclasses import dataclass
from typing import Final

COMPUTED: Final = "computed again"  # how the ``why`` of a number begins that stands in arithmetic which code repeated


class Mark(enum.StrEnum):
    """What a piece of text is."""

    PLAIN = "plain"
    NUMBER = "number"  # a number that is a fact's value; ``fact`` names it
    QUOTED = "quoted"  # a number that stands in what the person wrote or in a text that was searched
    HIT = "hit"  # words of something found, markup disarmed; of its title ``fact`` is its place among the answer's hits
    UNVERIFIED = "unverified"  # a number that nothing stands for: shown struck through, never as fact
    JUDGED = "judged"  # comparing words that are true of facts; ``fact`` is the first of them
    UNTRUE = "untrue"  # comparing words that facts contradict: shown struck through
    UNCHECKED = "unchecked"  # comparing words, or a yes or no, of which code can say nothing


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of an answer's markdown text; spans follow each other without gaps.

    fact : id of the fact that a NUMBER shows or on which JUDGED words stand; of a HIT its place among the hits, from 0
    why : for a number, how it was found: "F12 rounded", or a formula that code computed again; for words, what the facts say
    """

    text: str
    mark: Mark = Mark.PLAIN
    fact: str = ""
    why: str = ""
