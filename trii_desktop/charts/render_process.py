"""Draws a chart in a child process with no display, for processes that have no Qt: commands and `trii --headless`."""

import asyncio
import os
import struct
import sys
from dataclasses import dataclass
from typing import IO, Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from backend.charts.chart_state import ChartState
from backend.commands.picture import ChartRequest
from backend.domain.bars import BarArrays, BarSpec
from backend.domain.instruments import Instrument
from backend.errors import TriiError, Unavailable

TIMEOUT_S: Final = 60.0
_LENGTH: Final = struct.Struct(">I")
_N_COLUMNS: Final = 5  # after the times


@dataclass(frozen=True, slots=True)
class _Header:
    """Everything of a request but its arrays, which follow as columns of 8-byte values: bars, lines, breaks."""

    instrument: Instrument
    spec: str
    theme: str
    width_px: int
    height_px: int
    adjusted: bool
    state: ChartState
    directions: str
    lines: list[tuple[str, str]]
    n_bars: int
    n_breaks: int


class ProcessRenderer:
    """A ChartRenderer whose child process ends with the picture; ``switch`` makes this program that child."""

    def __init__(self, switch: str) -> None:
        self._switch = switch

    async def render(self, request: ChartRequest) -> bytes:
        """The finished PNG file. Raises Unavailable where the child cannot draw."""
        child = await asyncio.create_subprocess_exec(
            *_own_program(),
            self._switch,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                picture, said = await child.communicate(pack_request(request))
        except TimeoutError as e:
            raise _failed(f"nothing came within {TIMEOUT_S:.0f} s") from e
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        if child.returncode or not picture:
            lines = said.decode("utf-8", "replace").strip().splitlines()
            raise _failed(lines[-1] if lines else f"the drawing process ended with {child.returncode}")
        return picture


def main() -> int:
    """The child: one request from standard input, one PNG to standard output."""
    from PySide6.QtGui import QGuiApplication  # noqa: PLC0415 - only the child needs Qt

    from trii_desktop.charts.render import render_chart  # noqa: PLC0415 - Qt
    from trii_desktop.theme import load_fonts  # noqa: PLC0415 - Qt

    try:
        request = read_request(sys.stdin.buffer)
        application = QGuiApplication(["trii"])
        picture = render_chart(request, load_fonts())
        del application
    except TriiError as e:
        sys.stderr.write(f"{e}\n")
        return 1
    sys.stdout.buffer.write(picture)
    sys.stdout.buffer.flush()
    return 0


def pack_request(request: ChartRequest) -> bytes:
    """``request`` as bytes for the child."""
    keys = list(request.lines)
    header = msgspec.json.encode(
        _Header(
            request.instrument,
            str(request.spec),
            request.theme,
            request.width_px,
            request.height_px,
            request.adjusted,
            request.state,
            request.directions,
            keys,
            len(request.bars),
            len(request.breaks),
        )
    )
    columns = (request.bars.event_ns, *request.bars.columns(), *(request.lines[key] for key in keys), request.breaks)
    return b"".join((_LENGTH.pack(len(header)), header, *(np.ascontiguousarray(column).tobytes() for column in columns)))


def read_request(source: IO[bytes]) -> ChartRequest:
    """The request that the parent packed. Raises Unavailable where it broke off."""
    try:
        (n_bytes,) = _LENGTH.unpack(source.read(_LENGTH.size))
        header = msgspec.json.decode(source.read(n_bytes), type=_Header)
        event_ns = _column(source, header.n_bars, np.int64)
        columns = [_column(source, header.n_bars, np.float64) for _ in range(_N_COLUMNS)]
        lines = {key: _column(source, header.n_bars, np.float64) for key in header.lines}
        breaks = _column(source, header.n_breaks, np.int64)
    except (struct.error, ValueError, msgspec.MsgspecError) as e:
        raise _failed(f"its request broke off ({e})") from e
    return ChartRequest(
        header.instrument,
        BarSpec.parse(header.spec),
        BarArrays(event_ns, *columns),
        header.theme,
        header.width_px,
        header.height_px,
        header.adjusted,
        header.state,
        lines,
        breaks,
        header.directions,
    )


def _column(source: IO[bytes], n: int, dtype: type[Any]) -> npt.NDArray[Any]:
    column = np.frombuffer(source.read(8 * n), dtype)
    if len(column) != n:
        raise ValueError(f"{len(column)} of {n} values came")
    return column


def _own_program() -> tuple[str, ...]:
    """How to start this program again; a packaged one is its own executable."""
    return (sys.executable,) if getattr(sys, "frozen", False) else (sys.executable, "-P", "-m", "trii_desktop")


def _failed(why: str) -> Unavailable:
    return Unavailable(
        f"The chart could not be drawn: {why}.", hint="Run 'trii doctor' to see what is missing.", code="chart.renderer"
    )
