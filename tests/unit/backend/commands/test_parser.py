"""How command lines are read, and what is said of those that cannot be."""

import pytest

from backend.commands.parser import UsageError
from backend.commands.table import BY_NAME, COMMANDS, build_parser


def read(*argv: str):
    return build_parser().read(argv)


def refusal(*argv: str) -> str:
    with pytest.raises(UsageError) as refused:
        read(*argv)
    return str(refused.value)


def test_global_options_may_stand_before_and_after_the_command(tmp_path) -> None:
    before = read("--json", "--home", str(tmp_path), "bars", "AAPL")
    after = read("bars", "AAPL", "--json", "--home", str(tmp_path))
    assert (before.json, before.home, before.instrument) == (after.json, after.home, after.instrument) == (True, tmp_path, "AAPL")
    plain = read("bars", "AAPL")
    assert (plain.json, plain.home) == (False, None)


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("imprt", "x.csv"), "There is no command 'imprt'. Did you mean import?"),
        (("qqq",), "There is no command 'qqq'. See 'trii --help'."),
        (("bars", "AAPL", "--intervall", "1h"), "There is no option --intervall. Did you mean --interval?"),
        (("--headles",), "There is no option --headles. Did you mean --headless?"),
        (("bars",), "The following arguments are required: INSTRUMENT. See 'trii bars --help'."),
        (("bars", "AAPL", "MSFT"), "There is one argument too many: 'MSFT'. See 'trii bars --help'."),
        (("bars", "AAPL", "--last"), "--last: expected one argument. See 'trii bars --help'."),
        (("bars", "AAPL", "--last", "0"), "--last: '0' is not a whole number from 1 on. See 'trii bars --help'."),
        (("screenshot", "--out", "x.png", "--theme", "drak"), "--theme cannot be 'drak'. Did you mean dark?"),
        (
            ("screenshot", "--out", "x.png", "--size", "big"),
            "--size: 'big' is not a size like 1600x900. See 'trii screenshot --help'.",
        ),
        (("import", "x", "--column", "close"), "--column: 'close' is not ROLE=NAME, as in close=Kurs. See 'trii import --help'."),
        (("bar", "st", "AAPL", "2024"), "There is no command 'st'. Did you mean set?"),
        (("bar",), "The following arguments are required: ACTION. See 'trii bar --help'."),
        (("bar", "set", "AAPL", "2024-01-05", "--close", "nan"), "--close: 'nan' is not a number. See 'trii bar set --help'."),
        (("bars", "AAPL", "--int", "1h"), "There is no option --int. Did you mean --interval?"),
    ],
)
def test_a_wrong_command_line_is_refused_with_what_was_probably_meant(argv: tuple[str, ...], says: str) -> None:
    assert refusal(*argv) == says


def test_negative_prices_are_values_and_not_options() -> None:
    assert read("bar", "set", "WTI", "2020-04-20", "--close", "-36.98").close == -36.98


def test_columns_are_named_one_by_one_and_an_empty_name_means_not_in_the_file() -> None:
    chosen = read("import", "a.csv", "b.csv", "--column", "Close=Kurs=2", "--column", "volume=")
    assert chosen.column == [("close", "Kurs=2"), ("volume", "")]
    assert [str(path) for path in chosen.paths] == ["a.csv", "b.csv"]


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_every_example_in_the_help_is_a_command_line_that_can_be_read(name: str) -> None:
    import shlex

    for example in BY_NAME[name].examples:
        words = shlex.split(example.partition(" < ")[0])
        assert words[0] == "trii"
        assert read(*words[1:]).command == name


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_every_option_of_every_command_says_what_it_does(name: str) -> None:
    parser = build_parser().commands()[name]
    for each in (parser, *parser.commands().values()):
        silent = [action.dest for action in each._actions if not action.help and action.dest != "action"]
        assert not silent, f"{each.prog} does not explain {silent}"
