"""A typed claim: a comparison that a model or a template makes, and that code judges on the facts."""

import enum
from dataclasses import dataclass


class Op(enum.StrEnum):
    """What is claimed of the arguments, which are ids of facts; bounds come from the facts too."""

    ABOVE = "above"  # a > b
    BELOW = "below"  # a < b
    NEAR = "near"  # |a - b| at most half an average true range
    BETWEEN = "between"  # b < a < c
    RISING = "rising"  # a fact that is a change or a slope: > 0
    FALLING = "falling"
    OVERBOUGHT = "overbought"  # an oscillator past its customary bound, which the fact's name decides
    OVERSOLD = "oversold"
    STRONG = "strong"  # trend strength at least 25
    WEAK = "weak"  # below 20
    HIGHER_THAN_USUAL = "higher_than_usual"  # a ratio to its norm: > 1.2
    LOWER_THAN_USUAL = "lower_than_usual"  # < 0.8
    DOUBLED = "doubled"  # a ratio to its norm: at least 2
    DIVERGES = "diverges"  # a flag of a divergence that is true
    PRESENT = "present"  # a pattern's flag that is true
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Claim:
    """``op`` of ``args`` (ids of facts); ``text`` is how it was said, with tags in place of numbers."""

    op: Op
    args: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What code found: ``is_true`` is None where a fact is unavailable or the claim makes no sense; ``why`` says it in words."""

    claim: Claim
    is_true: bool | None
    why: str
