"""docs/cli.md is what the program says about itself."""

from pathlib import Path

from backend.assistant.answers import Mode
from backend.commands.options import MODES
from backend.commands.table import render_reference

REFERENCE = Path(__file__).parents[4] / "docs" / "cli.md"


def test_the_written_reference_is_what_the_program_says() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == render_reference(), (
        'Write it again: python -c "from backend.commands.table import render_reference as r; '
        "open('docs/cli.md', 'w', encoding='utf-8').write(r())\""
    )


def test_the_command_line_knows_the_modes_of_the_assistant() -> None:
    assert tuple(Mode) == MODES
