"""Settings of one installation: frozen sections with words and bounds, and their form as TOML.

Each field carries the title, description, bounds and choices from which the settings dialog is generated
(``fields_of``); the file is kept by backend/settings_store.py.

Rules for changing the sections: a new field with a default needs nothing; a renamed or removed field, or one with
another meaning, needs a higher ``VERSION`` and a function in ``MIGRATIONS``.
"""

import tomllib
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
import tomli_w
from msgspec import Meta

from backend.errors import InvalidInput
from backend.settings_assistant import Assistant
from backend.settings_chat import Chat as ChatSection
from backend.settings_fields import Section, SettingsField, check_names, describe_fields

VERSION: Final = 1

Raw: TypeAlias = dict[str, Any]
# MIGRATIONS[i] turns the parsed file of version i + 1 into one of version i + 2.
MIGRATIONS: Final[tuple[Callable[[Raw], Raw], ...]] = ()

_COLOUR = r"^#[0-9a-fA-F]{6}$"


class Appearance(Section, frozen=True):
    """How the window looks."""

    theme: Annotated[
        Literal["dark", "light", "high_contrast"],
        Meta(
            title="Theme",
            description="Colours of the whole window.",
            extra={"labels": {"dark": "Dark", "light": "Light", "high_contrast": "High contrast"}},
        ),
    ] = "dark"
    directions: Annotated[
        Literal["own", "colour_blind", "red_up"],
        Meta(
            title="Rising and falling",
            description="Which two colours tell them apart, on charts and in tables.",
            extra={
                "labels": {"own": "The two colours below", "colour_blind": "Blue and orange", "red_up": "Red rises, green falls"}
            },
        ),
    ] = "own"
    up_colour: Annotated[
        str,
        Meta(
            title="Rising colour", description="Bars that close at or above their open.", pattern=_COLOUR, extra={"kind": "colour"}
        ),
    ] = "#26a69a"
    down_colour: Annotated[
        str,
        Meta(title="Falling colour", description="Bars that close below their open.", pattern=_COLOUR, extra={"kind": "colour"}),
    ] = "#ef5350"
    font_scale: Annotated[
        float, Meta(title="Text size", description="1 is the size your system asks for.", ge=0.75, le=2.0, extra={"step": 0.05})
    ] = 1.0


class Chart(Section, frozen=True):
    """What a chart shows."""

    visible_bars: Annotated[
        int, Meta(title="Bars at first", description="How many of the newest bars a chart shows when it opens.", ge=20, le=5000)
    ] = 180
    show_volume: Annotated[bool, Meta(title="Volume", description="Draw traded quantities below the prices.")] = True
    show_grid: Annotated[bool, Meta(title="Grid", description="Draw lines at the labelled prices and times.")] = True
    adjusted: Annotated[
        bool, Meta(title="Adjusted prices", description="Correct older prices for splits and dividends known today.")
    ] = False
    wheel_zooms_at: Annotated[
        Literal["pointer", "right_edge"],
        Meta(
            title="Wheel zooms around",
            description="What stays in its place while the wheel makes bars wider or narrower.",
            extra={"labels": {"pointer": "The pointer", "right_edge": "The right edge"}},
        ),
    ] = "pointer"


class Sources(Section, frozen=True):
    """Where bars come from."""

    watched_folders: Annotated[
        tuple[str, ...],
        Meta(
            title="Watched folders",
            description="Files that appear or grow in these folders are imported.",
            max_length=64,
            extra={"kind": "folders"},
        ),
    ] = ()
    ask_before_import: Annotated[
        bool, Meta(title="Show a preview", description="Show what was recognised before a dropped or chosen file is imported.")
    ] = True


class Backups(Section, frozen=True):
    """Copies of everything that is kept, encrypted; the recovery phrase alone opens them."""

    every: Annotated[
        Literal["off", "daily", "weekly"],
        Meta(
            title="Automatic backup",
            description="How often one is made while the program runs; one run makes up for those slept through.",
            extra={"labels": {"off": "Off", "daily": "Every day", "weekly": "Every week"}},
        ),
    ] = "weekly"
    folder: Annotated[
        str,
        Meta(
            title="Folder",
            description="Best on another disk. Empty means inside the home folder.",
            max_length=1024,
        ),
    ] = ""


class Notices(Section, frozen=True):
    """What is told, and for how long it is kept."""

    toasts: Annotated[
        Literal["all", "warnings", "none"],
        Meta(
            title="Show in the corner",
            description="Notices that come up by themselves. All of them are in the list of notifications.",
            extra={"labels": {"all": "Everything", "warnings": "Warnings and errors", "none": "Nothing"}},
        ),
    ] = "all"
    keep_days: Annotated[
        int,
        Meta(
            title="Keep warnings and errors",
            description="They are still in the list after a restart, for so long. Everything else is of one session.",
            ge=1,
            le=365,
            extra={"unit": "days"},
        ),
    ] = 30


class Alerts(Section, frozen=True):
    """How alerts are told on this computer; which channels each one also tells is part of the alert."""

    sounds: Annotated[bool, Meta(title="Sounds", description="Play an alert's sound when it fires.")] = True
    volume: Annotated[
        int, Meta(title="Volume", description="Of alert sounds; 100 is as loud as they are.", ge=1, le=100, extra={"unit": "%"})
    ] = 70
    toasts: Annotated[
        bool, Meta(title="Show in the corner", description="Show each firing in the corner of the window; bursts are rolled up.")
    ] = True
    tray: Annotated[
        bool,
        Meta(
            title="Tell through the system",
            description="A message of the desktop while another program has the keyboard, where there is a tray.",
        ),
    ] = True


class Performance(Section, frozen=True):
    """What the program spends to be fast."""

    frame_ms: Annotated[
        int,
        Meta(
            title="Time between frames",
            description="Charts look for changes this often at most; larger values save power.",
            ge=8,
            le=100,
            extra={"unit": "ms"},
        ),
    ] = 16
    warm_up: Annotated[
        bool,
        Meta(title="Warm up in the background", description="Prepare calculations after the start, so that first uses are fast."),
    ] = True


class Privacy(Section, frozen=True):
    """What is kept about the program's own work; nothing of it leaves this computer."""

    log_days: Annotated[
        int,
        Meta(
            title="Keep logs", description="Older logs are compressed and kept for one year.", ge=1, le=365, extra={"unit": "days"}
        ),
    ] = 30
    crash_reports: Annotated[
        bool, Meta(title="Keep crash reports", description="Write what is needed to find a defect into a file, without secrets.")
    ] = True


class Api(Section, frozen=True):
    """A door for scripts of the same user on this computer; closed until somebody opens it."""

    enabled: Annotated[
        bool,
        Meta(
            title="Serve scripts",
            description="Quotes, alerts and the assistant over HTTP on 127.0.0.1; the token lies in run/api.token of the home.",
        ),
    ] = False
    port: Annotated[int, Meta(title="Port", description="0 takes any that is free; run/api.url says which.", ge=0, le=65535)] = 0


class Binding(Section, frozen=True):
    """Keys that a person gave an action instead of its own; none of them takes its keys away."""

    action: Annotated[str, Meta(min_length=1, max_length=120)]
    keys: Annotated[tuple[Annotated[str, Meta(max_length=60)], ...], Meta(max_length=8)] = ()


class Shortcuts(Section, frozen=True):
    """Keys that differ from the action table's; a page of its own shows and changes them."""

    bindings: Annotated[tuple[Binding, ...], Meta(max_length=1000, extra={"kind": "hidden"})] = ()


class Workspace(Section, frozen=True):
    """What was open last; the window writes it, the dialog does not show it."""

    instrument: Annotated[str, Meta(max_length=64, extra={"kind": "hidden"})] = ""
    interval: Annotated[str, Meta(max_length=16, extra={"kind": "hidden"})] = "1d"
    window: Annotated[str, Meta(max_length=65536, extra={"kind": "hidden"})] = ""
    watchlist_hidden: Annotated[tuple[str, ...], Meta(max_length=16, extra={"kind": "hidden"})] = ("Bid", "Ask")
    phrase_noted: Annotated[bool, Meta(extra={"kind": "hidden"})] = False  # the recovery phrase was written down and checked
    tour_offered: Annotated[bool, Meta(extra={"kind": "hidden"})] = False  # the tour was taken, or turned down
    recent_indicators: Annotated[tuple[str, ...], Meta(max_length=12, extra={"kind": "hidden"})] = ()  # the newest first
    palette_recent: Annotated[tuple[str, ...], Meta(max_length=40, extra={"kind": "hidden"})] = ()  # keys, the newest first


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every setting; change one with ``SettingsStore.change``."""

    version: int = VERSION
    appearance: Appearance = Appearance()
    chart: Chart = Chart()
    data: Sources = Sources()
    backups: Backups = Backups()
    notices: Notices = Notices()
    alerts: Alerts = Alerts()
    assistant: Assistant = Assistant()
    chat: ChatSection = ChatSection()
    performance: Performance = Performance()
    privacy: Privacy = Privacy()
    api: Api = Api()
    shortcuts: Shortcuts = Shortcuts()
    workspace: Workspace = Workspace()


SECTIONS: Final[dict[str, type[Section]]] = {
    "appearance": Appearance,
    "chart": Chart,
    "data": Sources,
    "backups": Backups,
    "notices": Notices,
    "alerts": Alerts,
    "assistant": Assistant,
    "chat": ChatSection,
    "performance": Performance,
    "privacy": Privacy,
    "api": Api,
    "shortcuts": Shortcuts,
    "workspace": Workspace,
}


_TITLES: Final = {"notices": "Notifications", "api": "API for scripts"}


def section_title(section: str) -> str:
    """What a section is called on screen."""
    return _TITLES.get(section, section.capitalize())


def fields_of(section: str) -> tuple[SettingsField, ...]:
    """The fields of ``section`` that a dialog shows, in order. Raises InvalidInput for an unknown section."""
    check_names([section], list(SECTIONS), "section of the settings")
    return tuple(field for field in describe_fields(SECTIONS[section]) if field.kind != "hidden")


def parse_settings(text: str, *, version: int = VERSION, migrations: tuple[Callable[[Raw], Raw], ...] = MIGRATIONS) -> Settings:
    """Read TOML of this or an earlier version. Raises InvalidInput naming the field and, if misspelt, the nearest one."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise InvalidInput(
            f"The settings are not TOML: {e}.", hint="Correct the line, or delete the file.", code="settings.toml"
        ) from e
    raw = migrate(raw, version=version, migrations=migrations)
    check_names(list(raw), list(Settings.__struct_fields__), "section of the settings")
    for name, values in raw.items():
        if name in SECTIONS and isinstance(values, dict):
            check_names(list(values), list(SECTIONS[name].__struct_fields__), f"setting of {name}")
    return _convert(raw)


def format_settings(settings: Settings) -> str:
    """TOML that ``parse_settings`` reads back to an equal value."""
    return tomli_w.dumps(msgspec.to_builtins(settings), multiline_strings=False)


def migrate(raw: Raw, *, version: int = VERSION, migrations: tuple[Callable[[Raw], Raw], ...] = MIGRATIONS) -> Raw:
    """Bring a parsed file to ``version``, one migration after the other. Raises InvalidInput for a newer file."""
    found = raw.get("version", 1)
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise InvalidInput(
            f"The settings say version {found!r}.", hint="Versions are whole numbers from 1.", code="settings.version"
        )
    if found > version:
        raise InvalidInput(
            f"The settings are of version {found}; this program reads up to {version}.",
            hint="They were written by a newer program: start that one, or go on with defaults.",
            code="settings.downgrade",
        )
    for change in migrations[found - 1 : version - 1]:
        raw = change(raw)
    return {**raw, "version": version}


def changed(settings: Settings, section: str, values: dict[str, Any]) -> Settings:
    """``settings`` with ``values`` in ``section``, checked. Raises InvalidInput."""
    check_names([section], list(SECTIONS), "section of the settings")
    check_names(list(values), list(SECTIONS[section].__struct_fields__), f"setting of {section}")
    raw = msgspec.to_builtins(settings)
    raw[section] = {**raw[section], **{name: msgspec.to_builtins(value) for name, value in values.items()}}
    return _convert(raw)


def _convert(raw: Raw) -> Settings:
    try:
        return msgspec.convert(raw, Settings)
    except msgspec.ValidationError as e:
        words, _, place = str(e).partition(" - at `$.")
        where = place.rstrip("`") or "the settings"
        raise InvalidInput(
            f"{where}: {words}.", hint="Correct the value, or remove the line to use the default.", code="settings.value"
        ) from e
