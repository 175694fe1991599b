"""What a word means, where it is the name of an indicator: the catalogue's own description."""

import re
from typing import Final

from backend.indicators.catalogue import CATALOGUE
from backend.indicators.spec import IndicatorSpec

_ASKED: Final = (
    re.compile(r"what (?:does|do|did) (?:the |an? )?(?P<word>.+?) (?:mean|means|stand for|measure|tell(?: me| us)?|say|show)"),
    re.compile(r"(?:define|(?:the |what is the )?(?:meaning|definition) of)(?: the| an?)? (?P<word>.+)"),
    re.compile(r"what(?: is|'s|\u2019s| are) (?:the |an? )?(?P<word>.+)"),
)
_ENDS: Final = re.compile(r" (?:indicators?|oscillators?|values?|lines?|mean|means)$")


def asked_indicator(text: str) -> IndicatorSpec | None:
    """The indicator whose meaning a whole question asks for; None where it asks for more, or for none."""
    said = " ".join(text.casefold().split()).rstrip("?!. ")
    match = next((found for pattern in _ASKED if (found := pattern.fullmatch(said))), None)
    return None if match is None else _NAMED.get(_key(_ENDS.sub("", match["word"])))


def definition_of(spec: IndicatorSpec) -> str:
    """A sentence that says what an indicator is."""
    return f"{spec.title} ({spec.short}): {spec.description}"


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name.casefold()).strip().rstrip("s")


_NAMED: Final = {
    _key(name): spec for spec in CATALOGUE if spec.is_listed for name in (*spec.aliases, spec.name, spec.title, spec.short)
}
