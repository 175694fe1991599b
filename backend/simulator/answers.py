"""A GET as a simulated venue sees it, and what is answered to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Call:
    """A GET as it came: its path without the query, its parameters (the last of each name) and its headers."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to a GET."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """``value`` as JSON; msgspec.Raw within it goes out as it is."""
    return Answer(msgspec.json.encode(value), status, headers=headers or {})
