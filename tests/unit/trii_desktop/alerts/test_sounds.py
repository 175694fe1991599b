"""Sounds of alerts: ours, as loud as asked, played by a program of the system without a shell."""

import io
import os
import runpy
import struct
import wave
from pathlib import Path

import pytest

from trii_desktop.alerts.sounds import SOUNDS, SoundPlayer, player_of, quieter
from trii_desktop.theme import RESOURCES

ROOT = RESOURCES.parent


def samples(data):
    with wave.open(io.BytesIO(data)) as read:
        assert (read.getnchannels(), read.getsampwidth()) == (1, 2)
        return struct.unpack(f"<{read.getnframes()}h", read.readframes(read.getnframes()))


def test_the_sounds_that_are_shipped_are_those_that_the_script_makes(tmp_path):
    made = runpy.run_path(str(ROOT / "packaging" / "make_sounds.py"))
    made["write"](tmp_path)
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(SOUNDS)
    for name in SOUNDS:
        shipped, fresh = (
            samples((RESOURCES / "sounds" / f"{name}.wav").read_bytes()),
            samples((tmp_path / f"{name}.wav").read_bytes()),
        )
        assert len(shipped) == len(fresh)
        assert max(abs(a - b) for a, b in zip(shipped, fresh, strict=True)) <= 1


@pytest.mark.parametrize("name", SOUNDS)
def test_a_sound_is_short_and_neither_clips_nor_clicks(name):
    heard = samples((RESOURCES / "sounds" / f"{name}.wav").read_bytes())
    assert len(heard) < 1.5 * 22_050
    assert 20_000 < max(map(abs, heard)) < 32_000
    assert abs(heard[0]) < 200
    assert abs(heard[-1]) < 200


def test_half_the_volume_is_half_of_every_sample():
    whole = (RESOURCES / "sounds" / "chime.wav").read_bytes()
    half = samples(quieter(whole, 50))
    assert all(abs(b - a / 2) <= 0.5 for a, b in zip(samples(whole), half, strict=True))


@pytest.mark.posix
def test_a_program_of_the_system_is_given_the_file_as_one_argument(qapp, qtbot, tmp_path, monkeypatch):
    said = tmp_path / "said"
    fake = tmp_path / "bin" / "pw-play"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$#" "$1" > "{said}"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}/usr/bin:/bin")
    player = SoundPlayer(tmp_path / "a folder; rm -rf $HOME", qapp, platform="linux")
    player.play("bell", 40)
    qtbot.waitUntil(lambda: said.exists() and len(said.read_text().splitlines()) == 2)
    count, path = said.read_text().splitlines()
    assert count == "1"
    assert Path(path).read_bytes() == quieter((RESOURCES / "sounds" / "bell.wav").read_bytes(), 40)
    player.close()


def test_without_any_program_it_beeps_and_goes_on(qapp, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert player_of("linux") == ()
    player = SoundPlayer(tmp_path / "sounds", qapp, platform="linux")
    player.play("chime", 70)
    assert player.n_played == 0
    player.close()


def test_a_program_that_cannot_be_started_leaves_the_player_ready(qapp, qtbot, tmp_path, monkeypatch):
    broken = tmp_path / "aplay"
    broken.write_text("#!/nowhere/at/all\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    player = SoundPlayer(tmp_path / "sounds", qapp, platform="linux")
    player.play("chime", 70)
    qtbot.waitUntil(lambda: player.is_idle)
    player.play("chime", 70)
    assert player.n_played == 2
    qtbot.waitUntil(lambda: player.is_idle)
    player.close()


def test_a_sound_that_nobody_knows_is_the_chime(qapp, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    player = SoundPlayer(tmp_path / "sounds", qapp, platform="linux")
    player.play("../../etc/passwd", 70)
    assert [path.name for path in (tmp_path / "sounds").iterdir()] == ["chime-70.wav"]
    player.close()
