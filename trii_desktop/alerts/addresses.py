"""Addresses of channels made from the fields that people know: server and port, token and chat, the address of a webhook."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

from backend.errors import InvalidInput

Values = Mapping[str, str]


class AddressField(NamedTuple):
    """One thing that must be known. ``is_secret``: it is never shown again; ``default``: what most people need."""

    name: str
    title: str
    placeholder: str = ""
    default: str = ""
    is_secret: bool = False
    is_needed: bool = True


class ChannelForm(NamedTuple):
    """One kind of channel: its fields, how an address is made of them, and how the addresses of the kind begin."""

    title: str
    fields: tuple[AddressField, ...]
    make: Callable[[Values], str]
    schemes: tuple[str, ...]
    about: str = ""


def address_of(form: ChannelForm, values: Values) -> str:
    """The address that ``values`` make. Raises InvalidInput with the field's name in its code for one that is missing."""
    for field in form.fields:
        value = values.get(field.name, "").strip()
        if field.is_needed and not value:
            raise InvalidInput(f"{field.title} is missing.", code=f"channel.{field.name}")
    return form.make({name: value.strip() for name, value in values.items()})


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _mail(values: Values) -> str:
    port = values["port"]
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise InvalidInput(f"{port!r} is no port.", hint="Most servers use 587 or 465.", code="channel.port")
    user = f"{_quoted(values['user'])}:{_quoted(values['password'])}@" if values.get("user") else ""
    options = f"from={_quoted(values['from'])}&to={_quoted(values['to'])}"
    mode = "&mode=ssl" if port == "465" else ""
    return f"mailtos://{user}{_server(values['server'])}:{port}?{options}{mode}"


def _server(text: str) -> str:
    if not text or any(character in text for character in "/?#@ ") or any(character.isspace() for character in text):
        raise InvalidInput(f"{text!r} is no server.", hint="Write its name, as in smtp.example.com.", code="channel.server")
    return text


def _telegram(values: Values) -> str:
    return f"tgram://{quote(values['token'], safe=':')}/{_quoted(values['chat'])}"


def _hook(begins: tuple[str, ...], example: str) -> Callable[[Values], str]:
    def make(values: Values) -> str:
        if not values["url"].startswith(begins):
            raise InvalidInput("This is not an address of that service.", hint=f"It begins as {example}.", code="channel.url")
        return values["url"]

    return make


def _ntfy(values: Values) -> str:
    server = values.get("server", "")
    plain = server.startswith("http://")
    name = server.removeprefix("https://").removeprefix("http://").rstrip("/")
    topic = _quoted(values["topic"])
    token = f"?token={_quoted(values['token'])}" if values.get("token") else ""
    return f"{'ntfy' if plain else 'ntfys'}://{_server(name)}/{topic}{token}" if name else f"ntfys://{topic}{token}"


def _pushover(values: Values) -> str:
    return f"pover://{_quoted(values['user'])}@{_quoted(values['token'])}"


def _webhook(values: Values) -> str:
    parts = urlsplit(values["url"])
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InvalidInput("This is not the address of a web server.", hint="Write it with https:// in front.", code="channel.url")
    # A minus before a name has it handed on to the server instead of being an option of ours.
    asked = "&".join(f"-{_quoted(name)}={_quoted(value)}" for name, value in parse_qsl(parts.query, keep_blank_values=True))
    return f"{'jsons' if parts.scheme == 'https' else 'json'}://{parts.netloc}{parts.path}{'?' if asked else ''}{asked}"


def _plain(values: Values) -> str:
    return values["address"]


_DISCORD: Final = ("https://discord.com/api/webhooks/", "https://discordapp.com/api/webhooks/")
_SLACK: Final = ("https://hooks.slack.com/services/",)

FORMS: Final = (
    ChannelForm(
        "E-mail",
        (
            AddressField("server", "Server", "smtp.example.com"),
            AddressField("port", "Port", "587", "587"),
            AddressField("user", "User", "you@example.com", is_needed=False),
            AddressField("password", "Password", is_secret=True, is_needed=False),
            AddressField("from", "From", "you@example.com"),
            AddressField("to", "To", "you@example.com"),
        ),
        _mail,
        ("mailtos", "mailto"),
        "Large providers want an app password instead of your own.",
    ),
    ChannelForm(
        "Telegram",
        (
            AddressField("token", "Bot token", "123456789:AA…", is_secret=True),
            AddressField("chat", "Chat", "987654321"),
        ),
        _telegram,
        ("tgram",),
        "Make a bot with @BotFather, write to it once, and enter the number of your chat.",
    ),
    ChannelForm(
        "Discord",
        (AddressField("url", "Webhook", f"{_DISCORD[0]}…", is_secret=True),),
        _hook(_DISCORD, _DISCORD[0]),
        ("discord",),
        "In the channel's settings: Integrations, Webhooks, Copy webhook URL.",
    ),
    ChannelForm(
        "Slack",
        (AddressField("url", "Webhook", f"{_SLACK[0]}…", is_secret=True),),
        _hook(_SLACK, _SLACK[0]),
        ("slack",),
        "Add an app with an incoming webhook to your workspace and copy its address.",
    ),
    ChannelForm(
        "ntfy",
        (
            AddressField("server", "Server", "ntfy.sh", "ntfy.sh", is_needed=False),
            AddressField("topic", "Topic", "a word that nobody guesses"),
            AddressField("token", "Access token", is_secret=True, is_needed=False),
        ),
        _ntfy,
        ("ntfys", "ntfy"),
        "Subscribe to the same topic in the ntfy app. Who knows the topic can read it.",
    ),
    ChannelForm(
        "Pushover",
        (
            AddressField("user", "User key", is_secret=True),
            AddressField("token", "Application token", is_secret=True),
        ),
        _pushover,
        ("pover",),
        "Both are at pushover.net: your user key, and the token of an application that you make there.",
    ),
    ChannelForm(
        "Webhook",
        (AddressField("url", "Address", "https://example.com/hook", is_secret=True),),
        _webhook,
        ("jsons", "json"),
        "Each message is posted as JSON.",
    ),
    ChannelForm(
        "Other",
        (AddressField("address", "Address", "gotifys://host/token", is_secret=True),),
        _plain,
        (),
        "Any address of a service that is known here, as the documentation of Apprise writes it.",
    ),
)


def form_of(scheme: str) -> ChannelForm:
    """The form whose addresses begin with ``scheme``; the last one where there is none."""
    return next((form for form in FORMS if scheme in form.schemes), FORMS[-1])
