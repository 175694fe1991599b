"""What the menu on a chart offers, by what lies below the pointer: a study, an axis, a selected drawing, the bars."""

from functools import partial
from typing import Final

from PySide6.QtWidgets import QMenu

from backend.charts.chart_state import MAIN_PANE
from trii_desktop.actions.action_set import ActionSet
from trii_desktop.actions.look_rows import SCALES, TYPES
from trii_desktop.charts.gestures import Zone
from trii_desktop.charts.spots import Spot
from trii_desktop.market.active_chart import ActiveChart
from trii_desktop.studies.study_actions import StudyActions
from trii_desktop.studies.study_list import pane_choices

_TIMES: Final = ("look.exchange_time", "look.local_time", "look.utc", "look.other_zone")
_DRAWING: Final = ("drawing.properties", "drawing.lock", "drawing.clone", "drawing.remove")
_CHART: Final = ("chart.reset", "chart.adjusted", "chart.copy_picture", "chart.copy_table", "chart.save_picture")


class ChartMenu:
    """Fills menus with the table's actions and with what is about one study."""

    def __init__(self, actions: ActionSet, studies: StudyActions, active: ActiveChart) -> None:
        self._actions = actions
        self._studies = studies
        self._active = active

    def fill(self, menu: QMenu, spot: Spot, *, has_drawing: bool) -> None:
        """Add what can be done at ``spot``; ``has_drawing`` says that drawings are selected."""
        if spot.study_id:
            self._fill_study(menu, spot.study_id)
        elif spot.zone is Zone.PRICE_AXIS:
            self._fill_price_axis(menu, spot.pane_id)
        elif spot.zone is Zone.TIME_AXIS:
            self._add(menu, *_TIMES)
            menu.addSeparator()
            self._add(menu, "look.breaks", "chart.date", "chart.newest")
        else:
            if has_drawing:
                self._add(menu, *_DRAWING)
                menu.addSeparator()
            self._add(menu, "study.add", "compare.add", "study.list")
            self._add(_submenu(menu, "Chart type"), *TYPES)
            self._add(_submenu(menu, "Scale"), *SCALES)
            menu.addSeparator()
            self._add(menu, *_CHART)

    def _fill_study(self, menu: QMenu, ident: str) -> None:
        chart, state = self._active.current, self._active.current.state
        study = state.study(ident)
        self._studies.select(chart, ident)
        comparison = next((c for c in state.comparisons if c.id == ident), None)
        shown = study or comparison
        if shown is None:
            return
        menu.addAction("Settings…", partial(self._studies.edit, chart, ident))
        menu.addAction("Hide" if shown.is_shown else "Show", partial(self._studies.toggle, chart, ident))
        if study is not None:
            menu.addAction("Add indicator on this one…", partial(self._studies.open_search_on, ident))
            menu.addAction("Duplicate", self._studies.duplicate)
            places = _submenu(menu, "Move to")
            for words, pane in pane_choices(state, ident):
                places.addAction(words, partial(self._studies.move_to_pane, chart, ident, pane))
        menu.addSeparator()
        menu.addAction("Remove", partial(self._studies.remove, chart, ident))

    def _fill_price_axis(self, menu: QMenu, pane_id: str) -> None:
        chart = self._active.current
        pane = chart.state.pane(pane_id)
        if pane_id == MAIN_PANE:
            self._add(menu, *SCALES)
            menu.addSeparator()
        elif pane is not None:
            inverted = menu.addAction("Inverted", partial(self._studies.invert_pane, chart, pane_id))
            inverted.setCheckable(True)
            inverted.setChecked(pane.is_inverted)
        by_hand = menu.addAction("Scale to what is visible", partial(self._studies.scale_pane, chart, pane_id))
        by_hand.setEnabled(pane is not None and pane.range is not None)

    def _add(self, menu: QMenu, *ids: str) -> None:
        for action_id in ids:
            menu.addAction(self._actions.by_id[action_id])


def _submenu(menu: QMenu, title: str) -> QMenu:
    made = menu.addMenu(title)
    made.setAccessibleName(title)
    return made
