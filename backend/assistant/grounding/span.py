"""What of an answer's text may be shown, and as what; and how much of each was found."""

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


@dataclass(frozen=True, slots=True)
class Standing:
    """What a number is: its mark, the fact it shows and how it was found. Mark PLAIN: a name, not a number."""

    mark: Mark
    fact: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Checks:
    """What the checking of an answer found."""

    n_numbers: int = 0
    n_unverified: int = 0
    n_claims: int = 0
    n_claims_dropped: int = 0
    n_repairs: int = 0
    n_unjudged: int = 0  # comparisons, and a yes or no, in free text of which code can say nothing
    n_untrue: int = 0  # comparisons in free text that facts contradict
