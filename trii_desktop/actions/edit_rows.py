"""The rows of the edit menu."""

from typing import Final

from trii_desktop.actions.row import EDIT, ActionRow, Scope

ROWS: Final = (
    ActionRow("edit.undo", "&Undo", EDIT, "view.undo", ("Ctrl+Z",), "view.can_undo", says="view.undo_words"),
    ActionRow("edit.redo", "&Redo", EDIT, "view.redo", ("Ctrl+Y", "Ctrl+Shift+Z"), "view.can_redo", says="view.redo_words"),
    ActionRow(
        "edit.delete",
        "&Delete what is selected",
        EDIT,
        "delete_selected",
        ("Del",),
        "can_delete",
        starts_group=True,
        words="remove drawing indicator",
        scope=Scope.CHART,
    ),
)
