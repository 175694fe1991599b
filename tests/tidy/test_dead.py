"""Nothing lies about unused: modules, fixtures, resources and marks all have someone who needs them."""

import ast
import re
import tomllib

import grimp
import pytest

from tests.tidy.source_tree import ROOT, product, sources, text_files

ENTRY_POINTS = {"trii_desktop.__main__"}


def loaded_by_name() -> set[str]:
    """Modules that the product loads by a dotted name in a string, as the command table does."""
    texts = {
        node.value
        for source in product()
        for node in source.nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in texts if re.fullmatch(r"[\w.]+", text)}


def test_every_module_is_imported_by_the_product():
    graph = grimp.build_graph("backend", "trii_desktop", "sync_server", cache_dir=None)
    by_name = loaded_by_name()
    packages = {source.module for source in product() if source.path.endswith("__init__.py")}

    dead = {
        module
        for module in graph.modules
        if not graph.find_modules_that_directly_import(module)
        and module not in packages | ENTRY_POINTS
        and not {module, module.rpartition(".")[2], f"{module.rpartition('.')[2]}.py"} & by_name
    }
    assert not dead, f"Nobody imports {sorted(dead)}: use them or delete them."


def test_every_fixture_is_asked_for():
    asked: set[str] = set()
    fixtures: dict[str, str] = {}
    for source in sources():
        if not source.path.startswith("tests/"):
            continue
        asked |= set(re.findall(r"usefixtures\((.*?)\)", source.text))
        for function in source.functions():
            arguments = {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}
            asked |= arguments
            decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
            if any(text.startswith("pytest.fixture") and "autouse" not in text for text in decorators):
                fixtures[function.name] = source.path
    named = {name for line in asked for name in re.findall(r"\w+", line)}

    assert not {name: path for name, path in fixtures.items() if name not in named}


def test_every_mark_is_used():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    marks = {re.split(r"[:(]", line)[0] for line in settings["markers"]}
    text = "\n".join(source.text for source in sources() if source.path.startswith("tests/"))

    assert not {mark for mark in marks if f"pytest.mark.{mark}" not in text}


@pytest.mark.parametrize("folder", ["icons", "samples", "fonts", "styles"])
def test_every_resource_is_named_somewhere(folder):
    said = "\n".join(text for _, text in text_files(".py", ".qss", ".toml", ".md", ".desktop"))
    names = [path for path in sorted((ROOT / "resources" / folder).glob("*")) if path.suffix != ".txt"]

    unused = [path.name for path in names if path.name not in said and not stem_is_said(path.stem, said)]
    assert names
    assert not unused


def stem_is_said(stem: str, said: str) -> bool:
    """Icons are asked for by their stem, some with the palette put in: ``check-light`` as ``check``."""
    plain = re.sub(r"-(light|dark|high_contrast)$", "", stem)
    return any(f"{quote}{name}" in said for quote in "\"'`/:" for name in (stem, plain))
