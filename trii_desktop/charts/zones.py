"""The zone of this machine as a tzinfo that knows its rules, for labels in local time."""

import math
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

_NOTHING: Final = timedelta(0)


class LocalZone(tzinfo):
    """Follows the system's rules, daylight saving included; moments that the system cannot tell are told in UTC."""

    def utcoffset(self, dt: datetime | None) -> timedelta:
        """How far local clocks are ahead of UTC at ``dt``, which is local time."""
        if dt is None:
            return _NOTHING
        plain = dt.replace(tzinfo=None)
        try:
            seconds = math.floor(plain.timestamp())
        except (OSError, OverflowError, ValueError):
            return _NOTHING
        return plain.replace(microsecond=0, fold=0) - datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)

    def dst(self, dt: datetime | None) -> timedelta:  # noqa: ARG002 - the standard library's signature
        """Not told apart from the rest."""
        return _NOTHING

    def tzname(self, dt: datetime | None) -> str:  # noqa: ARG002 - the standard library's signature
        """What labels call it."""
        return "local"

    def fromutc(self, dt: datetime) -> datetime:
        """Local time of ``dt``, which is UTC."""
        try:
            local = datetime.fromtimestamp(dt.replace(tzinfo=UTC).timestamp())  # noqa: DTZ006 - the system's zone is what is asked for
        except (OSError, OverflowError, ValueError):
            local = dt.replace(tzinfo=None)
        return local.replace(tzinfo=self)


LOCAL_ZONE: Final = LocalZone()
