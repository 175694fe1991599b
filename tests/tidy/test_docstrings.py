"""Modules and tests begin by saying what they are for."""

import ast
import re

import pytest

from tests.tidy.source_tree import Source, product, sources


def silent(source: Source) -> list[str]:
    """What a file should say and does not."""
    said = ast.get_docstring(source.tree)
    if not said:
        return [f"{source.path}: begin with one line that says what this file is for"]
    first = said.partition("\n")[0]
    found = []
    if not first.endswith((".", ":")) or len(first) > 130:
        found.append(f"{source.path}: the first line is one sentence of at most 130 letters, not {first!r}")
    if re.match(r"(This (module|file|package)|Module|Contains|Provides|Implements)\b", first):
        found.append(f"{source.path}: say the subject itself, not that this is a module: {first!r}")
    return found


def test_every_file_says_what_it_is_for():
    assert not [line for source in sources() for line in silent(source)]


def test_public_classes_functions_and_methods_say_what_types_cannot():
    quiet = []
    for source in product():
        for node in source.nodes:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_") and is_public(source, node):
                said = ast.get_docstring(node)
                echo = said and re.sub(r"\W", "", said).lower() == re.sub(r"\W", "", node.name).lower()
                if not said or echo:
                    quiet.append(f"{source.path}:{node.lineno} {node.name}")

    assert not quiet


def is_public(source: Source, node: ast.ClassDef | ast.FunctionDef) -> bool:
    """At module level; overridden Qt methods (camelCase) and nested functions are not ours to explain."""
    return node in source.tree.body and not re.search(r"[a-z][A-Z]", node.name if isinstance(node, ast.FunctionDef) else "")


@pytest.mark.parametrize("text", ["x = 1", '"""This module parses."""', '"""Parses bars"""', f'"""{"long " * 30}."""'])
def test_a_silent_file_is_found(text):
    assert silent(Source("backend/sample.py", text))


def test_a_plain_sentence_is_enough():
    assert not silent(Source("backend/sample.py", '"""Bars, and what they are made of."""'))
