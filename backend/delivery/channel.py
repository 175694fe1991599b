"""A channel as a value: where messages go, how many, and when not."""

import math
import re
from dataclasses import dataclass, field
from typing import Final

import msgspec

from backend.delivery.quiet_hours import QuietHours, parse_zone
from backend.delivery.schemes import BY_SCHEME, scheme_of
from backend.errors import InvalidInput

NAME_LENGTH_MAX: Final = 40
ROLL_UP_S_MAX: Final = 24 * 3_600.0
_NAME = re.compile(r"[^\W_](?:[\w .-]*[^\W_])?")


class Rate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At most ``n`` messages in ``minutes``; what comes beyond waits and goes together."""

    n: int = 10
    minutes: float = 10.0

    def check(self) -> None:
        """Raises InvalidInput."""
        if not 1 <= self.n <= 10_000 or not (math.isfinite(self.minutes) and 0.1 <= self.minutes <= 10_080):
            raise InvalidInput(
                f"{self.n} messages in {self.minutes:g} minutes is no rate.", hint="Allow 1 or more in 0.1 to 10,080 minutes."
            )

    @property
    def per_ns(self) -> float:
        """Messages that become free in a nanosecond."""
        return self.n / (self.minutes * 60e9)


_RATE: Final = Rate()
_NEVER_QUIET: Final = QuietHours()


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach a person.

    address : as apprise reads it, with its secrets, when it is given to us; masked in what we give back. A masked one, or
        none, given for a channel that is there leaves its address as it is
    roll_up_s : alerts that fire within so many seconds after a message go together in the next one; 0: each on its own,
        as long as the rate allows
    zone : IANA name, of quiet hours and of the times in messages
    notes : what one should know of its address: plain text, a server of one's own; written by us
    """

    name: str
    address: str = field(default="", repr=False)
    is_on: bool = True
    rate: Rate = _RATE
    roll_up_s: float = 20.0
    quiet: QuietHours = _NEVER_QUIET
    zone: str = "UTC"
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The scheme of the address."""
        return scheme_of(self.address)

    @property
    def title(self) -> str:
        """The service, in words."""
        service = BY_SCHEME.get(self.kind)
        return service.title if service else ""


def check_channel(channel: Channel) -> None:
    """Refuse what is wrong in everything but the address. Raises InvalidInput."""
    if len(channel.name) > NAME_LENGTH_MAX or not _NAME.fullmatch(channel.name):
        raise InvalidInput(
            f"{channel.name[:60]!r} is no name for a channel.",
            hint=f"Take letters, digits, blanks, dots and hyphens, {NAME_LENGTH_MAX} at most.",
        )
    if not (math.isfinite(channel.roll_up_s) and 0 <= channel.roll_up_s <= ROLL_UP_S_MAX):
        raise InvalidInput(f"Messages cannot be gathered for {channel.roll_up_s:g} s.", hint="Choose 0 s to a day.")
    channel.rate.check()
    channel.quiet.check()
    parse_zone(channel.zone)


class _Body(msgspec.Struct, frozen=True):
    rate: Rate
    roll_up_s: float
    quiet: QuietHours
    zone: str
    notes: tuple[str, ...] = ()


def encode_channel(channel: Channel) -> bytes:
    """Everything but name, address and switch, as JSON."""
    return msgspec.json.encode(_Body(channel.rate, channel.roll_up_s, channel.quiet, channel.zone, channel.notes))


def decode_channel(name: str, address: str, body: bytes, *, is_on: bool) -> Channel:
    """The channel as it was stored, with the address that is given."""
    read = msgspec.json.decode(body, type=_Body)
    return Channel(name, address, is_on, read.rate, read.roll_up_s, read.quiet, read.zone, read.notes)
