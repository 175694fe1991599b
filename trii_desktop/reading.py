"""One thing that the program measures of itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing measured: ``value`` with its unit, ``brief`` for the status bar, what it means, whether it needs a look."""

    name: str
    title: str
    value: str
    brief: str
    meaning: str
    is_warning: bool = False
