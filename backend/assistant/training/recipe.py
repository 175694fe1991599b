"""How an adapter is fitted."""

from dataclasses import dataclass
from typing import Final

from backend.errors import InvalidInput

RANKS: Final = (1, 256)
EPOCHS: Final = (1, 100)
LENGTHS: Final = (16, 131_072)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of one fitting; what it gives is the same for the same seed, device and versions.

    rank : width of the adapter's matrices; more learns more and needs more examples
    n_epochs : how often each example is gone through; the best by the examples held out is kept
    rate : highest step of AdamW; it warms up over a tenth and falls to nothing along a cosine
    n_tokens : longest sample, prompt and answer; longer ones are left out

    Raises InvalidInput for what is out of bounds.
    """

    rank: int = 8
    n_epochs: int = 3
    rate: float = 2e-4
    n_tokens: int = 1_024
    seed: int = 1

    def __post_init__(self) -> None:
        for name, given, (least, most) in (
            ("rank", self.rank, RANKS),
            ("epochs", self.n_epochs, EPOCHS),
            ("length", self.n_tokens, LENGTHS),
        ):
            if not least <= given <= most:
                raise InvalidInput(f"The {name} cannot be {given}: it is from {least} to {most:,}.", code="training.recipe")
        if not 0 < self.rate <= 0.1:
            raise InvalidInput(f"The rate cannot be {self.rate}: it is above 0 and at most 0.1.", code="training.recipe")

    @property
    def alpha(self) -> float:
        """What the adapter is scaled by, over its rank."""
        return 2.0 * self.rank
