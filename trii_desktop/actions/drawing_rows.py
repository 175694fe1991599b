"""The rows of the drawings menu."""

from typing import Final

from trii_desktop.actions.row import ActionRow

ROWS: Final[tuple[ActionRow, ...]] = ()
