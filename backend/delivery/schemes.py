"""The services a channel may speak to. What is not listed here is refused, and so is every option that is not."""

import re
from dataclasses import dataclass
from typing import Final

from backend.errors import InvalidInput

ADDRESS_LENGTH_MAX: Final = 2_000
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_WEB: Final = ("http", "https")


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """One kind of channel.

    schemes : as addresses begin; the first is the safe one
    module, plugin : where apprise keeps it; nothing else of apprise's services is ever loaded
    options : names after the question mark that may be given; none of them names a file or turns a check off
    may_extend : whether headers (+name), parameters (-name) and fields (:name) of one's own may be given
    own_server : whether the address names a server of the person's choice
    web : how a web address begins that this service hands out
    """

    title: str
    schemes: tuple[str, ...]
    module: str
    plugin: str
    options: tuple[str, ...] = ()
    may_extend: bool = False
    own_server: bool = True
    web: tuple[str, ...] = ()


_MAIL_OPTIONS: Final = ("to", "from", "name", "smtp", "mode", "user", "pass", "cc", "bcc", "reply")

SERVICES: Final = (
    ChannelKind("E-mail", ("mailtos", "mailto"), "apprise.plugins.email.base", "NotifyEmail", _MAIL_OPTIONS),
    ChannelKind("Webhook (JSON)", ("jsons", "json"), "apprise.plugins.custom_json", "NotifyJSON", ("method",), may_extend=True),
    ChannelKind("Webhook (XML)", ("xmls", "xml"), "apprise.plugins.custom_xml", "NotifyXML", ("method",), may_extend=True),
    ChannelKind("Webhook (form)", ("forms", "form"), "apprise.plugins.custom_form", "NotifyForm", ("method",), may_extend=True),
    ChannelKind(
        "Telegram", ("tgram",), "apprise.plugins.telegram", "NotifyTelegram", ("to", "topic", "thread", "silent"), own_server=False
    ),
    ChannelKind(
        "Discord",
        ("discord",),
        "apprise.plugins.discord",
        "NotifyDiscord",
        ("botname", "thread", "tts"),
        own_server=False,
        web=("https://discord.com/api/webhooks/", "https://discordapp.com/api/webhooks/"),
    ),
    ChannelKind(
        "Slack",
        ("slack",),
        "apprise.plugins.slack",
        "NotifySlack",
        ("to", "token"),
        own_server=False,
        web=("https://hooks.slack.com/services/",),
    ),
    ChannelKind(
        "Pushover",
        ("pover",),
        "apprise.plugins.pushover",
        "NotifyPushover",
        ("to", "priority", "sound", "expire", "interval"),
        own_server=False,
    ),
    ChannelKind(
        "ntfy", ("ntfys", "ntfy"), "apprise.plugins.ntfy", "NotifyNtfy", ("to", "priority", "token", "auth", "tags", "mode")
    ),
    ChannelKind("Gotify", ("gotifys", "gotify"), "apprise.plugins.gotify", "NotifyGotify", ("priority",)),
    ChannelKind("Pushbullet", ("pbul",), "apprise.plugins.pushbullet", "NotifyPushBullet", ("to",), own_server=False),
)

BY_SCHEME: Final = {scheme: service for service in SERVICES for scheme in service.schemes}


def check_address(address: str) -> ChannelKind:
    """The service an address names, judged by its text alone. Raises InvalidInput, whose words never repeat the address."""
    if not address or len(address) > ADDRESS_LENGTH_MAX:
        raise _refused(f"An address has 1 to {ADDRESS_LENGTH_MAX:,} characters.")
    if not address.isprintable() or any(character.isspace() for character in address):
        raise _refused("An address holds no blanks and no control characters.")
    scheme = scheme_of(address)
    if scheme in _WEB:
        for service in SERVICES:
            if address.lower().startswith(service.web or (" ",)):
                return service
        raise _refused(
            "A plain web address does not say what its server understands.", "For a webhook write jsons:// for https://."
        )
    if scheme not in BY_SCHEME:
        raise _refused(f"{scheme}:// is no channel of ours." if scheme else "An address begins with the scheme of its service.")
    return BY_SCHEME[scheme]


def scheme_of(address: str) -> str:
    """What stands before ``://``, in small letters; empty where nothing does."""
    match = _SCHEME.match(address)
    return match[1].lower() if match else ""


def _refused(message: str, hint: str = "") -> InvalidInput:
    known = ", ".join(f"{scheme}://" for scheme in BY_SCHEME)
    return InvalidInput(message, hint=hint or f"There are: {known}.", code="delivery.address")
