"""Changes of the settings as steps of undo: what several turns of one control do is one step."""

from typing import Any

from backend.settings import SECTIONS, fields_of
from trii_desktop.desk import Desk
from trii_desktop.undo import Step


class SettingChanges:
    """Changes settings for whoever has a control for one."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._newest: tuple[Step, str, dict[str, Any]] | None = None  # the last step, its section, and what was before it

    async def change(self, section: str, values: dict[str, Any], title: str, *, is_own_step: bool = False) -> None:
        """Save ``values`` and let undo bring back what was before. Raises InvalidInput or Conflict; nothing changes then.

        is_own_step : never one with the step before, as for a list that grows by what a person adds
        """
        before = self._now(section, values)
        await self._write({section: values})
        if self._now(section, values) == before:
            return
        undo = self._desk.undo
        if self._newest is not None and not is_own_step:
            step, last_section, first = self._newest
            if undo.newest is step and last_section == section and set(first) == set(values):
                undo.withdraw(step)
                before = first
        self._newest = (self._push({section: before}, {section: values}, title), section, before)

    async def reset_all(self) -> None:
        """Every setting that a person can see, back to its default; one step."""
        defaults = {section: {field.name: field.default for field in fields_of(section)} for section in SECTIONS}
        wanted = {section: values for section, values in defaults.items() if values}
        before = {section: self._now(section, values) for section, values in wanted.items()}
        await self._write(wanted)
        self._newest = None
        if before != wanted:
            self._desk.did("All settings are at their defaults.", lambda: self._write(before), lambda: self._write(wanted))

    def _push(self, before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]], title: str) -> Step:
        return self._desk.undo.push(title, lambda: self._write(before), lambda: self._write(after))

    def _now(self, section: str, values: dict[str, Any]) -> dict[str, Any]:
        current = getattr(self._desk.backend.settings.current, section)
        return {name: getattr(current, name) for name in values}

    async def _write(self, wanted: dict[str, dict[str, Any]]) -> None:
        for section, values in wanted.items():
            await self._desk.bridge.call(self._desk.backend.settings.change(section, **values))
