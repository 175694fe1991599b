"""What the server's side of a connection asks its driver to do; a driver carries them out in order."""

import enum

import msgspec

from sync_server.actor import Actor
from sync_server.protocol.events import Cursor, Op
from sync_server.protocol.messages import FromServer, Pull, ReadUp, Said


class Act(msgspec.Struct, frozen=True):
    """What every act is."""


class Write(Act, frozen=True):
    """Send this message to the device."""

    message: FromServer


class Close(Act, frozen=True):
    """Close the connection with this code, after what was written."""

    code: int
    why: str = ""


class Verify(Act, frozen=True):
    """Find out whose ``token`` this is; report with ``admitted``, for a renewal ``renewed``, or with ``turned_away``.

    ``cursors`` are what the device's copies hold, to be checked against the rooms before ``admitted``.
    """

    token: str
    device: str = ""
    cursors: tuple[Cursor, ...] = ()
    is_renewal: bool = False


class Submit(Act, frozen=True):
    """Have these operations entered; report with ``results``, or with ``failed``."""

    rid: int
    ops: tuple[Op, ...]


class Fetch(Act, frozen=True):
    """Get a page of a room; report with ``fetched``, or with ``failed``."""

    pull: Pull


class Read(Act, frozen=True):
    """Note how far this person has read."""

    message: ReadUp


class Tell(Act, frozen=True):
    """Tell others what this person said for a moment."""

    said: Said


class Recheck(Act, frozen=True):
    """Find out whether this session still stands; report with ``renewed``, or with ``ended`` where it does not."""

    actor: Actor


class Beat(Act, frozen=True):
    """Say with ``head`` where rooms stand that moved lately: also the sign that the connection lives."""


class Pace(enum.StrEnum):
    """What is counted, each with a rule of its own for how often."""

    MESSAGE = "message"
    EDIT = "edit"
    REACT = "react"
    OTHER = "other"
    ROOM = "room"  # everything that one room takes
    PULL = "pull"
    READ = "read"
    TYPING = "typing"
    PRESENCE = "presence"
    HELLO = "hello"  # streams and mailboxes that begin
    RENEW = "renew"
    SEARCH = "search"
    UPLOAD = "upload"
    DECIDE = "decide"
    ABUSE = "abuse"  # how often a connection may be told that it is too fast before it is closed
