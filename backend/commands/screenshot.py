"""`trii screenshot`: a chart as a PNG file, drawn by whoever can."""

import argparse
import asyncio
import dataclasses
from pathlib import Path
from typing import Final

from backend.commands.bar_files import replacing
from backend.commands.context import ChartRequest, CommandContext
from backend.commands.numbers import format_count
from backend.commands.range import load_bars, read_query
from backend.domain.instruments import Instrument
from backend.errors import InvalidInput, NotFound, Unavailable
from backend.storage.durable import explain_os_error

N_BARS: Final = 250


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Draw the bars asked for and write the picture."""
    target = _check_target(context.path(arguments.out))
    if context.renderer is None:
        raise Unavailable("This process cannot draw charts.", hint="Close it and try again.", code="chart.renderer")
    instrument = await _choose(context, arguments.instrument)
    query = await read_query(context, arguments, instrument)
    if (query.from_ns, query.to_ns, query.n_last) == (None, None, None):
        query = dataclasses.replace(query, n_last=N_BARS)
    bars = await load_bars(context, query)
    width_px, height_px = arguments.size
    request = ChartRequest(instrument, query.spec, bars, arguments.theme, width_px, height_px, query.adjusted)
    picture = await context.renderer.render(request)
    await asyncio.to_thread(_save, target, picture)
    if context.as_json:
        size = {"width_px": width_px, "height_px": height_px}
        await context.put_json({"path": target, **size, "series": query.series, "n_bars": len(bars), "bytes": len(picture)})
    else:
        await context.tell(f"Drew {format_count(len(bars), 'bar')} of {query.series} into {target}.")
    return 0


async def _choose(context: CommandContext, text: str | None) -> Instrument:
    if text is not None:
        return await context.backend.catalog.resolve(text)
    stored = await context.backend.store.series()
    if not stored:
        raise NotFound(
            "There are no bars to draw.", hint="Import some with 'trii import FILE', or load 'trii samples'.", code="bars.none"
        )
    return await context.backend.catalog.get(stored[0].series.instrument)


def _check_target(path: Path) -> Path:
    if path.suffix.lower() != ".png":
        raise InvalidInput(f"{path.name!r} is not the name of a PNG file.", hint="End it in .png.", code="screenshot.out")
    if not path.parent.is_dir():
        raise InvalidInput(f"There is no folder {path.parent}.", hint="Make it first.", code="screenshot.out")
    return path


def _save(path: Path, picture: bytes) -> None:
    try:
        with replacing(path) as file:
            file.write(picture)
    except OSError as e:
        raise explain_os_error(e, "write the picture", path) from e
