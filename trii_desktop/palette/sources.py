"""Where the palette's entries come from: the action table, the settings, and the instruments of the catalog."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from backend.settings import SECTIONS, fields_of, section_title
from backend.settings_fields import SettingsField
from trii_desktop.actions.action_set import ActionSet
from trii_desktop.actions.row import ActionRow
from trii_desktop.desk import Desk
from trii_desktop.engine_side import Found
from trii_desktop.palette.entry import Kind, PaletteEntry
from trii_desktop.widgets.numbers import format_count

_INSTRUMENT = "instrument:"


class ActionSource:
    """Every row of the action table, those of plugins too, but for the palette's own."""

    def __init__(self, actions: ActionSet, without: str) -> None:
        self._actions = actions
        self._without = without

    def entries(self) -> Iterable[PaletteEntry]:
        """One entry a row, in the table's order."""
        return [self._entry(row) for row in self._actions.rows if row.id != self._without]

    def _entry(self, row: ActionRow) -> PaletteEntry:
        action = self._actions.by_id[row.id]
        menu = row.menu.replace("&", "")
        inside = row.submenu.replace("&", "")
        title = self._actions.title(row.id).rstrip("…")
        return PaletteEntry(
            f"action:{row.id}",
            Kind.ACTION,
            f"{inside}: {title}" if inside else title,
            action.trigger,
            detail=menu,
            keys=self._actions.keys(row.id),
            words=f"{row.tip} {row.short} {row.words}",
            icon=row.icon,
            is_possible=action.isEnabled(),
            is_ticked=action.isChecked(),
        )


class SettingSource:
    """Every field of the settings dialog with its value in force; ``open_setting`` shows the field."""

    def __init__(self, desk: Desk, open_setting: Callable[[str, str], None]) -> None:
        self._desk = desk
        self._open = open_setting

    def entries(self) -> Iterator[PaletteEntry]:
        """One entry a field, in the dialog's order."""
        current = self._desk.backend.settings.current
        for section in SECTIONS:
            for field in fields_of(section):
                value = value_words(field, getattr(getattr(current, section), field.name))
                yield PaletteEntry(
                    f"setting:{section}.{field.name}",
                    Kind.SETTING,
                    field.title,
                    partial(self._open, section, field.name),
                    detail=f"{section_title(section)}: {value}",
                    words=f"{section} settings {field.description}",
                    icon="settings",
                )


class InstrumentSource:
    """Instruments as the search finds them; ``show`` puts one on the chart."""

    kind = Kind.INSTRUMENT

    def __init__(self, desk: Desk, show: Callable[[InstrumentId], None]) -> None:
        self._desk = desk
        self._show = show

    async def find(self, text: str) -> tuple[PaletteEntry, ...]:
        """The instruments that match, best first."""
        return tuple(self._entry(found) for found in await self._desk.bridge.call(self._desk.engine.find(text)))

    def recall(self, key: str) -> PaletteEntry | None:
        """The instrument of a remembered key, by its id alone."""
        if not key.startswith(_INSTRUMENT):
            return None
        try:
            known = InstrumentId.parse(key.removeprefix(_INSTRUMENT))
        except InvalidInput:
            return None
        return PaletteEntry(
            key, Kind.INSTRUMENT, known.code, lambda: self._show(known), detail=known.venue, code=str(known), icon="chart"
        )

    def _entry(self, found: Found) -> PaletteEntry:
        made = found.instrument
        bars = f"{format_count(found.n_bars)} bars" if found.n_bars else "no bars"
        return PaletteEntry(
            f"{_INSTRUMENT}{made.id}",
            Kind.INSTRUMENT,
            made.id.code,
            lambda: self._show(made.id),
            detail=f"{made.name}  ·  {made.id.venue}, {bars}",
            words=str(made.kind),
            name=made.name,
            code=str(made.id),
            icon="chart",
        )


def value_words(field: SettingsField, value: Any) -> str:
    """A value of the settings in a few words."""
    if field.kind == "flag":
        return "on" if value else "off"
    if field.kind == "choice":
        return next((choice.label for choice in field.choices if choice.value == value), str(value))
    if field.kind == "folders":
        return f"{len(value)} folders" if len(value) != 1 else str(value[0])
    return f"{value} {field.unit}".strip() or "empty"
