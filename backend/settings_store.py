"""The settings file: read once, kept valid, never half written; what cannot be read is set aside, and defaults are used."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend.errors import Conflict, CorruptData, InvalidInput, TriiError
from backend.events import Event, Level, Notice, SettingsChanged
from backend.settings import SECTIONS, Settings, changed, format_settings, parse_settings
from backend.storage.durable import write_durably
from backend.storage.quarantine import set_aside

log = logging.getLogger(__name__)


class SettingsStore:
    """Owns the settings file: ``current`` is always valid, ``change`` saves before it publishes."""

    def __init__(self, path: Path, settings: Settings, known: bytes | None, publish: Callable[[Event], None]) -> None:
        self._path = path
        self._current = settings
        self._known = known  # the file as this program last saw it; None when there was none
        self._publish = publish
        self._lock = asyncio.Lock()

    @property
    def current(self) -> Settings:
        """The settings in force."""
        return self._current

    async def change(self, section: str, **values: Any) -> Settings:
        """Save ``values`` in ``section``, then publish SettingsChanged; the new settings.

        Raises InvalidInput (unknown name, value out of bounds) and Conflict (the file was edited by someone else
        since it was read); nothing changes then.
        """
        async with self._lock:
            settings = changed(self._current, section, values)
            if settings == self._current:
                return settings
            await asyncio.to_thread(self._save, settings)
            self._current = settings
        self._publish(SettingsChanged(section))
        return settings

    async def reload(self) -> tuple[str, ...]:
        """Take over what someone else wrote into the file; the names of the sections that changed."""
        async with self._lock:
            known = await asyncio.to_thread(_read, self._path)
            settings = Settings() if known is None else parse_settings(_decode(known, self._path))
            before, self._current, self._known = self._current, settings, known
        names = tuple(name for name in SECTIONS if getattr(before, name) != getattr(settings, name))
        for name in names:
            self._publish(SettingsChanged(name))
        return names

    def _save(self, settings: Settings) -> None:
        if _read(self._path) != self._known:
            raise Conflict(
                f"{self._path} was changed by someone else since it was read.",
                hint="Load it again, then repeat the change.",
                code="settings.edited",
            )
        content = format_settings(settings).encode()
        write_durably(self._path, content)
        self._known = content


def open_settings(path: Path, *, quarantine: Path, publish: Callable[[Event], None]) -> SettingsStore:
    """Read the settings at ``path``; defaults where there are none, or where they are broken, which are then set aside."""
    try:
        known = _read(path)
        if known is None:
            return SettingsStore(path, Settings(), None, publish)
        return SettingsStore(path, parse_settings(_decode(known, path)), known, publish)
    except TriiError as e:
        kept = set_aside([path], quarantine, str(e))
        log.warning("The settings were set aside to %s: %s", kept, e)
        publish(
            Notice(
                Level.WARNING,
                "The settings could not be read; defaults are used.",
                e.message,
                f"Your file is kept as {kept}. {e.hint}".strip(),
                e.code,
            )
        )
        return SettingsStore(path, Settings(), None, publish)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as e:
        raise CorruptData(
            f"{path} cannot be read: {e.strerror}.", hint="Check the file's permissions.", code="settings.read"
        ) from e


def _decode(content: bytes, path: Path) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as e:
        raise InvalidInput(f"{path} is not UTF-8 text (byte {e.start}).", hint="Save it as UTF-8.", code="settings.utf8") from e
