"""Whether words point at what is seen or was spoken of, so that it goes with them."""

import re
from typing import Final

_POINTS: Final = re.compile(r"\b(?:this|the|my|that) chart\b|^(?:please )?analy[sz]e (?:it|this|that)\b", re.IGNORECASE)
_IT: Final = re.compile(r"\b(?:its?|this (?:stock|share|company|index|fund|instrument|one))\b", re.IGNORECASE)


def points_at_chart(text: str) -> bool:
    """Whether a question speaks of the chart in view, as "analyse this" and "what do you make of this chart" do."""
    return _POINTS.search(text.strip()) is not None


def points_at_it(text: str) -> bool:
    """Whether a question speaks of something that it does not name, as "how far did it fall" does."""
    return _IT.search(text) is not None
