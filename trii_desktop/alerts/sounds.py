"""Sounds of alerts: three short ones of our own, as loud as the settings say, played by what the system has.

Qt's essentials bring no player, so Windows plays by its own library and other systems by a program that they bring along;
where none is found the application beeps. Loudness is written into the samples, since not every player takes one.
"""

import io
import shutil
import struct
import sys
import wave
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QProcess
from PySide6.QtWidgets import QApplication

from trii_desktop.theme import RESOURCES

if sys.platform == "win32":
    import winsound

SOUNDS: Final = {"chime": "Chime", "bell": "Bell", "alarm": "Alarm"}
PLAYERS: Final = {
    "darwin": (("afplay",),),
    "linux": (("pw-play",), ("paplay",), ("aplay", "-q"), ("play", "-q")),
}
_SAMPLE_MAX: Final = 32_767


def quieter(sound: bytes, volume: int) -> bytes:
    """A wave file of 16-bit samples at ``volume`` percent."""
    with wave.open(io.BytesIO(sound)) as read:
        settings, frames = read.getparams(), read.readframes(read.getnframes())
    samples = array("h", struct.unpack(f"<{len(frames) // 2}h", frames))
    share = volume / 100
    scaled = [max(-_SAMPLE_MAX, min(_SAMPLE_MAX, round(sample * share))) for sample in samples]
    made = io.BytesIO()
    with wave.open(made, "wb") as write:
        write.setparams(settings)
        write.writeframes(struct.pack(f"<{len(scaled)}h", *scaled))
    return made.getvalue()


def player_of(platform: str, which: Sequence[tuple[str, ...]] | None = None) -> tuple[str, ...]:
    """The program and its options that plays a file; empty where none is installed."""
    candidates = PLAYERS.get("darwin" if platform == "darwin" else "linux", ()) if which is None else which
    return next(((path, *options) for name, *options in candidates if (path := shutil.which(name))), ())


def _play_on_windows(path: Path) -> None:
    if sys.platform == "win32":
        winsound.PlaySound(str(path), winsound.SND_FILENAME | winsound.SND_ASYNC | winsound.SND_NODEFAULT)


class SoundPlayer(QObject):
    """Plays one sound at a time: one that is asked for while another plays is left out. ``folder`` is for prepared files."""

    def __init__(self, folder: Path, parent: QObject, platform: str = sys.platform) -> None:
        super().__init__(parent)
        self._folder = folder
        self._platform = platform
        self._process: QProcess | None = None
        self.n_played = 0

    @property
    def is_idle(self) -> bool:
        """Whether no program plays."""
        return self._process is None

    def play(self, name: str, volume: int) -> None:
        """Play the sound called ``name``, the chime where it is not known; beep where nothing can play it."""
        path = self._prepared(name if name in SOUNDS else "chime", volume)
        if path is None:
            QApplication.beep()
        elif self._platform == "win32":
            self.n_played += 1
            _play_on_windows(path)
        else:
            self._start(path)

    def close(self) -> None:
        """Play no more."""
        if self._process is not None:
            self._process.errorOccurred.disconnect(self._failed)
            self._process.finished.disconnect(self._ended)
            self._process.kill()
            self._process = None

    def _prepared(self, name: str, volume: int) -> Path | None:
        path = self._folder / f"{name}-{volume}.wav"
        try:
            if not path.exists():
                self._folder.mkdir(parents=True, exist_ok=True)
                path.write_bytes(quieter((RESOURCES / "sounds" / f"{name}.wav").read_bytes(), volume))
        except OSError:
            return None
        return path

    def _start(self, path: Path) -> None:
        if self._process is not None:
            return
        player = player_of(self._platform)
        if not player:
            QApplication.beep()
            return
        program, *options = player
        self._process = QProcess(self)
        self._process.errorOccurred.connect(self._failed)
        self._process.finished.connect(self._ended)
        self.n_played += 1
        self._process.start(program, [*options, str(path)])

    def _failed(self) -> None:
        QApplication.beep()
        self._forget()

    def _ended(self) -> None:
        self._forget()

    def _forget(self) -> None:
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
