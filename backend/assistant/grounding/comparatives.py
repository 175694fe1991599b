"""Words that compare (above, rising, overbought, doubled), and the kind of claim that each would need."""

from dataclasses import dataclass

from backend.assistant.grounding.claim import Op


@dataclass(frozen=True, slots=True)
class Comparative:
    """A comparing word at ``text[start:end]``; ``op`` is the claim it needs, None where no claim says it."""

    start: int
    end: int
    op: Op | None


def find_comparatives(text: str) -> tuple[Comparative, ...]:
    """Comparing words, in order and without overlaps."""
    raise NotImplementedError(text)
