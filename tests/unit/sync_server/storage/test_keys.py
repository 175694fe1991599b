"""The server's keys are made once, read by its user alone, and open only what they sealed for the same place."""

import os
import stat
from pathlib import Path

import pytest

from sync_server.errors import Refused
from sync_server.storage.keys import NAME, format_key, load_keys, parse_key, parse_keys


def test_keys_are_made_once_and_are_the_same_ever_after(tmp_path: Path) -> None:
    first, second = load_keys(tmp_path / "data"), load_keys(tmp_path / "data")
    assert first.pin == second.pin
    assert first.fingerprint() == second.fingerprint()
    assert len(first.pin) == 43
    assert first.derive("cursors") == second.derive("cursors") != first.derive("seal")
    assert first.blind_index("a@b.example") == second.blind_index("a@b.example") != first.blind_index("c@b.example")
    assert load_keys(tmp_path / "other").pin != first.pin
    assert [path.name for path in (tmp_path / "data").iterdir()] == [NAME]


@pytest.mark.posix
def test_the_file_is_for_its_user_alone_also_after_somebody_opened_it_up(tmp_path: Path) -> None:
    load_keys(tmp_path / "data")
    path = tmp_path / "data" / NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    load_keys(tmp_path / "data")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_sealed_opens_only_whole_and_where_it_belongs(tmp_path: Path) -> None:
    keys = load_keys(tmp_path)
    sealed = keys.seal(b"a@b.example", "users.email.1")
    assert keys.open(sealed, "users.email.1") == b"a@b.example"
    assert keys.seal(b"a@b.example", "users.email.1") != sealed
    for wrong in (sealed[:-1], b"", sealed[:12], bytes([sealed[0] ^ 1]) + sealed[1:], sealed[:-1] + bytes([sealed[-1] ^ 1])):
        with pytest.raises(ValueError, match=r"users\.email\.1 was changed"):
            keys.open(wrong, "users.email.1")
    with pytest.raises(ValueError, match="was changed"):
        keys.open(sealed, "users.email.2")
    with pytest.raises(ValueError, match="other keys"):
        load_keys(tmp_path / "other").open(sealed, "users.email.1")


def test_a_damaged_file_is_refused_and_kept(tmp_path: Path) -> None:
    load_keys(tmp_path)
    path = tmp_path / NAME
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole.replace(b'"v": 1', b'"v": 2'), b'{"v":1,"identity":"AA=="}'):
        path.write_bytes(damaged)
        with pytest.raises(Refused, match="is damaged") as refused:
            load_keys(tmp_path)
        assert "restore" in refused.value.hint
        assert path.read_bytes() == damaged
    assert len(parse_keys(whole).pin) == 43


@pytest.mark.posix
def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refused, match="cannot be used"):
        load_keys(tmp_path / "file" / "data")


def test_a_recovery_key_survives_paper_and_a_slip_of_the_pen_is_seen() -> None:
    key = os.urandom(32)
    text = format_key(key)
    assert len(text.split("-")) == 14
    assert parse_key(text) == key
    assert parse_key(" " + text.lower().replace("-", " ") + "\n") == key
    changed = ("B" if text[0] != "B" else "C") + text[1:]
    for wrong in (changed, text[:-5], text + "-AAAA", "", "1" + text[1:], text[5:] + "-" + text[:4]):
        with pytest.raises(ValueError, match="recovery key"):
            parse_key(wrong)
