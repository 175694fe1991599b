"""The rows of the indicators menu."""

from typing import Final

from trii_desktop.actions.row import ActionRow

ROWS: Final[tuple[ActionRow, ...]] = ()
