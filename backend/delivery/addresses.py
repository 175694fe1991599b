"""Addresses of channels: read by apprise's own services, one loaded at a time, and masked for the eye."""

import functools
import importlib
import ipaddress
import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from backend.delivery.schemes import ChannelKind, check_address
from backend.delivery.wires import WatchedMail, WatchedWeb
from backend.errors import InvalidInput, Unavailable

HIDDEN: Final = "****"
_SECRET_LENGTH_MIN: Final = 4
_EXTRAS: Final = ("qsd+", "qsd-", "qsd:")
_MAIL: Final = "apprise.plugins.email.smtp"
_loading: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class Address:
    """An address that was read.

    plugin : apprise's object that sends to it; never shown, it holds the secrets
    masked : without secrets; notes : what one should know of it; host : the server's, empty for a known service
    secrets : everything in it that must not be shown, longest first
    """

    service: ChannelKind
    masked: str
    notes: tuple[str, ...]
    host: str
    plugin: Any = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    def hide(self, text: str) -> str:
        """``text`` without anything that is secret in this address."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text


def parse_address(text: str) -> Address:
    """Read an address; slow the first time, so call it off the engine's loop.

    Raises InvalidInput without repeating it, Unavailable where apprise cannot be loaded.
    """
    service = check_address(text)
    plugin_class = load_service(service)
    is_web = text.lower().startswith("http")
    try:
        read = plugin_class.parse_native_url(text) if is_web else plugin_class.parse_url(text)
    except Exception as e:  # noqa: BLE001 - whatever a service's reader trips over, the address cannot be read
        raise _unreadable(service) from _without_secrets(e)
    if not read or read.get("schema") not in service.schemes:
        raise _unreadable(service)
    _check_options(service, read)
    try:
        plugin = plugin_class(**{**read, "asset": _asset()})
        plugin.verify_certificate, plugin.redirects = True, False
        is_ready = len(plugin) > 0 if service.schemes[0] != "mailtos" else bool(plugin.targets and plugin.smtp_host)
    except Exception as e:  # noqa: BLE001 - same
        raise _unreadable(service) from _without_secrets(e)
    if not is_ready:
        raise _unreadable(service)
    host = _shown_host(service, plugin)
    return Address(service, _mask(service, plugin, host), _notes(service, plugin, host), host, plugin, _secrets(text, host))


def load_service(service: ChannelKind) -> Any:
    """Apprise's class of a service, loaded alone, speaking through wires that we watch. Raises Unavailable."""
    with _loading:
        try:
            _silence()
            module = importlib.import_module(service.module)
            session = importlib.import_module(_MAIL) if service.plugin == "NotifyEmail" else module
        except ImportError as e:
            raise Unavailable(f"apprise cannot be loaded: {e}.", hint="Install the program again.", code="delivery.apprise") from e
        # They tell no reason for a failure, follow redirects and read answers of any size.
        # WORKAROUND https://github.com/caronc/apprise: services take no session of ours; remove when they do.
        if session is module:
            module.__dict__["requests"] = _web()
        else:
            session.__dict__["smtplib"] = _mail()
        return module.__dict__[service.plugin]


@functools.cache
def _web() -> WatchedWeb:
    return WatchedWeb()


@functools.cache
def _mail() -> WatchedMail:
    return WatchedMail()


@functools.cache
def _silence() -> None:
    """Keep lines out of our logs that name addresses: theirs of services, and of requests at its finest level."""
    importlib.import_module("apprise")
    for name in ("apprise", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


@functools.cache
def _asset() -> Any:
    """Apprise's settings: nothing of its own on the disk, no plugins from elsewhere, no attempts behind our back."""
    apprise: Any = importlib.import_module("apprise")
    return apprise.AppriseAsset(
        app_id="TRII",
        app_desc="TRII Desktop",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        storage_path=None,
        storage_mode="memory",
        timezone="UTC",
        language="en",
        allow_templates=False,
        secure_logging=True,
        http_redirects=False,
        pgp_autogen=False,
        pem_autogen=False,
        default_service_retry=0,
    )


def _check_options(service: ChannelKind, read: Mapping[str, Any]) -> None:
    extended = {f"{mark[-1]}{name}".lower() for mark in _EXTRAS for name in read.get(mark) or {}}
    for name in read.get("qsd") or {}:
        if name in service.options or (name.lower() in extended and service.may_extend):
            continue
        allowed = ", ".join(service.options) or "none"
        raise InvalidInput(
            f"{service.title} takes no option {name[:40]!r} here.", hint=f"It takes: {allowed}.", code="delivery.option"
        )


def _shown_host(service: ChannelKind, plugin: Any) -> str:
    if not service.own_server:
        return ""
    if service.plugin == "NotifyEmail":
        return str(plugin.smtp_host)
    if service.plugin == "NotifyNtfy" and plugin.mode != "private":
        return ""  # the name of the topic stands in its place, and who knows it reads along
    return str(plugin.host)


def _mask(service: ChannelKind, plugin: Any, host: str) -> str:
    scheme = str(plugin.schema) if plugin.schema in service.schemes else service.schemes[0]
    if service.plugin == "NotifyEmail":
        shown = ",".join(address for _, address in plugin.targets)
        return f"{scheme}://{HIDDEN}@{host}?to={shown}"
    port = f":{plugin.port}" if plugin.port and host else ""
    return f"{scheme}://{host}{port}/{HIDDEN}" if host else f"{scheme}://{HIDDEN}"


def _notes(service: ChannelKind, plugin: Any, host: str) -> tuple[str, ...]:
    notes = []
    is_own = host and _is_own(host)
    if is_own:
        notes.append(f"{host} is a machine of your own network.")
    is_open = plugin.secure_mode == "insecure" if service.plugin == "NotifyEmail" else bool(host) and not plugin.secure
    if is_open:
        secret = " and its password are" if plugin.password else " is"
        notes.append(f"What is sent{secret} not encrypted on the way.")
    return tuple(notes)


def _is_own(host: str) -> bool:
    name = host.strip("[]").lower()
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name == "localhost" or "." not in name or name.endswith((".localhost", ".local", ".lan", ".internal", ".home.arpa"))
    return address.is_private or address.is_loopback or address.is_link_local


def _secrets(text: str, host: str) -> tuple[str, ...]:
    rest = text.partition("://")[2]
    pieces = {rest, *rest.split("?"), *re.split(r"[/:@?&=#,;]+", rest)}
    found = {form for piece in pieces for form in (piece, unquote(piece)) if len(form) >= _SECRET_LENGTH_MIN}
    return tuple(sorted(found - {host}, key=len, reverse=True))


def _unreadable(service: ChannelKind) -> InvalidInput:
    return InvalidInput(
        f"This is no complete address of {service.title}.",
        hint=f"See https://appriseit.com/services/ for how one is written; it begins with {service.schemes[0]}://.",
        code="delivery.address",
    )


def _without_secrets(error: Exception) -> Exception:
    """The kind of an error alone: its words may quote the address."""
    return RuntimeError(f"apprise raised {type(error).__name__}")
