"""JSON and text as commands write them; imports nothing heavy."""

import json
import math
from enum import Enum
from typing import Any


def encode(text: str) -> bytes:
    """UTF-8; undecodable bytes of file names come out as they are."""
    return text.encode("utf-8", "surrogateescape")


def dump_json(value: Any) -> bytes:
    """JSON of ``value`` in UTF-8 on one line: NaN becomes null; ids, decimals and paths become text."""
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value.value if isinstance(value, Enum) else str(value)
