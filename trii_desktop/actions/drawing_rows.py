"""The rows of the drawings menu."""

from typing import Final

from trii_desktop.actions.row import DRAWINGS, ActionRow, Scope

_CHART: Final = "chart.is_shown"
_SELECTED: Final = "drawings.has_selected"


def _tool(name: str, title: str, icon: str, key: str = "", *, starts_group: bool = False) -> ActionRow:
    """A tool: taken by its action, put down by taking it again."""
    keys = (key,) if key else ()
    flags = (_CHART, f"drawings.is_{name}")
    return ActionRow(f"drawing.{name}", title, DRAWINGS, f"drawings.{name}", keys, *flags, icon, starts_group=starts_group)


ROWS: Final[tuple[ActionRow, ...]] = (
    ActionRow(
        "drawing.select", "&Point and select", DRAWINGS, "drawings.point", (), _CHART, "drawings.is_selecting", "draw-cursor"
    ),
    _tool("trend_line", "&Trend line", "draw-line", "Alt+T", starts_group=True),
    _tool("ray", "&Ray", "draw-ray"),
    _tool("horizontal", "&Horizontal line", "draw-horizontal", "Alt+H"),
    _tool("vertical", "&Vertical line", "draw-vertical", "Alt+V"),
    _tool("channel", "Parallel &channel", "draw-channel"),
    _tool("rectangle", "Rectan&gle", "draw-rectangle", starts_group=True),
    _tool("fibonacci", "&Fibonacci retracement", "draw-fibonacci", "Alt+F"),
    _tool("text", "Te&xt", "draw-text"),
    _tool("measure", "&Measure", "draw-measure", "Alt+M", starts_group=True),
    _tool("long", "&Long position", "draw-long"),
    _tool("short", "&Short position", "draw-short"),
    ActionRow(
        "drawing.magnet",
        "Ma&gnet",
        DRAWINGS,
        "drawings.turn_magnet",
        (),
        _CHART,
        "drawings.is_magnetic",
        "magnet",
        tip="Draw prices to the bar below the pointer: off, weak, strong",
        starts_group=True,
        says="drawings.magnet_words",
    ),
    ActionRow("drawing.keep_tool", "&Keep the tool", DRAWINGS, "drawings.keep_tool", (), _CHART, "drawings.is_kept", "pin"),
    ActionRow("drawing.hide", "Hi&de all", DRAWINGS, "drawings.hide", ("Ctrl+Alt+H",), _CHART, "drawings.is_hidden", "eye"),
    ActionRow(
        "drawing.properties", "&Look of the selected…", DRAWINGS, "drawings.open_properties", (), _SELECTED, starts_group=True
    ),
    ActionRow("drawing.lock", "Loc&k or unlock", DRAWINGS, "drawings.lock", (), _SELECTED, icon="lock"),
    ActionRow("drawing.clone", "Clo&ne", DRAWINGS, "drawings.clone", (), _SELECTED),
    ActionRow("drawing.copy", "Cop&y", DRAWINGS, "drawings.copy", ("Ctrl+C",), _SELECTED, scope=Scope.CHART),
    ActionRow("drawing.paste", "&Paste", DRAWINGS, "drawings.paste", ("Ctrl+V",), _CHART, scope=Scope.CHART),
    ActionRow("drawing.remove", "Remo&ve", DRAWINGS, "drawings.remove", (), _SELECTED, icon="trash"),
    ActionRow("drawing.list", "List of dra&wings…", DRAWINGS, "drawings.open_list", (), _CHART, starts_group=True),
    ActionRow("drawing.select_all", "Select &all drawings", DRAWINGS, "drawings.select_all", (), "drawings.has_drawings"),
    ActionRow("drawing.remove_all", "Remove all drawin&gs", DRAWINGS, "drawings.remove_all", (), "drawings.has_drawings"),
)
