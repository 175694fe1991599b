"""A key kept by the system's keyring, as separate processes see it: lost with the keyring, restored by phrase."""

import json
import os
import subprocess
import sys

from backend.storage.secrets import open_key
from tests.fakes.filled_home import fill_home, read_home

CHILD = """
import json, sys
from pathlib import Path
from backend.errors import TriiError
from backend.storage.paths import Home
from backend.storage.secrets import open_key, restore_key
from tests.fakes.filled_home import fill_home
home = Home(Path(sys.argv[1]))
home.make()
try:
    if sys.argv[2] == "restore":
        restore_key(home, sys.argv[3])
    opened = open_key(home)
    if opened.is_new:
        fill_home(home, opened.key)
    print(json.dumps({"phrase": opened.key.phrase, "custody": opened.custody.value, "is_new": opened.is_new}))
except TriiError as error:
    print(json.dumps({"code": error.code, "hint": error.hint}))
"""


def run(home, *arguments):
    """Run a process with a keyring that starts empty, as a new login on a machine that lost it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRII_")}
    environment["PYTHON_KEYRING_BACKEND"] = "tests.fakes.memory_keyring.MemoryKeyring"
    command = [sys.executable, "-c", CHILD, str(home.root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_fresh_keyring_asks_for_the_phrase_and_the_phrase_opens_the_ledgers(home):
    first = run(home, "open")
    assert (first["is_new"], first["custody"]) == (True, "keyring")
    lost = run(home, "open")
    assert lost["code"] == "key.lost"
    assert "trii recovery restore" in lost["hint"]
    restored = run(home, "restore", first["phrase"])
    assert (restored["is_new"], restored["custody"], restored["phrase"]) == (False, "keyring", first["phrase"])


def test_the_phrase_opens_the_ledgers_on_a_machine_without_any_keyring(home):
    phrase = run(home, "open")["phrase"]
    from backend.storage.secrets import restore_key

    restore_key(home, phrase)
    content = read_home(home, open_key(home).key)
    assert (len(content["facts"]), content["notices"]) == (50, [])


def test_the_phrase_of_another_home_does_not(home, tmp_path):
    run(home, "open")
    other = type(home)(tmp_path / "other")
    other.make()
    fill_home(other, open_key(other).key)
    assert run(home, "restore", open_key(other).key.phrase)["code"] == "key.foreign"
