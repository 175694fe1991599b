"""What numbers may be said: facts within display rounding, numbers in the person's words or in searched text, derived numbers."""

from collections.abc import Sequence
from datetime import UTC, tzinfo

from backend.assistant.facts.fact import FactSet


class Known:
    """Everything that an answer's numbers may stand for.

    quoted : the person's own words and the texts that were searched
    names : more names with digits that are no numbers, as codes of instruments ("600519.XSHG")
    zone : in which dates may be told, beside UTC
    """

    def __init__(self, facts: FactSet, quoted: Sequence[str] = (), *, names: Sequence[str] = (), zone: tzinfo = UTC) -> None:
        self.facts = facts
        self.quoted = tuple(quoted)
        self.names = tuple(names)
        self.zone = zone
