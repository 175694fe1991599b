"""Names say one thing each, in the glossary's words."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.tidy.source_tree import Source, sources

EMPTY_MODULES = {"utils", "util", "helpers", "helper", "misc", "common", "base", "core", "manager", "service", "tools", "stuff"}
EMPTY_SUFFIXES = re.compile(r"(Manager|Helpers?|Utils?|Services?|Impl|Base|Data|Info)$")
# The error family of docs/ARCHITECTURE.md names what the caller can do, and here it is data that is corrupt.
ALLOWED_CLASSES = {"CorruptData"}

# Start of a function's name → the verb that means this here, and nothing else.
VERBS = {
    "calc_": "compute_",
    "calculate_": "compute_",
    "validate_": "check_",
    "download_": "fetch_",
    "retrieve_": "fetch_ (network) or load_ (disk)",
    "perform_": "the verb for what is done",
    "do_": "the verb for what is done",
    "manage_": "the verb for what is done",
    "get_": "the noun alone, or load_, fetch_, compute_, find_",
}
# Words of other people's files and protocols; ours are in docs/GLOSSARY.md.
FOREIGN_WORDS = {"ticker": "instrument", "symbol": "instrument or code", "kline": "bar", "ohlcv": "bars", "pnl_pct": "return"}
SPEAKS_FOREIGN = ("backend/market/importers/", "tests/")
# A time without its unit is a bug in waiting.
BARE_TIMES = {"timeout", "delay", "duration", "elapsed", "latency"}
WORTHLESS_TEST_WORDS = re.compile(r"_(works|correctly|properly|as_expected)(_|$)")


def broken_names(source: Source) -> Iterator[str]:
    """Each name in a file that breaks a rule, with what to write instead."""
    stem = source.path.rpartition("/")[2].removesuffix(".py")
    if set(source.path.removesuffix(".py").split("/")) & EMPTY_MODULES:
        yield f"{source.path}: a folder or module named {stem} says nothing; name its one subject"
    for found in source.classes():
        if EMPTY_SUFFIXES.search(found.name) and found.name not in ALLOWED_CLASSES:
            yield f"{source.path}:{found.lineno} class {found.name}: drop the empty suffix, name the thing"
    for function in source.functions():
        yield from broken_function_names(source, function)


def broken_function_names(source: Source, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    where = f"{source.path}:{function.lineno} {function.name}"
    bare = function.name.lstrip("_")
    for prefix, instead in VERBS.items():
        if bare.startswith(prefix) and source.is_product:
            yield f"{where}: write {instead} instead of {prefix}"
    for word, instead in FOREIGN_WORDS.items():
        if word in bare.lower().split("_") and not source.path.startswith(SPEAKS_FOREIGN):
            yield f"{where}: our word for {word} is {instead}"
    arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    for argument in arguments:
        if argument.arg in BARE_TIMES:
            yield f"{where}({argument.arg}): put the unit last, {argument.arg}_s or {argument.arg}_ns"
    if function.name.startswith("test_") and WORTHLESS_TEST_WORDS.search(function.name):
        yield f"{where}: name the behaviour the test protects"


def test_every_name_follows_the_style():
    broken = [line for source in sources() for line in broken_names(source)]

    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("backend/utils.py", ""),
        ("backend/common/bars.py", ""),
        ("backend/sample.py", "class ChartManager: ..."),
        ("backend/sample.py", "class BarData: ..."),
        ("backend/sample.py", "def calculate_mean(): ..."),
        ("backend/sample.py", "def _get_bars(): ..."),
        ("backend/sample.py", "def find_symbol(): ..."),
        ("backend/sample.py", "def wait(timeout): ..."),
        ("tests/unit/test_sample.py", "def test_import_works(): ..."),
        ("tests/unit/test_sample.py", "def test_import_handles_files_correctly(): ..."),
    ],
)
def test_a_broken_name_is_found(path, line):
    assert list(broken_names(Source(path, line)))


@pytest.mark.parametrize(
    "line",
    [
        "class BarStore: ...",
        "class Database: ...",
        "def compute_mean(): ...",
        "def get(): ...",
        "def wait(timeout_s): ...",
        "def getter(): ...",
    ],
)
def test_a_name_in_style_is_left_alone(line):
    assert not list(broken_names(Source("backend/sample.py", line)))
