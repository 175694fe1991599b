"""Kept prompt beginnings: found where everything fits, deleted where anything does not, bounded on disk."""

import json
import os

import pytest

from backend.assistant.engines.prefixes import Origin, PrefixStore

ORIGIN = Origin("model-1", "template-1", "llama-cpp-python 0.3.36")
TOKENS = [1, 2, 3]


def writes(n_bytes, *, fails=False):
    def save(path):
        path.write_bytes(b"s" * n_bytes)
        return not fails

    return save


@pytest.fixture
def store(tmp_path):
    return PrefixStore(tmp_path, ORIGIN, bytes_max=100)


def files(folder):
    return sorted(path.suffix for path in folder.iterdir())


def test_what_was_kept_is_found_by_its_tokens_alone(store):
    assert store.find(TOKENS) is None
    assert store.keep(TOKENS, writes(10))
    assert store.find(TOKENS).read_bytes() == b"s" * 10
    assert store.find([*TOKENS, 4]) is None
    assert store.find(TOKENS[:2]) is None


@pytest.mark.parametrize(
    "other",
    [
        Origin("model-2", "template-1", "llama-cpp-python 0.3.36"),
        Origin("model-1", "template-2", "llama-cpp-python 0.3.36"),
        Origin("model-1", "template-1", "xllamacpp 2026.10"),
    ],
)
def test_a_state_of_another_model_template_or_library_is_not_found_and_stays(store, tmp_path, other):
    store.keep(TOKENS, writes(10))
    assert PrefixStore(tmp_path, other).find(TOKENS) is None
    assert store.find(TOKENS)


def test_a_state_of_another_version_of_the_library_is_refused_and_deleted(store, tmp_path):
    store.keep(TOKENS, writes(10))
    newer = PrefixStore(tmp_path, Origin("model-1", "template-1", "llama-cpp-python 0.3.37"))
    assert newer.find(TOKENS) is None
    assert files(tmp_path) == []


def test_a_state_that_was_cut_off_is_refused_and_deleted(store, tmp_path):
    store.keep(TOKENS, writes(10))
    store.find(TOKENS).write_bytes(b"s" * 9)
    assert store.find(TOKENS) is None
    assert files(tmp_path) == []


@pytest.mark.parametrize("stamp", ["", "{", "[]", "{}", json.dumps({"model": "model-1", "n_tokens": 3})])
def test_a_stamp_that_says_something_else_or_nothing_makes_the_state_none(store, tmp_path, stamp):
    store.keep(TOKENS, writes(10))
    store.find(TOKENS).with_suffix(".json").write_text(stamp)
    assert store.find(TOKENS) is None


def test_a_state_that_the_engine_could_not_write_leaves_nothing(store, tmp_path):
    assert not store.keep(TOKENS, writes(10, fails=True))
    assert files(tmp_path) == []


def test_a_disk_that_takes_nothing_is_no_failure(store, tmp_path):
    def full(path):
        raise OSError(28, "No space left on device")

    assert not store.keep(TOKENS, full)
    assert files(tmp_path) == []


def test_states_stay_below_their_limit_and_the_one_unused_for_longest_goes(store, tmp_path):
    for first in (1, 2):
        store.keep([first], writes(45))
        os.utime(store.find([first]), ns=(first, first))
    store.find([1])  # used just now
    store.keep([3], writes(45))
    assert store.find([1])
    assert store.find([2]) is None
    assert store.find([3])
    assert sum(path.stat().st_size for path in tmp_path.glob("*.state")) <= 100


def test_a_state_larger_than_the_limit_is_not_kept_and_costs_no_other_its_place(store):
    store.keep([1], writes(50))
    assert not store.keep([2], writes(101))
    assert store.find([1])


def test_sweeping_leaves_whole_states_and_what_is_not_ours(store, tmp_path):
    newer = PrefixStore(tmp_path, Origin("model-1", "template-1", "llama-cpp-python 0.3.37"))
    newer.keep(TOKENS, writes(10))
    PrefixStore(tmp_path, Origin("model-1", "template-1", "xllamacpp 1")).keep(TOKENS, writes(10))
    store.keep([7], writes(10))
    (tmp_path / ("a" * 40 + ".part")).write_bytes(b"")
    (tmp_path / ("b" * 40 + ".state")).write_bytes(b"")
    (tmp_path / ("c" * 40 + ".json")).write_text("{}")
    (tmp_path / "fingerprints.json").write_text("{}")
    newer.sweep()
    assert newer.find(TOKENS)
    assert store.find([7]) is None
    assert files(tmp_path) == [".json", ".json", ".json", ".state", ".state"]
