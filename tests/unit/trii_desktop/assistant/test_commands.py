"""Commands after a slash: what is one, what may become one, and what stays a question."""

import pytest

from backend.assistant.answers import Automatic, Mode
from trii_desktop.assistant.commands import COMMANDS, completions, parse_typed


@pytest.mark.parametrize(
    ("typed", "name", "rest"),
    [
        ("/new", "new", ""),
        ("/analyse what about risk", "analyse", "what about risk"),
        ("/analyze", "analyse", ""),
        ("/DEEP why", "deep", "why"),
        ("/model", "model", ""),
        ("/?", "help", ""),
        ("/export  json ", "export", "json"),
    ],
)
def test_a_command_is_read_with_what_follows(typed, name, rest):
    found = parse_typed(typed)
    assert (found.command.name, found.rest) == (name, rest)


@pytest.mark.parametrize("typed", ["", "new", "/", "/etc/passwd", "/newer", "/ new", " /new", "1/2"])
def test_everything_else_is_a_question(typed):
    assert parse_typed(typed) is None


def test_completions_are_those_that_begin_so():
    assert [command.name for command in completions("/")] == [command.name for command in COMMANDS]
    assert [command.name for command in completions("/e")] == ["export"]
    assert [command.name for command in completions("/A")] == ["analyse", "auto"]
    assert completions("/deep ") == completions("deep") == completions("/x") == ()


def test_every_mode_has_a_command_and_so_has_the_choice_of_none():
    assert {command.mode for command in COMMANDS if command.mode} == {*Mode, Automatic.AUTO}
