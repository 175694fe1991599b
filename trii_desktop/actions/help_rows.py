"""The rows of the help menu."""

from typing import Final

from trii_desktop.actions.row import HELP, ActionRow

ROWS: Final = (
    ActionRow("help.shortcuts", "&Keyboard shortcuts", HELP, "view.open_shortcuts", ("?", "F1")),
    ActionRow(
        "help.tour", "Take the &tour", HELP, "guide.take", (), "", icon="flag", words="introduction welcome first steps help"
    ),
    ActionRow("help.recovery", "&Recovery phrase…", HELP, "view.open_recovery", (), "", icon="key", starts_group=True),
    ActionRow("help.passphrase", "Set &passphrase…", HELP, "view.open_passphrase", ()),
    ActionRow(
        "help.health", "&Health of the program…", HELP, "view.open_health", (), icon="pulse", words="memory speed lag status"
    ),
    ActionRow("help.crashes", "&Crash reports…", HELP, "view.open_crashes", ()),
    ActionRow("help.about", "&About TRII Desktop", HELP, "view.open_about", starts_group=True),
)
