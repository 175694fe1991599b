"""Makes the alert sounds of resources/sounds from sines alone, under this repository's licence: run it to write them anew."""

import math
import struct
import wave
from pathlib import Path
from typing import Final, NamedTuple

RATE_HZ: Final = 22_050
LOUDEST: Final = 0.8
FOLDER: Final = Path(__file__).resolve().parent.parent / "resources" / "sounds"


class Tone(NamedTuple):
    """A struck tone: when it begins, its pitch, how fast it fades (1/s), how loud it is, and its overtones."""

    at_s: float
    pitch_hz: float
    fades: float
    loudness: float
    overtones: tuple[tuple[float, float], ...] = ((1.0, 1.0),)


_GLASS: Final = ((1.0, 1.0), (2.0, 0.35), (3.01, 0.12))
_BRONZE: Final = ((1.0, 1.0), (2.0, 0.6), (2.41, 0.4), (3.0, 0.3), (4.5, 0.2))
_REED: Final = ((1.0, 1.0), (2.0, 0.5), (3.0, 0.33), (4.0, 0.2))
SOUNDS: Final = {
    "chime": (0.9, (Tone(0.0, 880.0, 6.0, 0.8, _GLASS), Tone(0.13, 1318.5, 5.0, 0.8, _GLASS))),
    "bell": (1.3, (Tone(0.0, 659.3, 3.5, 1.0, _BRONZE),)),
    "alarm": (0.9, tuple(Tone(0.22 * n, 987.8 if n % 2 == 0 else 784.0, 9.0, 1.0, _REED) for n in range(4))),
}


def samples(seconds: float, tones: tuple[Tone, ...]) -> list[int]:
    """16-bit samples of the tones together, faded in and out so that nothing clicks."""
    n_samples = round(seconds * RATE_HZ)
    made = [0.0] * n_samples
    for tone in tones:
        first = round(tone.at_s * RATE_HZ)
        for number in range(first, n_samples):
            time_s = (number - first) / RATE_HZ
            envelope = tone.loudness * math.exp(-tone.fades * time_s) * min(1.0, time_s / 0.004)
            turn = 2 * math.pi * tone.pitch_hz * time_s
            made[number] += envelope * sum(share * math.sin(turn * factor) for factor, share in tone.overtones)
    loudest = max(map(abs, made))
    n_out = round(0.02 * RATE_HZ)
    ends = [min(1.0, (n_samples - 1 - number) / n_out) for number in range(n_samples)]
    return [round(32_767 * LOUDEST * value / loudest * end) for value, end in zip(made, ends, strict=True)]


def write(folder: Path) -> None:
    """Write every sound into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (seconds, tones) in SOUNDS.items():
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            values = samples(seconds, tones)
            file.writeframes(struct.pack(f"<{len(values)}h", *values))


if __name__ == "__main__":
    write(FOLDER)
