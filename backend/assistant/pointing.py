"""Whether words point at the chart that is seen, so that it goes with them."""

import re
from typing import Final

_POINTS: Final = re.compile(r"\b(?:this|the|my|that) chart\b|^(?:please )?analy[sz]e (?:it|this|that)\b", re.IGNORECASE)


def points_at_chart(text: str) -> bool:
    """Whether a question speaks of the chart in view, as "analyse this" and "what do you make of this chart" do."""
    return _POINTS.search(text.strip()) is not None
