"""What the menu on a chart offers about alerts, by what lies below the pointer: an alert, a drawing, an indicator, a price."""

from functools import partial
from typing import Final

from PySide6.QtWidgets import QMenu

from backend.charts.chart_state import MAIN_PANE
from trii_desktop.actions.action_set import ActionSet
from trii_desktop.alerts.alert_actions import AlertActions
from trii_desktop.alerts.condition_fields import lines_of
from trii_desktop.alerts.making import drawing_alert, price_alert
from trii_desktop.charts.gestures import Zone
from trii_desktop.charts.spots import Spot
from trii_desktop.charts.study_looks import look_of
from trii_desktop.drawings.kinds import TITLES
from trii_desktop.widgets.numbers import format_price

_SELECTED: Final = ("alert.edit", "alert.toggle", "alert.remove")


class AlertMenu:
    """Fills menus with the table's actions about alerts and with what a place offers."""

    def __init__(self, actions: ActionSet, alerts: AlertActions) -> None:
        self._actions = actions
        self._alerts = alerts

    def fill(self, menu: QMenu, spot: Spot) -> None:
        """Add what can be done at ``spot``, and a separator below it."""
        n_before = len(menu.actions())
        if spot.study_id:
            self._on_study(menu, spot.study_id)
        elif spot.zone is not Zone.TIME_AXIS and spot.pane_id == MAIN_PANE:
            if spot.zone is Zone.PLOT:
                self._on_alert(menu, spot)
                self._on_drawing(menu, spot)
            self._at_price(menu, spot)
        if len(menu.actions()) > n_before:
            menu.addSeparator()

    def _on_alert(self, menu: QMenu, spot: Spot) -> None:
        row = self._alerts.current.layer.find(spot.x, spot.y)
        if row is not None:
            self._alerts.current.select(row.alert.id)
            self._actions.refresh()
            for name in _SELECTED:
                menu.addAction(self._actions.by_id[name])
            menu.addSeparator()

    def _on_drawing(self, menu: QMenu, spot: Spot) -> None:
        found = self._alerts.drawings.layer.find(spot.x, spot.y)
        shown = self._alerts.chart.shown
        if found is None or shown is None:
            return
        drawing, lines = found[0], lines_of(found[0])
        make = partial(drawing_alert, str(shown.instrument.id), drawing.id, now_ns=self._alerts.now_ns)
        title = f"Add alert on this {TITLES[drawing.kind].lower()}"
        if len(lines) == 1:
            menu.addAction(title, partial(self._alerts.add, make(lines[0][1])))
        elif lines:
            inside = menu.addMenu(title)
            inside.setAccessibleName(title)
            for words, line in lines:
                inside.addAction(f"{words[:1].upper()}{words[1:]}", partial(self._alerts.add, make(line)))

    def _on_study(self, menu: QMenu, study_id: str) -> None:
        study = self._alerts.chart.state.study(study_id)
        if study is not None and not study.source.study:
            menu.addAction(f"Add alert on {look_of(study).title}…", partial(self._alerts.edit_study, study))

    def _at_price(self, menu: QMenu, spot: Spot) -> None:
        shown = self._alerts.chart.shown
        if spot.price is None or shown is None:
            return
        raw = self._alerts.current.traded(shown.instrument, spot.price)
        alert = price_alert(str(shown.instrument.id), raw, last=self._alerts.last, now_ns=self._alerts.now_ns)
        words = format_price(raw, self._alerts.chart.view.decimals)
        menu.addAction(f"Add alert at {words}", partial(self._alerts.add, alert))
        menu.addAction("Add alert at this price…", partial(self._alerts.edit, alert))
