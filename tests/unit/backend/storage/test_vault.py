"""The passphrase vault opens for its passphrase only, and says why it does not."""

import json
import os

import pytest

from backend.errors import CorruptData, InvalidInput
from backend.storage.vault import Stretching, seal_key, unseal_key

KEY = bytes(range(32))
QUICK = Stretching(memory_kib=64, passes=1, lanes=1)
SEALED = seal_key(KEY, "correct horse", QUICK)


def altered(**changes):
    document = json.loads(SEALED)
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = document
        for parent in parents:
            place = place[parent]
        place[last] = value
    return json.dumps(document).encode()


def test_the_passphrase_opens_the_vault():
    assert unseal_key(SEALED, "correct horse") == KEY


def test_the_default_cost_is_the_second_choice_of_rfc_9106():
    document = json.loads(seal_key(KEY, "correct horse"))
    assert document["stretching"] | {"salt": ""} == {"name": "argon2id", "memory_kib": 65536, "passes": 3, "lanes": 4, "salt": ""}


def test_composed_and_decomposed_letters_are_one_passphrase():
    assert unseal_key(seal_key(KEY, "café noir", QUICK), "café noir") == KEY


def test_two_vaults_of_one_key_share_nothing():
    first, second = json.loads(SEALED), json.loads(seal_key(KEY, "correct horse", QUICK))
    assert first["sealed"] != second["sealed"]
    assert first["stretching"]["salt"] != second["stretching"]["salt"]


def test_a_wrong_passphrase_points_to_the_recovery_phrase():
    with pytest.raises(InvalidInput, match="does not open the vault") as caught:
        unseal_key(SEALED, "correct house")
    assert "trii recovery restore" in caught.value.hint


def test_a_short_passphrase_is_refused_with_its_length():
    with pytest.raises(InvalidInput, match="at least 8 letters; this one has 5"):
        seal_key(KEY, "horse", QUICK)


@pytest.mark.parametrize("change", [{"stretching__passes": 2}, {"stretching__lanes": 2}, {"version_note": "x"}])
def test_a_changed_header_does_not_open(change):
    with pytest.raises(InvalidInput, match="does not open"):
        unseal_key(altered(**change), "correct horse")


@pytest.mark.parametrize(
    "change",
    [{"stretching__memory_kib": 1 << 40}, {"stretching__passes": 10**9}, {"stretching__lanes": 0}, {"stretching__lanes": -1}],
)
def test_a_vault_cannot_ask_for_all_memory_or_for_hours(change):
    with pytest.raises(InvalidInput, match="cannot ask for"):
        unseal_key(altered(**change), "correct horse")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        altered(sealed="!!"),
        altered(sealed="AAAA"),
        altered(stretching=7),
        altered(stretching__name="scrypt"),
        altered(stretching__passes="3"),
        altered(stretching__passes=True),
    ],
)
def test_what_is_no_vault_is_told_apart_from_a_wrong_passphrase(content):
    with pytest.raises(CorruptData, match="vault file is damaged"):
        unseal_key(content, "correct horse")


def test_a_newer_vault_asks_for_a_newer_program():
    with pytest.raises(InvalidInput, match="version 2"):
        unseal_key(altered(version=2), "correct horse")


def test_a_passphrase_of_bytes_that_are_no_text_opens_its_vault(monkeypatch):
    passphrase = os.fsdecode(b"caf\xe9 caf\xe9 caf\xe9")  # as the environment gives it
    assert unseal_key(seal_key(KEY, passphrase), passphrase) == KEY
