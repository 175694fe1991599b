"""Locks pin what pyproject.toml asks for, by hash, and name no place to fetch it from."""

import re
import tomllib
from functools import cache

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dev
from tests.tidy.source_tree import ROOT

PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?: ; (.+?))? \\$", re.MULTILINE)
LOCKS = sorted(path.stem for path in (ROOT / "requirements").glob("*.lock"))


@cache
def text_of(lock: str) -> str:
    return (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")


@cache
def pins(lock: str) -> dict[str, set[str]]:
    """Versions pinned for each package; several where the marker of the system decides."""
    found: dict[str, set[str]] = {}
    for name, version, _ in PIN.findall(text_of(lock)):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


@cache
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_there_is_a_lock_for_every_set_of_extras():
    assert set(LOCKS) == {*dev.LOCKS, "setup"}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_hashed_pins_and_no_address(lock):
    lines = [line for line in text_of(lock).splitlines() if line and not line.startswith("#")]
    strange = [
        line
        for line in lines
        if not re.fullmatch(r"[A-Za-z0-9._-]+==\S+(?: ; .+?)? \\|    --hash=sha256:[0-9a-f]{64}(?: \\)?", line)
    ]

    assert pins(lock)
    assert not strange
    assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links|-f ", text_of(lock))


@pytest.mark.parametrize("lock", dev.LOCKS)
def test_a_lock_answers_every_requirement_of_its_extras(lock):
    extras = project()["optional-dependencies"]
    wanted = [
        Requirement(line) for line in [*project()["dependencies"], *(line for extra in dev.LOCKS[lock] for line in extras[extra])]
    ]

    unmet = [
        str(requirement)
        for requirement in wanted
        if not any(
            requirement.specifier.contains(version, prereleases=True)
            for version in pins(lock).get(canonicalize_name(requirement.name), ())
        )
    ]
    assert not unmet, f"Run `python3 dev.py lock`: requirements/{lock}.lock does not answer {unmet}."


@pytest.mark.parametrize("lock", sorted(set(dev.LOCKS) - {"desktop"}))
def test_locks_agree_on_every_version_they_share(lock):
    differing = {
        name: (versions, pins(lock)[name])
        for name, versions in pins("desktop").items()
        if name in pins(lock) and pins(lock)[name] != versions
    }

    assert not differing


def test_pyside_stays_below_the_version_that_loses_references_to_none():
    for name in ("pyside6-essentials", "shiboken6"):
        assert all(tuple(map(int, version.split(".")[:2])) < (6, 12) for version in pins("desktop")[name])


def test_every_extra_is_in_a_lock():
    assert set(project()["optional-dependencies"]) == {extra for extras in dev.LOCKS.values() for extra in extras}
