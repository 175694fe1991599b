"""Which feeds a person has: kind, addresses and choices, as values kept in the ledger. Keys are kept apart."""

from typing import Annotated, ClassVar, Final

import msgspec
from msgspec import Meta

from backend.errors import InvalidInput

CONFIG_VERSION: Final = 1


class FeedConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One feed.

    name : of the feed, and the source of what it stores; kind : a key of ``backend.market.feeds.kinds.KINDS``
    stream_url, rest_url : empty take the kind's own
    options : what else the kind knows, by name; checked by the kind
    """

    crosses_bridge: ClassVar[str] = "a value: its options are never changed in place"

    name: Annotated[str, Meta(min_length=1, max_length=32, pattern="^[a-z][a-z0-9-]*$")]
    kind: Annotated[str, Meta(min_length=1, max_length=32)]
    stream_url: Annotated[str, Meta(max_length=500)] = ""
    rest_url: Annotated[str, Meta(max_length=500)] = ""
    options: dict[str, str] = {}
    is_on: bool = True
    version: int = CONFIG_VERSION


def save_config(config: FeedConfig) -> bytes:
    """The configuration as JSON text."""
    return msgspec.json.encode(config)


def load_config(text: bytes) -> FeedConfig:
    """Read what ``save_config`` wrote. Raises InvalidInput for anything else."""
    try:
        config = msgspec.json.decode(text, type=FeedConfig)
    except msgspec.MsgspecError as e:
        raise InvalidInput(f"A feed's settings cannot be read: {e}.", hint="Set the feed up anew.", code="feed.config") from e
    if config.version != CONFIG_VERSION:
        raise InvalidInput(f"A feed's settings have version {config.version}.", hint="They were written by a newer program.")
    return config
