"""Where a value stands in a JSON answer: ``data.quotes[0].last`` as steps that are walked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backend.errors import InvalidInput

STEPS_MAX: Final = 20
_STEP = re.compile(r'\["([^"\[\]]{1,80})"\]|\[(-?\d{1,6})\]|([^."\[\]]{1,80})')


@dataclass(frozen=True, slots=True)
class JsonPath:
    """Names and places to walk, in order; a name may hold ``{code}`` or ``{symbol}``."""

    steps: tuple[str | int, ...]

    def find(self, document: object, names: Mapping[str, str]) -> object:
        """The value, None where there is none; ``names`` gives what to put for ``{code}`` and ``{symbol}``."""
        found = document
        for step in self.steps:
            if isinstance(step, str):
                found = found.get(fill_names(step, names)) if isinstance(found, Mapping) else None
            elif isinstance(found, Sequence) and not isinstance(found, str) and -len(found) <= step < len(found):
                found = found[step]
            else:
                return None
        return found


def parse_json_path(text: str) -> JsonPath:
    """Read ``a.b[0].c``; a name with dots stands as ``["05. price"]``. Raises InvalidInput."""
    steps: list[str | int] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None or len(steps) == STEPS_MAX:
            raise _refused(text)
        quoted, place, name = match.groups()
        steps.append(int(place) if place is not None else quoted or name)
        at = match.end()
        if at < len(text) and text[at] == "." and at + 1 < len(text) and text[at + 1] not in ".[":
            at += 1
        elif at < len(text) and text[at] != "[":
            raise _refused(text)
    if not steps:
        raise _refused(text)
    return JsonPath(tuple(steps))


def fill_names(text: str, names: Mapping[str, str]) -> str:
    """``text`` with ``{code}`` and ``{symbol}`` put in as they are; what is put in is not looked at again."""
    return re.sub(r"\{(code|symbol)\}", lambda match: names[match[1]], text)


def _refused(text: str) -> InvalidInput:
    return InvalidInput(
        f"{text[:80]!r} is not a path into a JSON answer.",
        hint='Write names with dots and places in brackets, as in data.quotes[0].last or ["Global Quote"]["05. price"].',
        code="feed.path",
    )
