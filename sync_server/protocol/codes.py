"""Why an operation, a connection or a copy of a room was refused: stable words that programs may test."""

import enum


class Code(enum.StrEnum):
    """Reasons in results, problems and closes. The words never change; new ones may be added."""

    BAD_FRAME = "bad_frame"  # not a message of this protocol
    BAD_BODY = "bad_body"  # the body of an operation is not of its kind
    TOO_LARGE = "too_large"
    UNKNOWN_KIND = "unknown_kind"
    NO_ROOM = "no_room"  # not there, or not for this person: both look the same
    ROOM_EXISTS = "room_exists"
    NOT_ALLOWED = "not_allowed"
    NO_TARGET = "no_target"  # the message that an edit, reaction or pin names is not there
    NO_FILE = "no_file"  # a file that a message names is not in its room, or not its author's to name: upload it first
    DELETED = "deleted"  # delete wins over edit
    STALE = "stale"  # somebody else changed it after what the author had seen
    OUT_OF_ORDER = "out_of_order"  # an earlier operation of this device has not arrived yet: send from there
    ID_TAKEN = "id_taken"  # this device used the id for something else
    HELD = "held"  # a legal hold keeps what should be erased
    LIMITED = "limited"  # too many; try again after the stated time
    BUSY = "busy"  # the server cannot store now; nothing was taken
    NOT_SIGNED_IN = "not_signed_in"
    EXPIRED = "expired"  # the access token is too old: renew it
    STEP_UP = "step_up"  # a second factor is asked for first
    ENDED = "ended"  # the session was ended elsewhere


class ResetReason(enum.StrEnum):
    """Why a copy of a room cannot be continued from its cursor."""

    EPOCH = "epoch"  # the room went on from an earlier point after a failover or a restore
    FLOOR = "floor"  # events as old as the cursor are no longer served one by one
    HASH = "hash"  # the copy differs from the room's history
    PERM = "perm"  # the person is no longer a member


class CloseCode(enum.IntEnum):
    """Close codes of the WebSocket, in the range for applications."""

    BAD_FRAME = 4000
    NOT_SIGNED_IN = 4001
    ENDED = 4002
    DRAIN = 4003
    SLOW = 4008
    TOO_LARGE = 4009
    VERSION = 4010
    LIMITED = 4029
