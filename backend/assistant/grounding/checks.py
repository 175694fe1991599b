"""What the checking of a text found, as counts."""

from dataclasses import dataclass


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
