"""Instants as venues write them: RFC 3339 in UTC, with as many digits after the second as each gives."""

from datetime import UTC, datetime
from functools import lru_cache

from backend.domain.bars import SECOND_NS


def rfc3339(at_ns: int, n_digits: int) -> str:
    """As "2024-01-08T14:30:00.123456Z", cut to ``n_digits``, 0 to 9."""
    second, rest_ns = divmod(at_ns, SECOND_NS)
    return f"{_second(second)}.{rest_ns:09d}"[: 20 + n_digits] + "Z" if n_digits else f"{_second(second)}Z"


def parse_rfc3339(text: str) -> int:
    """UTC nanoseconds of an instant or a date. Raises ValueError for anything else."""
    plain, mark, rest = text.strip().partition(".")
    digits = rest.rstrip("Zz") if mark else ""
    if mark and digits.isdigit():
        base, fraction_ns = plain + "+00:00", int(digits[:9].ljust(9, "0"))
    else:
        base, fraction_ns = text.strip().replace("Z", "+00:00").replace("z", "+00:00"), 0
    moment = datetime.fromisoformat(base)
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()) * SECOND_NS + fraction_ns


@lru_cache(maxsize=4096)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
