"""Whether somebody asks what is to be seen in a chart."""

import re
from typing import Final

LOOK: Final = "What do you see in this chart?"
_ASKS: Final = re.compile(
    r"(?:what|(?:what|which) (?:chart |candle )?patterns?) (?:do|can) you see"
    r"(?: (?:here|(?:in|on) (?:this|the|my) (?:chart|picture)))?\s*[?.!]*",
    re.IGNORECASE,
)


def asks_to_look(text: str) -> bool:
    """Whether the whole of ``text`` asks what is to be seen in the chart that goes with it."""
    return _ASKS.fullmatch(" ".join(text.split())) is not None
