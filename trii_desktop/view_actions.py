"""What can be done with the window: docks, theme, settings, undo, the end; and the sheets and dialogs of the help menu."""

from typing import Final

from PySide6.QtCore import Qt

from trii_desktop.actions.action_set import ActionSet
from trii_desktop.crash import CrashReports
from trii_desktop.desk import Desk
from trii_desktop.health import HealthDialog
from trii_desktop.main_window import MainWindow
from trii_desktop.settings.changes import SettingChanges
from trii_desktop.settings.dialog import SettingsDialog
from trii_desktop.settings.keys import KeyDialogs
from trii_desktop.sheets import AboutDialog, ShortcutSheet
from trii_desktop.undo import Step

TITLE_LENGTH_MAX: Final = 60


class ViewActions:
    """Methods and flags that the action table names."""

    def __init__(self, window: MainWindow, desk: Desk) -> None:
        self._window = window
        self._desk = desk
        self.actions: ActionSet  # by the workbench, which needs this object first
        self.settings: SettingsDialog | None = None
        self._health: HealthDialog | None = None
        self.keys = KeyDialogs(window, desk)

    @property
    def is_light(self) -> bool:
        """Whether the light theme is on."""
        return self._desk.backend.settings.current.appearance.theme == "light"

    @property
    def is_full_screen(self) -> bool:
        """Whether the window fills the screen."""
        return self._window.isFullScreen()

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return self._desk.undo.newest is not None

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to do again."""
        return self._desk.undo.next_again is not None

    @property
    def undo_words(self) -> str:
        """What would be taken back."""
        return _short(self._desk.undo.newest)

    @property
    def redo_words(self) -> str:
        """What would be done again."""
        return _short(self._desk.undo.next_again)

    @property
    def shows_watchlist(self) -> bool:
        """Whether the watchlist dock is shown."""
        return self._window.is_dock_shown("watchlist")

    @property
    def shows_bars(self) -> bool:
        """Whether the bar table is shown."""
        return self._window.is_dock_shown("bars")

    @property
    def shows_notices(self) -> bool:
        """Whether the notifications are shown."""
        return self._window.is_dock_shown("notices")

    @property
    def shows_jobs(self) -> bool:
        """Whether the jobs are shown."""
        return self._window.is_dock_shown("jobs")

    def toggle_watchlist(self) -> None:
        """Show or hide the watchlist."""
        self._toggle("watchlist")

    def toggle_bars(self) -> None:
        """Show or hide the bar table."""
        self._toggle("bars")

    def toggle_notices(self) -> None:
        """Show or hide the notifications."""
        self._toggle("notices")
        self._window.toasts.dismiss_all()
        self._desk.notices.mark_read()

    def toggle_jobs(self) -> None:
        """Show or hide the jobs."""
        self._toggle("jobs")

    def toggle_theme(self) -> None:
        """Dark or light."""
        theme = "dark" if self.is_light else "light"
        change = SettingChanges(self._desk).change("appearance", {"theme": theme}, "The theme was changed")
        self._desk.start("Changing the theme", change)

    def toggle_full_screen(self) -> None:
        """Fill the screen, or not."""
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def undo(self) -> None:
        """Take the newest change back."""
        self._desk.start("Undo", self._undo())

    def redo(self) -> None:
        """Do the change again that was taken back last."""
        self._desk.start("Redo", self._redo())

    def open_settings(self) -> None:
        """Open the settings, or bring them up."""
        if self.settings is None:
            self.settings = SettingsDialog(self._desk, self.actions, self._window)
            self.settings.wants_recovery.connect(self.open_recovery)
            self.settings.wants_passphrase.connect(self.open_passphrase)
            self.settings.closed.connect(self._settings_closed)
        self.settings.show()
        self.settings.raise_()

    def open_setting(self, section: str, name: str) -> None:
        """Open the settings at one field."""
        self.open_settings()
        if self.settings is not None:
            self.settings.show_field(section, name)

    def open_recovery(self) -> None:
        """Show the recovery phrase."""
        self._desk.start("Showing the recovery phrase", self.keys.show_phrase())

    def open_passphrase(self) -> None:
        """Set or change the passphrase."""
        self.keys.ask_new_passphrase()

    def open_shortcuts(self) -> None:
        """Show every key."""
        ShortcutSheet(self._window, self.actions).show()

    def open_about(self) -> None:
        """Show versions and licences."""
        AboutDialog(self._window).show()

    def open_health(self, name: str = "") -> None:
        """Show what the program measures of itself, ``name`` being the reading that is meant."""
        if self._health is None:
            self._health = HealthDialog(self._window, self._window.status.readings, self._desk.look)
            self._health.destroyed.connect(self._health_closed)
        self._health.choose(name)
        self._health.show()
        self._health.raise_()

    def open_crashes(self) -> None:
        """Show the crash reports that are kept."""
        CrashReports(self._window, self._desk).show_all()

    def quit(self) -> None:
        """End the program in order."""
        self._window.close()

    def close(self) -> None:
        """Close what looks at the backend."""
        if self._health is not None:
            self._health.close()
        if self.settings is not None:
            self.settings.close()

    async def _undo(self) -> None:
        done = await self._desk.undo.undo()
        if done is not None:
            self._desk.notices.say("Taken back", done.title)

    async def _redo(self) -> None:
        done = await self._desk.undo.redo()
        if done is not None:
            self._desk.notices.say("Done again", done.title)

    def _toggle(self, name: str) -> None:
        if self._window.toggle_dock(name):
            self._desk.frames.request()

    def _health_closed(self) -> None:
        self._health = None

    def _settings_closed(self) -> None:
        if self.settings is not None:
            self.settings.deleteLater()
            self.settings = None


def _short(step: Step | None) -> str:
    """A step's title as a menu can show it."""
    title = step.title.rstrip(".") if step is not None else ""
    return title if len(title) <= TITLE_LENGTH_MAX else f"{title[: TITLE_LENGTH_MAX - 1]}…"
