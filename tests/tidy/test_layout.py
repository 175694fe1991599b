"""The top of the tree holds what it should, tests mirror packages, and data stays small."""

import tomllib

from tests.tidy.source_tree import ROOT, files, product, sources

REQUIRED = {
    "trii_desktop", "backend", "plugins", "resources", "sync_server", "tests", "packaging", "docs", "requirements",
    ".ci", "pyproject.toml", "dev.py", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", ".gitignore",
}  # fmt: skip
TEST_FOLDERS = {
    "tidy",
    "unit",
    "naive",
    "property",
    "integration",
    "ui",
    "simulator",
    "end2end",
    "benchmarks",
    "fakes",
    "conftest.py",
    "long_runs.py",
    "data",
}
LARGEST_BYTES = 2_000_000


def first_parts(folder: str = "") -> set[str]:
    start = ROOT / folder
    return {path.relative_to(start).parts[0] for path in files() if path.is_relative_to(start)}


def test_the_top_holds_what_it_should_and_nothing_else():
    assert first_parts() == REQUIRED


def test_tests_lie_in_their_folders():
    assert first_parts("tests") <= TEST_FOLDERS


def test_every_package_has_its_docstring_file():
    folders = {(ROOT / source.path).parent for source in product() if not source.path.startswith("plugins/")}

    assert not [folder.relative_to(ROOT).as_posix() for folder in folders if not (folder / "__init__.py").exists()]


def test_test_folders_are_not_packages():
    assert not [source.path for source in sources() if source.path.startswith("tests/") and source.path.endswith("__init__.py")]


def test_unit_tests_mirror_the_packages():
    folders = {path.parent.relative_to(ROOT / "tests" / "unit") for path in files() if path.is_relative_to(ROOT / "tests" / "unit")}
    strangers = [folder.as_posix() for folder in folders if folder.parts and not (ROOT / folder).is_dir()]

    assert not strangers, f"tests/unit/{strangers} mirrors no folder."


def test_resources_hold_no_code():
    assert not [path.name for path in files() if path.is_relative_to(ROOT / "resources") and path.suffix == ".py"]


def test_no_file_is_larger_than_a_repository_should_carry():
    assert not [path.relative_to(ROOT).as_posix() for path in files() if path.stat().st_size > LARGEST_BYTES]


def test_the_script_and_the_packages_of_the_project_exist():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert settings["project"]["scripts"] == {"trii": "trii_desktop.__main__:main", "trii-sync": "sync_server.__main__:main"}
    assert all((ROOT / package).is_dir() for package in wheel["packages"])


def test_ci_runs_the_suite_and_nothing_else():
    lines = [line for line in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#!")]

    assert lines == ["exec python3 dev.py test"]
