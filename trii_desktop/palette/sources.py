"""Where the palette's entries come from: the action table, the settings, indicators, and the instruments of the catalog."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final

from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from backend.indicators.registry import find_indicators
from backend.indicators.spec import IndicatorSpec
from backend.settings import SECTIONS, fields_of, section_title
from backend.settings_fields import SettingsField
from trii_desktop.actions.action_set import ActionSet
from trii_desktop.actions.row import ActionRow, without_marks
from trii_desktop.desk import Desk
from trii_desktop.engine_side import Found
from trii_desktop.palette.entry import Kind, PaletteEntry
from trii_desktop.widgets.numbers import format_count

SAVED_WORKSPACE: Final = "workspace.show."  # how the ids of rows begin that switch to a saved workspace
_INSTRUMENT: Final = "instrument:"


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
        menu, inside = without_marks(row.menu), without_marks(row.submenu)
        title = self._actions.title(row.id).rstrip("…")
        is_workspace = row.id.startswith(SAVED_WORKSPACE)
        return PaletteEntry(
            f"action:{row.id}",
            Kind.WORKSPACE if is_workspace else Kind.ACTION,
            f"{inside}: {title}" if inside and not is_workspace else title,
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


class IndicatorSource:
    """Every indicator that a person can add; ``add`` puts one on the chart, where ``has_chart`` says that there is one."""

    def __init__(self, add: Callable[[IndicatorSpec], None], has_chart: Callable[[], bool]) -> None:
        self._add = add
        self._has_chart = has_chart

    def entries(self) -> Iterator[PaletteEntry]:
        """One entry an indicator, by family."""
        for spec in find_indicators(""):
            yield PaletteEntry(
                f"indicator:{spec.name}",
                Kind.INDICATOR,
                spec.title,
                partial(self._add, spec),
                detail=spec.description,
                words=f"{spec.family} {' '.join(spec.aliases)}",
                name=spec.name,
                code=spec.short,
                icon="indicator",
                is_possible=self._has_chart(),
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
