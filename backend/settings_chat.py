"""Settings of chat: what may interrupt, how long and how much is kept on this computer."""

from typing import Annotated, Literal

from msgspec import Meta

from backend.settings_fields import Section


class Chat(Section, frozen=True):
    """Rooms of the servers you belong to; a room's own setting comes first."""

    notify: Annotated[
        Literal["all", "mentions", "nothing"],
        Meta(
            title="Tell me of",
            description="For rooms that have no setting of their own.",
            extra={"labels": {"all": "Every message", "mentions": "Messages that name me", "nothing": "Nothing"}},
        ),
    ] = "mentions"
    tells_typing: Annotated[bool, Meta(title="Tell others that I type", description="Nothing of what you type is sent.")] = True
    keep_days: Annotated[
        int,
        Meta(
            title="Keep history for",
            description="Older messages are removed here and fetched from the server when you scroll there; 0 keeps all.",
            ge=0,
            le=36_500,
            extra={"unit": "days"},
        ),
    ] = 365
    files_mb: Annotated[
        int,
        Meta(
            title="Keep files up to",
            description="The least lately opened are removed first and fetched again when you open them.",
            ge=50,
            le=1_000_000,
            extra={"unit": "MB"},
        ),
    ] = 2_048
