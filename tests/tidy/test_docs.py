"""Pages say what is true: every path, test, command, version and word in them is looked up."""

import re
import tomllib
from functools import cache

import pytest

import dev
from backend import __version__
from backend.commands.table import build_parser
from tests.tidy.source_tree import ROOT, files, product, sources, text_files

PATH = re.compile(r"(?:backend|trii_desktop|sync_server|tests|docs|resources|packaging|plugins|requirements)/[\w./-]*\w/?")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#]+)(?:#[^)]*)?\)")
DOMAIN_WORDS_ELSEWHERE = {
    # Said in the glossary by the thing they are a part of.
    "BarUnit": "BarSpec",
    "BarArrays": "Bar",
    "TradeArrays": "Trade",
    "Aggressor": "Trade",
    "InstrumentKind": "Instrument",
    "SessionTable": "Session",
}


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def tracked() -> frozenset[str]:
    return frozenset(path.relative_to(ROOT).as_posix() for path in files())


def exists(name: str) -> bool:
    name = name.rstrip("/")
    inside = any(known == name or known.startswith(f"{name}/") for known in tracked())
    return inside or f"{name}.py" in tracked() or (ROOT / name).exists()


PAGES = [name for name, _ in text_files(".md")]


@pytest.mark.parametrize("name", PAGES)
def test_every_path_and_link_in_a_page_leads_somewhere(name):
    text = page(name)
    folder = (ROOT / name).parent
    # A path with a placeholder such as docs/decisions/NNNN-word.md names a shape, not a file.
    paths = [path.rstrip(".") for path in PATH.findall(text) if "NNNN" not in path]

    missing = [path for path in paths if not exists(path)]
    broken = [link for link in LINK.findall(text) if not (folder / link).exists()]
    assert not missing, f"{name} names {missing}"
    assert not broken, f"{name} links to {broken}"


def test_every_test_named_in_a_page_exists():
    known = {function.name for source in sources() if source.path.startswith("tests/") for function in source.functions()}

    named = {(name, test) for name, text in text_files(".md") for test in re.findall(r"`(test_\w+)`", text)}
    assert not {(name, test) for name, test in named if test not in known}


def test_every_file_named_in_the_architecture_exists():
    known = {path.rpartition("/")[2] for path in tracked()}
    named = set(re.findall(r"\b(\w+\.py)\b", page("docs/ARCHITECTURE.md")))

    assert not {name for name in named if name not in known}
    assert not {
        path
        for path in re.findall(r"`(\w+/[\w/]+\.py)`", page("docs/ARCHITECTURE.md"))
        if not any(known_path.endswith(path) for known_path in tracked())
    }


def test_every_package_folder_stands_in_the_architecture():
    text = page("docs/ARCHITECTURE.md")
    packages = {source.path.split("/")[1] for source in product() if source.path.count("/") >= 2}

    assert not {package for package in packages if f"{package}/" not in text}


def test_the_versions_of_changelog_package_and_project_are_one():
    project = tomllib.loads(page("pyproject.toml"))["project"]["version"]
    newest = re.search(r"^## (\d+\.\d+\.\d+)", page("CHANGELOG.md"), re.MULTILINE)

    assert newest is not None
    assert {newest[1], project} == {__version__}


def test_changelog_versions_descend():
    versions = [tuple(map(int, found)) for found in re.findall(r"^## (\d+)\.(\d+)\.(\d+)", page("CHANGELOG.md"), re.MULTILINE)]

    assert versions == sorted(set(versions), reverse=True)


def test_every_public_word_of_the_domain_is_in_the_glossary():
    glossary = re.sub(r"[\s_]", "", page("docs/GLOSSARY.md")).lower()
    words = [found.name for source in product() if source.path.startswith("backend/domain/") for found in source.classes()]
    public = [word for word in words if not word.startswith("_")]

    assert not [word for word in public if DOMAIN_WORDS_ELSEWHERE.get(word, word).lower() not in glossary]


def test_decisions_have_numbers_of_their_own_and_a_title_with_the_number():
    names = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [re.match(r"(\d{4})-[a-z0-9-]+\.md$", name) for name in names]

    assert all(numbers), names
    assert len({number[1] for number in numbers}) == len(names)
    untitled = [name for name in names if not page(f"docs/decisions/{name}").lstrip().startswith("# ")]
    assert not untitled


def test_every_dev_task_in_a_page_is_one():
    named = {(name, task) for name, text in text_files(".md") for task in re.findall(r"\bdev\.py ([a-z]+)\b", text)}

    assert not {(name, task) for name, task in named if task not in dev.TASKS}


def test_every_dev_task_stands_in_contributing():
    assert not [task for task in dev.TASKS if f"dev.py {task}" not in page("CONTRIBUTING.md")]


def test_every_trii_command_in_the_readme_is_one():
    help_text = build_parser().format_help()
    named = set(re.findall(r"(?:^\s*|`)(?:\.venv/bin/)?trii ([a-z]+)", page("README.md"), re.MULTILINE))

    assert named
    assert not {command for command in named if not re.search(rf"^\s+{command}\b", help_text, re.MULTILINE)}
