"""Every alert as it stands now, in memory, and the snapshot that screens read."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from backend.alerts.alert import DrawingCondition
from backend.alerts.compiling import leaves_of
from backend.alerts.firing import AlertRow, AlertsSnapshot, Firing
from backend.alerts.standing import Sight, row_of, standing_of
from backend.alerts.store import StoredAlert, not_found
from backend.alerts.words import Wording, tell_condition
from backend.domain.instruments import InstrumentId
from backend.market.feeds.live_row import LiveSnapshot

_NO_SIDES: Final = (math.nan, math.nan)
_SEES: Final = Sight()


class AlertBook:
    """Lives on the engine thread; ``snapshot`` may be read from any."""

    def __init__(self) -> None:
        self._stored: dict[str, StoredAlert] = {}
        self._wordings: dict[str, Wording] = {}  # by instrument
        self._drawings: dict[str, str] = {}  # what drawings are called, by id
        self._words: dict[str, str] = {}  # by alert
        self.sights: dict[str, Sight] = {}
        self.sides: dict[str, tuple[float, float]] = {}
        self._snapshot = AlertsSnapshot(0, MappingProxyType({}))

    @property
    def snapshot(self) -> AlertsSnapshot:
        """As last refreshed."""
        return self._snapshot

    def __contains__(self, alert_id: str) -> bool:
        return alert_id in self._stored

    def __iter__(self) -> Iterator[StoredAlert]:
        return iter(tuple(self._stored.values()))

    def get(self, alert_id: str) -> StoredAlert:
        """The alert as it is kept. Raises NotFound."""
        found = self._stored.get(alert_id)
        if found is None:
            raise not_found(alert_id)
        return found

    def put(self, stored: StoredAlert) -> None:
        """Add an alert, or take it in the place of the one with its id."""
        alert_id = stored.alert.id
        if alert_id not in self._stored or self._stored[alert_id].alert != stored.alert:
            self._words.pop(alert_id, None)
            self.sides.pop(alert_id, None)
        self._stored[alert_id] = stored

    def drop(self, alert_id: str) -> None:
        """Forget an alert."""
        for table in (self._stored, self._words, self.sights, self.sides):
            table.pop(alert_id, None)

    def note_fired(self, firings: Iterable[Firing]) -> None:
        """Count firings that were stored."""
        for firing in firings:
            stored = self._stored.get(firing.alert_id)
            if stored is not None:
                last_ns = max(stored.last_fired_ns, firing.event_ns)
                self._stored[firing.alert_id] = replace(stored, n_fired=stored.n_fired + 1, last_fired_ns=last_ns)

    def word(self, instrument: str, wording: Wording) -> None:
        """Say from now on how the prices of an instrument are written."""
        if self._wordings.get(instrument) != wording:
            self._wordings[instrument] = wording
            self._forget_words(instrument)

    def name_drawings(self, instrument: str, names: Mapping[str, str]) -> None:
        """Say what the drawings of an instrument are called."""
        if any(self._drawings.get(drawing) != name for drawing, name in names.items()):
            self._drawings.update(names)
            self._forget_words(instrument)

    def wording_of(self, stored: StoredAlert) -> Wording:
        """How sentences about an alert are written."""
        alert = stored.alert
        known = self._wordings.get(alert.instrument) or Wording(InstrumentId.parse(alert.instrument).code)
        named = {leaf.drawing for leaf in leaves_of(alert.condition) if isinstance(leaf, DrawingCondition)}
        drawings = {drawing: self._drawings[drawing] for drawing in named if drawing in self._drawings}
        return replace(known, spec=alert.spec, drawings=MappingProxyType(drawings))

    def refresh(self, live: LiveSnapshot | None, now_ns: int, only: Collection[str] | None = None) -> bool:
        """Make rows anew, all or ``only`` those of these alerts; whether one is another than before, as a new snapshot says."""
        before = self._snapshot.rows
        rows = dict(before) if only is not None else {}
        for alert_id in self._stored if only is None else only:
            if alert_id in self._stored:
                row = self._row(self._stored[alert_id], live, now_ns)
                rows[alert_id] = before[alert_id] if _same(before.get(alert_id), row) else row
        if len(rows) == len(before) and all(before.get(alert_id) is row for alert_id, row in rows.items()):
            return False
        self._snapshot = AlertsSnapshot(self._snapshot.version + 1, MappingProxyType(rows))
        return True

    def _row(self, stored: StoredAlert, live: LiveSnapshot | None, now_ns: int) -> AlertRow:
        alert_id = stored.alert.id
        if alert_id not in self._words:
            self._words[alert_id] = tell_condition(stored.alert.condition, self.wording_of(stored))
        standing = standing_of(stored, live, self.sights.get(alert_id, _SEES), now_ns)
        return row_of(stored, standing, self._words[alert_id], self.sides.get(alert_id, _NO_SIDES))

    def _forget_words(self, instrument: str) -> None:
        for stored in self._stored.values():
            if stored.alert.instrument == instrument:
                self._words.pop(stored.alert.id, None)


def _same(before: AlertRow | None, after: AlertRow) -> bool:
    """Equality in which NaN equals itself."""
    if before is None or before.alert is not after.alert:
        return before == after
    return _plain(before) == _plain(after) and all(
        old == new or (math.isnan(old) and math.isnan(new)) for old, new in zip(_numbers(before), _numbers(after), strict=True)
    )


def _plain(row: AlertRow) -> tuple[object, ...]:
    return row.standing, row.words, row.blind_words, row.is_price_level, row.n_fired, row.last_fired_ns


def _numbers(row: AlertRow) -> tuple[float, float, float]:
    return row.value, row.level, row.distance_pct
