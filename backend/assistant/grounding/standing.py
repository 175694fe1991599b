"""What a number in a text was found to be."""

from dataclasses import dataclass

from backend.assistant.grounding.span import Mark


@dataclass(frozen=True, slots=True)
class Standing:
    """What a number is: its mark, the fact it shows and how it was found. Mark PLAIN: a name, not a number."""

    mark: Mark
    fact: str = ""
    why: str = ""
