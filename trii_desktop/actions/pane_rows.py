"""The rows of the indicators menu that are about the panes of a chart."""

from typing import Final

from trii_desktop.actions.row import INDICATORS, ActionRow, Scope

_PANES: Final = "&Panes"
_SEVERAL: Final = "panes.are_several"


def _row(name: str, title: str, call: str, shortcut: str, words: str = "", *, starts_group: bool = False) -> ActionRow:
    return ActionRow(
        f"pane.{name}",
        title,
        INDICATORS,
        f"panes.{call}",
        (shortcut,),
        _SEVERAL,
        starts_group=starts_group,
        submenu=_PANES,
        words=words,
        scope=Scope.CHART,
    )


ROWS: Final = (
    _row("next", "&Next pane", "choose_next", "Alt+PgDown", "focus below", starts_group=True),
    _row("previous", "&Previous pane", "choose_previous", "Alt+PgUp", "focus above"),
    _row("up", "Move pane &up", "move_up", "Alt+Shift+PgUp", starts_group=True),
    _row("down", "Move pane &down", "move_down", "Alt+Shift+PgDown"),
    _row("fold", "&Collapse or open pane", "fold", "Alt+Shift+F", "fold"),
    _row("maximise", "&Maximise pane, or show all", "maximise", "Alt+Shift+M", "full"),
    _row("close", "Remo&ve pane with its indicators", "close", "Alt+Shift+W", "close delete"),
)
